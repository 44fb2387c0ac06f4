"""Queue triggers, read as Azure's host reads them (Azure/azure-webjobs-sdk, QueueListener.cs)."""

import asyncio
import logging
from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Final

from local.host.back_off import BackOff
from local.host.clock import Clock
from local.host.host_json import QueueOptions
from local.host.pausing import Pausing
from local.host.queue_messages import MessageProcessor
from local.host.storage_queue import Message, QueueIsGone, StorageError, StorageQueue

logger = logging.getLogger("host")

QUEUE_TRIGGER: Final = "queueTrigger"
POISON_SUFFIX: Final = "-poison"
_WAITED_OUT: Final = (500, 503)
"""The statuses of a receive that Azure's host survives."""
_LOOKED_FOR_EVERY: Final = 0.3
DEFAULT_LEASE: Final = timedelta(minutes=10)


class QueueListener:
    """Takes messages from one queue, a batch at a time, and has each processed."""

    def __init__(  # noqa: PLR0913 - all that it works with, given by name
        self,
        *,
        queue: StorageQueue,
        processor: MessageProcessor,
        options: QueueOptions,
        lease: timedelta,
        clock: Clock,
        back_off: BackOff,
        on_error: Callable[[str], None] = logger.warning,
    ) -> None:
        self._on_error = on_error
        self._queue = queue
        self._processor = processor
        self._options = options
        self._lease = lease
        self._back_off = back_off
        self._pausing = Pausing(clock)
        self._working: set[asyncio.Task[None]] = set()

    async def open(self) -> None:
        """See whether storage answers; a queue that is not there yet is waited for, not made."""
        await self._queue.exists()

    def stop(self) -> None:
        """Take no more messages; `run` ends when those in hand are done."""
        self._pausing.stop()

    async def run(self) -> None:
        """Take messages and have them processed until told to stop."""
        while not self._pausing.is_stopped:
            if not await self._take_some():
                await self._pausing.pause(self._back_off.next_delay())
            await self._wait_until_few()
        if self._working:
            await asyncio.wait(self._working)

    async def _take_some(self) -> bool:
        messages = await self._taken()
        if self._pausing.is_stopped:
            # What was on its way when the stop came stays hidden for its lease, a delivery spent.
            return False
        for message in messages:
            task = asyncio.create_task(self._processor.process(message))
            self._working.add(task)
            task.add_done_callback(self._working.discard)
        if messages:
            self._back_off.reset()
        return bool(messages)

    async def _taken(self) -> Sequence[Message]:
        try:
            return await self._queue.take(self._options.batch_size, self._lease)
        except QueueIsGone:
            self._back_off.reset()
            await self._pausing.pause(_LOOKED_FOR_EVERY)
        except StorageError as error:
            text = f"Cannot read {self._queue.name}: {error}"
            is_waited_out = getattr(error, "status_code", None) in _WAITED_OUT
            (logger.warning if is_waited_out else self._on_error)(text)
        return ()

    async def _wait_until_few(self) -> None:
        while len(self._working) > self._options.new_batch_threshold:
            await asyncio.wait(self._working, return_when=asyncio.FIRST_COMPLETED)
