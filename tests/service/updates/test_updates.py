"""Updates of what naptime wrote: off by default, only of its own, and as planned."""

from copy import replace
from datetime import UTC, datetime, timedelta

from shared.domain.deciding.observed import observe_configuration
from shared.domain.deciding.outcome import OutcomeKind
from shared.domain.deciding.wish import Wish
from shared.domain.errors import ConnectionFailed, DeniedByPolicy
from shared.domain.fleet.run import RunState
from shared.domain.vocabulary.reasons import Reason
from tests.clusters import cluster_id, schedule
from tests.fakes.aks import Fault
from tests.service.test_policies import PERSON
from tests.service.updates.worlds import (
    NEVER_WEDNESDAY,
    SUNDAY,
    WEDNESDAY,
    day,
    days,
    fleet,
    planned,
    put,
    puts,
    record,
    updated,
)
from tests.service_world import SUNDAY_NIGHT


async def test_by_default_drift_is_said_and_nothing_is_changed() -> None:
    """With `never` each run names the fields that differ, and writes nothing."""
    world = await fleet(3)
    await put(world, NEVER_WEDNESDAY)
    before = puts(world)
    for _ in range(3):
        world.clock.advance(timedelta(hours=6))
        found = await world.sweep()
        assert found.state is RunState.FINISHED
        assert found.summary["reasons"] == {"Outdated": 3}
        assert found.summary["owned"] == 3
        assert "updatePlan" not in found.summary
    assert puts(world) == before
    outcome, _ = world.outcomes[-1]
    assert outcome.kind is OutcomeKind.UNCHANGED
    shown = outcome.to_json()["drift"]
    assert [change["path"] for change in shown["changes"]] == [
        "maintenanceWindow.schedule.weekly.dayOfWeek",
        "maintenanceWindow.startTime",
    ]
    assert not shown["update"]


async def test_with_owned_the_run_that_follows_changes_it() -> None:
    """The run that looks writes no update; the run that follows it does, in place, and once."""
    world = await fleet(3)
    await put(world, WEDNESDAY)
    before = puts(world)
    found = await world.sweep()
    assert found.summary["reasons"] == {"Outdated": 3}
    assert found.followed_by
    assert puts(world) == before + 3
    assert days(world) == ["Wednesday"] * 3
    follower = await record(world, found.followed_by)
    assert follower.state is RunState.FINISHED
    assert follower.summary["outcomes"] == {"Updated": 3}
    again = await world.sweep()
    assert again.summary["reasons"] == {"UpToDate": 3}
    assert again.summary["owned"] == 3
    assert puts(world) == before + 3


async def test_a_changed_schedule_opens_as_soon_as_the_policy_wants() -> None:
    """On Friday afternoon the Sunday becomes a Wednesday: it opens on the very next one."""
    world = await fleet(1)
    await put(world, WEDNESDAY)
    await world.sweep()
    window = world.aks.accepted_writes[-1].window
    assert window
    coming = window.next_start(world.clock.now())
    assert coming
    assert coming.start == datetime(2026, 12, 2, 21, tzinfo=UTC)


async def test_an_update_costs_a_list_and_a_put() -> None:
    """The run that carries out makes two calls of the configuration API for each cluster."""
    world = await fleet(3)
    await put(world, WEDNESDAY)
    run = await world.start()
    calls = len(world.aks.calls)
    await world.run_and_mind()
    made = [call.verb for call in world.aks.calls[calls:]]
    assert (made.count("list"), made.count("put")) == (3 + 3, 3)
    assert (await record(world, run.id)).followed_by


async def test_what_a_person_made_or_changed_is_never_touched() -> None:
    """A person's own, a changed one, a linked one, one put through naptime, one with more in it."""
    world = await fleet(6)
    ids = [cluster_id(f"aks-{number}") for number in range(6)]
    world.aks.set_schedule(ids[0], schedule())
    world.aks.set_schedule(ids[1], {})
    await world.putter.put(ids[2], Wish(SUNDAY_NIGHT, force=True), PERSON)
    body = world.aks.schedule(ids[3])
    assert body
    properties = body["properties"]
    assert isinstance(properties, dict)
    world.aks.set_schedule(ids[3], {**properties, "notAllowedTime": [{"start": "2027-01-01"}]})
    window = {**properties["maintenanceWindow"], "startDate": "2027-06-01"}
    world.aks.set_schedule(ids[4], {"maintenanceWindow": window})
    kept = [world.aks.schedule(each) for each in ids[:5]]
    await put(world, WEDNESDAY)
    for _ in range(3):
        world.clock.advance(timedelta(hours=6))
        await world.sweep()
    assert [world.aks.schedule(each) for each in ids[:5]] == kept
    assert day(world, "aks-5") == "Wednesday"


