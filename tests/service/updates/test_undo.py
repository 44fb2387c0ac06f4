"""What was changed can be put back, what was removed comes back, and more can become naptime's."""

from copy import replace
from datetime import UTC, datetime, timedelta

import pytest

from shared.domain.deciding.conditions import Condition
from shared.domain.deciding.observed import observe_configuration
from shared.domain.deciding.outcome import OutcomeKind
from shared.domain.errors import AccessDenied
from shared.domain.vocabulary.reasons import Reason
from shared.domain.window.body import write_window
from shared.reconcile.cluster.own.release import NothingToRelease, NotPlain
from shared.reconcile.fleet.updates.approve import OtherPlan
from tests.clusters import cluster, cluster_id, schedule
from tests.fakes.aks import Fault
from tests.service.test_policies import PERSON
from tests.service.updates.worlds import (
    FRIDAY,
    OWNED,
    SUNDAY,
    WEDNESDAY,
    day,
    days,
    fleet,
    policy,
    put,
    puts,
    record,
)
from tests.service_world import World

ADOPTS = policy(update=f'{OWNED}adopt = "identical"\n')


async def reverted(world: World, run_id: str) -> dict[str, int]:
    """Put back what a run changed, as its dry run says, and give the reasons."""
    shown = await world.approver.try_out(run_id)
    assert shown
    run = await world.approver.revert(run_id, shown["planHash"], PERSON)
    assert run
    await world.run_and_mind()
    return (await record(world, run.id)).summary["reasons"]


async def test_a_revert_puts_back_what_stood_before_and_it_stays() -> None:
    """By the run that planned or the one that wrote; later runs leave it, until another policy."""
    world = await fleet(2)
    await put(world, WEDNESDAY)
    found = await world.sweep()
    assert days(world) == ["Wednesday"] * 2
    assert await reverted(world, found.run.id) == {"PutBack": 2}
    assert days(world) == ["Sunday"] * 2
    before = puts(world)
    for _ in range(3):
        world.clock.advance(timedelta(hours=6))
        assert (await world.sweep()).summary["reasons"] == {"Outdated": 2}
    assert puts(world) == before
    fridays = policy(window="wednesday").replace('on = "Wednesday"', 'on = "Friday"')
    await put(world, fridays)
    await world.sweep()
    assert days(world) == ["Friday"] * 2


async def test_what_was_put_back_stays_over_a_change_of_clocks() -> None:
    """That the zone has another offset by then is no other wish of the policy."""
    world = await fleet(1)
    await put(world, WEDNESDAY)
    found = await world.sweep()
    assert await reverted(world, found.run.id) == {"PutBack": 1}
    before = puts(world)
    for weeks in (18, 20, 50):
        # A Monday: the opening before it was yesterday, so that nothing else is in the way.
        world.clock.move_to(FRIDAY + timedelta(weeks=weeks, days=3))
        assert (await world.sweep()).summary["reasons"] == {"Outdated": 1}
    assert (puts(world), days(world)) == (before, ["Sunday"])


async def test_a_revert_leaves_what_is_not_owned_any_more() -> None:
    """A schedule that a person changed since the update is not among what would be put back."""
    world = await fleet(2)
    await put(world, WEDNESDAY)
    found = await world.sweep()
    shown = await world.approver.try_out(found.run.id)
    assert shown
    assert shown["updates"] == 2
    world.aks.set_schedule(cluster_id("aks-0"), schedule("Friday"))
    run = await world.approver.revert(found.run.id, shown["planHash"], PERSON)
    assert run
    await world.run_and_mind()
    assert days(world) == ["Friday", "Sunday"]
    assert (await record(world, run.id)).summary["reasons"] == {
        "PutBack": 1,
        "ChangedSincePlanned": 1,
    }
    await world.reconcile("aks-0")
    shown = await world.approver.try_out(found.run.id)
    assert shown
    assert shown["updates"] == 0
    with pytest.raises(OtherPlan):
        await world.approver.revert(found.run.id, "0" * 32, PERSON)


