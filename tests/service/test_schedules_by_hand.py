"""Schedules that a person puts and deletes, below HTTP."""

from collections.abc import Callable
from copy import replace
from datetime import timedelta
from typing import cast

import pytest
from azure.core.exceptions import ServiceRequestError

from shared.domain.deciding.conditions import Condition, entity_tag
from shared.domain.deciding.decision import Desired
from shared.domain.deciding.observed import NODE_OS_SCHEDULE, Listing, observe_configuration
from shared.domain.deciding.outcome import OutcomeKind
from shared.domain.deciding.wish import Wish, read_wish
from shared.domain.errors import (
    AccessDenied,
    AzureError,
    AzureUnavailable,
    ClusterGone,
    ConnectionFailed,
    DeleteNotGranted,
    Paced,
    Rejected,
    WriteTargetGone,
)
from shared.domain.fleet.pace import Pace
from shared.domain.fleet.run import RunScope
from shared.domain.messages.audit import Attempt, AuditAction, AuditOutcome, Caller, Origin
from shared.domain.vocabulary.ids import ClusterId, parse_scope
from shared.domain.vocabulary.instants import from_text
from shared.domain.vocabulary.invalid import InvalidWindow
from shared.domain.vocabulary.pages import PageAsked
from shared.domain.vocabulary.reason_texts import REASONS
from shared.domain.vocabulary.reasons import Cause, Reason
from shared.domain.window.body import read_window, write_window
from shared.domain.window.window import MaintenanceWindow
from shared.reconcile.cluster.change import AdvisedAgainst, ConditionFailed, Put
from shared.reconcile.fleet.ask import MOST_ACTIVE, TooManyActive
from shared.reconcile.ground.audit_log import AUDIT_PREFIX, KEPT, REFUSALS_A_MINUTE
from shared.reconcile.ground.claim import ClusterBusy
from tests.clusters import Json, cluster, cluster_id, schedule
from tests.fakes.aks import Fault
from tests.policies import always
from tests.service_world import SUNDAY_NIGHT, Killed, World

ORIGIN = Origin(Caller("ops@example.com", "id-1"), "0f0e0d0c-0b0a-4908-8706-050403020100")
ODD = "aksmanagednodeosupgradeschedule"


def window(day: str = "Wednesday", start: str = "22:00", hours: int = 6) -> MaintenanceWindow:
    """Give a window; on Wednesdays it opens at 21:00 UTC, four days after the world begins."""
    body = schedule(day, start, hours)
    cast("Json", body["maintenanceWindow"]).pop("startDate")
    return read_window(body)


WEDNESDAYS, THURSDAYS = window(), window("Thursday")
OPEN = window("Saturday", "12:00")
"""Open from 11:00 to 17:00 UTC, and so when the world begins."""


def a_world(**parts: object) -> World:
    """Make a world with one cluster."""
    world = World(**parts)  # type: ignore[arg-type]  # by name
    world.aks.add(cluster())
    return world


def there(world: World, window: MaintenanceWindow, name: str = NODE_OS_SCHEDULE) -> str:
    """Make a schedule behind naptime's back, and give its ETag."""
    arm = {"startDate": "2026-01-01", **write_window(window)}
    world.aks.set_schedule(cluster_id(), {"maintenanceWindow": arm}, name)
    body = world.aks.configurations[cluster_id()][NODE_OS_SCHEDULE.lower()]
    return entity_tag(observe_configuration(body)) or ""


async def put(world: World, window: MaintenanceWindow = WEDNESDAYS, **wish: object) -> Put:
    """Put a schedule."""
    return await world.putter.put(cluster_id(), Wish(window, **wish), ORIGIN)  # type: ignore[arg-type]  # by name


async def records(world: World) -> list[Json]:
    """Give the audit records, the newest first."""
    page = await world.audit.page({}, PageAsked())
    return [cast("Json", record) for record in page.items]


def written(world: World) -> MaintenanceWindow | None:
    """Give the window that ARM has now, without its start date."""
    body = world.aks.schedule(cluster_id())
    found = observe_configuration(body).schedule.window if body else None
    return replace(found, start_date=None) if found else None


