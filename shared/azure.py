"""Azure, as the settings have it: every port opened when it is first asked for, closed in reverse.

The clients are imported where they are opened: their SDKs together take half a second to import,
and an Event Grid event needs those of storage alone.
"""

import random
from contextlib import AsyncExitStack, asynccontextmanager
from functools import cached_property
from typing import TYPE_CHECKING, Protocol
from uuid import uuid4

from shared.domain.fleet.run_work import RUNS_QUEUE, SHARDS_QUEUE, Baton, RunWork
from shared.domain.messages.envelope import HeldBack
from shared.domain.messages.outbox import EVENTS_QUEUE, PublishEvents
from shared.domain.messages.work import CLUSTERS_QUEUE, ReconcileCluster
from shared.settings import Settings
from shared.storage_settings import StorageSettings

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from shared.clients.aks import AksClient
    from shared.clients.arm import ArmClients
    from shared.clients.clock import SystemClock
    from shared.clients.event_topic import EventTopic
    from shared.clients.identity import Credential
    from shared.clients.node_images import NodeImageClient
    from shared.clients.resource_graph import ResourceGraph
    from shared.clients.retry import QuickRetry
    from shared.clients.storage.account import StorageAccount
    from shared.clients.storage.queues import StoragePoisonQueues, StorageQueue
    from shared.ports.storage import Queue, Tables, Work


class Closable(Protocol):
    """What holds connections."""

    async def close(self) -> None: ...


def leave() -> None:
    """Leave what was loaded as it is."""


class Azure:
    """The ports of a deployed naptime; another driver replaces those that it has otherwise."""

    def __init__(self, settings: Settings, settle: "Callable[[], None]" = leave) -> None:
        """Open nothing yet; `settle` is called whenever an SDK has been loaded."""
        self.settings = settings
        self._settle = settle
        self._opened = AsyncExitStack()

    def opened[C: Closable](self, client: C) -> C:
        """Give a client that will be closed, before whatever was opened before it."""
        self._opened.push_async_callback(client.close)
        self._settle()
        return client

    async def close(self) -> None:
        """Close whatever was opened, the last first, also where one of them fails at it."""
        await self._opened.aclose()

    @cached_property
    def clock(self) -> "SystemClock":
        """The machine's own."""
        from shared.clients.clock import SystemClock

        return SystemClock()

    def jitter(self) -> float:
        """Draw a number from 0 to 1."""
        return random.random()  # noqa: S311 - nobody gains by guessing when something is tried again

    def new_id(self) -> str:
        """Make up an id that nobody else has."""
        return uuid4().hex

    @cached_property
    def retry(self) -> "QuickRetry":
        """The one layer of quick retries."""
        from shared.clients.retry import QuickRetry

        return QuickRetry(self.clock, self.jitter)

    @cached_property
    def credential(self) -> "Credential":
        """The identity that every call is made with."""
        from shared.clients.identity import new_credential

        return self.opened(new_credential())

    @cached_property
    def arm(self) -> "ArmClients":
        """The connections to Azure Resource Manager."""
        from shared.clients.arm import ArmClients

        settings = self.settings
        return self.opened(
            ArmClients(
                self.credential,
                settings.arm_endpoint,
                self.clock,
                settings.desired.attempt_timeout,
                settings.aks_api_version,
            )
        )

    @cached_property
    def aks(self) -> "AksClient":
        from shared.clients.aks import AksClient

        return AksClient(self.arm)

    @cached_property
    def machines(self) -> "ResourceGraph":
        """Resource Graph's machines."""
        from shared.clients.resource_graph import ResourceGraph

        return ResourceGraph(self.arm)

    @cached_property
    def node_images(self) -> "NodeImageClient":
        from shared.clients.node_images import NodeImageClient

        return NodeImageClient(self.arm, self.settings.node_images_api_version)

    @cached_property
    def topic(self) -> "EventTopic | None":
        """The custom topic, if there is one."""
        endpoint, source = self.settings.topic_endpoint, self.settings.event_source
        if endpoint is None:
            return None
        from shared.clients.event_topic import EventTopic

        return self.opened(EventTopic(self.credential, endpoint, source, self.clock))

    @cached_property
    def storage(self) -> "StorageAccount":
        """The storage account of the Functions host; its identity only where it needs one."""
        from shared.clients.storage.account import StorageAccount

        return self.opened(StorageAccount(self.settings.storage, lambda: self._storage_credential))

    @cached_property
    def _storage_credential(self) -> "Credential":
        from shared.clients.identity import new_credential

        client_id = self.settings.storage.client_id
        return self.opened(new_credential(client_id)) if client_id else self.credential

    @cached_property
    def tables(self) -> "Tables":
        from shared.clients.storage.account_tables import StorageTables

        return self.opened(StorageTables(self.storage))

    @cached_property
    def clusters_queue(self) -> "StorageQueue[ReconcileCluster | HeldBack]":
        """The queue of clusters to reconcile."""
        return self._queue(CLUSTERS_QUEUE)

    @cached_property
    def runs_queue(self) -> "StorageQueue[RunWork | HeldBack]":
        """The queue of runs to start and subscriptions to list."""
        return self._queue(RUNS_QUEUE)

    @cached_property
    def shards_queue(self) -> "StorageQueue[Baton | HeldBack]":
        return self._queue(SHARDS_QUEUE)

    @cached_property
    def events_queue(self) -> "StorageQueue[PublishEvents | HeldBack]":
        """The queue of events to publish."""
        return self._queue(EVENTS_QUEUE)

    @cached_property
    def poison(self) -> "StoragePoisonQueues":
        """Where the Functions host puts messages aside."""
        from shared.clients.storage.queues import StoragePoisonQueues

        return self.opened(StoragePoisonQueues(self.storage))

    def _queue[W: Work](self, name: str) -> "StorageQueue[W]":
        from shared.clients.storage.queues import StorageQueue

        return self.opened(StorageQueue(self.storage.queue(name)))


@asynccontextmanager
async def opened_alone(storage: StorageSettings, queue: str) -> "AsyncIterator[Queue[HeldBack]]":
    """Open one queue by the settings of storage alone: others may be refused."""
    from shared.clients.identity import new_credential
    from shared.clients.storage.account import StorageAccount
    from shared.clients.storage.queues import StorageQueue

    async with AsyncExitStack() as opened:

        def credential() -> "Credential":
            made = new_credential()
            opened.push_async_callback(made.close)
            return made

        account = StorageAccount(storage, credential)
        opened.push_async_callback(account.close)
        client = StorageQueue[HeldBack](account.queue(queue))
        opened.push_async_callback(client.close)
        yield client


def is_storage_trouble(error: BaseException) -> bool:
    """Say whether an exception means that storage has to be asked again later."""
    from shared.clients.storage.account import is_storage_trouble as is_trouble

    return is_trouble(error)
