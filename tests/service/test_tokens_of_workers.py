"""What several workers draw from one shard's row and give back to it, read again or not."""

from datetime import datetime, timedelta

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from shared.domain.fleet.pace import Draw, Pace
from shared.domain.fleet.shard import Grip, Shard
from shared.domain.vocabulary.rows import Row, Values
from shared.reconcile.ground.pacer import ShardPacer
from tests.clusters import SUBSCRIPTION
from tests.fakes.clock import FakeClock
from tests.fakes.tables import FakeTable
from tests.service_world import middle

SHARD = Shard(SUBSCRIPTION, "westeurope")
PACE = Pace(10, 0.5)
WORKERS = 2

moves = st.lists(
    st.tuples(
        st.sampled_from([*("draw", "some", "grip", "back", "back") * 4, "pause", "lost", "lost"]),
        st.integers(0, WORKERS - 1),
        st.integers(1, 12),
        st.integers(0, 12),
        st.sampled_from([0, 0, 1, 1, 2, 5, 30]),
    ),
    max_size=60,
)


class Workers:
    """Some workers with one table, and the tokens that they have not given back."""

    def __init__(self, pace: Pace = PACE) -> None:
        self.clock, self.pace = FakeClock(), pace
        self.table = FakeTable(self.clock)
        self.pacers = [ShardPacer(self.table, self.clock, middle, pace) for _ in range(WORKERS)]
        self.held: list[tuple[int, int, Draw | Grip]] = []
        self.spent: list[tuple[datetime, int]] = []

    async def draw(self, worker: int, least: int, most: int = 0) -> None:
        """Have a worker draw, and hold what it is given."""
        draw = await self.pacers[worker].draw(SHARD, least, most=most)
        if isinstance(draw, Draw):
            self._hold(worker, draw, draw)

    async def grip(self, worker: int, most: int) -> None:
        """Have a worker take the shard's lease."""
        grip = await self.pacers[worker].grip(SHARD, "202611-a", len(self.spent), most)
        if isinstance(grip, Grip):
            self._hold(worker, grip, grip.draw)

    def _hold(self, worker: int, held: Draw | Grip, draw: Draw) -> None:
        self.held.append((worker, len(self.spent), held))
        self.spent.append((self.clock.now(), draw.tokens))

    async def give_back(self, index: int, unused: int) -> None:
        """Have whoever drew it give something back of one of the draws that are held."""
        worker, place, held = self.held.pop(index)
        at, tokens = self.spent[place]
        unused = min(unused, tokens)
        self.spent[place] = at, tokens - unused
        if isinstance(held, Grip):
            await self.pacers[worker].release(SHARD, held, unused)
        else:
            await self.pacers[worker].give_back(SHARD, held, unused)

    def lose_an_answer(self) -> None:
        """Have the next change of the row done, and refused when the SDK asks for it once more."""
        replace = self.table.replace

        async def replaced(row: Row, values: Values) -> None:
            self.table.replace = replace  # type: ignore[method-assign]  # this one table's
            await replace(row, values)

        self.table.replace = replaced  # type: ignore[method-assign]  # the same

    async def tokens(self) -> float:
        """Draw none, to see what is there now."""
        draw = await self.pacers[0].draw(SHARD, 0)
        assert isinstance(draw, Draw)
        return draw.left

    def asked(self) -> list[str]:
        """Give what was asked of the table since this was asked last."""
        found = [each.verb for each in self.table.done]
        self.table.done.clear()
        return found


A_LONG_WAIT = [("some", 0, 1, 0, 0), ("some", 0, 12, 0, 30), ("some", 1, 12, 0, 0)]
"""After it a worker draws, and then another: what came back meanwhile is there once."""


A_LOST_ANSWER = [("some", 0, 8, 0, 0), ("lost", 0, 1, 0, 0), ("back", 0, 1, 4, 0), A_LONG_WAIT[-1]]
"""What was given back is there, and its worker hears that somebody else has changed the row."""