async def test_a_revert_leaves_what_was_let_go_though_it_looks_as_before() -> None:
    """A person changes it, is seen to, and changes it back: it is theirs, and stays as it is."""
    world = await fleet(1)
    await put(world, WEDNESDAY)
    found = await world.sweep()
    kept = world.aks.schedule(cluster_id("aks-0"))
    assert kept
    properties = kept["properties"]
    assert isinstance(properties, dict)
    world.aks.set_schedule(cluster_id("aks-0"), schedule("Friday"))
    await world.reconcile("aks-0")
    world.aks.set_schedule(cluster_id("aks-0"), properties)
    before = puts(world)
    shown = await world.approver.try_out(found.run.id)
    assert shown
    await world.approver.revert(found.run.id, shown["planHash"], PERSON)
    await world.run_and_mind()
    assert (shown["updates"], puts(world), day(world)) == (0, before, "Wednesday")


async def test_a_removed_schedule_comes_back_as_it_was_and_stays_whose_it_was() -> None:
    """A person's Wednesday stays a Wednesday after an accident, and stays the person's."""
    world = await fleet(1)
    world.aks.set_schedule(cluster_id("aks-0"), schedule("Wednesday"))
    await world.reconcile("aks-0")
    world.aks.remove_schedule(cluster_id("aks-0"))
    outcome = await world.reconcile("aks-0")
    assert (outcome.kind, outcome.reason) == (OutcomeKind.CREATED, Reason.SCHEDULE_RESTORED)
    assert day(world) == "Wednesday"
    known = await world.memory.recall(cluster_id("aks-0"))
    assert known
    assert known.written
    assert not known.written.is_naptimes
    await world.sweep()
    assert day(world) == "Wednesday"


async def test_naptimes_own_stays_its_own_where_it_comes_back_with_a_start_date() -> None:
    """Removed while it is open, it comes back from the next day on, and follows the policy."""
    world = await fleet(1)
    world.clock.move_to(datetime(2026, 12, 6, 2, tzinfo=UTC))
    await put(world, policy(window="wednesday", update=""))
    world.aks.remove_schedule(cluster_id("aks-0"))
    outcome = await world.reconcile("aks-0")
    assert outcome.reason is Reason.SCHEDULE_RESTORED
    assert outcome.window
    assert str(outcome.window.start_date) == "2026-12-07"
    known = await world.memory.recall(cluster_id("aks-0"))
    assert known
    assert known.written
    assert known.written.is_naptimes


async def test_it_comes_back_after_attempts_that_failed() -> None:
    """What was seen last outlives a write that is refused."""
    world = await fleet(1)
    world.aks.set_schedule(cluster_id("aks-0"), schedule("Wednesday"))
    await world.reconcile("aks-0")
    world.aks.remove_schedule(cluster_id("aks-0"))
    world.aks.faults.append(Fault("put", lambda: AccessDenied("no", status=403)))
    await world.reconcile("aks-0")
    assert day(world) == "Wednesday"


async def test_what_a_person_deleted_through_naptime_does_not_come_back() -> None:
    """The rule's window is written then: deleted for good is deleted for good."""
    world = await fleet(1)
    world.aks.set_schedule(cluster_id("aks-0"), schedule("Wednesday"))
    await world.reconcile("aks-0")
    await world.deleter.delete(cluster_id("aks-0"), Condition(), PERSON)
    outcome = await world.reconcile("aks-0")
    assert (outcome.kind, outcome.reason) == (OutcomeKind.CREATED, Reason.SCHEDULE_MISSING)
    assert day(world) == "Sunday"


@pytest.mark.parametrize(
    "properties",
    [
        {},
        schedule("Wednesday", startDate="2028-01-01"),
        schedule("Wednesday", notAllowedDates=[{"start": "2026-11-01", "end": "2027-12-31"}]),
        {"maintenanceWindow": {"schedule": {"daily": {"intervalDays": 3}}}},
    ],
    ids=["linked", "starts later", "blocked", "unreadable"],
)
async def test_what_would_not_be_open_in_time_does_not_come_back(
    properties: dict[str, object],
) -> None:
    """The rule's window is written where the one before would leave the cluster without one."""
    world = await fleet(1)
    world.aks.set_schedule(cluster_id("aks-0"), properties)
    await world.reconcile("aks-0")
    world.aks.remove_schedule(cluster_id("aks-0"))
    assert (await world.reconcile("aks-0")).reason is Reason.SCHEDULE_MISSING
    assert day(world) == "Sunday"


