"""Work on one cluster, as it travels through the queue, and when it comes back."""

import json
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Self

from shared.domain import instants
from shared.domain.cluster_id import ClusterId
from shared.domain.errors import InvalidMessage, InvalidResourceId
from shared.domain.fields import BrokenRule, Fields, text, whole_number
from shared.domain.strict_json import NotStrictJson, parse_object

CLUSTERS_QUEUE = "naptime-clusters"
CLUSTERS_POISON_QUEUE = f"{CLUSTERS_QUEUE}-poison"
"""Where the Functions host puts what failed as often as it delivers it; the name is the host's."""

MAX_MESSAGE_BYTES = 64 * 1024
"""What Azure Queue Storage takes in one message."""

PATIENCE = timedelta(hours=24)
"""How long work is tried again before it is given up on."""

FIRST_DELAY = timedelta(seconds=30)
FIRST_SLOW_DELAY = timedelta(minutes=5)
LONGEST_DELAY = timedelta(minutes=30)
LONGEST_RETRY_AFTER = timedelta(hours=6)

_VERSION = 1
_MOST_ATTEMPTS = 1_000_000


class Cause(StrEnum):
    """Why a cluster is looked at."""

    CLUSTER_WRITTEN = "ClusterWritten"
    SCHEDULE_WRITTEN = "ScheduleWritten"
    SCHEDULE_DELETED = "ScheduleDeleted"
    ASKED = "Asked"
    REPLAYED = "Replayed"


@dataclass(frozen=True, slots=True)
class ReconcileCluster:
    """The command to reconcile one cluster.

    `asked_at` (UTC) is when it was first asked for and stays the same over all attempts;
    `attempt` counts from 1. `since` is when the queue took the first message in, by the storage
    service's own clock; whoever receives it first writes it down.
    """

    cluster_id: ClusterId
    cause: Cause
    asked_at: datetime
    attempt: int = 1
    event_id: str | None = None
    since: datetime | None = None

    def deferred(self) -> Self:
        """Give the same work for its next attempt."""
        return replace(self, attempt=self.attempt + 1)

    def to_message(self) -> str:
        """Write the queue message: a versioned envelope, compact JSON.

        The envelope is there because the Functions host lets top-level keys of a JSON message
        overwrite the trigger's metadata.
        """
        work = {
            "clusterId": str(self.cluster_id),
            "cause": self.cause.value,
            "askedAt": instants.to_text(self.asked_at),
            "attempt": self.attempt,
            "eventId": self.event_id,
            "since": instants.to_text(self.since) if self.since else None,
        }
        return json.dumps({"v": _VERSION, "work": work}, separators=(",", ":"))


def parse_reconcile_cluster(message: str) -> ReconcileCluster:
    """Read what `to_message` wrote; raises InvalidMessage, with every problem, and nothing else."""
    try:
        envelope = Fields(parse_object(message, MAX_MESSAGE_BYTES), "", [])
    except NotStrictJson as error:
        raise InvalidMessage.because("message", message, str(error)) from error
    envelope.refuse_unknown(("v", "work"))
    envelope.required("v", whole_number(_VERSION, _VERSION))
    work = envelope.under("work")
    if work is None:
        raise InvalidMessage(envelope.problems)
    return _work_in(work)


def _work_in(work: Fields) -> ReconcileCluster:
    work.refuse_unknown(("clusterId", "cause", "askedAt", "attempt", "eventId", "since"))
    cluster_id = work.required("clusterId", _cluster_id)
    cause = work.required("cause", _cause)
    asked_at = work.required("askedAt", _instant)
    attempt = work.required("attempt", whole_number(1, _MOST_ATTEMPTS))
    event_id = work.optional("eventId", text)
    since = work.optional("since", _instant)
    if work.problems or not (cluster_id and cause and asked_at and attempt):
        raise InvalidMessage(work.problems)
    return ReconcileCluster(cluster_id, cause, asked_at, attempt, event_id, since)


def _cluster_id(value: object) -> ClusterId:
    try:
        return ClusterId.parse(text(value))
    except InvalidResourceId as error:
        raise BrokenRule(error.problems[0].rule) from error


def _cause(value: object) -> Cause:
    try:
        return Cause(text(value))
    except ValueError as error:
        raise BrokenRule(f"must be one of {', '.join(Cause)}") from error


def _instant(value: object) -> datetime:
    try:
        return instants.from_text(text(value))
    except (ValueError, OverflowError) as error:
        raise BrokenRule("must be an ISO 8601 instant with Z or an offset") from error


def delay_before(
    attempt: int, error_retry_after: timedelta | None, *, slow: bool, jitter: float
) -> timedelta:
    """Say how long to wait before an attempt, counted from 1.

    30 s before the second attempt (`slow`: 5 minutes), doubling up to 30 minutes, each longer by
    up to a quarter with `jitter` from 0 to 1. What the error asked for is the lower bound, up to
    6 hours: no answer may put a cluster to sleep for days.
    """
    first = FIRST_SLOW_DELAY if slow else FIRST_DELAY
    doublings = min(max(attempt - 2, 0), 10)
    delay = min(first * (1 << doublings) * (1 + jitter / 4), LONGEST_DELAY)
    return max(delay, min(error_retry_after or timedelta(), LONGEST_RETRY_AFTER))


def is_spent(work: ReconcileCluster, now: datetime) -> bool:
    """Say whether the patience for this work has run out; then it is given up on."""
    return now - work.asked_at >= PATIENCE
