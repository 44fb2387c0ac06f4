"""Queues in memory, with the storage service's own clock and whole seconds."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from math import ceil

from shared.ports.azure import Clock
from shared.ports.storage import Work

type Step = Callable[[], None]
"""What happens before each operation: nothing, or the end of the worker."""


def go_on() -> None:
    """Let an operation happen."""


@dataclass(frozen=True, slots=True)
class Message:
    """One message: its text, when it was taken in and when it can be seen."""

    text: str
    inserted_at: datetime
    visible_at: datetime


@dataclass
class FakeQueue[W: Work]:
    """A queue of work."""

    clock: Clock
    messages: list[Message] = field(default_factory=list)
    fails: int = 0
    step: Step = go_on

    async def send(self, work: W, delay: timedelta = timedelta(0)) -> None:
        """Enqueue, to be seen after the delay (in whole seconds, rounded up)."""
        self.step()
        if self.fails:
            self.fails -= 1
            raise OSError("the storage account does not answer")
        now = self.clock.now()
        whole = timedelta(seconds=ceil(delay.total_seconds()))
        self.messages.append(Message(work.to_message(), now.replace(microsecond=0), now + whole))

    def due(self) -> Message | None:
        """Take the message that can be seen first, if it can be seen now."""
        first = min(self.messages, key=lambda message: message.visible_at, default=None)
        if first is None or first.visible_at > self.clock.now():
            return None
        self.messages.remove(first)
        return first

    def next_visible(self) -> datetime | None:
        """Tell when the next message can be seen."""
        return min((message.visible_at for message in self.messages), default=None)
