"""Delivering messages in memory: in time, side by side, again where a receiver fails."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta

import pytest

from naptime.memory.delivery import MOST_DELIVERIES, DeliveryFailed, Inbound, Postman
from naptime.memory.queues import MemoryQueue, Message
from shared.domain.messages.work import ReconcileCluster
from shared.domain.vocabulary.reasons import Cause
from tests.clusters import cluster_id
from tests.command_line.patient_clock import PatientClock
from tests.fakes.clock import SATURDAY_NOON

type Queue = MemoryQueue[ReconcileCluster]


class Post:
    """Two queues, and what came out of them when."""

    def __init__(self) -> None:
        """Put nothing in."""
        self.clock = PatientClock()
        self.arrived = asyncio.Event()
        self.urgent: Queue = MemoryQueue(self.clock, self.arrived)
        self.other: Queue = MemoryQueue(self.clock, self.arrived)
        self.came: list[tuple[str, float]] = []

    async def receive(self, message: Message) -> None:
        """Note it, with the seconds since the start."""
        name = message.text.partition("managedClusters/")[2].partition('"')[0]
        self.came.append((name, (self.clock.now() - SATURDAY_NOON).total_seconds()))

    def delivery(self, receive: Callable[[Message], Awaitable[None]] | None = None) -> Postman:
        """Deliver to `receive`, or note."""
        routes = [Inbound(queue, receive or self.receive) for queue in (self.urgent, self.other)]
        return Postman(self.clock, routes, self.arrived)

    async def until(self, count: int, *, minutes: float = 60, **other: object) -> bool:
        """Deliver until so many came, or so many minutes have passed."""

        async def done() -> bool:
            return len(self.came) >= count

        end = self.clock.now() + timedelta(minutes=minutes)
        return await self.delivery(**other).until(done, lambda: end)  # type: ignore[arg-type]  # the receiver


def work(name: str) -> ReconcileCluster:
    """Give work on a cluster."""
    return ReconcileCluster(cluster_id(name), Cause.ASKED, SATURDAY_NOON)


async def test_messages_come_when_they_can_be_seen() -> None:
    """Each comes after its delay, those of the first route first."""
    post = Post()
    await post.other.send(work("b"))
    await post.other.send(work("later"), timedelta(seconds=90))
    await post.urgent.send(work("a"))
    await post.urgent.send(work("soon"), timedelta(seconds=20.2))
    assert await post.until(4)
    assert post.came == [("a", 0), ("b", 0), ("soon", 21), ("later", 90)]


async def test_the_end_of_the_work_ends_the_wait() -> None:
    """Where nothing is left it ends, and says that what was wanted has not come."""
    post = Post()
    await post.other.send(work("a"))
    assert not await post.until(2)
    assert post.came == [("a", 0)]


async def test_the_time_is_over() -> None:
    """What comes only after the time is over is not waited for."""
    post = Post()
    await post.other.send(work("a"), timedelta(minutes=61))
    assert not await post.until(1)
    assert post.clock.now() == SATURDAY_NOON


async def test_what_is_under_way_comes_to_its_end() -> None:
    """When time is over nothing begins any more, and what has begun is waited for."""
    post = Post()

    async def slowly(message: Message) -> None:
        await post.clock.sleep(120)
        await post.receive(message)

    await post.urgent.send(work("a"))
    assert await post.until(1, minutes=1, receive=slowly)
    assert [name for name, _ in post.came] == ["a"]


async def test_a_message_sent_meanwhile_wakes() -> None:
    """What a receiver sends is delivered without waiting for anything else."""
    post = Post()

    async def passes_on(message: Message) -> None:
        await post.receive(message)
        if len(post.came) < 5:
            await post.other.send(work(f"n{len(post.came)}"))

    await post.urgent.send(work("n0"))
    await post.urgent.send(work("late"), timedelta(minutes=5))
    assert await post.until(5, receive=passes_on)
    assert post.came == [(f"n{n}", 0) for n in range(5)]


async def test_a_receiver_that_fails_gets_it_again() -> None:
    """A failure is delivered again a little later; one that never ends is a bug, and is said."""
    post = Post()
    failures = [OSError("no"), OSError("no")]

    async def fails_at_first(message: Message) -> None:
        if failures:
            raise failures.pop()
        await post.receive(message)

    await post.urgent.send(work("a"))
    assert await post.until(1, receive=fails_at_first)
    assert post.came == [("a", 2)]
    tries: list[str] = []

    async def fails(message: Message) -> None:
        tries.append(message.text)
        raise OSError("no")

    await post.urgent.send(work("b"))
    with pytest.raises(DeliveryFailed):
        await post.until(9, receive=fails)
    assert len(tries) == MOST_DELIVERIES


async def test_a_message_keeps_when_it_came_in() -> None:
    """A message that comes again still says when it was taken in first, in whole seconds."""
    queue: Queue = MemoryQueue(PatientClock())
    await queue.send(work("a"))
    first = queue.due()
    assert first
    queue.put(first.text, first.inserted_at, timedelta())
    again = queue.due()
    assert again
    assert again.inserted_at == SATURDAY_NOON
