"""`naptime approve`, `revert` and `release`: what is planned, one question, what came of it."""

from collections.abc import AsyncIterator
from typing import TYPE_CHECKING, cast

import pytest

from naptime.reports.audit import audit_report
from naptime.reports.plan import plan_report
from naptime.reports.report import DONE, FAILED, TO_DO
from naptime.reports.run import run_report
from naptime.reports.updates.done import done_report
from naptime.reports.updates.planned import NothingWaits, planned_changes, put_back_changes
from naptime.source import FleetLook
from shared.domain.vocabulary.ids import ClusterId
from tests.clusters import schedule
from tests.command_line.conftest import Json, Type
from tests.command_line.deployments import Deployed, deploy
from tests.command_line.looks import NOTHING_WRONG, a_look, row
from tests.command_line.tenants import a_cluster, subscription
from tests.fakes.clock import SATURDAY_NOON
from tests.policies import owning, weekday

if TYPE_CHECKING:
    from shared.domain.deciding.last_outcome import LastOutcomeJson
    from shared.reconcile.fleet.updates.approve import PutBackJson
    from shared.reconcile.shown.runs import ShownRunJson

SUBSCRIPTIONS = 2
PLAN = "0123456789abcdef0123456789abcdef"


@pytest.fixture(scope="module")
async def app(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Deployed]:
    """Deploy naptime for eight clusters, four of which have no schedule."""
    async with deploy(tmp_path_factory.mktemp("updates"), 8, SUBSCRIPTIONS) as found:
        yield found


async def pushed(by_key: Type, days: int) -> None:
    """Put a policy in force whose window is on another day, and let nothing be changed by it."""
    said = await by_key("policy", "push", "-", answer=owning(weekday(days), "at_most = 0\n"))
    assert said.code == 0, said.err


async def day_of(app: Deployed, number: int) -> str:
    """Give the day of a cluster's schedule in Azure."""
    found = await app.controls.schedule(a_cluster(number, SUBSCRIPTIONS))
    assert found
    window = cast("Json", cast("Json", found["properties"])["maintenanceWindow"])
    weekly = cast("Json", cast("Json", window["schedule"])["weekly"])
    return str(weekly["dayOfWeek"])


async def test_a_plan_is_shown_approved_and_put_back(app: Deployed, by_key: Type) -> None:
    """What changed meanwhile is left out by name; an approval is used once; all comes back."""
    await pushed(by_key, 3)
    assert (await by_key("reconcile", "--all", "--quiet")).last == "4 schedules written."
    await pushed(by_key, 4)
    waiting = await by_key("reconcile", "--all", "--format", "json")
    run_id = str(waiting.json["runId"])
    assert "4 changes wait for an approval: naptime approve" in (await by_key("runs", run_id)).last
    await see_the_plan(app, by_key, run_id)
    theirs, gone = a_cluster(0, SUBSCRIPTIONS), a_cluster(1, SUBSCRIPTIONS)
    await app.controls.put_schedule(theirs, schedule(weekday(3)))
    await app.controls.delete(gone)
    done = await by_key("approve", run_id, "--yes")
    assert (done.code, done.last) == (0, "2 schedules changed. 2 left out: see above.")
    assert "rg-0/aks-0000  ChangedSincePlanned" in done.out
    assert "rg-0/aks-0001  ClusterGone" in done.out
    assert [await day_of(app, number) for number in (2, 3)] == [weekday(4)] * 2
    again = await by_key("approve", run_id, "--yes")
    assert (again.code, again.out) == (1, "")
    assert "was approved already, by run" in again.err
    await see_it_put_back(app, by_key, run_id)