@example(moves=A_LONG_WAIT, rate=0.5)
@example(moves=A_LOST_ANSWER, rate=0.5)
@given(moves=moves, rate=st.sampled_from([0.1, 0.5, 0.9, 3.0]))
async def test_no_stretch_of_time_has_too_many_calls_of_all_workers(
    moves: list[tuple[str, int, int, int, int]], rate: float
) -> None:
    """Whoever draws, gives back or pauses when: any stretch has at most burst + rate x time calls.

    Nor do answers matter that are lost. A token that is given back was no call; every other one
    counts when it was drawn.
    """
    workers = Workers(Pace(10, rate))
    for move, worker, size, unused, seconds in moves:
        workers.clock.advance(timedelta(seconds=seconds))
        match move:
            case "draw" | "some":
                await workers.draw(worker, size if move == "draw" else 1, size)
            case "grip":
                await workers.grip(worker, size)
            case "back" if workers.held:
                await workers.give_back(size % len(workers.held), unused)
            case "pause":
                await workers.pacers[worker].pause(SHARD, timedelta(seconds=size))
            case "lost":
                workers.lose_an_answer()
    for first, (start, _) in enumerate(workers.spent):
        total = 0
        for end, tokens in workers.spent[first:]:
            total += tokens
            assert total <= 10 + workers.pace.refilled_in(end - start) + 1e-6


@given(drawn=st.integers(1, 10), unused=st.integers(0, 10), seconds=st.integers(0, 60))
async def test_what_nobody_came_between_was_never_drawn(
    drawn: int, unused: int, seconds: int
) -> None:
    """However long a worker had it: the time passed once, and what was given back is there."""
    workers, unused = Workers(), min(unused, drawn)
    await workers.draw(0, drawn)
    workers.clock.advance(timedelta(seconds=seconds))
    await workers.give_back(0, unused)
    refilled = 10 - drawn + unused + PACE.refilled_in(timedelta(seconds=seconds))
    assert await workers.tokens() == min(10, refilled)


async def test_what_is_given_back_is_one_operation() -> None:
    """The worker that wrote the row last writes it again, whatever it has drawn meanwhile."""
    workers = Workers()
    await workers.draw(0, 4)
    await workers.draw(0, 4)
    assert workers.asked() == ["get", "insert", "get", "replace"]
    workers.clock.advance(timedelta(seconds=1))
    await workers.give_back(0, 1)
    await workers.give_back(0, 2)
    assert workers.asked() == ["replace", "replace"]
    assert await workers.tokens() == 10 - 8 + 3 + 0.5


async def test_a_lease_is_given_back_in_one_operation() -> None:
    """So is the lease that came with tokens, and what the tokens of others were of use for."""
    workers = Workers()
    await workers.grip(0, 6)
    await workers.draw(0, 2)
    workers.asked()
    await workers.give_back(0, 3)
    assert workers.asked() == ["replace"]
    assert await workers.pacers[1].holder(SHARD) is None
    assert await workers.tokens() == 10 - 8 + 3


async def test_a_row_that_another_worker_changed_is_read_again() -> None:
    """What is given back goes to what is there by now, and takes nothing from the other."""
    workers = Workers()
    await workers.draw(0, 4)
    await workers.draw(1, 4)
    workers.asked()
    await workers.give_back(0, 3)
    assert workers.asked() == ["replace", "get", "replace"]
    assert await workers.tokens() == 10 - 8 + 3


async def test_nothing_is_given_back_to_a_shard_that_another_worker_paused() -> None:
    """After a 429 the row says so, whatever a worker knew before."""
    workers = Workers()
    await workers.draw(0, 4)
    await workers.pacers[1].pause(SHARD, timedelta(seconds=5))
    await workers.give_back(0, 4)
    workers.clock.advance(timedelta(seconds=8))
    assert await workers.tokens() == PACE.refilled_in(timedelta(seconds=8))


@pytest.mark.parametrize("lease", [True, False])
async def test_what_is_given_back_without_an_answer_is_there_once(*, lease: bool) -> None:
    """The SDK asks again, and is refused: by what it has written itself, which is seen then."""
    workers = Workers()
    await (workers.grip(0, 8) if lease else workers.draw(0, 8))
    workers.lose_an_answer()
    await workers.give_back(0, 4)
    assert await workers.tokens() == 10 - 8 + 4
    assert await workers.pacers[1].holder(SHARD) is None
