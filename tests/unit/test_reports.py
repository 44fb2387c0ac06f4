"""What is told of what happened, as the SDK that the worker configures would collect it."""

import logging
from collections.abc import Iterator
from copy import replace
from datetime import UTC, datetime, time, timedelta

import pytest
from opentelemetry.metrics import set_meter_provider
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import (
    HistogramDataPoint,
    InMemoryMetricReader,
    NumberDataPoint,
)

from shared.domain.deciding.outcome import Outcome, OutcomeKind
from shared.domain.deciding.own.drift import Drift
from shared.domain.fleet.crowding import Crowd
from shared.domain.fleet.run import Run, RunScope, RunState
from shared.domain.fleet.run_records import RunRecord, RunSummaryJson
from shared.domain.fleet.shard import Shard
from shared.domain.fleet.unreadable import Refusal
from shared.domain.messages.given_up import GivenUp
from shared.domain.messages.work import ReconcileCluster
from shared.domain.updates.plan import UpdateKind, UpdateOrder, Verdict
from shared.domain.vocabulary.reasons import Cause, Reason
from shared.domain.window.recurrence import Daily
from shared.domain.window.window import MaintenanceWindow
from shared.telemetry import reports
from shared.telemetry.run_reports import report_run
from tests.clusters import cluster_id

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
MINUTE = timedelta(minutes=1)

type Figures = dict[tuple[str, tuple[tuple[str, object], ...]], float]

READER = InMemoryMetricReader()


@pytest.fixture(scope="module", autouse=True)
def _sdk() -> None:
    set_meter_provider(MeterProvider([READER]))


@pytest.fixture
def before() -> Figures:
    """Give the figures so far: a process has one SDK, whose sums go on."""
    return collected()


def collected() -> Figures:
    """Give each figure by its name and dimensions; of a histogram, its sum."""
    return dict(_points())


def _points() -> Iterator[tuple[tuple[str, tuple[tuple[str, object], ...]], float]]:
    data = READER.get_metrics_data()
    for resource in data.resource_metrics if data else ():
        for scope in resource.scope_metrics:
            for metric in scope.metrics:
                for point in metric.data.data_points:
                    dimensions = tuple(sorted((point.attributes or {}).items()))
                    if isinstance(point, HistogramDataPoint):
                        yield (metric.name, dimensions), point.sum
                    elif isinstance(point, NumberDataPoint):
                        yield (metric.name, dimensions), point.value


def new(before: Figures) -> dict[str, list[tuple[dict[str, object], float]]]:
    """Give what has been added since, by name; gauges as they are."""
    found: dict[str, list[tuple[dict[str, object], float]]] = {}
    for key, value in collected().items():
        added = value - before.get(key, 0)
        if added:
            found.setdefault(key[0], []).append((dict(key[1]), round(added, 6)))
    return found


def outcome(kind: OutcomeKind, reason: Reason, *, dry_run: bool = False) -> Outcome:
    """Give an outcome."""
    return Outcome(cluster_id(), kind, reason, "", (), None, None, 1, 2, dry_run)


CREATED = outcome(OutcomeKind.CREATED, Reason.SCHEDULE_MISSING)
WORK = ReconcileCluster(
    cluster_id(), Cause.SCHEDULE_DELETED, NOW - 2 * MINUTE, event_at=NOW - 3 * MINUTE
)


def test_what_an_event_led_to(before: Figures) -> None:
    """The time without a schedule counts from the event, not from when it was received."""
    reports.report_work(CREATED, WORK, NOW)
    cause = {"cause": "ScheduleDeleted"}
    assert new(before) == {
        "naptime.outcomes": [({**cause, "outcome": "Created", "reason": "ScheduleMissing"}, 1)],
        "naptime.event.lag": [(cause, 180)],
        "naptime.unprotected": [(cause, 3)],
    }


@pytest.mark.parametrize(
    ("work", "minutes"),
    [
        (replace(WORK, event_at=None), 2),
        (replace(WORK, event_at=NOW - timedelta(days=3)), 2),
        (replace(WORK, event_at=NOW + timedelta(hours=1)), 2),
        (replace(WORK, event_at=NOW + MINUTE), 0),
    ],
    ids=["no time", "too old", "far ahead", "clock skew"],
)
def test_a_time_that_cannot_be_believed(
    work: ReconcileCluster, minutes: float, before: Figures
) -> None:
    """Then the time counts from when the work was asked for: a lower bound."""
    reports.report_work(CREATED, work, NOW)
    found = new(before).get("naptime.unprotected", [({}, 0)])
    assert [value for _, value in found] == [minutes]


