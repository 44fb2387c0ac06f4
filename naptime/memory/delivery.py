"""Delivering messages in memory, side by side: what the Functions host does for a deployed app."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Protocol

from msgspec import Struct, field

from naptime.memory.queues import Message

if TYPE_CHECKING:
    from shared.ports.azure import Clock

AT_ONCE = 64
"""Messages under way at once; how many calls these make is bounded elsewhere."""

COMES_AGAIN = timedelta(seconds=1)
MOST_DELIVERIES = 5
"""So often a message is delivered whose receiver fails; the host's own default."""

type Receive = Callable[[Message], Awaitable[None]]


class Inbox(Protocol):
    """A queue of any kind of work, as far as who delivers from it needs it."""

    def due(self) -> Message | None:
        """Take the message that can be seen first, if it can be seen now."""
        ...

    def next_visible(self) -> datetime | None:
        """Tell when the next message can be seen; None if there is none."""
        ...

    def put(self, text: str, inserted_at: datetime, delay: timedelta) -> None:
        """Take a message in again."""
        ...


class Inbound(Struct, frozen=True):
    """A queue, and who receives from it."""

    queue: Inbox
    receive: Receive


class DeliveryFailed(Exception):
    """A message failed each time, for a reason that naptime does not know: that is a bug."""


class Postman(Struct):
    """Delivers until whoever asked has what was wanted, or nothing is left, or time is over.

    Routes come in the order of their urgency: of two messages that can be seen, the one of the
    earlier route is delivered first.
    """

    clock: "Clock"
    routes: Sequence[Inbound]
    arrived: asyncio.Event
    _running: set[asyncio.Task[None]] = field(default_factory=set)
    _failures: dict[str, int] = field(default_factory=dict)

    async def until(
        self, done: Callable[[], Awaitable[bool]], over: Callable[[], datetime]
    ) -> bool:
        """Deliver until `done`; False where it was `over` before, or nothing was left.

        When it is over may move while something is done.
        """
        try:
            while not await done():
                self.arrived.clear()
                self._start_due()
                if not await self._something(over()):
                    # What is under way may be a write: its end is waited for, not what comes next.
                    await self._rest()
                    return await done()
        finally:
            await self._stop()
        return True

    async def _something(self, until: datetime) -> bool:
        """Wait for what comes next; False if nothing will."""
        next_visible = self._next_visible()
        if not self._running and (next_visible is None or next_visible > until):
            return False
        if self.clock.now() >= until:
            return False
        await self._wait(min(until, next_visible) if next_visible else until)
        return True

    def _start_due(self) -> None:
        while len(self._running) < AT_ONCE and (found := self._due()):
            route, message = found
            self._running.add(asyncio.create_task(self._deliver(route, message)))

    def _due(self) -> tuple[Inbound, Message] | None:
        for route in self.routes:
            if message := route.queue.due():
                return route, message
        return None

    def _next_visible(self) -> datetime | None:
        if len(self._running) >= AT_ONCE:
            return None
        times = [at for route in self.routes if (at := route.queue.next_visible())]
        return min(times, default=None)

    async def _wait(self, until: datetime) -> None:
        """Wait for the end of a delivery, a new message, or an instant."""
        seconds = max(0.0, (until - self.clock.now()).total_seconds())
        others = [
            asyncio.create_task(self.arrived.wait()),
            asyncio.create_task(self.clock.sleep(seconds)),
        ]
        try:
            done, _ = await asyncio.wait(
                {*self._running, *others}, return_when=asyncio.FIRST_COMPLETED
            )
        finally:
            for task in others:
                task.cancel()
            await asyncio.gather(*others, return_exceptions=True)
        ended = done & self._running
        self._running -= ended
        for task in ended:
            task.result()

    async def _deliver(self, route: Inbound, message: Message) -> None:
        try:
            await route.receive(message)
        except Exception as error:
            failures = self._failures.get(message.text, 0) + 1
            self._failures[message.text] = failures
            if failures >= MOST_DELIVERIES:
                raise DeliveryFailed(message.text) from error
            route.queue.put(message.text, message.inserted_at, COMES_AGAIN)

    async def _rest(self) -> None:
        if self._running:
            await asyncio.wait(self._running)

    async def _stop(self) -> None:
        for task in self._running:
            task.cancel()
        await asyncio.gather(*self._running, return_exceptions=True)
        self._running.clear()