async def test_what_was_changed_after_the_plan_is_left_out_and_named() -> None:
    """Between the run that plans and the one that writes a person changes one, and it stays."""
    world = await fleet(2)
    await put(world, WEDNESDAY)
    run = await planned(world)
    world.aks.set_schedule(cluster_id("aks-0"), schedule("Friday"))
    await world.run_and_mind()
    assert days(world) == ["Friday", "Wednesday"]
    follower = await record(world, (await record(world, run.id)).followed_by)
    assert follower.summary["reasons"] == {"ChangedSincePlanned": 1, "Outdated": 1}


async def test_the_policy_that_changed_after_the_plan_changes_nothing() -> None:
    """A plan is for one window of one policy; with another in force nothing of it is done."""
    world = await fleet(2)
    await put(world, WEDNESDAY)
    await planned(world)
    await put(world, SUNDAY)
    before = puts(world)
    await world.run_and_mind()
    assert (days(world), puts(world)) == (["Sunday"] * 2, before)


async def test_one_cluster_is_changed_where_a_person_asks_for_it() -> None:
    """An event changes nothing that is there; `POST /reconcile` of one cluster does."""
    world = await fleet(1)
    await put(world, WEDNESDAY)
    assert (await world.reconcile("aks-0")).kind is OutcomeKind.UNCHANGED
    outcome = await world.requests.reconcile(cluster_id("aks-0"), dry_run=True)
    assert outcome
    assert (outcome.kind, outcome.dry_run) == (OutcomeKind.WOULD_UPDATE, True)
    assert day(world) == "Sunday"
    outcome = await world.requests.reconcile(cluster_id("aks-0"), dry_run=False)
    assert outcome
    assert (outcome.kind, outcome.reason) == (OutcomeKind.UPDATED, Reason.OUTDATED)
    assert day(world) == "Wednesday"
    assert len(updated(world)) == 1


async def test_a_refused_update_leaves_it_owned() -> None:
    """What was about to be written is no record: the next run changes it all the same."""
    world = await fleet(1)
    await put(world, WEDNESDAY)
    world.aks.faults.append(Fault("put", lambda: DeniedByPolicy("no", status=403)))
    await world.sweep()
    assert day(world) == "Sunday"
    world.clock.advance(timedelta(hours=6))
    await world.sweep()
    assert day(world) == "Wednesday"


async def test_an_update_without_an_answer_is_naptimes_own() -> None:
    """ARM accepted it and nobody was told: it is owned, and changed again by the next policy."""
    world = await fleet(1)
    await put(world, WEDNESDAY)
    lost = [Fault("put", lambda: ConnectionFailed("no answer"), applied=True)]
    world.aks.faults.extend(lost)
    await world.sweep()
    assert day(world) == "Wednesday"
    await put(world, SUNDAY)
    world.clock.advance(timedelta(hours=6))
    await world.sweep()
    assert day(world) == "Sunday"


async def test_a_worker_that_dies_of_an_update_has_not_let_its_schedule_go() -> None:
    """Killed at any operation of the run that writes: in the end all is as the policy wants."""
    for steps in range(1, 60, 3):
        world = await fleet(1)
        await put(world, WEDNESDAY)
        await planned(world)
        world.life.left = world.life.operations + steps
        await world.run_and_mind()
        world.life.revive()
        await world.sweep()
        assert (steps, day(world)) == (steps, "Wednesday")
        known = await world.memory.recall(cluster_id("aks-0"))
        assert known
        assert known.written
        assert known.written.is_naptimes


async def test_the_row_is_read_anew_before_the_write() -> None:
    """A person who puts the very same window through naptime after the listing keeps it."""
    world = await fleet(1)
    await put(world, WEDNESDAY)
    run = await planned(world)
    # Until the run that changes has listed what it may change, with what the rows said by then.
    await world.until_batons()
    body = world.aks.schedule(cluster_id("aks-0"))
    assert body
    window = observe_configuration(body).schedule.window
    assert window
    other = Wish(replace(window, duration_hours=5), force=True)
    await world.putter.put(cluster_id("aks-0"), other, PERSON)
    await world.putter.put(cluster_id("aks-0"), Wish(window, force=True), PERSON)
    before = puts(world)
    await world.run_and_mind()
    assert puts(world) == before
    assert day(world) == "Sunday"
    assert (await record(world, (await record(world, run.id)).followed_by)).summary["reasons"] == {
        "ChangedSincePlanned": 1
    }