async def test_put_creates() -> None:
    """A schedule is created where there was none, remembered, told and recorded."""
    world = a_world()
    done = await put(world)
    assert (done.outcome.kind, done.outcome.reason) == (OutcomeKind.CREATED, Reason.REQUESTED)
    assert (written(world), done.outcome.calls) == (WEDNESDAYS, 3)
    known = await world.memory.recall(cluster_id())
    assert known
    assert (known.explicit, known.last_outcome["outcome"]) == (True, "Created")
    assert world.outcomes == [(done.outcome, Cause.ASKED)]
    (record,) = await records(world)
    assert (record["outcome"], record["before"]) == ("Created", None)
    assert record["caller"] == {"name": "ops@example.com", "id": "id-1"}
    assert record["after"] == done.configuration.properties if done.configuration else False
    assert not world.is_claimed()


async def test_put_updates_under_the_name_that_is_there() -> None:
    """An existing schedule keeps the casing of its name, and siblings are not touched."""
    world = a_world()
    there(world, THURSDAYS, ODD)
    world.aks.set_schedule(cluster_id(), schedule("Friday"), "default")
    done = await put(world)
    assert done.outcome.kind is OutcomeKind.UPDATED
    names = {body["name"] for body in world.aks.configurations[cluster_id()].values()}
    assert names == {ODD, "default"}
    assert {change.path for change in done.changes} == {
        "maintenanceWindow.schedule.weekly.dayOfWeek"
    }


async def test_an_equal_schedule_is_not_written() -> None:
    """What is there already is left, and recorded as that; in an open window too."""
    world = a_world()
    there(world, OPEN)
    done = await put(world, OPEN)
    assert (done.outcome.kind, done.outcome.reason) == (OutcomeKind.UNCHANGED, Reason.UP_TO_DATE)
    assert not world.aks.calls_of("put")
    (record,) = await records(world)
    assert (record["outcome"], record["before"]) == ("Unchanged", record["after"])


async def test_a_start_date_of_long_ago_sent_back_as_it_was_read() -> None:
    """What was read is no change, although AKS would refuse its start date as a change."""
    world = a_world()
    there(world, WEDNESDAYS)
    body = cast("Json", world.aks.schedule(cluster_id()))["properties"]
    same = read_wish(cast("Json", body), world.clock.now())
    assert (await put(world, same)).outcome.kind is OutcomeKind.UNCHANGED
    with pytest.raises(InvalidWindow, match="startDate"):
        await put(world, replace(same, duration_hours=8))
    assert not world.aks.calls_of("put")


async def test_an_open_window_is_not_moved() -> None:
    """A change of an open window is refused with what would do, and goes through by force."""
    world = a_world()
    there(world, OPEN)
    with pytest.raises(AdvisedAgainst) as refused:
        await put(world)
    assert refused.value.reason == "WindowOpen"
    offer = refused.value.advice.offer
    assert offer
    assert not world.aks.calls_of("put")
    (record,) = await records(world)
    assert (record["outcome"], record["reason"], record["after"]) == ("Refused", "WindowOpen", None)
    assert record["before"]
    world.clock.move_to(offer.send_at)
    assert (await put(world, offer.window)).outcome.kind is OutcomeKind.UPDATED
    world.aks.remove_schedule(cluster_id())
    there(world, OPEN)
    world.clock.advance(timedelta(days=7) - timedelta(hours=1))
    done = await put(world, force=True)
    assert (done.outcome.kind, len(done.advice.against)) == (OutcomeKind.UPDATED, 1)


async def test_time_passes_between_the_attempts() -> None:
    """The advice is looked at again before each attempt: what was in time may be no more."""
    world = a_world()
    soon = window("Saturday", "13:41")
    busy = Fault("put", lambda: AzureUnavailable("down"), takes=timedelta(seconds=50))
    world.aks.faults.append(busy)
    with pytest.raises(AdvisedAgainst) as refused:
        await put(world, soon)
    assert refused.value.reason == "StartTooSoon"
    (record,) = await records(world)
    assert (record["outcome"], record["reason"]) == ("Refused", "StartTooSoon")
    assert world.aks.schedule(cluster_id()) is None


