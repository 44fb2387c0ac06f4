"""What comes late: an answer of Azure that shows what was before, and a look written down after."""

from collections.abc import Awaitable, Callable
from datetime import timedelta

import pytest

from shared.domain.deciding.conditions import Condition
from shared.domain.deciding.observed import REPLICATION
from shared.domain.deciding.outcome import OutcomeKind
from shared.domain.errors import ConnectionFailed, DeniedByPolicy
from shared.domain.fleet.last_known import LastKnown
from shared.domain.vocabulary.reasons import Cause, Reason
from tests.clusters import MINUTE, cluster_id, schedule
from tests.fakes.aks import Fault
from tests.service.test_policies import PERSON
from tests.service.updates.worlds import (
    SUNDAY,
    WEDNESDAY,
    day,
    fleet,
    planned,
    put,
    puts,
)
from tests.service_world import World

AKS = cluster_id("aks-0")
LATE = timedelta(minutes=8)


async def of_yesterday() -> World:
    """Give a world in which naptime has written a schedule a while ago."""
    world = await fleet(1)
    world.clock.advance(REPLICATION)
    return world


async def is_naptimes(world: World) -> bool:
    """Tell whether naptime has the schedule for its own."""
    known = await world.memory.recall(AKS)
    return known is not None and known.written is not None and known.written.is_naptimes


async def looked(world: World) -> LastKnown:
    """Look as a sweep does, under no claim; what comes of it is written down later."""
    one = world.reconciler.pass_over(AKS, await world.policies.wanted(), dry_run=False)
    now = world.clock.now()
    return LastKnown(await one.look(), now, now)


async def test_what_azure_shows_late_is_no_change_by_somebody() -> None:
    """For minutes after an update Azure may show what was there before: it is still owned."""
    world = await of_yesterday()
    await put(world, WEDNESDAY)
    world.aks.lag = LATE
    await world.sweep()
    outcome = await world.reconcile("aks-0")
    assert world.aks.shown(AKS) != world.aks.configurations[AKS]
    assert (outcome.kind, outcome.lets_go) == (OutcomeKind.UNCHANGED, None)
    world.clock.advance(LATE)
    outcome = await world.reconcile("aks-0")
    assert (outcome.owned, day(world)) == (True, "Wednesday")
    await put(world, SUNDAY)
    await world.sweep()
    assert day(world) == "Sunday"


async def test_what_somebody_puts_back_is_not_touched_and_theirs_once_azure_cannot_be_late() -> (
    None
):
    """Nothing is written while it is not certain; ten minutes after the update it is let go."""
    world = await of_yesterday()
    before = properties_of(world)
    await put(world, WEDNESDAY)
    await world.sweep()
    world.aks.set_schedule(AKS, before)
    written = puts(world)
    await world.sweep()
    assert await is_naptimes(world)
    world.clock.advance(REPLICATION)
    outcome = await world.reconcile("aks-0")
    assert outcome.lets_go
    assert not await is_naptimes(world)
    await world.sweep()
    assert (puts(world), day(world)) == (written, "Sunday")


@pytest.mark.parametrize("unheard", [None, False, True])
async def test_what_is_put_back_while_azure_is_late_is_owned(unheard: bool | None) -> None:  # noqa: FBT001 - a table
    """Azure shows what was before the update: that is no sign that it was put back already.

    Whether the write that puts it back was not sent, not accepted, or accepted and not answered.
    """
    world = await of_yesterday()
    await put(world, WEDNESDAY)
    found = await world.sweep()
    if unheard is None:
        world.aks.lag = LATE
    else:
        lost = Fault("put", lambda: ConnectionFailed("no answer"), unheard, meanwhile=late(world))
        world.aks.faults.append(lost)
    shown = await world.approver.try_out(found.run.id)
    assert shown
    await world.approver.revert(found.run.id, shown["planHash"], PERSON)
    await world.run_and_mind(for_at_most=timedelta(minutes=1))
    world.clock.advance(REPLICATION)
    outcome = await world.reconcile("aks-0")
    assert (outcome.owned, outcome.lets_go) == (True, None)
    assert await is_naptimes(world)


def late(world: World) -> Callable[[], None]:
    """Have Azure show changes late from then on."""

    def begin() -> None:
        world.aks.lag = LATE

    return begin


async def test_another_window_is_somebodys_at_once() -> None:
    """Azure shows late only what was there before: anything else is a change, a minute after."""
    world = await of_yesterday()
    await put(world, WEDNESDAY)
    await world.sweep()
    world.aks.set_schedule(AKS, schedule("Friday"))
    assert (await world.reconcile("aks-0")).lets_go