def test_the_lag_is_that_of_the_first_look(before: Figures) -> None:
    """What comes back hours later says nothing of how late the event was."""
    reports.report_work(CREATED, WORK.deferred(), NOW)
    assert set(new(before)) == {"naptime.outcomes", "naptime.unprotected"}


@pytest.mark.parametrize("kind", [OutcomeKind.UNCHANGED, OutcomeKind.FAILED, OutcomeKind.DEFERRED])
def test_only_an_accepted_write_ends_the_time_without(kind: OutcomeKind, before: Figures) -> None:
    """Nothing else is a schedule that was missing and now is there."""
    reports.report_work(outcome(kind, Reason.ACCESS_DENIED), WORK, NOW)
    assert set(new(before)) == {"naptime.outcomes", "naptime.event.lag"}


def test_a_dry_run_is_no_figure(before: Figures, caplog: pytest.LogCaptureFixture) -> None:
    """It is a line of the log; nothing was written, so nothing is counted and no event sent."""
    would = replace(CREATED, dry_run=True)
    with caplog.at_level(logging.INFO, "naptime"):
        reports.report_work(would, WORK, NOW)
        reports.report_in_run(would, Cause.SWEPT)
    assert new(before) == {}
    assert {record.getMessage().split()[0] for record in caplog.records} == {"reconciled"}


def test_a_written_schedule_is_an_event(caplog: pytest.LogCaptureFixture) -> None:
    """In a run or outside, what naptime writes by itself can be told from Application Insights."""
    with caplog.at_level(logging.INFO, "naptime"):
        reports.report_in_run(CREATED, Cause.SWEPT)
    assert "Naptime.ClusterProtected" in [
        record.__dict__.get("microsoft.custom_event.name") for record in caplog.records
    ]


def run_record(scope: RunScope) -> RunRecord:
    """Give a run that has lasted for ten minutes."""
    run = Run("202611-a", Cause.SWEPT, scope, NOW - 10 * MINUTE)
    summary: RunSummaryJson = {
        "outcomes": {"Created": 2, "Skipped": 1},
        "reasons": {"ScheduleMissing": 2, "WritesStopped": 1},
        "calls": 5,
        "throttled": 0,
        "unreadableSubscriptions": [
            Refusal(Reason.ACCESS_DENIED, "").to_json("s"),
        ],
        "stoppedShards": [
            {
                "subscriptionId": "s",
                "location": "l",
                "resourceGroup": "rg-1",
                "reason": "RejectedByAzure",
                "advice": "",
            }
        ],
        "crowdedStarts": [Crowd(Shard("s", "l"), NOW, 21).to_json()],
    }
    return RunRecord(run, RunState.FINISHED, started=True, finished_at=NOW, summary=summary)


def test_the_end_of_a_sweep(before: Figures, caplog: pytest.LogCaptureFixture) -> None:
    """A run over everything says how the fleet is; its event is the heartbeat."""
    with caplog.at_level(logging.INFO, "naptime"):
        report_run(run_record(RunScope()), dry_run=False)
    found = new(before)
    assert found["naptime.run.duration"] == [({"cause": "Swept", "scope": "Everything"}, 600)]
    assert found["naptime.run.unreadable_subscriptions"] == [({"reason": "AccessDenied"}, 1)]
    assert found["naptime.run.stopped_shards"] == [({"reason": "RejectedByAzure"}, 1)]
    states = {str(point[0]["state"]): point[1] for point in found["naptime.clusters"]}
    assert states == {"Protected": 2, "Unconfirmed": 1}
    assert found["naptime.crowded_starts"] == [({}, 1)]
    heartbeat = caplog.records[-1].__dict__
    assert heartbeat["microsoft.custom_event.name"] == "Naptime.RunFinished"
    assert (heartbeat["naptime_scope"], heartbeat["naptime_dryRun"]) == ("Everything", False)
    assert (heartbeat["naptime_protected"], heartbeat["naptime_unconfirmed"]) == (2, 1)
    assert heartbeat["naptime_durationSeconds"] == 600