@pytest.mark.parametrize(("start", "arms"), [("13:41", 2), ("13:39", -10)])
async def test_the_later_of_two_clocks_counts(start: str, arms: int) -> None:
    """The lead time counts from ARM's own time where that is ahead, otherwise from naptime's."""
    world = a_world()
    soon = window("Saturday", start)
    listed = world.aks.list_configurations

    async def other(owner: ClusterId) -> Listing:
        at = world.clock.now() + timedelta(minutes=arms)
        return replace(await listed(owner), answered_at=at)

    world.aks.list_configurations = other  # type: ignore[assignment,method-assign]  # just here
    with pytest.raises(AdvisedAgainst):
        await put(world, soon)
    world.aks.list_configurations = listed  # type: ignore[method-assign]  # as it was
    await put(world, window("Saturday", "13:41"))


async def test_all_attempts_are_one_record() -> None:
    """A write that succeeds at the third attempt is one record, and one call that was accepted."""
    world = a_world()
    for _ in range(2):
        world.aks.faults.append(Fault("put", lambda: AzureUnavailable("down")))
    done = await put(world)
    assert (done.outcome.attempts, len(world.aks.accepted_writes)) == (3, 1)
    (record,) = await records(world)
    assert record["outcome"] == "Created"


async def test_somebody_writes_between_two_attempts() -> None:
    """An ETag that was right at first is not any more when somebody else has written meanwhile."""
    world = a_world()
    tag = there(world, THURSDAYS)

    def meanwhile() -> None:
        there(world, window("Friday"))

    world.aks.faults.append(Fault("put", lambda: AzureUnavailable("down"), meanwhile=meanwhile))
    with pytest.raises(ConditionFailed):
        await put(world, condition=Condition(matches=frozenset({tag})))
    assert written(world) == window("Friday")
    (record,) = await records(world)
    assert (record["outcome"], record["reason"]) == ("Refused", "ConditionFailed")


async def test_a_write_right_after_the_look_goes_unseen() -> None:
    """Between the LIST and the PUT ARM gives no condition; what is lost is in the record."""
    world = a_world()
    tag = there(world, THURSDAYS)

    async def slip_in(*arguments: object) -> object:
        there(world, window("Friday"))
        return await accept(*arguments)  # type: ignore[arg-type]  # passed on

    accept = world.aks.put_node_os_schedule
    world.aks.put_node_os_schedule = slip_in  # type: ignore[assignment,method-assign]  # just here
    await put(world, condition=Condition(matches=frozenset({tag})))
    assert written(world) == WEDNESDAYS
    (record,) = await records(world)
    assert "Thursday" in str(record["before"])


CONDITIONS: list[tuple[Condition, bool, bool]] = [
    (Condition(matches=frozenset({"*"})), False, True),
    (Condition(matches_none=frozenset({"*"})), True, False),
    (Condition(matches=frozenset({'"other"'})), False, False),
    (Condition(matches=frozenset({'"other"', "*"})), False, True),
    (Condition(matches_none=frozenset({'"other"'})), True, True),
    (Condition(matches=frozenset({'W/"other"'})), False, False),
]


@pytest.mark.parametrize(("condition", "without", "with_one"), CONDITIONS)
async def test_conditions(condition: Condition, *, without: bool, with_one: bool) -> None:
    """Each condition holds or fails with 412 on what is there, in a dry run too."""
    for exists, holds in ((False, without), (True, with_one)):
        world = a_world()
        if exists:
            there(world, THURSDAYS)
        tried = world.putter.try_out(cluster_id(), Wish(WEDNESDAYS, condition=condition))
        if holds:
            assert (await tried).outcome.dry_run
            await put(world, condition=condition)
            assert written(world) == WEDNESDAYS
        else:
            with pytest.raises(ConditionFailed):
                await tried
            with pytest.raises(ConditionFailed):
                await put(world, condition=condition)
            assert not world.aks.calls_of("put")


