"""What the use cases need from the world; `shared/clients` satisfies it, tests have fakes of it."""

from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from typing import Protocol

from shared.domain.claims import Claim, ClusterRecord, Refusal
from shared.domain.cluster_id import ClusterId
from shared.domain.given_up import GivenUp
from shared.domain.observed import Listing, ObservedCluster, ObservedConfiguration
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


class ClusterRecords(Protocol):
    """One record per cluster, which whoever reconciles it claims first."""

    async def claim(self, cluster_id: ClusterId, since: datetime | None) -> Claim | Refusal:
        """Claim the cluster; `since` is when the work was asked for, by the storage's clock."""
        ...

    async def release(self, claim: Claim, outcome: Outcome | None, now: datetime) -> None:
        """Give the claim back; an outcome that concludes is remembered as of the claim's time."""
        ...

    async def get(self, cluster_id: ClusterId) -> ClusterRecord:
        """Read what is remembered; an empty record if there is nothing."""
        ...


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
