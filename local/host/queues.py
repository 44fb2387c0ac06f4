"""Queue triggers, read as Azure's host reads them.

The rules follow Azure/azure-webjobs-sdk: QueueListener.cs, QueueProcessor.cs,
RandomizedExponentialBackoffStrategy.cs.
"""

import asyncio
import base64
import binascii
import contextlib
import logging
from collections.abc import AsyncIterator, Callable
from datetime import timedelta
from typing import Final

from local.host.clock import Clock
from local.host.host_json import QueueOptions
from local.host.invocations import Invoker
from local.host.payloads import queue_payload
from local.host.storage_queue import (
    Message,
    MessageIsGone,
    QueueIsGone,
    StorageError,
    StorageQueue,
)

logger = logging.getLogger("host")

QUEUE_TRIGGER: Final = "queueTrigger"
POISON_SUFFIX: Final = "-poison"
DEFAULT_LEASE: Final = timedelta(minutes=10)
MIN_POLLING_SECONDS: Final = 0.1


class BackOff:
    """How long to wait before looking into an empty queue again: longer each time, in seconds."""

    def __init__(self, longest: timedelta, random: Callable[[], float]) -> None:
        """Take `random` from 0 to 1: each step of the delay is up to 20 % more or less."""
        self._longest = longest.total_seconds()
        self._random = random
        self._step = 0

    def reset(self) -> None:
        """Start again with the shortest delay: something was found."""
        self._step = 0

    def next_delay(self) -> float:
        """Give the delay after one more look that found nothing."""
        step, self._step = self._step, min(self._step + 1, 30)
        if not step:
            return min(MIN_POLLING_SECONDS, self._longest)
        spread = 0.8 + 0.4 * self._random()
        return min(self._longest, MIN_POLLING_SECONDS * (1.0 + spread * float(1 << (step - 1))))


class HeldMessage:
    """A message that was taken, and how its lease is kept up."""

    def __init__(self, queue: StorageQueue, message: Message, lease: timedelta) -> None:
        self.message = message
        self._queue = queue
        self._lease = lease
        self._renewing = asyncio.Lock()

    @contextlib.asynccontextmanager
    async def kept(self, clock: Clock) -> AsyncIterator[None]:
        """Renew the lease at half its time for as long as the body runs."""
        renewal = asyncio.create_task(self._renew(clock))
        try:
            yield
        finally:
            async with self._renewing:  # a renewal cut short would lose the new receipt
                renewal.cancel()

    async def _renew(self, clock: Clock) -> None:
        while True:
            await clock.sleep(self._lease.total_seconds() / 2)
            async with self._renewing:
                try:
                    self.message = await self._queue.hide(self.message, self._lease)
                except (MessageIsGone, StorageError) as error:
                    logger.warning("The lease of a message in %s: %s", self._queue.name, error)


class QueueListener:
    """Takes messages from one queue and calls its function with them."""

    def __init__(  # noqa: PLR0913 - all that a listener works with, given by name
        self,
        function: str,
        *,
        queue: StorageQueue,
        poison: StorageQueue | None,
        options: QueueOptions,
        lease: timedelta,
        invoker: Invoker,
        clock: Clock,
        random: Callable[[], float],
    ) -> None:
        self._function = function
        self._queue = queue
        self._poison = poison
        self._options = options
        self._lease = lease
        self._invoker = invoker
        self._clock = clock
        self._back_off = BackOff(options.max_polling_interval, random)
        self._stopping = asyncio.Event()
        self._working: set[asyncio.Task[None]] = set()

    async def open(self) -> None:
        """Make the queue, unless it is there."""
        await self._queue.make_sure()

    async def close(self) -> None:
        """Close the connections; nothing may be in hand any more."""
        for queue in (self._queue, self._poison):
            if queue is not None:
                await queue.close()

    def stop(self) -> None:
        """Take no more messages; `run` ends when those in hand are done."""
        self._stopping.set()

    async def run(self) -> None:
        """Take and work on messages until told to stop."""
        while not self._stopping.is_set():
            if not await self._take_some():
                await self._pause(self._back_off.next_delay())
            await self._wait_until_few()
        if self._working:
            await asyncio.wait(self._working)

    async def _take_some(self) -> bool:
        try:
            messages = await self._queue.take(self._options.batch_size, self._lease)
        except QueueIsGone:
            await self._make_again()
            return False
        except StorageError as error:
            logger.warning("Cannot read %s: %s", self._queue.name, error)
            return False
        for message in messages:
            task = asyncio.create_task(self._work_on(message))
            self._working.add(task)
            task.add_done_callback(self._working.discard)
        if messages:
            self._back_off.reset()
        return bool(messages)

    async def _make_again(self) -> None:
        try:
            await self._queue.make_sure()
        except StorageError as error:
            logger.warning("Cannot make %s: %s", self._queue.name, error)

    async def _pause(self, seconds: float) -> None:
        pause = asyncio.ensure_future(self._clock.sleep(seconds))
        stop = asyncio.ensure_future(self._stopping.wait())
        await asyncio.wait({pause, stop}, return_when=asyncio.FIRST_COMPLETED)
        pause.cancel()
        stop.cancel()

    async def _wait_until_few(self) -> None:
        while len(self._working) > self._options.new_batch_threshold:
            await asyncio.wait(self._working, return_when=asyncio.FIRST_COMPLETED)

    async def _work_on(self, message: Message) -> None:
        try:
            await self._dispose(message)
        except MessageIsGone:
            logger.warning("A message of %s was taken by somebody else", self._queue.name)
        except StorageError as error:
            logger.warning("Cannot finish a message of %s: %s", self._queue.name, error)

    async def _dispose(self, message: Message) -> None:
        count = message.metadata.dequeue_count
        if self._poison and count > self._options.max_dequeue_count:
            return await self._move(message, self._poison, f"was taken {count} times")
        text = decoded(message.text) if self._options.base64 else message.text
        if text is None:
            return await self._undecodable(message)
        held = HeldMessage(self._queue, message, self._lease)
        async with held.kept(self._clock):
            succeeded = await self._call(text, message)
        if succeeded:
            return await self._queue.delete(held.message)
        return await self._failed(held.message)

    async def _call(self, text: str, message: Message) -> bool:
        reason = f"New queue message detected on '{self._queue.name}'."
        payload = queue_payload(text, message.metadata)
        return (await self._invoker.call(self._function, payload, reason)).succeeded

    async def _failed(self, message: Message) -> None:
        if self._poison is None:
            # It stays invisible for the rest of its lease, "to prevent a fast infinite loop".
            return
        if message.metadata.dequeue_count >= self._options.max_dequeue_count:
            times = self._options.max_dequeue_count
            await self._move(message, self._poison, f"has reached MaxDequeueCount of {times}")
        else:
            await self._queue.hide(message, self._options.visibility_timeout)

    async def _undecodable(self, message: Message) -> None:
        if self._poison is None:
            logger.error("A message of %s is not base64 and stays", self._queue.name)
        else:
            await self._move(message, self._poison, "is not base64")

    async def _move(self, message: Message, poison: StorageQueue, why: str) -> None:
        logger.error("A message of %s %s; moving it to %s", self._queue.name, why, poison.name)
        await poison.put(message.text)
        await self._queue.delete(message)


def decoded(text: str) -> str | None:
    """Read a base64 message as UTF-8; None if it is neither."""
    try:
        return base64.b64decode(text, validate=True).decode("utf-8")
    except (binascii.Error, ValueError):
        return None