async def test_an_unanswered_write_is_read_again() -> None:
    """A write whose answer was lost is found by the next look, under a condition too."""
    for exists, kind in ((False, OutcomeKind.CREATED), (True, OutcomeKind.UPDATED)):
        world = a_world()
        tag = there(world, THURSDAYS) if exists else None
        condition = Condition(frozenset({tag})) if tag else Condition(frozenset(), frozenset("*"))
        world.aks.faults.append(Fault("put", lambda: ConnectionFailed("lost"), applied=True))
        done = await put(world, condition=condition)
        assert (done.outcome.kind, done.outcome.reason) == (kind, Reason.REQUESTED)
        assert (done.outcome.attempts, len(world.aks.calls_of("put"))) == (2, 1)
        (record,) = await records(world)
        assert record["outcome"] == kind.value


async def test_a_cluster_that_somebody_is_at() -> None:
    """While somebody else is at the cluster nothing is asked of ARM; then it goes through."""
    world = a_world()
    claim = await world.claims.claim(cluster_id(), None)
    with pytest.raises(ClusterBusy) as busy:
        await put(world)
    assert busy.value.wait > timedelta(0)
    with pytest.raises(ClusterBusy):
        await world.deleter.delete(cluster_id(), Condition(), ORIGIN)
    assert world.aks.calls == []
    await world.claims.release(claim, concluded=True)  # type: ignore[arg-type]  # it was free
    assert (await put(world)).outcome.kind is OutcomeKind.CREATED


async def test_naptimes_own_pace() -> None:
    """Where no call is left the person is told to come back; nothing is sent."""
    world = a_world(pace=Pace(2, 0.001))
    await put(world)
    with pytest.raises(Paced) as paced:
        await put(world, THURSDAYS)
    assert paced.value.retry_after
    assert len(world.aks.calls_of("list")) == 1


async def test_the_switch_that_stops_every_write() -> None:
    """With NAPTIME_DRY_RUN a put and a deletion say what they would do, and leave no trace."""
    world = a_world(dry_run=True)
    there(world, THURSDAYS)
    done = await put(world)
    assert (done.outcome.kind, done.outcome.dry_run) == (OutcomeKind.WOULD_UPDATE, True)
    deletion = await world.deleter.delete(cluster_id(), Condition(), ORIGIN)
    assert (deletion.dry_run, deletion.configuration is not None) == (True, True)
    assert written(world) == THURSDAYS
    assert await records(world) == []
    assert await world.memory.recall(cluster_id()) is None


async def test_trying_out_says_what_force_would_override() -> None:
    """A dry run answers also where the request itself would be refused, and claims nothing."""
    world = a_world()
    await world.claims.claim(cluster_id(), None)
    there(world, OPEN)
    tried = await world.putter.try_out(cluster_id(), Wish(WEDNESDAYS))
    assert [finding.reason for finding in tried.advice.against] == [Reason.WINDOW_OPEN]
    assert tried.outcome.kind is OutcomeKind.WOULD_UPDATE
    assert not world.aks.calls_of("put")


async def test_a_cluster_without_nap_is_not_remembered() -> None:
    """A forced schedule on a cluster that naptime does not look after stays out of the fleet."""
    world = World()
    world.aks.add(cluster(mode="Manual"))
    done = await put(world, force=True)
    assert done.outcome.kind is OutcomeKind.CREATED
    assert await world.memory.recall(cluster_id()) is None


REFUSALS: list[tuple[Callable[[], AzureError], str]] = [
    (lambda: Rejected("durationHours", status=400), "RejectedByAzure"),
    (lambda: AccessDenied("no role", status=403), "AccessDenied"),
    (lambda: WriteTargetGone("gone", status=404), "WriteTargetGone"),
]


