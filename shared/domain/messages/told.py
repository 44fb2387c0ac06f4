"""The events that tell what naptime did, found or failed at; and that a fleet run has ended.

Ids: what was done or failed on an occasion (a run, or one ask for a cluster) has that occasion in
its id, a finding the day (UTC) it was told on, a schedule that is let go when it was written. A
repetition after a crash has the same id.
"""

from collections.abc import Iterable
from datetime import datetime

from msgspec import Struct

from shared.domain.deciding.decision import Finding
from shared.domain.deciding.kubernetes import outcome_of_upgrades
from shared.domain.deciding.last_outcome import LastOutcomeJson
from shared.domain.deciding.outcome import Outcome, OutcomeKind, attention_in
from shared.domain.vocabulary import instants
from shared.domain.vocabulary.cloud_event import CloudEvent, EventType, Json
from shared.domain.vocabulary.ids import ClusterId
from shared.domain.vocabulary.reasons import Cause, Reason
from shared.domain.window.body import write_window

_WRITTEN = {
    OutcomeKind.CREATED: EventType.SCHEDULE_CREATED,
    OutcomeKind.UPDATED: EventType.SCHEDULE_UPDATED,
}


class Occasion(Struct, frozen=True):
    """Why a cluster was looked at, and in which run, if in one.

    `name` stays the same over all attempts: the run's id, or when the cluster was asked for.
    """

    cause: Cause
    name: str
    run_id: str | None = None

    @classmethod
    def of_run(cls, run_id: str, cause: Cause) -> "Occasion":
        """Give the occasion of a run."""
        return cls(cause, run_id, run_id)

    @classmethod
    def asked(cls, cause: Cause, at: datetime) -> "Occasion":
        """Give the occasion of a single cluster that was asked for at an instant."""
        return cls(cause, instants.to_text(at))


def events_of(
    outcome: Outcome, occasion: Occasion, told: Iterable[Reason], now: datetime
) -> list[CloudEvent]:
    """Give what an outcome is to tell; nothing in a dry run.

    `told` are the findings that were told of the cluster before and have been there ever since.
    """
    if outcome.dry_run:
        return []
    events = list[CloudEvent]()
    if outcome.kind in _WRITTEN:
        events.append(_event(_WRITTEN[outcome.kind], outcome, occasion, now))
    if outcome.lets_go:
        events.append(_let_go(outcome, outcome.lets_go, occasion, now))
    other = outcome_of_upgrades(outcome)
    if other and other.kind is OutcomeKind.CREATED:
        events.append(_event(EventType.KUBERNETES_SCHEDULE_CREATED, other, occasion, now))
    new = attention_in(outcome) - frozenset(told)
    return [*events, *(_attention(reason, outcome, occasion, now) for reason in sorted(new))]


def failure_of(
    outcome: Outcome,
    occasion: Occasion,
    now: datetime,
    failed: EventType = EventType.SCHEDULE_FAILED,
) -> list[CloudEvent]:
    """Give what tells that one of a cluster's schedules was given up on; nothing in a dry run."""
    return [] if outcome.dry_run else [_event(failed, outcome, occasion, now)]


def attention_of(
    last: LastOutcomeJson, finding: Finding, occasion: Occasion, now: datetime
) -> CloudEvent:
    """Tell of what was found beside what came of a cluster last."""
    cluster_id = ClusterId.parse(last["clusterId"])
    data: Json = {
        "clusterId": str(cluster_id),
        "reason": finding.reason.value,
        "message": finding.message,
        "window": last["window"],
        "nextStart": last["nextStart"],
        "runId": occasion.run_id,
        "cause": occasion.cause.value,
    }
    identity = _daily(cluster_id, finding.reason, now)
    return CloudEvent(EventType.SCHEDULE_NEEDS_ATTENTION, identity, str(cluster_id), now, data)


def _event(
    event_type: EventType, outcome: Outcome, occasion: Occasion, now: datetime
) -> CloudEvent:
    cluster_id = outcome.cluster_id
    identity = f"{occasion.name}/{cluster_id.hash}/{event_type.rpartition('.')[2]}"
    data = _data(outcome, outcome.reason, outcome.message, occasion)
    return CloudEvent(event_type, identity, str(cluster_id), now, data)


def _attention(reason: Reason, outcome: Outcome, occasion: Occasion, now: datetime) -> CloudEvent:
    message = next(found.message for found in outcome.findings if found.reason is reason)
    cluster_id = outcome.cluster_id
    data = _data(outcome, reason, message, occasion)
    identity = _daily(cluster_id, reason, now)
    return CloudEvent(EventType.SCHEDULE_NEEDS_ATTENTION, identity, str(cluster_id), now, data)


def _let_go(
    outcome: Outcome, written_at: datetime, occasion: Occasion, now: datetime
) -> CloudEvent:
    """Give what tells that a schedule is let go: once for each write, whoever tells it."""
    message = next(
        found.message for found in outcome.findings if found.reason is Reason.SCHEDULE_LET_GO
    )
    cluster_id, written = outcome.cluster_id, instants.to_text(written_at)
    data = {**_data(outcome, Reason.SCHEDULE_LET_GO, message, occasion), "writtenAt": written}
    identity = f"{cluster_id.hash}/ScheduleLetGo/{written}"
    return CloudEvent(EventType.SCHEDULE_LET_GO, identity, str(cluster_id), now, data)


def _data(outcome: Outcome, reason: Reason, message: str, occasion: Occasion) -> Json:
    start = outcome.next_start
    return {
        "clusterId": str(outcome.cluster_id),
        "reason": reason.value,
        "message": message,
        "window": write_window(outcome.window) if outcome.window else None,
        "nextStart": instants.to_text(start) if start else None,
        "runId": occasion.run_id,
        "cause": occasion.cause.value,
        "rule": outcome.rule or None,
        "policyHash": outcome.policy_hash or None,
    }


def _daily(cluster_id: ClusterId, reason: Reason, now: datetime) -> str:
    return f"{cluster_id.hash}/{reason.value}/{instants.in_utc(now):%Y-%m-%d}"
