"""Bounds: a run's record has room for any fleet, and what is stuck or broken stops no other."""

from copy import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any, NoReturn

import pytest

from shared.domain.errors import AccessDenied
from shared.domain.fleet.run import Run, RunScope, RunState, new_run_id
from shared.domain.fleet.run_records import (
    MOST_NAMED,
    RunRecord,
    SubscriptionRecord,
)
from shared.domain.fleet.shard import Shard
from shared.domain.fleet.shard_records import STUCK_AFTER
from shared.domain.fleet.unreadable import Refusal
from shared.domain.vocabulary.pages import PageAsked
from shared.domain.vocabulary.reasons import Cause, Reason
from tests.clusters import SUBSCRIPTION
from tests.service.test_fleet_runs import QUICK, fleet, outcomes, unprotected
from tests.service_world import World

if TYPE_CHECKING:
    from shared.domain.vocabulary.rows import Values

MANY = frozenset(f"{number:08x}-0000-4000-8000-000000000000" for number in range(300))
LONGEST_PROPERTY = 32_768
"""Characters that a property of a table holds (learn.microsoft.com, table data model)."""

MINUTE = timedelta(minutes=1)


async def test_a_run_ends_however_much_it_could_not_read() -> None:
    """Three hundred unreadable subscriptions fit; the run names all, a list of runs the first."""
    world = World(pace=QUICK, subscriptions=MANY | {SUBSCRIPTION})
    fleet(world, 2, 2)
    denied = AccessDenied("x" * 500, status=403, code="AuthorizationFailed")
    world.aks.refuses = lambda verb, where: (
        denied if verb == "clusters" and where != SUBSCRIPTION else None
    )
    run = await world.start()
    await world.run(for_at_most=MINUTE / 2)
    stored = await world.store.run(run.id)
    assert stored
    assert (stored.record.state, outcomes(stored.record)) == (RunState.FINISHED, {"Created": 2})
    for table in world.tables.tables.values():
        for row in table.stored.values():
            assert max(len(str(value)) for value in row.values.values()) < LONGEST_PROPERTY
    (listed,) = (await world.runs.runs({}, PageAsked())).items
    assert len(listed["unreadableSubscriptions"]) == MOST_NAMED
    assert listed["findingCounts"]["unreadableSubscriptions"] == 300
    shown = await world.runs.run(run.id, {}, PageAsked())
    assert shown
    assert len(shown["unreadableSubscriptions"]) == 300
    assert len(world.finished[0].summary["unreadableSubscriptions"]) == 300, "all are counted"


async def broken_run(world: World) -> str:
    """Write a run whose parts cannot be read any more."""
    now = world.clock.now()
    run = Run(new_run_id(now, "f" * 16), Cause.ASKED, RunScope(SUBSCRIPTION), now)
    await world.store.insert_run(RunRecord(run, started=True))
    part = SubscriptionRecord(SUBSCRIPTION, refusal=Refusal(Reason.POISONED, "m"))
    await world.store.insert_subscriptions(run.id, [part])
    table = world.tables.tables[f"naptimeruns{run.id[:6]}"]
    key = (run.id, f"sub:{SUBSCRIPTION}")
    values = {**table.stored[key].values, "shards": "no json"}
    table._put(*key, values)
    return run.id


async def test_one_broken_run_keeps_no_other_from_being_minded() -> None:
    """The minder minds all others, drops what is old, and then says what failed."""
    world = World(pace=QUICK)
    fleet(world, 3, 3)
    await broken_run(world)
    old = world.tables.of("naptimeruns202501")
    await old.insert("runs", "x", {})
    await world.start()
    await world.run(for_at_most=timedelta())
    world.run_queue.messages.clear()
    world.batons.messages.clear()
    world.clock.advance(10 * MINUTE)
    with pytest.raises(ExceptionGroup) as failed:
        await world.mind()
    assert [type(error).__name__ for error in failed.value.exceptions] == ["JSONDecodeError"]
    assert "202501" not in await world.store.months()
    await world.run(for_at_most=10 * MINUTE)
    assert not unprotected(world)


def stuck_after(world: World, *locations: str) -> None:
    """Lose the batons of some locations, as a queue would that poisons them again and again."""
    world.batons.messages[:] = [
        message
        for message in world.batons.messages
        if not any(f'"{location}"' in message.text for location in locations)
    ]


async def two_shards(world: World) -> Run:
    """Start a run over two shards, up to its batons."""
    fleet(world, 3, 3)
    fleet(world, 3, 3, location="northeurope", group="rg-2")
    run = await world.start()
    await world.until_batons(2)
    return run


