"""Every port, as a driver hands them to the world."""

from typing import Protocol

from shared.domain.fleet import run_work
from shared.domain.fleet.run_work import Baton, RunWork
from shared.domain.messages import work
from shared.domain.messages.envelope import HeldBack
from shared.domain.messages.outbox import PublishEvents
from shared.domain.messages.work import ReconcileCluster
from shared.ports.azure import Aks, Clock, NapMachines, NodeImages, Retry, Topic
from shared.ports.storage import PoisonQueues, Queue, Tables


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
    def aks(self) -> Aks: ...

    @property
    def node_images(self) -> NodeImages: ...

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
    def clusters_queue(self) -> Queue[ReconcileCluster | HeldBack]:
        """The queue of clusters to reconcile."""
        ...

    @property
    def runs_queue(self) -> Queue[RunWork | HeldBack]:
        """The queue of runs to start and subscriptions to list."""
        ...

    @property
    def shards_queue(self) -> Queue[Baton | HeldBack]: ...

    @property
    def events_queue(self) -> Queue[PublishEvents | HeldBack]:
        """The queue of events to publish."""
        ...

    @property
    def poison(self) -> PoisonQueues:
        """Where the Functions host puts messages aside."""
        ...

    async def close(self) -> None:
        """Close whatever was opened, the last first."""
        ...


def queue_named(ports: Ports, name: str) -> Queue[HeldBack]:
    """Open the queue of that name, for a message that comes back to it."""
    match name:
        case work.CLUSTERS_QUEUE:
            return ports.clusters_queue
        case run_work.RUNS_QUEUE:
            return ports.runs_queue
        case run_work.SHARDS_QUEUE:
            return ports.shards_queue
        case _:
            return ports.events_queue
