"""What is told of each thing that happened: its line in the log, its event, its figures."""

import json
from collections.abc import Mapping
from datetime import datetime, timedelta

from shared.domain.deciding.outcome import Outcome, OutcomeKind
from shared.domain.fleet.batch import PendingCluster
from shared.domain.fleet.run import Run
from shared.domain.fleet.run_records import RunRecord
from shared.domain.fleet.tally import ClusterState, count_states
from shared.domain.images.age import AgesRead
from shared.domain.messages.audit import AuditRecord
from shared.domain.messages.given_up import GivenUp
from shared.domain.messages.work import ReconcileCluster
from shared.domain.vocabulary.instants import to_text
from shared.domain.vocabulary.plain_text import one_line
from shared.domain.vocabulary.reasons import Cause, Reason
from shared.domain.window.text import offset_text
from shared.telemetry import custom_events, facts, figures, lines
from shared.telemetry.log import DETAIL_LIMIT, Line
from shared.telemetry.metrics import count, record, show

OLDEST_EVENT = timedelta(days=2)
"""Event Grid gives up after a day; a time further back is not believed, nor is one far ahead."""
CLOCK_SKEW = timedelta(minutes=5)

AGES_PERMISSION = "reading them needs Microsoft.Compute/virtualMachines/read"
"""Resource Graph leaves out what may not be read, without an error."""

SECOND, MINUTE = timedelta(seconds=1), timedelta(minutes=1)


def report_work(outcome: Outcome, work: ReconcileCluster, now: datetime) -> None:
    """Tell of a cluster that was looked at on its own, at an instant by the worker's clock."""
    _say(lines.RECONCILED, outcome, work.cause)
    _count(outcome, work.cause)
    if outcome.dry_run:
        return
    dimensions = {"cause": work.cause.value}
    lag = _lag(work.event_at, now)
    if work.attempt == 1 and lag is not None:
        record(figures.EVENT_LAG, dimensions, lag / SECOND)
    if outcome.kind is OutcomeKind.CREATED:
        without = max(now - work.asked_at, timedelta()) if lag is None else lag
        record(figures.UNPROTECTED, dimensions, without / MINUTE)


def report_put(outcome: Outcome, cause: Cause) -> None:
    """Tell of a schedule that a person put."""
    _say(lines.RECONCILED, outcome, cause)
    _count(outcome, cause)


def report_in_run(outcome: Outcome, cause: Cause) -> None:
    """Tell of a cluster that a run is done with."""
    _say(lines.RECONCILED_IN_RUN, outcome, cause)
    _count(outcome, cause)


def report_run(finished: RunRecord, *, dry_run: bool) -> None:
    """Tell of a run that has come to its end; `dry_run` is the setting that stops every write."""
    only_looked = dry_run or finished.run.scope.dry_run
    states = count_states(finished.summary["reasons"], dry_run=only_looked)
    _say_run(finished)
    _send_run(finished, states, dry_run=only_looked)
    if not only_looked:
        _count_run(finished, states)


def _say_run(finished: RunRecord) -> None:
    summary = finished.summary
    lines.RUN_FINISHED.log(
        run_id=finished.run.id,
        cause=finished.run.cause.value,
        outcomes=_json(summary["outcomes"]),
        calls=summary["calls"],
        throttled=summary["throttled"],
        unreadable_subscriptions=len(summary["unreadableSubscriptions"]),
        stopped_shards=len(summary["stoppedShards"]),
        crowded_starts=len(summary["crowdedStarts"]),
    )


def _send_run(finished: RunRecord, states: Mapping[ClusterState, int], *, dry_run: bool) -> None:
    run, summary = finished.run, finished.summary
    custom_events.RUN_ENDED.send(
        run_id=run.id,
        cause=run.cause.value,
        scope=_scope(run),
        dry_run=dry_run,
        duration_seconds=round(_lasted(finished), 3),
        clusters=sum(states.values()),
        protected=states[ClusterState.PROTECTED],
        needs_attention=states[ClusterState.NEEDS_ATTENTION],
        unconfirmed=states[ClusterState.UNCONFIRMED],
        left_out=states[ClusterState.LEFT_OUT],
        calls=summary["calls"],
        throttled=summary["throttled"],
        unreadable_subscriptions=len(summary["unreadableSubscriptions"]),
        stopped_shards=len(summary["stoppedShards"]),
        crowded_starts=len(summary["crowdedStarts"]),
    )


def _count_run(finished: RunRecord, states: Mapping[ClusterState, int]) -> None:
    run, summary = finished.run, finished.summary
    dimensions = {"cause": run.cause.value, "scope": _scope(run)}
    record(figures.RUN_DURATION, dimensions, _lasted(finished))
    for subscription in summary["unreadableSubscriptions"]:
        count(figures.UNREADABLE, {"reason": subscription["reason"]})
    for shard in summary["stoppedShards"]:
        count(figures.STOPPED, {"reason": shard["reason"]})
    if run.scope.is_everything:
        for state, number in states.items():
            show(figures.CLUSTERS, {"state": state.value}, number)
        show(figures.CROWDED, {}, len(summary["crowdedStarts"]))