@pytest.mark.parametrize(("refusal", "reason"), REFUSALS)
async def test_what_azure_refuses_is_recorded(
    refusal: Callable[[], AzureError], reason: str
) -> None:
    """What Azure refuses is raised as it is, and the record says so."""
    world = a_world()
    world.aks.faults.append(Fault("put", refusal))
    with pytest.raises(AzureError) as refused:
        await put(world)
    assert refused.value.reason.value == reason
    (record,) = await records(world)
    assert (record["outcome"], record["reason"]) == ("Failed", reason)
    assert not world.is_claimed()


async def test_no_cluster() -> None:
    """A cluster that is not there is said to be gone, and who asked is recorded with that."""
    world = World()
    with pytest.raises(ClusterGone):
        await put(world)
    with pytest.raises(ClusterGone):
        await world.schedules.schedule(cluster_id())
    (record,) = await records(world)
    assert (record["outcome"], record["reason"]) == ("Failed", "ClusterGone")


async def test_no_intent_no_write() -> None:
    """Where the intent cannot be written down, nothing is written to ARM."""
    world = a_world()

    async def fail(*_: object, **__: object) -> None:
        raise ServiceRequestError("the storage account does not answer")

    world.audit.tables.of(f"{AUDIT_PREFIX}202611").insert = fail  # type: ignore[method-assign]  # just here
    with pytest.raises(ServiceRequestError, match="storage"):
        await put(world)
    assert not world.aks.calls_of("put")


async def test_a_crash_at_any_point_is_visible() -> None:
    """Wherever the worker dies: what was written has its intent, and at most is not completed."""
    world = a_world()
    await put(world)
    whole = world.life.operations
    for left in range(whole):
        world = a_world()
        world.life.left = left
        with pytest.raises(Killed):
            await put(world)
        world.life.revive()
        found = await records(world)
        if world.aks.accepted_writes:
            assert len(found) == 1, left
        if found:
            assert found[0]["outcome"] in {"Intended", "Created"}, left
        world.clock.advance(timedelta(minutes=6))
        assert (await put(world)).outcome.kind in {OutcomeKind.CREATED, OutcomeKind.UNCHANGED}


async def test_delete_and_what_follows() -> None:
    """A deletion says who acts then; the fleet's memory knows, and the event brings one back."""
    world = a_world()
    there(world, THURSDAYS, ODD)
    await world.reconcile()
    deletion = await world.deleter.delete(cluster_id(), Condition(), ORIGIN)
    assert deletion.configuration
    assert deletion.comes_back
    assert [finding.reason for finding in deletion.warnings] == [Reason.SCHEDULE_MISSING] * 2
    assert world.aks.schedule(cluster_id()) is None
    known = await world.memory.recall(cluster_id())
    assert known
    assert not known.explicit
    (record,) = await records(world)
    assert (record["outcome"], record["after"]) == ("Deleted", None)
    assert "Thursday" in str(record["before"])
    await world.ask(cause=Cause.SCHEDULE_DELETED)
    assert (await world.run())[-1].kind is OutcomeKind.CREATED


async def test_trying_out_a_deletion() -> None:
    """A dry run of a deletion says what would be deleted and what follows, and deletes nothing."""
    world = a_world()
    tag = there(world, THURSDAYS)
    condition = Condition(matches=frozenset({tag}))
    deletion = await world.deleter.try_out(cluster_id(), condition)
    assert (deletion.dry_run, deletion.comes_back) == (True, True)
    assert deletion.configuration
    assert written(world) == THURSDAYS
    with pytest.raises(ConditionFailed):
        await world.deleter.try_out(cluster_id(), Condition(matches_none=frozenset({tag})))


async def test_a_deletion_that_stays() -> None:
    """On an excluded cluster a deletion stays, and the answer says so."""
    excluded = Desired(always(SUNDAY_NIGHT), excluded=(parse_scope(str(cluster_id())),))
    world = a_world(desired=excluded)
    there(world, THURSDAYS)
    deletion = await world.deleter.delete(cluster_id(), Condition(), ORIGIN)
    assert not deletion.comes_back
    assert deletion.warnings[-1].reason is Reason.EXCLUDED
    await world.ask(cause=Cause.SCHEDULE_DELETED)
    assert (await world.run())[-1].kind is OutcomeKind.SKIPPED


