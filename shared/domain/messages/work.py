"""Work on one cluster, as it travels through the queue, and when it comes back.

Who may reconcile a cluster, and what is remembered of it; times are the storage service's.
"""

from copy import replace
from datetime import datetime, timedelta

from msgspec import Struct

from shared.domain.deciding.observed import REPLICATION
from shared.domain.messages.envelope import seal, unseal
from shared.domain.messages.seen import SeenCluster
from shared.domain.updates.plan import Planned, read_planned
from shared.domain.vocabulary import instants
from shared.domain.vocabulary.fields import (
    BrokenRule,
    Fields,
    an_instant,
    an_object,
    text,
    whole_number,
)
from shared.domain.vocabulary.ids import ClusterId, plain_location
from shared.domain.vocabulary.invalid import InvalidMessage, InvalidResourceId, InvalidWindow
from shared.domain.vocabulary.reasons import Cause, Reason
from shared.domain.vocabulary.rows import Row
from shared.domain.window.body import read_window, write_window
from shared.domain.window.window import MaintenanceWindow

CLUSTERS_QUEUE = "naptime-clusters"

PATIENCE = timedelta(hours=24)
"""How long work is tried again before it is given up on."""

_UPDATES_WAIT = timedelta(days=9)
"""Longer than the time between two openings: what was approved waits for the next."""
_PATIENCE_FOR = {Reason.WRITE_TARGET_GONE: REPLICATION, Reason.UPDATE_WAITS: _UPDATES_WAIT}

FIRST_DELAY = timedelta(seconds=30)
FIRST_SLOW_DELAY = timedelta(minutes=5)
LONGEST_DELAY = timedelta(minutes=30)
LONGEST_RETRY_AFTER = timedelta(hours=6)
FIRST_PACED_DELAY = timedelta(seconds=2)
LONGEST_PACED_DELAY = timedelta(minutes=1)

SLOW = frozenset({Reason.ACCESS_DENIED, Reason.NOT_AUTHENTICATED})
"""What only a person or a role assignment on its way can mend: minutes, not seconds."""

_MOST_ATTEMPTS = 1_000_000
_FIELDS = (
    *("clusterId", "cause", "askedAt", "attempt", "eventId", "since", "eventAt"),
    *("location", "seen", "sent", "update"),
)


class ReconcileCluster(Struct, frozen=True):
    """The command to reconcile one cluster.

    `asked_at` (UTC) is when it was first asked for and stays the same over all attempts;
    `attempt` counts from 1. `event_at` (UTC) is when the event behind it says that it happened;
    only figures are made of it. `since` is when the queue took the first message in, by the storage
    service's own clock; whoever receives it first writes it down. `location` (short name) and
    `seen` are what an attempt before has found out, so that the next costs no call too early.
    `sent` is a window that one of them sent, and was not told whether it was accepted.
    """

    cluster_id: ClusterId
    cause: Cause
    asked_at: datetime
    attempt: int = 1
    event_id: str | None = None
    since: datetime | None = None
    event_at: datetime | None = None
    location: str | None = None
    seen: SeenCluster | None = None
    sent: MaintenanceWindow | None = None
    update: Planned | None = None
    """What may be changed of its schedule, as a run has planned it; its run waits for nothing."""

    @property
    def exists_at(self) -> datetime | None:
        """When an event or a listing said that the cluster exists; None where a person only asks.

        In UTC, by whichever clock wrote it down; an event of the future is one of when it came.
        """
        if self.cause in {Cause.ASKED, Cause.REPLAYED}:
            return None
        return min(self.event_at or self.asked_at, self.asked_at)

    def deferred(
        self,
        seen: SeenCluster | None = None,
        *,
        paced: bool = False,
        sent: MaintenanceWindow | None = None,
    ) -> "ReconcileCluster":
        """Give the same work for its next attempt, with what this one has read, and perhaps sent.

        Where a cluster is stays; how it is counts only if naptime's own pace alone held it back.
        """
        location = seen.cluster.location if seen else self.location
        kept = seen if paced and seen and seen.is_small else None
        sent = sent or self.sent
        return replace(self, attempt=self.attempt + 1, location=location, seen=kept, sent=sent)

    def to_message(self) -> str:
        work: dict[str, object] = {
            "clusterId": str(self.cluster_id),
            "cause": self.cause.value,
            "askedAt": instants.to_text(self.asked_at),
            "attempt": self.attempt,
            "eventId": self.event_id,
            "since": instants.to_text(self.since) if self.since else None,
            "eventAt": instants.to_text(self.event_at) if self.event_at else None,
        }
        # Only where they are known: the version before takes no message with fields of its next.
        known = {
            "location": self.location,
            "seen": self.seen.to_json() if self.seen else None,
            "sent": write_window(self.sent) if self.sent else None,
            "update": self.update.to_json() if self.update else None,
        }
        return seal(work | {name: value for name, value in known.items() if value is not None})