def _scope(run: Run) -> str:
    return "Everything" if run.scope.is_everything else "Part"


def _lasted(finished: RunRecord) -> float:
    """Give the seconds from asking for a run to its end."""
    started_at = finished.run.started_at
    return ((finished.finished_at or started_at) - started_at) / SECOND


def report_given_up(given_up: GivenUp) -> None:
    """Tell of work that is in the table of what was given up."""
    custom_events.WORK_GIVEN_UP.send(
        cluster_id=given_up.cluster_id,
        reason=given_up.reason,
        azure_code=given_up.azure_code or None,
        attempts=given_up.attempts,
        advice=given_up.advice,
    )
    count(figures.WORK_GIVEN_UP, {"reason": given_up.reason})


def report_ages(read: AgesRead) -> None:
    """Tell of one reading of all machines."""
    failure = read.failures[0] if read.failures else None
    detail = failure.message if failure else None
    if read.nothing_to_see:
        detail = f"no machine of {read.clusters} clusters can be seen; {AGES_PERMISSION}"
    lines.IMAGE_AGES_READ.log(
        clusters=read.clusters,
        machines=read.machines,
        unknown_images=read.unknown_images,
        machines_of_no_cluster=read.strange_machines,
        findings=_json(read.reasons),
        queries=read.queries,
        failed_batches=len(read.failures),
        reason=failure.reason.value if failure else None,
        detail=detail,
    )


def report_audit(record: AuditRecord) -> None:
    """Tell of a command over HTTP, once it has come to an end."""
    custom_events.API_WRITE_RECORDED.send(
        caller=record.origin.caller.name,
        action=record.action.value,
        cluster_id=record.cluster_id,
        outcome=record.completion.outcome.value,
        correlation_id=record.origin.correlation_id,
    )


def report_bug(cluster: PendingCluster, error: Exception) -> None:
    """Tell of a cluster that naptime failed on for no known reason."""
    lines.FAILED_ON_CLUSTER.log(error, cluster_id=cluster.cluster.id, why=type(error).__name__)


def report_bug_in_location(location: str, error: Exception) -> None:
    """Tell of a location whose images naptime failed to look at."""
    lines.FAILED_ON_LOCATION.log(error, location=location, why=type(error).__name__)


def report_throttled() -> None:
    """Tell of an answer 429."""
    count(figures.THROTTLED, {})


def _count(outcome: Outcome, cause: Cause) -> None:
    """Count an outcome; a schedule that was really written is an event as well."""
    if outcome.dry_run:
        return
    dimensions = {
        "outcome": outcome.kind.value,
        "reason": outcome.reason.value,
        "cause": cause.value,
    }
    count(figures.OUTCOMES, dimensions)
    # What a person put is an event of the audit; this one is for what naptime wrote by itself.
    if outcome.kind is OutcomeKind.CREATED and outcome.reason is not Reason.REQUESTED:
        _send_protected(outcome, cause)


def _send_protected(outcome: Outcome, cause: Cause) -> None:
    window = outcome.window
    custom_events.CLUSTER_PROTECTED.send(
        cluster_id=outcome.cluster_id,
        cause=cause.value,
        next_start=to_text(outcome.next_start) if outcome.next_start else None,
        attempts=outcome.attempts,
        start_time=f"{window.start_time:%H:%M}" if window else None,
        utc_offset=offset_text(window.utc_offset) if window else None,
        duration_hours=window.duration_hours if window else None,
    )


def _say(line: Line[..., facts.Reconciled], outcome: Outcome, cause: Cause) -> None:
    """Write the canonical line of one reconcile."""
    line.log(
        cluster_id=outcome.cluster_id,
        outcome=outcome.kind,
        reason=outcome.reason.value,
        cause=cause.value,
        attempts=outcome.attempts,
        calls=outcome.calls,
        dry_run=outcome.dry_run,
        next_start=outcome.next_start.isoformat() if outcome.next_start else None,
        azure_code=outcome.azure_code or None,
        rule=outcome.rule or None,
        policy_hash=outcome.policy_hash or None,
        detail=one_line(outcome.message, DETAIL_LIMIT),
    )


def _json(counts: Mapping[str, int]) -> str:
    return json.dumps(counts, separators=(",", ":"))


def _lag(event_at: datetime | None, now: datetime) -> timedelta | None:
    """Give the time since an event, if what it says of itself can be believed."""
    if event_at is None or not -CLOCK_SKEW <= now - event_at <= OLDEST_EVENT:
        return None
    return max(now - event_at, timedelta())
