"""What the use cases need from the world; `shared/clients` satisfies it, tests have fakes of it."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Protocol

from shared.domain.cluster_id import ClusterId
from shared.domain.observed import ObservedCluster, ObservedConfiguration
from shared.domain.outcome import Outcome
from shared.domain.window import MaintenanceWindow
from shared.domain.work import ReconcileCluster


class Clock(Protocol):
    """Now, and waiting for later."""

    def now(self) -> datetime:
        """Give the current instant, aware, in UTC."""
        ...

    async def sleep(self, seconds: float) -> None:
        """Wait."""
        ...


@dataclass(frozen=True, slots=True)
class Listing:
    """A cluster's maintenance configurations, and ARM's own time when it answered (its `Date`)."""

    configurations: tuple[ObservedConfiguration, ...]
    answered_at: datetime | None = None


class Aks(Protocol):
    """The calls to ARM. Each is one attempt; each raises `AzureError` and nothing else."""

    async def get_cluster(self, cluster_id: ClusterId) -> ObservedCluster:
        """Read one cluster; `ClusterGone` where there is none."""
        ...

    async def list_configurations(self, cluster_id: ClusterId) -> Listing:
        """Read all maintenance configurations; `ClusterGone` where there is no cluster."""
        ...

    async def put_node_os_schedule(
        self, cluster_id: ClusterId, window: MaintenanceWindow
    ) -> ObservedConfiguration:
        """Create or replace the node OS schedule, and give the body that ARM accepted."""
        ...


class Retry(Protocol):
    """Tries again what is worth trying again at once; the last real error comes out."""

    async def __call__[T](self, attempt: Callable[[], Awaitable[T]]) -> T:
        """Run the attempt until it succeeds, cannot succeed, or about a minute has passed."""
        ...


@dataclass(frozen=True, slots=True)
class Claim:
    """The right to reconcile one cluster for a while."""

    cluster_id: ClusterId
    token: str
    """What the row said when it was claimed (its ETag); a later claim changes it."""
    claimed_at: datetime
    """When the storage service accepted the claim, in whole seconds, rounded down, in UTC."""


@dataclass(frozen=True, slots=True)
class ClusterRecord:
    """What is remembered of a cluster."""

    cluster_id: ClusterId
    concluded_at: datetime | None = None
    """When the last reconcile that came to an end claimed the row, by the storage's clock."""
    claimed: bool = False
    last_outcome: dict[str, object] = field(default_factory=dict)
    """The last outcome as JSON, with `recordedAt`; empty if there was none."""


class ClusterRecords(Protocol):
    """One record per cluster, which whoever reconciles it claims first."""

    async def claim(self, cluster_id: ClusterId, since: datetime | None) -> "Claim | Refusal":
        """Claim the cluster; `since` is when the work was asked for, by the storage's clock."""
        ...

    async def release(self, claim: Claim, outcome: Outcome | None, now: datetime) -> None:
        """Give the claim back; an outcome that concludes is remembered as of the claim's time."""
        ...

    async def get(self, cluster_id: ClusterId) -> ClusterRecord:
        """Read what is remembered; an empty record if there is nothing."""
        ...


@dataclass(frozen=True, slots=True)
class Busy:
    """Somebody else holds the claim now, or cannot yet be told from this work's own time."""

    wait: timedelta = timedelta(seconds=2)
    """How long it makes sense to wait at least."""


@dataclass(frozen=True, slots=True)
class AlreadyDone:
    """A reconcile that began after the work was asked for has come to its end."""


type Refusal = Busy | AlreadyDone


@dataclass(frozen=True, slots=True)
class GivenUp:
    """Work that was given up on, with the reason and what to do."""

    cluster_id: ClusterId | None
    reason: str
    message: str
    advice: str
    given_up_at: datetime
    attempts: int
    work: str
    """The queue message, with which the work can be replayed."""

    def to_json(self) -> dict[str, object]:
        """Give it as the HTTP API shows it: camelCase, times in ISO 8601."""
        return {
            "reason": self.reason,
            "message": self.message,
            "advice": self.advice,
            "givenUpAt": self.given_up_at.isoformat().replace("+00:00", "Z"),
            "attempts": self.attempts,
        }


class GivenUpRecords(Protocol):
    """The table of what was given up."""

    async def put(self, given_up: GivenUp) -> None:
        """Record it; a later one for the same cluster replaces it."""
        ...

    async def get(self, cluster_id: ClusterId) -> GivenUp | None:
        """Read what was given up for one cluster."""
        ...

    async def forget(self, cluster_id: ClusterId) -> None:
        """Remove it, if it is there: the cluster has been reconciled after all."""
        ...


class WorkQueue(Protocol):
    """The queue of clusters to reconcile."""

    async def send(self, work: ReconcileCluster, delay: timedelta = timedelta(0)) -> None:
        """Enqueue, to be seen after the delay."""
        ...