async def test_the_policys_window_comes_back_where_that_is_set() -> None:
    """`NAPTIME_RESTORE=policy`."""
    desired = World().settings.desired
    world = World(desired=replace(desired, restores=False))
    await put(world, SUNDAY)
    world.aks.add(cluster("aks-0"))
    world.aks.set_schedule(cluster_id("aks-0"), schedule("Wednesday"))
    await world.reconcile("aks-0")
    world.aks.remove_schedule(cluster_id("aks-0"))
    assert (await world.reconcile("aks-0")).reason is Reason.SCHEDULE_MISSING
    assert day(world) == "Sunday"


def identical(**window: object) -> dict[str, object]:
    """Give the properties of what the policy would write, by somebody else."""
    named = {
        "schedule": {"weekly": {"intervalWeeks": 1, "dayOfWeek": "Sunday"}},
        "durationHours": 4,
        "utcOffset": "+01:00",
        "startTime": "02:00",
        "startDate": "2026-11-01",
        **window,
    }
    return {"maintenanceWindow": named}


@pytest.mark.parametrize(
    ("window", "adopted"),
    [
        ({}, True),
        ({"startDate": "2027-01-10"}, False),
        ({"notAllowedDates": [{"start": "2026-12-20", "end": "2027-01-02"}]}, False),
        ({"startTime": "02:15"}, False),
        ({"utcOffset": "+02:00"}, False),
    ],
)
async def test_only_what_is_identical_is_adopted(window: dict[str, object], adopted: bool) -> None:  # noqa: FBT001 - a table
    """Day, hour, length, offset and dates: all of it, or it is somebody's. Nothing is written."""
    world = await fleet(0, ADOPTS)
    world.aks.add(cluster("aks-0"))
    world.aks.set_schedule(cluster_id("aks-0"), identical(**window))
    before = puts(world)
    await world.sweep()
    assert puts(world) == before
    await put(world, policy(window="wednesday", update=f'{OWNED}adopt = "identical"\n'))
    await world.sweep()
    assert day(world) == ("Wednesday" if adopted else "Sunday")


async def test_without_adopt_nothing_becomes_naptimes_by_itself() -> None:
    """An identical schedule stays somebody's by default."""
    world = await fleet(0)
    world.aks.add(cluster("aks-0"))
    world.aks.set_schedule(cluster_id("aks-0"), identical())
    await world.sweep()
    await put(world, WEDNESDAY)
    await world.sweep()
    assert day(world) == "Sunday"


async def test_a_person_hands_a_schedule_over() -> None:
    """It is changed by the next run, as if naptime had written it, and can be put back."""
    world = await fleet(1)
    world.aks.set_schedule(cluster_id("aks-0"), schedule("Friday"))
    await world.sweep()
    assert day(world) == "Friday"
    world.clock.advance(timedelta(minutes=1))
    before = puts(world)
    shown = await world.releaser.release(cluster_id("aks-0"), PERSON)
    assert puts(world) == before
    assert shown["drift"]
    assert shown["drift"]["update"]
    found = await world.sweep()
    assert day(world) == "Sunday"
    await reverted(world, found.run.id)
    assert day(world) == "Friday"
    body = world.aks.schedule(cluster_id("aks-0"))
    assert body
    window = observe_configuration(body).schedule.window
    assert window
    assert write_window(window)["startTime"] == "22:00"


async def test_what_is_naptimes_own_may_be_handed_over_and_still_be_put_back() -> None:
    """It changes nothing: what stood before the last update is still on record."""
    world = await fleet(1)
    await put(world, WEDNESDAY)
    found = await world.sweep()
    await world.releaser.release(cluster_id("aks-0"), PERSON)
    assert await reverted(world, found.run.id) == {"PutBack": 1}
    assert day(world) == "Sunday"


async def test_what_cannot_be_handed_over() -> None:
    """Nothing, and a link: both are refused, and recorded as that."""
    world = await fleet(1)
    world.aks.remove_schedule(cluster_id("aks-0"))
    with pytest.raises(NothingToRelease):
        await world.releaser.release(cluster_id("aks-0"), PERSON)
    world.aks.set_schedule(cluster_id("aks-0"), {})
    with pytest.raises(NotPlain):
        await world.releaser.release(cluster_id("aks-0"), PERSON)
