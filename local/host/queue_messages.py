"""What becomes of one message of a queue trigger.

Azure/azure-webjobs-sdk, QueueProcessor.cs and QueueListener.cs.
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
from local.host.storage_queue import Message, MessageIsGone, StorageError, StorageQueue

logger = logging.getLogger("host")


class HeldMessage:
    """A message that was taken, and whose lease is kept up; `message` has the last receipt."""

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
                    logger.warning("Cannot renew a message of %s: %s", self._queue.name, error)


class MessageProcessor:
    """Calls the function with a message, then deletes it, lets it come back, or moves it away.

    `on_error` is told of what storage refuses; Azure's host ends then.
    """

    def __init__(  # noqa: PLR0913 - all that it works with, given by name
        self,
        function: str,
        *,
        queue: StorageQueue,
        poison: StorageQueue | None,
        options: QueueOptions,
        lease: timedelta,
        invoker: Invoker,
        clock: Clock,
        on_error: Callable[[str], None] = logger.warning,
    ) -> None:
        self._on_error = on_error
        self._function = function
        self._queue = queue
        self._poison = poison
        self._options = options
        self._lease = lease
        self._invoker = invoker
        self._clock = clock

    async def process(self, message: Message) -> None:
        """See to one message; what storage refuses is logged, and the message comes back."""
        try:
            await self._dispose(message)
        except MessageIsGone:
            logger.warning("A message of %s was taken by somebody else", self._queue.name)
        except StorageError as error:
            self._on_error(f"Cannot finish a message of {self._queue.name}: {error}")

    async def _dispose(self, message: Message) -> None:
        count = message.metadata.dequeue_count
        if count > self._options.max_dequeue_count:
            return await self._too_often(message, count)
        if self._options.base64 and not is_base64(message.text):
            return await self._undecodable(message)
        text = decoded(message.text) if self._options.base64 else message.text
        if text is None:
            logger.error("A message of %s is not UTF-8", self._queue.name)
            return await self._failed(message)
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

    async def _too_often(self, message: Message, count: int) -> None:
        if self._poison is not None:
            return await self._move(message, self._poison, f"was taken {count} times")
        # The function is not called again: the message stays hidden, a lease at a time, until it
        # expires.
        return logger.error("A message of %s is given to nobody any more", self._queue.name)

    async def _undecodable(self, message: Message) -> None:
        if self._poison is None:
            logger.error("A message of %s is not base64 and stays", self._queue.name)
        else:
            await self._move(message, self._poison, "is not base64")

    async def _move(self, message: Message, poison: StorageQueue, why: str) -> None:
        logger.error("A message of %s %s; moving it to %s", self._queue.name, why, poison.name)
        await poison.put(message.text)
        await self._queue.delete(message)


# What .NET's Convert.FromBase64String passes over.
_BLANKS: Final = str.maketrans("", "", " \t\r\n")


def is_base64(text: str) -> bool:
    """Tell whether a message is base64; line breaks and blanks in it do not matter."""
    try:
        base64.b64decode(text.translate(_BLANKS), validate=True)
    except (binascii.Error, ValueError):
        return False
    return True


def decoded(text: str) -> str | None:
    """Read a base64 message as UTF-8; None if the bytes are not that."""
    try:
        return base64.b64decode(text.translate(_BLANKS), validate=True).decode("utf-8")
    except UnicodeDecodeError:
        return None
