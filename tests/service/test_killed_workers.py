"""A worker killed between any two operations: the run still ends, with everything protected."""

from collections import Counter
from datetime import timedelta

import pytest

from shared.domain.fleet.pace import Pace
from shared.domain.fleet.run import RunScope, RunState
from shared.domain.fleet.run_work import StartRun
from shared.domain.vocabulary.invalid import NaptimeError
from shared.domain.vocabulary.pages import PageAsked
from shared.domain.vocabulary.reasons import Cause
from shared.reconcile.cluster.poison import GOES_ON
from tests.clusters import SUBSCRIPTION, cluster, schedule
from tests.fakes.storage import Message
from tests.service_world import Killed, World

OTHER = "22222222-2222-2222-2222-222222222222"


def small_fleet() -> World:
    """Make two subscriptions with three shards: some protected, some not, one still creating."""
    world = World(
        subscriptions=frozenset({SUBSCRIPTION, OTHER}),
        pace=Pace(burst=5, rate_per_second=1),
        crowd_size=2,
    )
    for name in ("a", "b", "c"):
        world.aks.add(cluster(name))
        world.aks.add(cluster(name, location="uksouth", group="rg-2"))
    world.aks.add(cluster("d", subscription=OTHER))
    world.aks.set_schedule(world.aks.add(cluster("e")), schedule())
    world.aks.add(cluster("off", tags={"naptime": "off"}))
    return world


PROTECTED = {"Created": 7, "Unchanged": 1, "Skipped": 1}


async def operations_of_a_whole_run() -> int:
    """Count the operations of a run that nothing goes wrong in."""
    world = small_fleet()
    record = await world.sweep()
    assert record.summary["outcomes"] == PROTECTED
    return world.life.operations


async def swept_with_a_kill(at: int) -> World:
    """Do a run whose worker dies of its n-th operation; whoever wanted it asks again then."""
    world = small_fleet()
    world.life.left = at
    try:
        await world.asker.ask(RunScope(), Cause.SWEPT)
    except Killed:
        world.kills += 1
        world.life.revive()
    await world.run_and_mind()
    return world


async def check(world: World) -> None:
    """Check that all that the run promises holds."""
    assert len(world.finished) == 1
    (record,) = world.finished
    assert record.state is RunState.FINISHED
    counts = Counter(record.summary["outcomes"])
    # A write whose worker died before it was written down is found as somebody's schedule.
    assert counts.total() == sum(PROTECTED.values())
    assert counts["Skipped"] == PROTECTED["Skipped"]
    assert set(counts) <= set(PROTECTED)
    writes = [call.cluster_id for call in world.aks.accepted_writes]
    assert len(writes) == len(set(writes)) == PROTECTED["Created"]
    assert not world.bugs
    assert not world.all_given_up()
    shown = await world.runs.run(record.run.id, {}, PageAsked())
    assert shown
    rows = Counter(each["reason"] for each in shown["clusters"]["value"])
    assert rows + Counter(Excluded=1) == record.summary["reasons"], "rows and counts agree"
    again = await world.asker.ask(RunScope(), Cause.SWEPT)
    assert not again.joined


async def test_killed_once_at_every_operation() -> None:
    """Wherever the worker dies, storage or Azure, the run ends as if it had not."""
    whole = await operations_of_a_whole_run()
    killed = 0
    for at in range(1, whole):
        world = await swept_with_a_kill(at)
        killed += world.kills
        if not world.finished:
            # The very first write had not happened: nobody knows of the run but who asked.
            assert at <= 2
            continue
        await check(world)
    assert killed >= whole - 5


@pytest.mark.parametrize("every", [7, 11, 13, 17, 23, 29])
async def test_killed_again_and_again(every: int) -> None:
    """A worker that dies of every few operations still brings the run to its end."""
    world = small_fleet()
    await world.asker.ask(RunScope(), Cause.SWEPT)
    for _ in range(400):
        world.life.left = world.life.operations + every
        await world.run(for_at_most=timedelta(minutes=5))
        world.clock.advance(timedelta(minutes=5))
        await world.mind()
        if world.finished:
            break
    world.life.revive()
    await world.run_and_mind()
    assert world.kills > 0
    await check(world)


