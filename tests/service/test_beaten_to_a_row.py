"""Somebody else writes a row right before naptime does: once, at each write of a whole run."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta

import pytest

from shared.domain.errors import AccessDenied, AzureError, AzureUnavailable, TooManyConflicts
from shared.domain.fleet.pace import Pace
from shared.domain.fleet.run import RunScope
from shared.domain.messages.audit import Caller, Origin
from shared.domain.vocabulary.pages import PageAsked
from shared.domain.vocabulary.reasons import Cause
from shared.domain.vocabulary.rows import Row, Values
from shared.reconcile.fleet.ask import CONFLICTS_BORNE, SCOPE_KEPT
from shared.reconcile.ground.pacer import SHARDS_TABLE
from tests.clusters import cluster
from tests.fakes.aks import Verb
from tests.fakes.tables import FakeTable
from tests.service_world import World

MINUTE = timedelta(minutes=1)
CLUSTERS = 12


@dataclass
class Others:
    """Others who rewrite the row of one write right before it: the same values, another ETag."""

    table: FakeTable
    at: Callable[[int], bool]
    writes: int = 0
    beaten: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        """Come before each write of the table that counts on a row as it was read."""
        replace, settle = self.table.replace, self.table.settle

        async def replaced(row: Row, values: Values) -> Row | None:
            self._come_first(row)
            return await replace(row, values)

        async def settled(row: Row, values: Values, others: dict[str, Values]) -> Row | None:
            self._come_first(row)
            return await settle(row, values, others)

        self.table.replace = replaced  # type: ignore[method-assign]  # this one table's
        self.table.settle = settled  # type: ignore[assignment, method-assign]  # the same

    def _come_first(self, row: Row) -> None:
        stored = self.table.stored.get((row.partition, row.key))
        if stored and self.at(self.writes):
            self.table._put(row.partition, row.key, stored.values)
            self.beaten.append(row.key)
        self.writes += 1


def hiccup() -> Callable[[Verb, str], AzureError | None]:
    """Let the first listing fail in a way that is tried again at once."""
    left = [AzureUnavailable("503", status=503)]
    return lambda verb, _: left.pop() if verb == "clusters" and left else None


async def lose(world: World, what: str) -> None:
    """Go on until there are messages with a word in them, and lose these."""
    queue = world.batons if what == "generation" else world.run_queue
    while not any(what in message.text for message in queue.messages):
        if visible_at := world.next_visible():
            world.clock.move_to(visible_at)
            await world.deliver_one()
        else:
            world.clock.advance(10 * MINUTE)
            await world.mind()
    queue.messages[:] = [message for message in queue.messages if what not in message.text]


@pytest.mark.parametrize("lost", ["", "startRun", "listSubscription", "generation"])
async def test_who_is_beaten_to_a_row_leaves_nothing_undone_and_does_nothing_twice(
    lost: str,
) -> None:
    """At whichever write of a run: every cluster is written to once, counted once, and it ends.

    Nobody else goes on with the work here, so that it is the minder who has to.
    """
    number, beaten = 0, list[str]()
    while True:
        world = World(pace=Pace(4, 0.5))
        for each in range(CLUSTERS):
            place = "westeurope" if each % 2 else "northeurope"
            world.aks.add(cluster(f"aks-{each:02}", location=place))
        world.aks.refuses = hiccup()
        await world.start()
        others = Others(world.tables.of("naptimeruns202611"), at=lambda n, at=number: n == at)  # type: ignore[misc]  # a default
        if lost:
            await lose(world, lost)
        await world.run_and_mind()
        (record,) = world.finished
        assert sum(record.summary["outcomes"].values()) == CLUSTERS, others.beaten
        assert len(world.aks.accepted_writes) == CLUSTERS, others.beaten
        if number >= others.writes:
            break
        beaten += others.beaten
        number += 1
    assert {key.partition(":")[0] for key in beaten} >= {"sub", "shard"}


async def test_a_scope_that_others_always_take_is_given_up() -> None:
    """Whoever asks for a run gives up after some tries, and whatever asked comes back."""
    world = World()
    await world.start()
    await world.run()
    others = Others(world.tables.of(SHARDS_TABLE), at=lambda _: True)
    with pytest.raises(TooManyConflicts):
        await world.asker.ask(RunScope(), Cause.SWEPT)
    assert len(others.beaten) == CONFLICTS_BORNE
    assert not world.run_queue.messages


async def test_a_person_who_is_beaten_each_time_is_recorded_as_refused() -> None:
    """Where too many ask for one run at once, no record says for ever that one is to begin."""
    world = World()
    origin = Origin(Caller("ops@example.com", "id-1"), "0f0e0d0c-0b0a-4908-8706-050403020100")
    await world.start()
    await world.run()
    Others(world.tables.of(SHARDS_TABLE), at=lambda _: True)
    with pytest.raises(TooManyConflicts):
        await world.commands.start_run(RunScope(), origin)
    (record,) = (await world.audit.page({}, PageAsked())).items
    assert record["outcome"] == "Refused"


async def test_a_shard_that_others_always_write_is_come_back_to() -> None:
    """A baton that cannot take the lease for conflicts is passed on, and the run ends all the same.

    Two hundred workers may want tokens of one shard in the same second.
    """
    world = World()
    world.aks.add(cluster())
    await world.start()
    times = 3 * CONFLICTS_BORNE
    Others(world.tables.of(SHARDS_TABLE), at=lambda number: number < times)
    await world.run_and_mind()
    (record,) = world.finished
    assert record.summary["outcomes"] == {"Created": 1}


async def test_who_is_beaten_to_what_waits_leaves_it_to_the_other() -> None:
    """Of two that try a subscription again one goes on; where that one is lost, the minder does."""
    world = World()
    world.aks.add(cluster())
    refusing = [AccessDenied("403", status=403)]
    world.aks.refuses = lambda verb, _: refusing[0] if verb == "clusters" and refusing else None
    await world.start()
    await world.run(for_at_most=MINUTE / 2)
    (waiting,) = world.run_queue.messages
    world.clock.move_to(waiting.visible_at)
    others = Others(world.tables.of(SHARDS_TABLE), at=lambda _: bool(refusing))
    await world.deliver_one()
    assert (len(others.beaten), world.run_queue.messages) == (1, [])
    refusing.clear()
    world.clock.advance(60 * MINUTE)
    await world.run_and_mind()
    assert world.aks.accepted_writes


async def test_a_scope_of_long_ago_without_a_run_is_let_go_of() -> None:
    """Its run would be none of today's; a younger one whose record is missing is begun."""
    world = World()
    run = await world.start()
    world.run_queue.messages.clear()
    table = world.tables.of("naptimeruns202611")
    del table.stored["runs", run.id]
    mended = await world.mind()
    assert mended
    assert mended.begun == 1
    world.run_queue.messages.clear()
    del table.stored["runs", run.id]
    world.clock.advance(SCOPE_KEPT + MINUTE)
    mended = await world.mind()
    assert mended
    assert mended.begun == 0
    assert not world.run_queue.messages
    assert not await world.asker.begin_forgotten()
