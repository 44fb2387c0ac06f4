"""What the use cases need from the world; `shared/clients` satisfies it, tests have fakes of it."""

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Protocol

from shared.domain.deciding.observed import (
    NODE_OS_SCHEDULE,
    ClusterPage,
    Listing,
    ObservedCluster,
    ObservedConfiguration,
)
from shared.domain.fleet.run_work import Baton, RunWork
from shared.domain.images.machines import ImagePool, MachinePage
from shared.domain.images.node_image import NodeImage
from shared.domain.messages.given_up import GivenUp
from shared.domain.messages.outbox import PublishEvents
from shared.domain.messages.work import Claim, ClusterRecord, ReconcileCluster, Refusal
from shared.domain.vocabulary.cloud_event import CloudEvent
from shared.domain.vocabulary.ids import ClusterId
from shared.domain.vocabulary.rows import Reading, Row, Values
from shared.domain.window.window import MaintenanceWindow


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

    def list_clusters(
        self, subscription_id: str, resource_group: str | None
    ) -> AsyncIterator[ClusterPage]:
        """Yield the clusters of a subscription, or of one resource group, page by page."""
        ...

    async def list_configurations(self, cluster_id: ClusterId) -> Listing:
        """Read all maintenance configurations; `ClusterGone` where there is no cluster."""
        ...

    async def put_node_os_schedule(
        self, cluster_id: ClusterId, window: MaintenanceWindow, name: str = NODE_OS_SCHEDULE
    ) -> ObservedConfiguration:
        """Create or replace the node OS schedule, and give the body that ARM accepted.

        The `name` of one that is there is its own, in the casing that ARM has.
        """
        ...

    async def delete_node_os_schedule(
        self, cluster_id: ClusterId, name: str = NODE_OS_SCHEDULE
    ) -> None:
        """Delete the node OS schedule, if it is there; `DeleteNotGranted` where that is a 403."""
        ...


class NodeImages(Protocol):
    """What ARM tells of node images. Each is one attempt; each raises `AzureError` only."""

    async def list_node_images(self, subscription_id: str, location: str) -> list[NodeImage]:
        """List the images of a location (short name); stale ones may be beside the newest."""
        ...

    async def image_pools(self, cluster_id: ClusterId) -> Sequence[ImagePool]:
        """Read a cluster's agent pools, one for each image family."""
        ...

    async def newest_of_pool(self, cluster_id: ClusterId, pool: str) -> NodeImage | None:
        """Read the newest image that a pool could be upgraded to; None where it is unknown."""
        ...


class NapMachines(Protocol):
    """The listing of the machines that NAP made; each call is one attempt, as with `Aks`."""

    async def page(self, subscriptions: Sequence[str], page: str) -> MachinePage:
        """Read a page of the machines of up to 1,000 subscriptions; "" is the first."""
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

    async def release(self, claim: Claim, *, concluded: bool) -> None:
        """Give the claim back; what concluded answers all work from before the claim."""
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

    async def forget_run(self, run_id: str) -> None:
        """Remove all that was given up of a run."""
        ...

    async def page(self, after: str, limit: int) -> Sequence[tuple[str, GivenUp]]:
        """Read up to `limit` records, each with its place, from behind a place; "" is the start."""
        ...


class WorkQueue(Protocol):
    """The queue of clusters to reconcile."""

    async def send(self, work: ReconcileCluster, delay: timedelta = timedelta(0)) -> None:
        """Enqueue, to be seen after the delay."""
        ...


class RunQueue(Protocol):
    """The queue of runs to start and subscriptions to list."""

    async def send(self, work: RunWork, delay: timedelta = timedelta(0)) -> None:
        """Enqueue, to be seen after the delay."""
        ...


class BatonQueue(Protocol):
    """The queue of batons."""

    async def send(self, work: Baton, delay: timedelta = timedelta(0)) -> None:
        """Enqueue, to be seen after the delay."""
        ...


class EventQueue(Protocol):
    """The queue of events to publish."""

    async def send(self, work: PublishEvents, delay: timedelta = timedelta(0)) -> None:
        """Enqueue, to be seen after the delay."""
        ...


