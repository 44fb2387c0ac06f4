"""Who may reconcile a cluster, and what is remembered of it; times are the storage service's."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from shared.domain.cluster_id import ClusterId


@dataclass(frozen=True, slots=True)
class Claim:
    """The right to reconcile one cluster for a while."""

    cluster_id: ClusterId
    token: str
    """What the row said when it was claimed (its ETag); a later claim changes it."""
    claimed_at: datetime
    """When the storage service accepted the claim, in whole seconds, rounded down, in UTC."""
    last_changed_at: datetime | None = None
    """When the row had been changed before, by a claim or its release; None if it is new."""


@dataclass(frozen=True, slots=True)
class ClusterRecord:
    """What is remembered of the claims on a cluster."""

    cluster_id: ClusterId
    concluded_at: datetime | None = None
    """When the last reconcile that came to an end claimed the row, by the storage's clock."""
    claimed: bool = False


@dataclass(frozen=True, slots=True)
class Busy:
    """Somebody else holds the claim now, or cannot yet be told from this work's own time."""

    wait: timedelta = timedelta(seconds=2)
    """How long it makes sense to wait at least."""


@dataclass(frozen=True, slots=True)
class AlreadyDone:
    """A reconcile that began after the work was asked for has come to its end."""


type Refusal = Busy | AlreadyDone
