"""Between the messages that a worker was handed at once, events are answered."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from copy import replace
from dataclasses import dataclass, field

import pytest

from shared.domain.deciding.observed import ObservedCluster
from shared.domain.vocabulary.ids import ClusterId
from shared.reconcile.ground.at_once import AT_WORK, Room
from tests.clusters import cluster
from tests.fakes.aks import FakeAks
from tests.service_world import World

HANDED_OVER = 24
"""What the host hands a worker at once, by host.json: a batch, and one more at its threshold."""


@dataclass(slots=True)
class Held:
    """Reads of clusters that wait until they are let go, and how many wait."""

    go: asyncio.Event = field(default_factory=asyncio.Event)
    come: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(0))
    waiting: int = 0

    async def get_cluster(self, aks: FakeAks, asked: ClusterId) -> ObservedCluster:
        """Wait, then read."""
        self.waiting += 1
        self.come.release()
        await self.go.wait()
        self.waiting -= 1
        return await READ(aks, asked)


READ = FakeAks.get_cluster


@pytest.fixture
def held(monkeypatch: pytest.MonkeyPatch) -> Held:
    made = Held()

    async def get_cluster(aks: FakeAks, asked: ClusterId) -> ObservedCluster:
        return await made.get_cluster(aks, asked)

    monkeypatch.setattr(FakeAks, "get_cluster", get_cluster)
    return made


@asynccontextmanager
async def handed_over(world: World, room: Room) -> AsyncIterator[None]:
    """Have a worker at what the host hands it at once; leave when all of it is done."""
    receiver = replace(world.messages, room=room)
    for number in range(HANDED_OVER):
        world.aks.add(cluster(f"aks-{number}"))
        await world.ask(f"aks-{number}")
    taken = [message for _ in range(HANDED_OVER) if (message := world.queue.due())]
    work = [receiver.receive(message.text, message.inserted_at) for message in taken]
    tasks = [asyncio.ensure_future(each) for each in work]
    yield
    await asyncio.gather(*tasks)


async def settled(held: Held, number: int) -> None:
    """Wait until so many wait, and see that after that no more come."""
    async with asyncio.timeout(5):
        for _ in range(number):
            await held.come.acquire()
    for _ in range(100):
        await asyncio.sleep(0)
    assert held.waiting == number


async def test_five_clusters_are_worked_on_at_a_time(held: Held) -> None:
    """Of 24 messages that come at once five are worked on, and each makes room for the next."""
    world = World()
    async with handed_over(world, Room(counted_seconds=60)):
        await settled(held, AT_WORK)
        held.go.set()
    assert len(world.aks.accepted_writes) == HANDED_OVER


async def test_what_takes_long_keeps_nobody_out(held: Held) -> None:
    """Work that somebody outside holds up counts no more after a moment, and others begin."""
    world = World()
    async with handed_over(world, Room(counted_seconds=0.01)):
        await settled(held, HANDED_OVER)
        held.go.set()
    assert len(world.aks.accepted_writes) == HANDED_OVER


async def test_a_place_is_given_back_once() -> None:
    """After work that took long and then failed there is room for five, and for no more."""
    room = Room(counted_seconds=0.01)

    async def taking_long() -> None:
        async with room.taken():
            await asyncio.sleep(0.03)
            raise ValueError("broken")

    found = await asyncio.gather(*(taking_long() for _ in range(AT_WORK)), return_exceptions=True)
    assert [type(each) for each in found] == [ValueError] * AT_WORK
    async with AsyncExitStack() as places:
        for _ in range(AT_WORK):
            await places.enter_async_context(room.taken())
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.01):
                await places.enter_async_context(room.taken())
