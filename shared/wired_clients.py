"""Every client of the app, made when it is first needed, and imported then.

The SDKs together take half a second to import, and an Event Grid event needs only the queue.
"""

import random
from collections.abc import Mapping
from functools import cached_property
from typing import TYPE_CHECKING

from shared.settings import Settings, read_settings
from shared.telemetry.log import quieten_sdks

if TYPE_CHECKING:
    from shared.clients.arm import ArmClients
    from shared.clients.storage import StorageAccount
    from shared.clients.transport import Credential
    from shared.reconcile.ground.ports import (
        Aks,
        BatonQueue,
        Clock,
        ClusterRecords,
        EventQueue,
        GivenUpRecords,
        NapMachines,
        NodeImages,
        Retry,
        RunQueue,
        Table,
        Tables,
        Topic,
        WorkQueue,
    )


class WiredClients:
    """The outside world, as the settings have it; use cases are built upon it."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        """Read the settings; raise `InvalidSetting` that names the variable."""
        self.settings: Settings = read_settings(environment)
        quieten_sdks()

    @cached_property
    def clock(self) -> "Clock":
        """The clock, for whoever has to say when."""
        from shared.clients.clock import SystemClock

        return SystemClock()

    @property
    def _clock(self) -> "Clock":
        return self.clock

    @cached_property
    def _retry(self) -> "Retry":
        from shared.clients.retry import QuickRetry

        return QuickRetry(self._clock, random.random)

    @cached_property
    def _credential(self) -> "Credential":
        from shared.clients.transport import new_credential

        return new_credential()

    @cached_property
    def _aks(self) -> "Aks":
        from shared.clients.aks import AksClient

        return AksClient(self._arm)

    @cached_property
    def _arm(self) -> "ArmClients":
        from shared.clients.arm import ArmClients

        settings = self.settings
        return ArmClients(
            self._credential, settings.arm_endpoint, self._clock, settings.desired.attempt_timeout
        )

    @cached_property
    def _resource_graph(self) -> "NapMachines":
        from shared.clients.resource_graph import ResourceGraph

        return ResourceGraph(self._arm)

    @cached_property
    def _node_images(self) -> "NodeImages":
        from shared.clients.node_images import NodeImageClient

        return NodeImageClient(self._arm, self.settings.node_images_api_version)

    @cached_property
    def _topic(self) -> "Topic | None":
        endpoint = self.settings.topic_endpoint
        if endpoint is None:
            return None
        from shared.clients.event_topic import EventTopic

        return EventTopic(self._credential, endpoint, self.settings.event_source, self._clock)

    @cached_property
    def _storage(self) -> "StorageAccount":
        from shared.clients.storage import StorageAccount

        return StorageAccount(self.settings.storage, lambda: self._credential)

    @cached_property
    def _queue(self) -> "WorkQueue":
        from shared.clients.work_queue import StorageWorkQueue
        from shared.domain.messages.work import CLUSTERS_QUEUE

        return StorageWorkQueue(self._storage.queue(CLUSTERS_QUEUE))

    @cached_property
    def _run_queue(self) -> "RunQueue":
        from shared.clients.work_queue import StorageWorkQueue
        from shared.domain.fleet.run_work import RUNS_QUEUE

        return StorageWorkQueue(self._storage.queue(RUNS_QUEUE))

    @cached_property
    def _batons(self) -> "BatonQueue":
        from shared.clients.work_queue import StorageWorkQueue
        from shared.domain.fleet.run_work import SHARDS_QUEUE

        return StorageWorkQueue(self._storage.queue(SHARDS_QUEUE))

    @cached_property
    def _event_queue(self) -> "EventQueue":
        from shared.clients.work_queue import StorageWorkQueue
        from shared.domain.messages.outbox import EVENTS_QUEUE

        return StorageWorkQueue(self._storage.queue(EVENTS_QUEUE))

    @cached_property
    def _tables(self) -> "Tables":
        from shared.clients.tables import StorageTables

        return StorageTables(self._storage)

    @cached_property
    def _clusters(self) -> "Table":
        from shared.clients.cluster_records import CLUSTERS_TABLE

        return self._tables.of(CLUSTERS_TABLE)

    @cached_property
    def _records(self) -> "ClusterRecords":
        from shared.clients.cluster_records import CLUSTERS_TABLE, StorageClusterRecords

        return StorageClusterRecords(self._storage.table(CLUSTERS_TABLE))

    @cached_property
    def _given_up(self) -> "GivenUpRecords":
        from shared.clients.given_up_records import GIVEN_UP_TABLE, StorageGivenUpRecords

        return StorageGivenUpRecords(self._storage.table(GIVEN_UP_TABLE))

    @staticmethod
    def is_storage_trouble(error: Exception) -> bool:
        """Say whether an exception means that storage has to be asked again later."""
        from shared.clients.storage import is_storage_trouble

        return is_storage_trouble(error)

    async def close(self) -> None:
        """Close whatever has been opened."""
        for name in (
            "_arm",
            "_queue",
            "_run_queue",
            "_batons",
            "_event_queue",
            "_topic",
            "_records",
            "_given_up",
            "_tables",
            "_storage",
            "_credential",
        ):
            # A cached property that was never asked for has nothing to close.
            if opened := self.__dict__.get(name):
                await opened.close()
