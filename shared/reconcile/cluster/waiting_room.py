"""Where messages wait while storage is in trouble or a setting is refused: on their own queues.

The Functions host would deliver them five times within minutes, and set them aside for good.
"""

from collections.abc import Callable
from datetime import datetime, timedelta

from msgspec import Struct

from shared.domain.messages.envelope import HeldBack, hold_back
from shared.domain.messages.work import PATIENCE, delay_before
from shared.ports.azure import Clock
from shared.ports.storage import Queue


class WaitingRoom(Struct, frozen=True):
    """Sends messages again, later and later, as work is that Azure's weather holds up."""

    clock: Clock
    jitter: Callable[[], float]

    def next_attempt(self, text: str, inserted_at: datetime | None) -> HeldBack:
        """Make the message of the next attempt; raises InvalidMessage for what is none."""
        return hold_back(text, self.clock.now(), inserted_at)

    def is_spent(self, held: HeldBack) -> bool:
        """Say whether its patience has run out."""
        return self.clock.now() - held.since >= PATIENCE

    async def hold(self, queue: Queue[HeldBack], held: HeldBack, *, slow: bool) -> timedelta:
        """Hide the message on its queue, and give for how long; an error of the queue comes out."""
        delay = delay_before(held.attempt, None, slow=slow, jitter=self.jitter())
        await queue.send(held, delay)
        return delay