async def see_the_plan(app: Deployed, by_key: Type, run_id: str) -> None:
    """See it as a table and as JSON, and that nothing is written without the right number."""
    planned = await by_key("approve", run_id, "--dry-run")
    assert planned.last == "Nothing was written. 4 schedules would be changed."
    alike = (
        f"rg-0/aks-0000\n    rg-1/aks-0002\n        weekly.dayOfWeek {weekday(3)} -> {weekday(4)}."
    )
    assert alike in planned.out
    told = (await by_key("approve", run_id, "--dry-run", "--format", "json")).json
    assert (told["runId"], told["updates"]) == (run_id, 4)
    (change, *_) = cast("list[Json]", cast("list[Json]", told["clusters"])[0]["changes"])
    assert change["path"] == "maintenanceWindow.schedule.weekly.dayOfWeek"
    for answer, why in (("3\n", "that is not the number"), ("", "nobody answered")):
        asked = await by_key("approve", run_id, answer=answer)
        assert (asked.code, asked.out) == (1, "")
        assert "change 4 schedules? type 4: " in asked.err
        assert f"naptime: nothing was written: {why}" in asked.err
    assert await day_of(app, 0) == weekday(3)


async def see_it_put_back(app: Deployed, by_key: Type, run_id: str) -> None:
    """See the dry run, the question, and that there is nothing left to put back."""
    planned = await by_key("revert", run_id, "--dry-run")
    assert planned.last == "Nothing was written. 2 schedules would be put back."
    assert f"weekly.dayOfWeek {weekday(4)} -> {weekday(3)}" in planned.out
    done = await by_key("revert", run_id, "--format", "json", answer="2\n")
    assert (done.code, cast("Json", done.json["outcomes"])["Updated"]) == (0, 2)
    assert [await day_of(app, number) for number in (2, 3)] == [weekday(3)] * 2
    again = await by_key("revert", run_id, "--yes")
    assert (again.code, again.out) == (1, "")
    assert f"naptime: nothing of run {run_id} can be put back" in again.err


async def test_what_cannot_be_is_said(by_key: Type) -> None:
    """No such run, a run that waits for nobody, a cluster without a schedule to hand over."""
    for command in ("approve", "revert"):
        unknown = await by_key(command, "202611-0000", "--yes")
        assert (unknown.code, unknown.out) == (1, "")
        assert "NoSuchRun (404)" in unknown.err
    where = ("--subscription", subscription(0))
    run_id = str((await by_key("reconcile", *where, "--dry-run", "--format", "json")).json["runId"])
    nobody = await by_key("approve", run_id, "--yes")
    assert (nobody.code, "has planned nothing that needs an approval" in nobody.err) == (1, True)
    nothing = await by_key("release", str(a_cluster(6, SUBSCRIPTIONS)))
    assert (nothing.code, "has no node OS schedule" in nothing.err) == (1, True)


async def test_a_persons_schedule_is_handed_over(app: Deployed, by_key: Type) -> None:
    """Nothing is written by it, and what a later run changes is shown."""
    await pushed(by_key, 4)
    theirs = a_cluster(4, SUBSCRIPTIONS)
    came = await by_key("release", str(theirs))
    assert came.code == 0
    assert came.last == (
        f"{theirs.resource_group}/{theirs.name}: Wed 22:00 +01:00, 6 h is naptime's now. A later"
        " run changes it: see above."
    )
    assert "startTime 22:00 -> 12:00" in came.out
    named = await by_key("release", str(theirs), "--format", "json")
    assert cast("Json", named.json["drift"])["update"] is True
    assert not await app.controls.journal(method="PUT", path=f"*{theirs.name}*")


def a_run(rows: "list[LastOutcomeJson]", **other: object) -> "ShownRunJson":
    """Give a run that ended with nothing unreadable."""
    return a_look(rows, **{**NOTHING_WRONG, **other}).run


@pytest.mark.parametrize(
    ("run", "said"),
    [
        ({"state": "Active"}, "is under way; what it plans is known when it ends"),
        ({"approvedRunId": "202611-b"}, "was approved already, by run 202611-b: it is used once"),
        ({"followedByRunId": "202611-c"}, "needs no approval: run 202611-c makes its changes"),
        ({}, "has planned nothing that needs an approval"),
    ],
    ids=["active", "used up", "followed", "nothing"],
)
def test_why_a_run_cannot_be_approved(run: dict[str, object], said: str) -> None:
    """In a sentence that names the run which did it, if one did."""
    with pytest.raises(NothingWaits) as caught:
        planned_changes(a_run([], **run))
    assert said in str(caught.value)