async def test_one_stuck_shard_does_not_take_the_sweep_from_the_fleet() -> None:
    """The next sweep takes up every shard, the stuck one too; the old run ends without it."""
    world = World(pace=QUICK)
    first = await two_shards(world)
    stuck_after(world, "westeurope")
    await world.run(for_at_most=MINUTE)
    assert len(unprotected(world)) == 3
    assert (await world.asker.ask(RunScope(), Cause.SWEPT)).joined, "it is not stuck yet"
    world.clock.advance(STUCK_AFTER)
    second = await world.asker.ask(RunScope(), Cause.SWEPT)
    assert not second.joined
    await world.run(for_at_most=MINUTE)
    assert not unprotected(world)
    records = {each.run.id: each for each in world.finished}
    assert outcomes(records[second.run.id]) == {"Created": 3, "Unchanged": 3}
    assert records[first.id].summary["reasons"] == {"ScheduleMissing": 3, "LeftToAnotherRun": 3}


async def test_what_the_old_run_is_at_work_on_is_left_to_it() -> None:
    """Beside a run that is stuck on one shard and at work on another, only the first is taken."""
    world = World(pace=QUICK)
    first = await two_shards(world)
    stuck_after(world, "westeurope")
    (baton,) = world.batons.messages
    world.batons.messages.clear()
    world.clock.advance(STUCK_AFTER)
    stored = await world.store.shard(first.id, Shard(SUBSCRIPTION, "northeurope"))
    assert stored
    table = world.tables.tables[f"naptimeruns{first.id[:6]}"]
    values = {**stored.row.values, "progressedAt": world.clock.now()}
    table._put(stored.row.partition, stored.row.key, values)
    second = await world.asker.ask(RunScope(), Cause.SWEPT)
    await world.run(for_at_most=MINUTE)
    record = next(each for each in world.finished if each.run.id == second.run.id)
    assert record.summary["reasons"] == {"ScheduleMissing": 3, "LeftToAnotherRun": 3}
    assert len(world.aks.calls_of("list")) == 3, "no cluster is read by both"
    world.batons.messages.append(baton)
    await world.run(for_at_most=MINUTE)
    assert not unprotected(world)
    assert len(world.finished) == 2


async def test_a_shard_that_is_at_work_keeps_its_run_joined() -> None:
    """However long a large shard takes: whoever asks meanwhile joins."""
    world = World()
    fleet(world, 2000, 0)
    await world.start()
    for _ in range(4):
        await world.run(for_at_most=timedelta(minutes=6))
        assert (await world.asker.ask(RunScope(), Cause.SWEPT)).joined
    assert not world.finished


class Broken:
    """A part of the minder's that fails at whatever it is asked."""

    async def mind(self) -> NoReturn:
        """Fail."""
        raise RuntimeError("seeded")

    begin_forgotten = mind


@pytest.mark.parametrize("step", ["asker", "patience"])
async def test_each_step_of_the_minder_is_on_its_own(step: str) -> None:
    """A step that fails keeps no run from its baton, and is heard of."""
    world = World(pace=QUICK)
    await two_shards(world)
    world.batons.messages.clear()
    world.clock.advance(10 * MINUTE)
    broken: dict[str, Any] = {step: Broken()}
    with pytest.raises(ExceptionGroup):
        await replace(world.minder, **broken).mind(world.clock.now())
    await world.run(for_at_most=10 * MINUTE)
    assert not unprotected(world)


@pytest.mark.parametrize(
    ("partition", "names"),
    [("unreadable", ("since", "nextTryAt")), ("unreadable", ("since",)), ("scope", ())],
)
async def test_a_row_that_makes_no_sense_is_left_alone_by_the_minder(
    partition: str, names: tuple[str, ...]
) -> None:
    """What a later version has written there stays, and costs no run its baton."""
    world = World(pace=QUICK)
    await two_shards(world)
    world.batons.messages.clear()
    shards = world.tables.of("naptimeshards")
    nonsense: Values = {"run": "no json", "scope": "no json", "reason": "Throttled", "attempt": 1}
    at = world.clock.now()
    await shards.insert(partition, "0" * 32, {**nonsense, **dict.fromkeys(names, at)})
    world.clock.advance(10 * MINUTE)
    assert await world.mind()
    await world.run(for_at_most=10 * MINUTE)
    assert not unprotected(world)
    assert shards.stored[partition, "0" * 32].values["scope"] == "no json"