async def test_deleting_nothing() -> None:
    """Where there is nothing, nothing is sent, and who asked is recorded with that."""
    world = a_world()
    deletion = await world.deleter.delete(cluster_id(), Condition(), ORIGIN)
    assert deletion.configuration is None
    assert not world.aks.calls_of("delete")
    (record,) = await records(world)
    assert (record["outcome"], record["before"]) == ("Unchanged", None)


async def test_an_unanswered_deletion_is_read_again() -> None:
    """A deletion whose answer was lost is found by the next look, and is a deletion."""
    world = a_world()
    tag = there(world, THURSDAYS)
    world.aks.faults.append(Fault("delete", lambda: ConnectionFailed("lost"), applied=True))
    condition = Condition(matches=frozenset({tag}))
    deletion = await world.deleter.delete(cluster_id(), condition, ORIGIN)
    assert (deletion.attempts, deletion.configuration is not None) == (2, True)
    (record,) = await records(world)
    assert record["outcome"] == "Deleted"


async def test_a_deletion_that_is_not_granted() -> None:
    """A 403 on the deletion is an error of its own, not tried again, and recorded."""
    world = a_world()
    there(world, THURSDAYS)
    world.aks.faults.append(Fault("delete", lambda: AccessDenied("no", status=403)))
    with pytest.raises(DeleteNotGranted) as refused:
        await world.deleter.delete(cluster_id(), Condition(), ORIGIN)
    assert "allowScheduleDelete" in REASONS[refused.value.reason].you_can
    assert len(world.aks.calls_of("delete")) == 1
    (record,) = await records(world)
    assert (record["outcome"], record["reason"]) == ("Failed", "DeleteNotGranted")


async def test_other_commands_leave_records() -> None:
    """A reconcile, a run and a replay are recorded with what came of them; dry runs are not."""
    world = a_world()
    await world.commands.reconcile(cluster_id(), ORIGIN, dry_run=True)
    await world.commands.start_run(RunScope(dry_run=True), ORIGIN)
    assert await records(world) == []
    await world.commands.reconcile(cluster_id(), ORIGIN, dry_run=False)
    run = await world.commands.start_run(RunScope(), ORIGIN)
    await world.commands.start_run(RunScope(), ORIGIN)
    await world.commands.replay(ORIGIN, reason="AccessDenied")
    found = await records(world)
    assert {(record["action"], record["outcome"]) for record in found} == {
        ("Reconcile", "Created"),
        ("StartRun", "Started"),
        ("StartRun", "Joined"),
        ("Replay", "Replayed"),
    }
    assert {"runId": run.run.id} in [record["after"] for record in found]
    assert len(world.audited) == 4


async def test_a_run_too_many_is_recorded_as_refused() -> None:
    """A run that a person may not start leaves a record all the same."""
    world = a_world()
    for number in range(MOST_ACTIVE):
        await world.commands.start_run(RunScope(locations=(f"place-{number}",)), ORIGIN)
    with pytest.raises(TooManyActive):
        await world.commands.start_run(RunScope(), ORIGIN)
    assert "Refused" in {record["outcome"] for record in await records(world)}


async def test_a_put_is_told_once() -> None:
    """A schedule that was put is told as an event of its own; one that was there already is not."""
    world = a_world(has_topic=True)
    await put(world)
    await put(world)
    await put(world, THURSDAYS)
    await world.run()
    assert [event.type for event in world.topic.events] == [
        "Naptime.ScheduleCreated",
        "Naptime.ScheduleUpdated",
    ]


