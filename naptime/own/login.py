"""Answers from Azure itself, by the caller's login: the app's use cases without its storage."""

import asyncio
from collections.abc import Mapping, Sequence
from copy import replace
from datetime import timedelta

from naptime.asking.flags import WindowFlags
from naptime.asking.references import ClusterName
from naptime.asking.scope import Reach
from naptime.asking.settings import settings_of
from naptime.own.fleet import OwnFleet
from naptime.own.lookout import Lookout
from naptime.own.ports import OwnPorts
from naptime.own.writes import OwnWrites, Wrote
from naptime.source import FleetLook, Watch
from shared.domain.deciding.observed import ObservedConfiguration
from shared.domain.errors import AzureError
from shared.domain.vocabulary.ids import ClusterId
from shared.domain.vocabulary.invalid import InvalidInput
from shared.groundwork import Reports
from shared.reconcile.shown.cluster_json import LiveClusterJson
from shared.reconcile.shown.one_cluster import LiveReadFailed
from shared.world import World

NO_SUBSCRIPTION = "no subscription can be seen with this login; it needs Reader on some"


class OwnLogin:
    """Every command without `--app`; tables and queues are gone with it."""

    def __init__(
        self, environment: Mapping[str, str], flags: WindowFlags, patience: timedelta
    ) -> None:
        """Read the settings; raise InvalidSetting. Open nothing yet."""
        self.settings = settings_of(environment, flags)
        self.ports = OwnPorts(self.settings)
        self.lookout = Lookout()
        self._patience = patience

    def world(self, subscriptions: frozenset[str], *, dry_run: bool) -> World:
        """Give the app's use cases over these subscriptions; all worlds share the ports."""
        settings = replace(self.settings, subscriptions=subscriptions, dry_run=dry_run)
        return World(settings, self.ports, silent(self.lookout))

    async def subscriptions(self, asked: Reach) -> frozenset[str]:
        """Give the subscriptions that are meant; raises AzureError, InvalidInput if none is."""
        if not asked.is_all:
            return asked.subscriptions
        found = await self.ports.retry(self.ports.azure.subscriptions.ids)
        if not found:
            raise InvalidInput.because("--all", "", NO_SUBSCRIPTION)
        return frozenset(found)

    async def plan(self, asked: Reach, watch: Watch) -> FleetLook:
        """Look at all clusters and decide, and write nothing."""
        world = self.world(await self.subscriptions(asked), dry_run=True)
        fleet = OwnFleet(world, self.ports, self.lookout, self._patience)
        return await fleet.plan(asked.locations, watch)

    async def protect(self, clusters: Sequence[ClusterId], watch: Watch) -> list[Wrote]:
        """Write the schedules of clusters that have none, each read again right before."""
        subscriptions = frozenset(each.subscription_id for each in clusters)
        world = self.world(subscriptions, dry_run=False)
        return await OwnWrites(world, self.ports, self._patience).protect(clusters, watch)

    async def look(self, cluster_id: ClusterId) -> LiveClusterJson:
        """Give one cluster as it is now, and what would be done; raises AzureError."""
        world = self.world(frozenset({cluster_id.subscription_id}), dry_run=True)
        return await _live(world, cluster_id)

    async def forecast(self, cluster_id: ClusterId) -> LiveClusterJson:
        """Give the same, once the newest node images of the cluster's location are known."""
        world = self.world(frozenset({cluster_id.subscription_id}), dry_run=True)
        # As in the app: a location is watched where clusters are remembered, and were looked at.
        await world.requests.reconcile(cluster_id, dry_run=False)
        await _live(world, cluster_id)
        await world.image_watcher.watch()
        return await _live(world, cluster_id)

    async def configurations(self, cluster_id: ClusterId) -> Sequence[ObservedConfiguration]:
        """Give the maintenance configurations of one cluster; raises AzureError."""
        world = self.world(frozenset({cluster_id.subscription_id}), dry_run=True)
        return await world.schedules.all(cluster_id)

    async def named(self, name: ClusterName, asked: Reach) -> Sequence[ClusterId]:
        """Find the clusters of a name; raises AzureError where a subscription cannot be read."""
        subscriptions = sorted(await self.subscriptions(asked))
        found = await asyncio.gather(*(self._named(name, each) for each in subscriptions))
        return [cluster_id for some in found for cluster_id in some]

    async def _named(self, name: ClusterName, subscription_id: str) -> list[ClusterId]:
        async def attempt() -> list[ClusterId]:
            pages = self.ports.aks.list_clusters(subscription_id, None)
            return [each.id async for page in pages for each in page.clusters if name.fits(each.id)]

        return await self.ports.retry(attempt)

    async def close(self) -> None:
        await self.ports.close()


async def _live(world: World, cluster_id: ClusterId) -> LiveClusterJson:
    try:
        return await world.viewer.look(cluster_id)
    except LiveReadFailed as error:
        raise _cause(error) from error


def _cause(error: LiveReadFailed) -> AzureError:
    return error.cause


def silent(lookout: Lookout) -> Reports:
    """Tell nobody of outcomes, which are the answer; keep what went wrong."""

    def nothing(*_: object) -> None: ...

    return Reports(
        work=nothing,
        removed_again=nothing,
        put=nothing,
        in_run=nothing,
        run=nothing,
        bug=lookout.bug,
        bug_in_location=lookout.bug_in_location,
        given_up=nothing,
        audit=nothing,
    )
