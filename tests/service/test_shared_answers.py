"""One reading serves all who ask the same at the same time."""

import asyncio
from datetime import timedelta

import pytest

from shared.domain.vocabulary.pages import PageAsked
from shared.reconcile.ground.at_once import MOST_KEPT, SharedAnswers
from tests.clusters import cluster
from tests.fakes.clock import FakeClock
from tests.service_world import World

SECOND = timedelta(seconds=1)


class Source:
    """Counts its readings, and holds each back until it is let go."""

    def __init__(self) -> None:
        self.readings = 0
        self.go = asyncio.Event()

    async def read(self) -> int:
        """Read."""
        self.readings += 1
        number = self.readings
        await self.go.wait()
        return number


async def test_fifty_at_once_are_one_reading() -> None:
    """Whoever asks during a reading gets its answer."""
    answers, source = SharedAnswers[int](FakeClock(), SECOND), Source()
    asking = [asyncio.ensure_future(answers.get("a", source.read)) for _ in range(50)]
    await asyncio.sleep(0)
    source.go.set()
    assert await asyncio.gather(*asking) == [1] * 50


async def test_an_answer_counts_for_a_moment() -> None:
    """A second later it is read again; another question is always another reading."""
    clock = FakeClock()
    answers, source = SharedAnswers[int](clock, SECOND), Source()
    source.go.set()
    assert [await answers.get("a", source.read) for _ in range(3)] == [1, 1, 1]
    assert await answers.get("b", source.read) == 2
    clock.advance(SECOND)
    assert await answers.get("a", source.read) == 3


async def test_a_cancelled_caller_leaves_the_reading_to_the_others() -> None:
    """A caller that is cancelled leaves the reading to the others."""
    answers, source = SharedAnswers[int](FakeClock(), SECOND), Source()
    first, second = (asyncio.ensure_future(answers.get("a", source.read)) for _ in range(2))
    await asyncio.sleep(0)
    first.cancel()
    source.go.set()
    assert await second == 1


async def test_an_error_is_not_kept() -> None:
    """Those who waited get the error, and the next one reads again."""
    answers, source = SharedAnswers[int](FakeClock(), SECOND), Source()
    source.go.set()

    async def fail() -> int:
        raise RuntimeError("storage is away")

    with pytest.raises(RuntimeError):
        await answers.get("a", fail)
    assert await answers.get("a", source.read) == 1


async def test_few_are_kept() -> None:
    """Many different questions do not add up: the oldest answers are forgotten."""
    answers, source = SharedAnswers[int](FakeClock(), SECOND), Source()
    source.go.set()
    for number in range(1000):
        await answers.get(number, source.read)
    assert len(answers._kept) == MOST_KEPT
    assert await answers.get(0, source.read) == 1001


async def test_a_write_of_this_worker_is_seen_at_once() -> None:
    """What this worker has written down is in the very next answer."""
    world = World()
    world.aks.add(cluster("aks-1"))
    assert (await world.fleet.clusters(None, {}, PageAsked())).items == []
    await world.reconcile("aks-1")
    assert len((await world.fleet.clusters(None, {}, PageAsked())).items) == 1