def parse_reconcile_cluster(message: str) -> ReconcileCluster:
    """Read what `to_message` wrote; raises InvalidMessage, with every problem, and nothing else."""
    return _work_in(unseal(message))


def _work_in(work: Fields) -> ReconcileCluster:
    work.refuse_unknown(_FIELDS)
    cluster_id = work.required("clusterId", _cluster_id)
    cause = work.required("cause", _cause)
    asked_at = work.required("askedAt", an_instant)
    attempt = work.required("attempt", whole_number(1, _MOST_ATTEMPTS))
    event_id = work.optional("eventId", text)
    since = work.optional("since", an_instant)
    event_at = work.optional("eventAt", an_instant)
    location = work.optional("location", _location)
    seen = work.optional("seen", an_object)
    sent = work.optional("sent", _window)
    update = read_planned(work)
    if work.problems or not (cluster_id and cause and asked_at and attempt):
        raise InvalidMessage(work.problems)
    return ReconcileCluster(
        cluster_id=cluster_id,
        cause=cause,
        asked_at=asked_at,
        attempt=attempt,
        event_id=event_id,
        since=since,
        event_at=event_at,
        location=location,
        seen=SeenCluster.of(seen, cluster_id) if seen else None,
        sent=sent,
        update=update,
    )


def _cluster_id(value: object) -> ClusterId:
    try:
        return ClusterId.parse(text(value))
    except InvalidResourceId as error:
        raise BrokenRule(error.problems[0].rule) from error


def _location(value: object) -> str:
    return plain_location(text(value))


def _cause(value: object) -> Cause:
    try:
        return Cause(text(value))
    except ValueError as error:
        raise BrokenRule(f"must be one of {', '.join(Cause)}") from error


def _window(value: object) -> MaintenanceWindow:
    try:
        return read_window(an_object(value))
    except InvalidWindow as error:
        raise BrokenRule("must be a maintenance window") from error


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


def paced_delay(attempt: int, wait: timedelta | None, jitter: float) -> timedelta:
    """Say how long to wait before an attempt that only naptime's own pace held back.

    2 s before the second attempt, doubling up to a minute, each longer by up to a half with
    `jitter` from 0 to 1; what the pace asks for is the lower bound.
    """
    doublings = min(max(attempt - 2, 0), 10)
    delay = min(FIRST_PACED_DELAY * (1 << doublings), LONGEST_PACED_DELAY) * (1 + jitter / 2)
    return max(delay, wait or timedelta())


def is_spent(work: ReconcileCluster, reason: Reason, now: datetime) -> bool:
    """Say whether the patience for work that was deferred for a reason has run out."""
    return now - work.asked_at >= _PATIENCE_FOR.get(reason, PATIENCE)


class Claim(Struct, frozen=True):
    """The right to reconcile one cluster for a while."""

    cluster_id: ClusterId
    row: Row
    """The row as it was claimed; a later claim changes its ETag."""
    claimed_at: datetime
    """When the storage service accepted the claim, in whole seconds, rounded down, in UTC."""
    is_first: bool = False
    """Whether there was no claim on the cluster before: nobody has written to it for two weeks."""


class Busy(Struct, frozen=True):
    """Somebody else holds the claim now, or cannot yet be told from this work's own time."""

    wait: timedelta = timedelta(seconds=2)
    """How long it makes sense to wait at least."""


class AlreadyDone(Struct, frozen=True):
    """A reconcile that began after the work was asked for has come to its end."""


type Refusal = Busy | AlreadyDone
