"""The Functions host: everything that triggers the functions of one app."""

import asyncio
import logging
from collections.abc import Coroutine, Sequence

from local.host.front_door import FrontDoor
from local.host.invocations import Invoker
from local.host.keys import Keys
from local.host.queues import QueueListener
from local.host.storage_queue import StorageQueue
from local.host.timers import TimerListener

logger = logging.getLogger("host")

CLOSING_SECONDS = 2.0


class Host:
    """A host that is ready to start; `keys` are those that it accepts."""

    def __init__(  # noqa: PLR0913, PLR0917 - the parts that a host is made of
        self,
        keys: Keys,
        invoker: Invoker,
        front_door: FrontDoor,
        timers: Sequence[TimerListener],
        queues: Sequence[QueueListener],
        connections: Sequence[StorageQueue],
    ) -> None:
        self.keys = keys
        self._invoker = invoker
        self._front_door = front_door
        self._timers = timers
        self._queues = queues
        self._connections = connections
        self._tasks: list[asyncio.Task[None]] = []

    async def start(self, port: int) -> str:
        """Look for the queues, listen on 127.0.0.1 and start every trigger; the URL.

        An OSError if the port is taken, a StorageError if the storage service does not answer.
        """
        await asyncio.gather(*(queue.open() for queue in self._queues))
        url = await self._front_door.listen(port)
        runs = [queue.run() for queue in self._queues]
        runs += [timer.run() for timer in self._timers]
        self._tasks = [_started(run) for run in runs]
        return url

    async def stop(self, seconds: float) -> int:
        """Trigger nothing more, and give running calls so many seconds; how many go on."""
        for queue in self._queues:
            queue.stop()
        for timer in self._timers:
            timer.stop()
        unfinished = await self._invoker.drain(seconds)
        await self._front_door.close()
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=CLOSING_SECONDS)
        await asyncio.gather(*(connection.close() for connection in self._connections))
        return unfinished


def _started(run: Coroutine[object, None, None]) -> asyncio.Task[None]:
    task = asyncio.create_task(run)
    task.add_done_callback(_say_why)
    return task


def _say_why(task: asyncio.Task[None]) -> None:
    if not task.cancelled() and (error := task.exception()):
        logger.error("A trigger has ended by a fault of this host", exc_info=error)
