"""Calling functions, with the lines that the host writes about each call."""

import asyncio
import logging
import uuid
from collections.abc import Mapping
from datetime import timedelta
from typing import Protocol

from local.host.functions import FunctionInfo
from local.host.log_context import running
from local.host.logs import STACK_TRACE
from local.host.payloads import Payload
from local.host.protos import RetryContext
from local.host.worker import InvocationResult

logger = logging.getLogger("host")


class Callee(Protocol):
    """A worker, in this process or in one of its own."""

    @property
    def functions(self) -> Mapping[str, FunctionInfo]:
        """The functions of the app."""
        ...

    async def invoke(
        self,
        name: str,
        payload: Payload,
        *,
        invocation_id: str | None = None,
        retry: RetryContext | None = None,
    ) -> InvocationResult:
        """Call a function."""
        ...


class Invoker:
    """Calls the functions of one worker, and knows which calls have not ended."""

    def __init__(self, worker: Callee, timeout: timedelta | None = None) -> None:
        self._worker = worker
        self._timeout = timeout
        self._unfinished: set[str] = set()
        self._idle = asyncio.Event()
        self._idle.set()

    @property
    def functions(self) -> Mapping[str, FunctionInfo]:
        """Give the functions of the app."""
        return self._worker.functions

    async def call(
        self, name: str, payload: Payload, reason: str, retry: RetryContext | None = None
    ) -> InvocationResult:
        """Call a function because of `reason`, a sentence for the log."""
        invocation_id = str(uuid.uuid4())
        self._unfinished.add(invocation_id)
        self._idle.clear()
        try:
            with running(name, invocation_id):
                return await self._logged(name, payload, reason, invocation_id, retry)
        finally:
            self._unfinished.discard(invocation_id)
            if not self._unfinished:
                self._idle.set()

    async def drain(self, seconds: float) -> int:
        """Wait so many seconds for running calls to end; the number of those that have not."""
        try:
            async with asyncio.timeout(seconds):
                await self._idle.wait()
        except TimeoutError:
            return len(self._unfinished)
        return 0

    async def _logged(
        self,
        name: str,
        payload: Payload,
        reason: str,
        invocation_id: str,
        retry: RetryContext | None,
    ) -> InvocationResult:
        loop = asyncio.get_running_loop()
        start = loop.time()
        logger.info("Executing '%s' (%s)", name, reason)
        watch = self._timeout and loop.call_later(self._timeout.total_seconds(), self._late, name)
        try:
            result = await self._worker.invoke(
                name, payload, invocation_id=invocation_id, retry=retry
            )
        finally:
            if watch:
                watch.cancel()
        took = round((loop.time() - start) * 1000)
        if result.succeeded:
            logger.info("Executed '%s' (Succeeded, %d ms)", name, took)
        else:
            extra = {STACK_TRACE: result.stack_trace}
            logger.error(
                "Executed '%s' (Failed, %d ms): %s", name, took, result.exception, extra=extra
            )
        return result

    def _late(self, name: str) -> None:
        # Python code is not cancelled: the worker knows no such message
        # (Azure/azure-functions-python-worker, dispatcher).
        logger.error(
            "'%s' has passed functionTimeout (%s). It goes on here; Azure would start the worker"
            " anew, and whatever else runs on it would end too.",
            name,
            self._timeout,
        )
