"""Queues in memory, with the storage service's own clock and whole seconds."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from math import ceil

from azure.core.exceptions import ServiceRequestError

from shared.ports.azure import Clock
from shared.ports.storage import SetAside, Work
from tests.fakes.limits import check_message

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
            raise ServiceRequestError("the storage account does not answer")
        check_message(work.to_message(), delay)
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


@dataclass
class FakePoisonQueues:
    """What the Functions host has set aside; a message that was taken is away for a minute."""

    clock: Clock
    messages: list[SetAside] = field(default_factory=list)
    away: dict[str, datetime] = field(default_factory=dict)
    fails: int = 0

    def put(self, queue: str, text: str, *, decoded: bool = True) -> None:
        """Set a message aside."""
        self.messages.append(SetAside(queue, text, decoded, id=str(len(self.messages))))

    async def take(self, queue: str) -> Sequence[SetAside]:
        """Take what is not away."""
        if self.fails:
            self.fails -= 1
            raise ServiceRequestError("the storage account does not answer")
        now = self.clock.now()
        taken = [
            each
            for each in self.messages
            if each.queue == queue and self.away.get(each.id, now) <= now
        ]
        self.away |= {each.id: now + timedelta(minutes=1) for each in taken}
        return taken

    async def remove(self, message: SetAside) -> None:
        """Remove one."""
        self.messages.remove(message)
