"""What is told of each thing that happened: its line in the log, its event, its figures."""

from datetime import datetime, timedelta

from shared.domain.deciding.outcome import Outcome, OutcomeKind
from shared.domain.fleet.run_records import RunRecord
from shared.domain.fleet.tally import ClusterState, count_states
from shared.domain.messages.given_up import GivenUp
from shared.domain.messages.work import ReconcileCluster
from shared.domain.vocabulary.instants import to_text
from shared.domain.vocabulary.reasons import Cause, Reason
from shared.domain.window.body import write_window
from shared.telemetry import names
from shared.telemetry.log import log_event, log_outcome, log_outcome_in_run, log_run
from shared.telemetry.metrics import count, record, show

OLDEST_EVENT = timedelta(days=2)
"""Event Grid gives up after a day; a time further back is not believed, nor is one far ahead."""
CLOCK_SKEW = timedelta(minutes=5)

SECOND, MINUTE = timedelta(seconds=1), timedelta(minutes=1)


def report_work(outcome: Outcome, work: ReconcileCluster, now: datetime) -> None:
    """Tell of a cluster that was looked at on its own, at an instant by the worker's clock."""
    log_outcome(outcome, work.cause)
    _count(outcome, work.cause)
    if outcome.dry_run:
        return
    dimensions = {"cause": work.cause.value}
    lag = _lag(work.event_at, now)
    if work.attempt == 1 and lag is not None:
        record(names.EVENT_LAG, dimensions, lag / SECOND)
    if outcome.kind is OutcomeKind.CREATED:
        without = max(now - work.asked_at, timedelta()) if lag is None else lag
        record(names.UNPROTECTED, dimensions, without / MINUTE)


def report_put(outcome: Outcome, cause: Cause) -> None:
    """Tell of a schedule that a person put."""
    log_outcome(outcome, cause)
    _count(outcome, cause)


def report_in_run(outcome: Outcome, cause: Cause) -> None:
    """Tell of a cluster that a run is done with."""
    log_outcome_in_run(outcome, cause)
    _count(outcome, cause)


def report_run(finished: RunRecord, *, dry_run: bool) -> None:
    """Tell of a run that has come to its end; `dry_run` is the setting that stops every write."""
    log_run(finished)
    run, summary = finished.run, finished.summary
    only_looked = dry_run or run.scope.dry_run
    states = count_states(summary["reasons"], dry_run=only_looked)
    scope = "Everything" if run.scope.is_everything else "Part"
    lasted = (finished.finished_at or run.started_at) - run.started_at
    unreadable, stopped = summary["unreadableSubscriptions"], summary["stoppedShards"]
    facts: dict[str, object] = {
        "runId": run.id,
        "cause": run.cause.value,
        "scope": scope,
        "dryRun": only_looked,
        "durationSeconds": round(lasted / SECOND, 3),
        "clusters": sum(states.values()),
        **{_camel(state): number for state, number in states.items()},
        "calls": summary["calls"],
        "throttled": summary["throttled"],
        "unreadableSubscriptions": len(unreadable),
        "stoppedShards": len(stopped),
    }
    log_event(names.RUN_FINISHED_EVENT, facts)
    if only_looked:
        return
    record(names.RUN_DURATION, {"cause": run.cause.value, "scope": scope}, lasted / SECOND)
    for subscription in unreadable:
        count(names.UNREADABLE, {"reason": subscription["reason"]})
    for shard in stopped:
        count(names.STOPPED, {"reason": shard["reason"]})
    if run.scope.is_everything:
        for state, number in states.items():
            show(names.CLUSTERS, {"state": state.value}, number)


def report_given_up(given_up: GivenUp) -> None:
    """Tell of work that is in the table of what was given up."""
    facts: dict[str, object] = {
        "clusterId": given_up.cluster_id,
        "reason": given_up.reason,
        "attempts": given_up.attempts,
        "advice": given_up.advice,
    }
    log_event(names.WORK_GIVEN_UP, facts)
    count(names.WORK_GIVEN_UP_COUNT, {"reason": given_up.reason})


def report_throttled() -> None:
    """Tell of an answer 429."""
    count(names.THROTTLED, {})


def _count(outcome: Outcome, cause: Cause) -> None:
    """Count an outcome; a schedule that was really written is an event as well."""
    if outcome.dry_run:
        return
    facts = {"outcome": outcome.kind.value, "reason": outcome.reason.value, "cause": cause.value}
    count(names.OUTCOMES, facts)
    # What a person put is an event of the audit; this one is for what naptime wrote by itself.
    if outcome.kind is OutcomeKind.CREATED and outcome.reason is not Reason.REQUESTED:
        log_event(names.CLUSTER_PROTECTED, _written(outcome, cause))


def _written(outcome: Outcome, cause: Cause) -> dict[str, object]:
    window = write_window(outcome.window) if outcome.window else {}
    return {
        "clusterId": outcome.cluster_id,
        "cause": cause.value,
        "nextStart": to_text(outcome.next_start) if outcome.next_start else None,
        "attempts": outcome.attempts,
        **{name: window.get(name) for name in ("startTime", "utcOffset", "durationHours")},
    }


def _lag(event_at: datetime | None, now: datetime) -> timedelta | None:
    """Give the time since an event, if what it says of itself can be believed."""
    if event_at is None or not -CLOCK_SKEW <= now - event_at <= OLDEST_EVENT:
        return None
    return max(now - event_at, timedelta())


def _camel(state: ClusterState) -> str:
    return state.value[0].lower() + state.value[1:]