@pytest.mark.parametrize(
    ("scope", "dry_run", "told"),
    [
        (RunScope(locations=("westeurope",)), False, True),
        (RunScope(dry_run=True), False, False),
        (RunScope(), True, False),
    ],
    ids=["a part", "a dry run", "writes switched off"],
)
def test_only_a_real_run_over_everything_counts_the_fleet(
    scope: RunScope, *, dry_run: bool, told: bool, before: Figures
) -> None:
    """A run over a part knows nothing of the rest, and a dry one has protected nothing."""
    report_run(run_record(scope), dry_run=dry_run)
    found = new(before)
    assert "naptime.clusters" not in found
    assert ("naptime.run.duration" in found) is told


@pytest.mark.parametrize("kind", UpdateKind)
def test_a_run_that_only_changes_some_is_no_word_on_the_fleet(
    kind: UpdateKind, before: Figures, caplog: pytest.LogCaptureFixture
) -> None:
    """What it was not told to change it has not looked at, which is not unprotected by that."""
    sweep = run_record(RunScope())
    changing = replace(sweep, run=replace(sweep.run, updates=UpdateOrder(kind, "202611-b")))
    with caplog.at_level(logging.INFO, "naptime"):
        report_run(changing, dry_run=False)
    found = new(before)
    assert not {"naptime.clusters", "naptime.drifted", "naptime.updates.waiting"} & found.keys()
    assert found["naptime.run.duration"] == [({"cause": "Swept", "scope": "Part"}, 600)]
    event = caplog.records[-1].__dict__
    assert (event["naptime_scope"], event["naptime_updates"]) == ("Part", kind.value)


def test_what_waits_for_an_approval(before: Figures, caplog: pytest.LogCaptureFixture) -> None:
    """Drift and what waits are figures of a run over everything, and of the event as well."""
    sweep = run_record(RunScope())
    verdict = Verdict("0" * 32, updates=11, for_clocks=2, owned=13, most=10).to_json()
    summary: RunSummaryJson = {**sweep.summary, "updatePlan": verdict, "reasons": {"Outdated": 13}}
    waiting = replace(sweep, state=RunState.NEEDS_APPROVAL, summary=summary)
    with caplog.at_level(logging.INFO, "naptime"):
        report_run(waiting, dry_run=False)
    found = new(before)
    assert found["naptime.drifted"] == [({}, 13)]
    assert found["naptime.updates.waiting"] == [({}, 11)]
    assert caplog.records[-1].__dict__["naptime_updatesWaiting"] == 11


@pytest.mark.parametrize(
    ("reason", "clocks", "why"),
    [
        (Reason.OUTDATED, False, "Policy"),
        (Reason.OUTDATED, True, "Clocks"),
        (Reason.PUT_BACK, False, "PutBack"),
    ],
)
def test_a_changed_schedule_is_counted_by_why(
    reason: Reason, why: str, before: Figures, *, clocks: bool
) -> None:
    """The policy's change, the clocks', or a person's; what a dry run would change is none."""
    window = MaintenanceWindow(Daily(1), time(1), 4, timedelta())
    drift = Drift("a", "b", window, (), clocks=clocks)
    updated = replace(CREATED, kind=OutcomeKind.UPDATED, reason=reason, drift=drift)
    reports.report_in_run(
        replace(updated, kind=OutcomeKind.WOULD_UPDATE, dry_run=True), Cause.SWEPT
    )
    assert new(before) == {}
    reports.report_in_run(updated, Cause.SWEPT)
    assert new(before)["naptime.updates"] == [({"why": why, "cause": "Swept"}, 1)]


def test_what_was_given_up(before: Figures, caplog: pytest.LogCaptureFixture) -> None:
    """It is counted by reason, and an event says which cluster and what to do."""
    given_up = GivenUp(cluster_id(), "RejectedByAzure", "no", "Read it.", NOW, 2, "{}")
    with caplog.at_level(logging.INFO, "naptime"):
        reports.report_given_up(given_up)
    assert new(before) == {"naptime.given_up": [({"reason": "RejectedByAzure"}, 1)]}
    assert caplog.records[-1].__dict__["naptime_advice"] == "Read it."