def test_what_the_clocks_ask_for_is_not_of_the_plan() -> None:
    """It needs no approval; nor is what only differs, where the policy has nothing changed."""
    rows = [
        drifting("aks-1", clocks=False, update=True),
        drifting("aks-2", clocks=True, update=True),
        drifting("aks-3", clocks=False, update=False),
    ]
    plan = {"planHash": PLAN, "updates": 1}
    planned = planned_changes(a_run(rows, state="NeedsApproval", updatePlan=plan))
    assert [each.name for each in planned.clusters] == ["aks-1"]
    assert planned.report().records[0]["changes"] == "startTime 01:00 -> 02:00"


def drifting(name: str, *, clocks: bool, update: bool) -> "LastOutcomeJson":
    """Give the row of a cluster whose schedule is not what is wanted."""
    change = {"path": "maintenanceWindow.startTime", "observed": "01:00", "desired": "02:00"}
    drift = {"before": "a", "after": "b", "clocks": clocks, "update": update, "changes": [change]}
    found = row(subscription(0), "rg-1", name, "Unchanged", "Outdated", "It differs.")
    return cast("LastOutcomeJson", {**found, "drift": drift})


def test_more_than_an_answer_names_are_counted() -> None:
    """Two hundred are named of a revert, and how many more there are is said."""
    cluster_id = str(a_cluster(0, SUBSCRIPTIONS))
    shown = {"runId": "202611-a", "planHash": PLAN, "updates": 201}
    one = {"clusterId": cluster_id, "changes": []}
    report = put_back_changes(cast("PutBackJson", {**shown, "clusters": [one]})).report()
    assert report.sections[0].advice == ("and 200 more",)
    assert report.last == "Nothing was written. 201 schedules would be put back."


def test_what_came_of_each_is_told() -> None:
    """Changed, later, failed, left out; a cluster that the run is silent on is named too."""
    kinds = ("Updated", "Deferred", "Failed", "Unchanged")
    reasons = ("Outdated", "UpdateWaits", "AccessDenied", "ScheduleLetGo")
    rows = [
        row(subscription(0), "rg-1", f"aks-{kind.lower()}", kind, reason, "So.", dry_run=False)
        for kind, reason in zip(kinds, reasons, strict=True)
    ]
    silent = ClusterId.of(subscription(1), "rg-1", "aks-silent")
    updates = {"kind": "Approved", "runId": "202611-b"}
    run = a_run(rows, updates=updates, state="Finished", scope={"dryRun": False})
    report = done_report(run, [silent])
    assert report.code == FAILED
    assert report.last == (
        "1 schedule changed. 1 later, by themselves. 2 left out: see above. 1 failed: see above."
    )
    assert [section.title for section in report.sections] == [
        *("were changed", "are changed later", "were left out", "failed")
    ]
    assert run_report(run).last.startswith("1 schedule changed.")
    assert done_report(a_run(rows[:1], updates=updates)).code == DONE


def test_drift_is_shown_wherever_a_fleet_is() -> None:
    """By field, in a plan, a run and an audit, whether or not it is to be changed."""
    never = drifting("aks-1", clocks=False, update=False)
    owned = drifting("aks-2", clocks=False, update=True)
    verdict = {"needsApproval": True, "atMost": 10}
    run = a_run([never, owned], state="NeedsApproval", updatePlan={**verdict, "updates": 11})
    plan = plan_report(FleetLook(run), detailed=False)
    done = run_report({**run, "scope": {**run["scope"], "dryRun": False}})
    for report in (plan, done):
        differ, change = report.sections
        assert (differ.title, change.title) == (
            "differ from what the policy wants",
            "are to be changed",
        )
        assert differ.rows[0].note == change.rows[0].note == "startTime 01:00 -> 02:00."
        assert change.advice == ("More than 10 need an approval: nothing is changed before it.",)
    assert plan.last == "Nothing was written. 1 schedule of naptime's own would change."
    assert plan_report(FleetLook(run), detailed=True).code == TO_DO
    audit = audit_report(FleetLook(run), SATURDAY_NOON, detailed=True)
    assert [section.title for section in audit.sections] == ["Outdated"]
    assert audit.code == TO_DO