async def test_a_put_without_an_answer_is_told() -> None:
    """A schedule that was made without an answer, and then held up by the pace, is told later."""
    world = a_world(has_topic=True)
    world.aks.faults.append(Fault("put", lambda: ConnectionFailed("gone"), applied=True))
    world.aks.refuses = lambda _verb, _where: Paced("wait") if world.aks.accepted_writes else None
    with pytest.raises(Paced):
        await put(world)
    world.aks.refuses = lambda _verb, _where: None
    await world.run()
    assert [event.type for event in world.topic.events] == ["Naptime.ScheduleCreated"]
    assert len(world.aks.accepted_writes) == 1


async def test_a_reconcile_that_has_to_wait_is_recorded_as_such() -> None:
    """Where the queue gets the work the record says Deferred."""
    world = a_world()
    await world.claims.claim(cluster_id(), None)
    assert await world.commands.reconcile(cluster_id(), ORIGIN, dry_run=False) is None
    (record,) = await records(world)
    assert record["outcome"] == AuditOutcome.DEFERRED.value


async def test_records_come_newest_first_page_by_page_and_month_by_month() -> None:
    """Pages go on through the months, filtered by cluster, and none is shown twice."""
    world = World()
    for name in ("aks-1", "aks-2"):
        world.aks.add(cluster(name))
    for _ in range(5):
        for name in ("aks-1", "aks-2"):
            await world.commands.reconcile(cluster_id(name), ORIGIN, dry_run=False)
            world.clock.advance(timedelta(days=3))
    token, times = "", list[str]()
    where = {"clusterKey": cluster_id().key}
    for _ in range(5):
        page = await world.audit.page(where, PageAsked(token, 2))
        times += [record["at"] for record in page.items]
        token = page.token or ""
        if not token:
            break
    assert len(times) == 5
    assert times == sorted(times, reverse=True)
    assert len({from_text(time).month for time in times}) == 2


async def test_records_of_one_instant_come_newest_first() -> None:
    """Commands of one second, and of one instant, are shown in the order that they came in."""
    world = a_world()
    names = [f"aks-{number}" for number in range(5)]
    for number, name in enumerate(names):
        world.aks.add(cluster(name))
        await world.commands.reconcile(cluster_id(name), ORIGIN, dry_run=False)
        if number % 2:
            world.clock.advance(timedelta(milliseconds=1))
    shown = [cast("str", record["clusterId"]).rpartition("/")[2] for record in await records(world)]
    assert shown == names[::-1]


async def test_a_flood_of_refusals_is_counted_and_bounded() -> None:
    """Sixty refusals a minute leave records; the next one says how many left none."""
    world = a_world()
    attempt = Attempt(AuditAction.PUT_SCHEDULE, cluster_id())
    for _ in range(REFUSALS_A_MINUTE + 7):
        await world.refusals.keep(ORIGIN, attempt, "InvalidRequest", "x" * 10_000)
    assert len(world.audited) == REFUSALS_A_MINUTE
    world.clock.advance(timedelta(minutes=1))
    await world.refusals.keep(ORIGIN, attempt, "NotJson", "the body must be application/json")
    newest, *others = await records(world)
    assert newest["message"] == (
        "(7 refused before this one left no record.) the body must be application/json"
    )
    assert {(each["outcome"], each["reason"]) for each in others} == {("Refused", "InvalidRequest")}
    assert all(len(cast("str", each["message"])) <= 500 for each in others)


async def test_old_records_are_dropped_whole() -> None:
    """The table of a month goes once its records are past keeping, and no sooner."""
    world = a_world()
    await put(world)
    end = world.clock.now().replace(month=12, day=1, hour=0)
    assert await world.audit.drop_old(end + KEPT) == 0
    assert await world.audit.drop_old(end + KEPT + timedelta(days=1)) == 1
    assert await records(world) == []


async def test_a_body_that_a_row_cannot_hold() -> None:
    """A schedule too large for a row does not keep anybody from replacing it."""
    world = a_world()
    dates = [{"start": f"{year}-01-01", "end": f"{year}-01-02"} for year in range(2030, 3500)]
    world.aks.set_schedule(cluster_id(), schedule("Thursday", notAllowedDates=dates))
    await put(world)
    (record,) = await records(world)
    assert set(cast("Json", record["before"])) == {"tooLong"}
