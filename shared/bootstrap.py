"""The one place where use cases and clients meet.

Clients are made when they are first needed, and imported then: the SDKs together take half a
second to import, and an Event Grid event needs only the queue.
"""

import os
import random
from collections.abc import Mapping
from functools import cache, cached_property
from typing import TYPE_CHECKING

from shared.reconcile.do_cluster_work import ClusterWorker
from shared.reconcile.look_at_cluster import ClusterViewer
from shared.reconcile.receive_event import EventReceiver
from shared.reconcile.receive_message import MessageReceiver, PoisonReporter
from shared.reconcile.reconcile_cluster import ClusterReconciler
from shared.reconcile.reconcile_on_request import RequestedReconcile
from shared.settings import Settings, read_settings
from shared.telemetry import log_outcome, quieten_sdks

if TYPE_CHECKING:
    from shared.clients.credential import Credential
    from shared.clients.storage import StorageAccount
    from shared.reconcile.ports import Aks, Clock, ClusterRecords, GivenUpRecords, Retry, WorkQueue


class App:
    """Everything that the functions call, wired once per worker process."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        """Read the settings; raise `InvalidSetting` that names the variable."""
        self.settings: Settings = read_settings(environment)
        quieten_sdks()

    @cached_property
    def events(self) -> EventReceiver:
        """What the Event Grid functions call."""
        settings = self.settings
        return EventReceiver(
            self._queue, self._clock, settings.subscriptions, settings.own_client_id
        )

    @cached_property
    def messages(self) -> MessageReceiver:
        """What the function on the work queue calls."""
        return MessageReceiver(self._worker, self.settings.subscriptions)

    @cached_property
    def poison(self) -> PoisonReporter:
        """What the functions on the poison queues call."""
        return PoisonReporter(self._given_up, self._clock)

    @cached_property
    def requests(self) -> RequestedReconcile:
        """What `POST /reconcile` calls."""
        return RequestedReconcile(self._worker)

    @cached_property
    def viewer(self) -> ClusterViewer:
        """What `GET /clusters/{...}` calls."""
        return ClusterViewer(
            self._aks,
            self._retry,
            self._records,
            self._given_up,
            self._clock,
            self.settings.desired,
        )

    @cached_property
    def _worker(self) -> ClusterWorker:
        settings = self.settings
        return ClusterWorker(
            ClusterReconciler(
                self._aks, self._clock, self._retry, settings.desired, settings.dry_run
            ),
            self._records,
            self._given_up,
            self._queue,
            self._clock,
            random.random,
            log_outcome,
        )

    @cached_property
    def _clock(self) -> "Clock":
        from shared.clients.clock import SystemClock

        return SystemClock()

    @cached_property
    def _retry(self) -> "Retry":
        from shared.clients.retry import QuickRetry

        return QuickRetry(self._clock, random.random)

    @cached_property
    def _credential(self) -> "Credential":
        from shared.clients.credential import new_credential

        return new_credential()

    @cached_property
    def _aks(self) -> "Aks":
        from shared.clients.aks import AksClient

        settings = self.settings
        return AksClient(
            self._credential, settings.arm_endpoint, self._clock, settings.desired.attempt_timeout
        )

    @cached_property
    def _storage(self) -> "StorageAccount":
        from shared.clients.storage import StorageAccount

        return StorageAccount(self.settings.storage, lambda: self._credential)

    @cached_property
    def _queue(self) -> "WorkQueue":
        from shared.clients.work_queue import StorageWorkQueue
        from shared.domain.work import CLUSTERS_QUEUE

        return StorageWorkQueue(self._storage.queue(CLUSTERS_QUEUE))

    @cached_property
    def _records(self) -> "ClusterRecords":
        from shared.clients.cluster_records import CLUSTERS_TABLE, StorageClusterRecords

        return StorageClusterRecords(self._storage.table(CLUSTERS_TABLE))

    @cached_property
    def _given_up(self) -> "GivenUpRecords":
        from shared.clients.given_up_records import GIVEN_UP_TABLE, StorageGivenUpRecords

        return StorageGivenUpRecords(self._storage.table(GIVEN_UP_TABLE))

    async def close(self) -> None:
        """Close whatever has been opened."""
        for name in ("_aks", "_queue", "_records", "_given_up", "_credential"):
            # A cached property that was never asked for has nothing to close.
            if name in self.__dict__:
                await self.__dict__[name].close()


@cache
def app() -> App:
    """Give the process's one app, from the environment as it is at the first call."""
    return App(os.environ)