class Topic(Protocol):
    """The custom topic that naptime publishes to."""

    async def publish(self, events: Sequence[CloudEvent]) -> None:
        """Publish all of them or none; raises `AzureError`."""
        ...


class Table(Protocol):
    """One table; it is made by the first write, and reads as empty until then."""

    async def get(self, partition: str, key: str) -> Reading:
        """Read one row, and the storage service's own time."""
        ...

    async def insert(self, partition: str, key: str, values: Values) -> str | None:
        """Make a row and give its ETag; None if there is one already, which stays as it is."""
        ...

    async def replace(self, row: Row, values: Values) -> str | None:
        """Replace a row and give its new ETag; None if somebody has changed it since."""
        ...

    async def settle(self, row: Row, values: Values, others: Mapping[str, Values]) -> str | None:
        """Replace a row, and merge up to 99 others of its partition, all or (None) nothing."""
        ...

    async def insert_new(self, partition: str, rows: Mapping[str, Values]) -> None:
        """Make those rows, any number, that are not there; the others stay as they are."""
        ...

    async def merge(self, partition: str, rows: Mapping[str, Values]) -> None:
        """Make or change rows, any number; values that are not named stay as they are."""
        ...

    async def delete(self, partition: str, key: str) -> None:
        """Remove a row, if it is there."""
        ...

    def rows(
        self,
        partition: str,
        *,
        after: str = "",
        before: str = "",
        where: Values | None = None,
        only: Sequence[str] = (),
    ) -> AsyncIterator[Row]:
        """Yield rows in the order of their keys, `after` < key < `before`, with equal values.

        Where `only` some values are named, rows come without the others.
        """
        ...

    async def first(
        self,
        partition: str,
        limit: int,
        *,
        after: str = "",
        before: str = "",
        where: Values | None = None,
    ) -> Sequence[Row]:
        """Give the first rows of these."""
        ...


class Tables(Protocol):
    """Tables by name."""

    def of(self, name: str) -> Table:
        """Give a table."""
        ...

    async def names(self, prefix: str) -> Sequence[str]:
        """Name the tables that are there and begin so, in order."""
        ...

    async def drop(self, name: str) -> None:
        """Remove a table with all that is in it, if it is there."""
        ...


class Ports(Protocol):
    """All that is outside: each opened when it is first asked for, and kept until `close`."""

    @property
    def clock(self) -> Clock:
        """Now, for whoever has to say when."""
        ...

    def jitter(self) -> float:
        """Draw a number from 0 to 1, so that what failed together is not tried again together."""
        ...

    def new_id(self) -> str:
        """Make up an id that nobody else has: 32 hexadecimal digits."""
        ...

    @property
    def aks(self) -> Aks:
        """ARM's AKS provider."""
        ...

    @property
    def node_images(self) -> NodeImages:
        """ARM's node images."""
        ...

    @property
    def machines(self) -> NapMachines:
        """Resource Graph's machines."""
        ...

    @property
    def retry(self) -> Retry:
        """The one layer of quick retries."""
        ...

    @property
    def topic(self) -> Topic | None:
        """The custom topic; None where nothing is published."""
        ...

    @property
    def tables(self) -> Tables:
        """The tables of naptime's storage account."""
        ...

    @property
    def records(self) -> ClusterRecords:
        """The claims on clusters."""
        ...

    @property
    def given_up(self) -> GivenUpRecords:
        """The table of what was given up."""
        ...

    @property
    def clusters_queue(self) -> WorkQueue:
        """The queue of clusters to reconcile."""
        ...

    @property
    def runs_queue(self) -> RunQueue:
        """The queue of runs to start and subscriptions to list."""
        ...

    @property
    def shards_queue(self) -> BatonQueue:
        """The queue of batons."""
        ...

    @property
    def events_queue(self) -> EventQueue:
        """The queue of events to publish."""
        ...

    async def close(self) -> None:
        """Close whatever was opened, the last first."""
        ...