POISONED = "failed as often as it is delivered"


async def poisoned_batons(world: World) -> list[Message]:
    """Start a run, and have every baton of its first subscription poisoned, twice each."""
    await world.asker.ask(RunScope(), Cause.SWEPT)
    await world.until_batons()
    messages = list(world.batons.messages)
    world.batons.messages.clear()
    for message in messages * 2:
        await world.poison.record(message.text, POISONED)
    return messages


async def test_a_baton_that_is_poisoned_is_sent_again() -> None:
    """A baton that the host has moved to the poison queue is replaced by a new one.

    Until the run ends there is one record of it, which is not for replaying; then there is none.
    """
    world = small_fleet()
    messages = await poisoned_batons(world)
    shown = (await world.replayer.list(PageAsked())).items
    assert len(shown) == len(messages) > 0
    assert all(each["runId"] and each["advice"] == GOES_ON for each in shown)
    assert await world.replayer.replay_all() == 0
    await world.run_and_mind()
    assert sum(mended.batons for mended in world.minded) >= 1
    await check(world)


async def test_a_baton_that_is_poisoned_after_the_end_is_forgotten() -> None:
    """What comes from the poison queue when its run has ended, or is no more, is forgotten soon."""
    world = small_fleet()
    (message, *_) = await poisoned_batons(world)
    await world.run_and_mind()
    await world.poison.record(message.text, POISONED)
    await world.poison.record(StartRun("202601-ffff").to_message(), POISONED)
    await world.poison.record("no message of naptime's", POISONED)
    await world.mind()
    assert world.minded[-1].forgotten == 2
    (left,) = world.all_given_up()
    assert (left.run_id, left.work) == ("", "no message of naptime's")


async def test_the_same_baton_twice_is_harmless() -> None:
    """Every message delivered twice, also while its first holder has not ended: counted once."""
    world = small_fleet()
    await world.asker.ask(RunScope(), Cause.SWEPT)
    seen: set[str] = set()
    for _ in range(400):
        for queue in (world.run_queue, world.batons):
            for message in list(queue.messages):
                if message.text not in seen:
                    seen.add(message.text)
                    queue.messages.append(message)
        visible = world.next_visible()
        if visible is None:
            break
        world.clock.move_to(visible)
        await world.deliver_one()
    await world.run_and_mind()
    await check(world)


async def test_a_run_of_an_earlier_version_ends() -> None:
    """Where a listed subscription has no rows of shards, the minder ends the run with what it has.

    An earlier version had them elsewhere; a run that nobody ends would be joined for ever.
    """
    world = small_fleet()
    await world.asker.ask(RunScope(), Cause.SWEPT)
    await world.until_batons()
    rows = world.tables.of("naptimeruns202611").stored
    for key in [key for key in rows if key[1].startswith(("shard:", "batch:"))]:
        del rows[key]
    await world.run_and_mind()
    (record,) = world.finished
    assert record.state is RunState.FINISHED
    await world.sweep()
    assert len(world.aks.accepted_writes) == PROTECTED["Created"]


async def test_old_months_are_dropped_whole() -> None:
    """The table of a month is dropped 90 days after the month's end, and not before."""
    world = small_fleet()
    await world.sweep()
    world.clock.advance(timedelta(days=95))
    await world.mind()
    assert await world.store.months() == ["202611"]
    world.clock.advance(timedelta(days=10))
    await world.mind()
    assert await world.store.months() == []
    assert (await world.sweep()).state is RunState.FINISHED


async def test_an_error_of_storage_makes_the_message_come_again() -> None:
    """Where storage fails, nothing is swallowed: the message fails and is delivered again."""
    world = small_fleet()
    await world.asker.ask(RunScope(), Cause.SWEPT)

    def fail() -> None:
        raise NaptimeError

    world.tables.tables["naptimeruns202611"].step = fail
    message = world.run_queue.messages[0]
    with pytest.raises(NaptimeError):
        await world.run()
    world.tables.tables["naptimeruns202611"].step = world.life.step
    world.run_queue.messages.append(message)
    await world.run_and_mind()
    await check(world)
