"""The queues of work, on Azure Storage."""

from datetime import timedelta
from math import ceil

from azure.core.exceptions import ResourceNotFoundError
from azure.storage.queue.aio import QueueClient

from shared.clients.storage import create_queue
from shared.ports.storage import Work

KEPT = timedelta(days=7)
"""How long a message lives; seven times as long as the work in it is tried."""


class StorageQueue[W: Work]:
    """Sends one kind of work; the Functions host receives it."""

    def __init__(self, queue: QueueClient) -> None:
        """Take a client of the queue; it is created by the first message if it is not there."""
        self._queue = queue

    async def send(self, work: W, delay: timedelta = timedelta(0)) -> None:
        """Enqueue, to be seen after the delay (in whole seconds, rounded up)."""
        try:
            await self._send(work, delay)
        except ResourceNotFoundError:
            await create_queue(self._queue)
            await self._send(work, delay)

    async def _send(self, work: W, delay: timedelta) -> None:
        await self._queue.send_message(
            work.to_message(),
            visibility_timeout=ceil(delay.total_seconds()),
            time_to_live=int((KEPT + delay).total_seconds()),
        )

    async def close(self) -> None:
        """Close the connection."""
        await self._queue.close()
