"""Queues in memory: messages that can be seen after their delay, the earliest first."""

import asyncio
from datetime import datetime, timedelta
from heapq import heappop, heappush
from itertools import count
from math import ceil
from typing import TYPE_CHECKING

from msgspec import Struct, field

from shared.ports.storage import Work

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from shared.ports.azure import Clock
    from shared.ports.storage import SetAside


class Message(Struct, frozen=True, order=True):
    """A message: when it can be seen, which it was of all, its text, when it was taken in."""

    visible_at: datetime
    number: int
    text: str
    inserted_at: datetime


class MemoryQueue[W: Work](Struct):
    """Takes one kind of work in, and gives its messages out in the order of their time."""

    clock: "Clock"
    arrived: asyncio.Event = field(default_factory=asyncio.Event)
    """Set by each message; who waits for several queues gives them one event."""
    _messages: list[Message] = field(default_factory=list)
    _numbers: "Iterator[int]" = field(default_factory=count)

    async def send(self, work: W, delay: timedelta = timedelta(0)) -> None:
        """Enqueue, to be seen after the delay (in whole seconds, rounded up)."""
        self.put(
            work.to_message(), self.clock.now(), timedelta(seconds=ceil(delay.total_seconds()))
        )

    def put(self, text: str, inserted_at: datetime, delay: timedelta) -> None:
        """Take a message in (again): it keeps the time when it was taken in first."""
        visible_at = self.clock.now() + delay
        at = inserted_at.replace(microsecond=0)
        heappush(self._messages, Message(visible_at, next(self._numbers), text, at))
        self.arrived.set()

    def due(self) -> Message | None:
        """Take the message that can be seen first, if it can be seen now."""
        if self._messages and self._messages[0].visible_at <= self.clock.now():
            return heappop(self._messages)
        return None

    def next_visible(self) -> datetime | None:
        """Tell when the next message can be seen; None if there is none."""
        return self._messages[0].visible_at if self._messages else None


class NoPoison:
    """Poison queues that stay empty: what fails each time ends the command, and is said."""

    async def take(self, _: str) -> "Sequence[SetAside]":
        """Find nothing."""
        return ()

    async def remove(self, _: "SetAside") -> None:
        """Do nothing."""