async def killed(world: World, steps: int) -> None:
    """Have the worker die of one operation of the run that writes, or let it get to the end."""
    world.life.left = world.life.operations + steps
    for _ in range(200):
        if not world.kills:
            world.clock.advance(timedelta(milliseconds=100))
            await world.deliver_one()
    world.life.revive()


async def sweeps_look(world: World, of_before: LastKnown) -> None:
    """Write down what a sweep saw before the update; then an event has it looked at."""
    await world.recorder.record([of_before], Cause.SWEPT)
    await world.ask("aks-0")
    await world.run(for_at_most=timedelta(minutes=5))


async def events_look(world: World, _: LastKnown) -> None:
    """Look because of an event, while Azure shows what was before the update."""
    world.aks.lag = LATE
    await world.ask("aks-0")
    await world.run(for_at_most=timedelta(minutes=5))
    world.clock.advance(LATE)


@pytest.mark.parametrize("look", [sweeps_look, events_look])
async def test_a_look_that_saw_what_was_before_does_not_clear_what_is_being_sent(
    look: Callable[[World, LastKnown], Awaitable[None]],
) -> None:
    """A worker may die after its PUT, and another write down what it saw before: it stays owned."""
    accepted = 0
    for steps in range(30, 46):
        world = await of_yesterday()
        await put(world, WEDNESDAY)
        of_before = await looked(world)
        await planned(world)
        before = puts(world)
        await killed(world, steps)
        died_after_it = world.kills == 1 and puts(world) > before
        accepted += died_after_it
        await look(world, of_before)
        await world.run_and_mind()
        await world.sweep()
        assert (steps, day(world), await is_naptimes(world)) == (steps, "Wednesday", True)
    assert accepted > 2


async def test_what_was_about_to_be_written_long_ago_is_a_persons_if_a_person_writes_it() -> None:
    """Once a later look has seen that nothing came of it, the same window is somebody's."""
    world = await of_yesterday()
    await put(world, WEDNESDAY)
    await planned(world)
    world.aks.faults.append(Fault("put", lambda: DeniedByPolicy("no", status=403)))
    await world.run_and_mind()
    world.clock.advance(REPLICATION + MINUTE)
    await world.reconcile("aks-0")
    await put(world, SUNDAY)
    other = await fleet(1, WEDNESDAY)
    world.aks.set_schedule(AKS, properties_of(other))
    assert (await world.reconcile("aks-0")).lets_go
    world.clock.advance(timedelta(hours=6))
    await world.sweep()
    assert day(world) == "Wednesday"


async def test_what_a_sweep_saw_before_an_update_is_not_what_comes_back() -> None:
    """The schedule is removed after the update: the updated one comes back, and stays owned."""
    world = await of_yesterday()
    await put(world, WEDNESDAY)
    of_before = await looked(world)
    await world.sweep()
    await world.recorder.record([of_before], Cause.SWEPT)
    world.aks.remove_schedule(AKS)
    outcome = await world.reconcile("aks-0")
    assert (outcome.kind, day(world)) == (OutcomeKind.CREATED, "Wednesday")
    assert await is_naptimes(world)


async def test_what_a_sweep_saw_before_a_write_is_not_what_comes_back_either() -> None:
    """A person's Friday was given back, and a sweep writes down the Sunday before it: it stays."""
    world = await of_yesterday()
    of_before = await looked(world)
    world.clock.advance(MINUTE)
    world.aks.set_schedule(AKS, schedule("Friday"))
    await world.reconcile("aks-0")
    world.aks.remove_schedule(AKS)
    await world.reconcile("aks-0")
    world.aks.remove_schedule(AKS)
    await world.recorder.record([of_before], Cause.SWEPT)
    outcome = await world.reconcile("aks-0")
    assert (outcome.reason, day(world)) == (Reason.SCHEDULE_RESTORED, "Friday")
    assert not await is_naptimes(world)


async def test_what_a_person_deletes_does_not_come_back_by_a_look_of_before() -> None:
    """Neither by one that Azure answers late, nor by one that a sweep writes down late."""
    for late in (True, False):
        world = await of_yesterday()
        world.aks.set_schedule(AKS, schedule("Friday"))
        await world.reconcile("aks-0")
        of_before = await looked(world)
        world.aks.lag = LATE if late else timedelta()
        await world.deleter.delete(AKS, Condition(), PERSON)
        if late:
            await world.reconcile("aks-0")
            assert world.aks.schedule(AKS) is None
        await world.recorder.record([of_before], Cause.SWEPT)
        world.clock.advance(LATE)
        outcome = await world.reconcile("aks-0")
        assert (outcome.reason, day(world)) == (Reason.SCHEDULE_MISSING, "Sunday")


def properties_of(world: World) -> dict[str, object]:
    """Give the properties of the schedule that naptime has written."""
    body = world.aks.schedule(AKS)
    assert body
    properties = body["properties"]
    assert isinstance(properties, dict)
    return properties
