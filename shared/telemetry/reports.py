"""What is told of each thing that happened: its line in the log, its event, its figures."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from shared.domain.deciding.outcome import Outcome, OutcomeKind
from shared.domain.deciding.own.drift import Drift
from shared.domain.fleet.batch import PendingCluster
from shared.domain.images.age import AgesRead
from shared.domain.messages.audit import AuditRecord
from shared.domain.messages.given_up import GivenUp
from shared.domain.messages.touches import Touch
from shared.domain.messages.work import ReconcileCluster
from shared.domain.vocabulary.ids import ClusterId
from shared.domain.vocabulary.instants import to_text
from shared.domain.vocabulary.plain_text import one_line
from shared.domain.vocabulary.reasons import Cause, Reason
from shared.domain.window.text import offset_text
from shared.telemetry import custom_events, facts, figures, lines
from shared.telemetry.log import DETAIL_LIMIT, Line, compact
from shared.telemetry.metrics import count, record

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
        findings=compact(read.reasons),
        queries=read.queries,
        failed_batches=len(read.failures),
        reason=failure.reason.value if failure else None,
        detail=detail,
    )


def report_removed_again(of: ClusterId, removals: Sequence[Touch]) -> None:
    """Tell of a removal by somebody else that is one of too many: the last of these."""
    by, again = removals[-1].by, custom_events.SCHEDULE_REMOVED_AGAIN
    who, kind = (by.id, by.kind.value) if by else (None, None)
    again.send(cluster_id=of, times=len(removals), by=who, by_kind=kind)


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
    if outcome.kind is OutcomeKind.UPDATED and outcome.drift:
        count(figures.UPDATES, {"why": _why_updated(outcome, outcome.drift), "cause": cause.value})
    # What a person put is an event of the audit; this one is for what naptime wrote by itself.
    if outcome.kind is OutcomeKind.CREATED and outcome.reason is not Reason.REQUESTED:
        _send_protected(outcome, cause)


def _why_updated(outcome: Outcome, drift: Drift) -> str:
    if outcome.reason is Reason.PUT_BACK:
        return "PutBack"
    return "Clocks" if drift.clocks else "Policy"


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


def _lag(event_at: datetime | None, now: datetime) -> timedelta | None:
    """Give the time since an event, if what it says of itself can be believed."""
    if event_at is None or not -CLOCK_SKEW <= now - event_at <= OLDEST_EVENT:
        return None
    return max(now - event_at, timedelta())
