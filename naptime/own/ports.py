"""Ports of the command line: Azure by one's own login, tables and queues in memory."""

import asyncio
from functools import cached_property
from typing import TYPE_CHECKING

from naptime.memory.queues import MemoryQueue, NoPoison
from naptime.memory.tables import MemoryTables
from shared.azure import Azure
from shared.domain.fleet.run_work import Baton, RunWork
from shared.domain.messages.envelope import HeldBack
from shared.domain.messages.outbox import PublishEvents
from shared.domain.messages.work import ReconcileCluster
from shared.settings import Settings

if TYPE_CHECKING:
    from shared.clients.identity import Credential
    from shared.clients.subscriptions import SubscriptionList
    from shared.ports.azure import Aks, Clock, NapMachines, NodeImages, Retry


class OwnAzure(Azure):
    """Azure as whoever runs the command sees it: first of all by the login of `az`."""

    @cached_property
    def credential(self) -> "Credential":
        """The identity that every call is made with, kept by the token's own time."""
        from shared.clients.own_login import own_credential  # noqa: PLC0415 - the SDK is slow

        return self.opened(own_credential())

    @cached_property
    def subscriptions(self) -> "SubscriptionList":
        """The listing of the subscriptions that the caller sees."""
        from shared.clients.subscriptions import (  # noqa: PLC0415 - the SDK is slow
            SubscriptionList,
        )

        return SubscriptionList(self.arm)


class OwnPorts:
    """What is read and written in Azure is there; what naptime itself keeps is gone at the end."""

    topic = None

    def __init__(self, settings: Settings) -> None:
        self.azure = OwnAzure(settings)
        self.arrived = asyncio.Event()
        clock = self.clock
        self.clusters_queue = MemoryQueue[ReconcileCluster | HeldBack](clock, self.arrived)
        self.runs_queue = MemoryQueue[RunWork | HeldBack](clock, self.arrived)
        self.shards_queue = MemoryQueue[Baton | HeldBack](clock, self.arrived)
        self.events_queue = MemoryQueue[PublishEvents | HeldBack](clock, self.arrived)
        self.tables = MemoryTables(clock)
        self.poison = NoPoison()

    @property
    def clock(self) -> "Clock":
        """The machine's own."""
        return self.azure.clock

    def jitter(self) -> float:
        """Draw a number from 0 to 1."""
        return self.azure.jitter()

    def new_id(self) -> str:
        """Make up an id that nobody else has."""
        return self.azure.new_id()

    @property
    def aks(self) -> "Aks":
        return self.azure.aks

    @property
    def node_images(self) -> "NodeImages":
        return self.azure.node_images

    @property
    def machines(self) -> "NapMachines":
        """Resource Graph's machines."""
        return self.azure.machines

    @property
    def retry(self) -> "Retry":
        """The one layer of quick retries."""
        return self.azure.retry

    async def close(self) -> None:
        await self.azure.close()
