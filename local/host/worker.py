"""The real worker library with an app loaded: index its functions, call them."""

import sys
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar, Self

from local.host import worker_library
from local.host.app_folder import forget, imported_from, put_last_on_path
from local.host.functions import FunctionInfo
from local.host.log_context import running
from local.host.payloads import (
    HttpCall,
    Payload,
    QueueMetadata,
    TimerStatus,
    event_grid_payload,
    http_payload,
    queue_payload,
    timer_payload,
)
from local.host.protos import (
    FunctionLoadRequest,
    InvocationRequest,
    ParameterBinding,
    RetryContext,
    StatusResult,
    TypedData,
    WorkerInitRequest,
)
from local.host.responses import HttpResponse, read_response


class AppDidNotLoad(Exception):
    """The worker could not import or index the app; the message is the worker's own."""

    def __init__(self, message: str, stack_trace: str = "") -> None:
        super().__init__(message)
        self.stack_trace = stack_trace


@dataclass(frozen=True, slots=True)
class InvocationResult:
    """What a call came to: `exception` and `stack_trace` are the worker's texts, "" on success."""

    succeeded: bool
    exception: str
    stack_trace: str
    return_value: TypedData | None

    @property
    def response(self) -> HttpResponse:
        """Read the return value as the HTTP response that the host would send."""
        return read_response(self.return_value)


class Worker:
    """The worker library with one app; several can live side by side in a process."""

    _app_modules: ClassVar[list[str]] = []

    def __init__(
        self, functions: Mapping[str, FunctionInfo], registry: worker_library.Functions
    ) -> None:
        self.functions: Mapping[str, FunctionInfo] = functions
        self._registry = registry

    @classmethod
    def load(cls, app_directory: Path) -> Self:
        """Import and index an app, afresh if one was loaded before; AppDidNotLoad if it cannot be.

        Modules that an earlier load brought in are imported again, for a FunctionApp gives its
        functions only once; what the process had imported before that stays as it is.
        """
        app = app_directory.resolve()
        forget(["function_app", *cls._app_modules])
        put_last_on_path(app)
        before = set(sys.modules)
        worker_library.start_threads()
        try:
            return cls(*_index(app))
        finally:
            cls._app_modules = imported_from(app, set(sys.modules) - before)

    async def invoke(
        self,
        name: str,
        payload: Payload,
        *,
        invocation_id: str | None = None,
        retry: RetryContext | None = None,
    ) -> InvocationResult:
        """Call a function; a KeyError if there is none of that name."""
        function = self.functions[name]
        request = InvocationRequest(
            invocation_id=invocation_id or str(uuid.uuid4()),
            function_id=function.id,
            input_data=[ParameterBinding(name=function.trigger.name, data=payload.data)],
            trigger_metadata=payload.metadata,
            retry_context=retry or RetryContext(),
        )
        with running(name, request.invocation_id):
            answer = await worker_library.invoke(request, self._registry)
        problem = answer.result.exception
        return InvocationResult(
            succeeded=answer.result.status == StatusResult.Success,
            exception=problem.message if problem else "",
            stack_trace=problem.stack_trace if problem else "",
            return_value=answer.return_value,
        )

    async def invoke_event_grid(self, name: str, event: str) -> InvocationResult:
        """Call an Event Grid function with the JSON text of one event."""
        return await self.invoke(name, event_grid_payload(event))

    async def invoke_queue(
        self, name: str, text: str, metadata: QueueMetadata | None = None
    ) -> InvocationResult:
        """Call a queue function with the decoded text of a message."""
        return await self.invoke(name, queue_payload(text, metadata or QueueMetadata()))

    async def invoke_timer(
        self, name: str, *, past_due: bool = False, status: TimerStatus | None = None
    ) -> InvocationResult:
        """Call a timer function."""
        return await self.invoke(name, timer_payload(past_due=past_due, status=status))

    async def invoke_http(self, name: str, call: HttpCall) -> InvocationResult:
        """Call an HTTP function; routing and keys are the host's part, not the worker's."""
        return await self.invoke(name, http_payload(call))


def _index(app: Path) -> tuple[Mapping[str, FunctionInfo], worker_library.Functions]:
    request = WorkerInitRequest(function_app_directory=str(app))
    answer, registry = worker_library.index(request)
    if answer.result.status != StatusResult.Success:
        problem = answer.result.exception
        raise AppDidNotLoad(*(problem.message, problem.stack_trace) if problem else ("?",))
    found = worker_library.metadata().function_metadata_results
    if not found:
        raise AppDidNotLoad(f"{app / 'function_app.py'} is missing or has no functions")
    for function in found:
        worker_library.load(FunctionLoadRequest(function_id=function.function_id))
    return {function.name: FunctionInfo.read(function) for function in found}, registry
