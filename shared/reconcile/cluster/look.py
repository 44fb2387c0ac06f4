"""One look at a cluster: pace, GET, LIST, and the later of two clocks; then, perhaps, one write.

ARM has no If-Match for maintenance configurations (Azure/azure-rest-api-specs), so whatever is
written counts on a LIST right before it. That rule stands here, and nothing else writes.
"""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from copy import replace
from datetime import datetime, timedelta

from msgspec import Struct, field

from shared.domain.deciding.decision import RIGHT_BEFORE
from shared.domain.deciding.observed import (
    NODE_OS_SCHEDULE,
    ObservedCluster,
    ObservedConfiguration,
    node_os_schedule,
)
from shared.domain.errors import Paced
from shared.domain.fleet.pace import Draw
from shared.domain.fleet.shard import Shard
from shared.domain.messages.seen import STILL_TRUE, SeenCluster
from shared.domain.vocabulary.ids import ClusterId
from shared.domain.window.window import MaintenanceWindow
from shared.ports.azure import Aks, Clock, Retry
from shared.reconcile.ground.pacer import ShardPacer
from shared.reconcile.ground.pauses import Pauses
from shared.reconcile.ground.reads import ReadPacer, Whereabouts

CALLS_OF_AN_ATTEMPT = 2
"""A LIST, and the write that follows it at once where it has to."""

SPARED = 10
"""Tokens that a look leaves: who watches a page every second must not hold up who protects."""

_LOOKS_IN_A_ROW = 3


class Sight(Struct, frozen=True):
    """What one look saw, at an instant that neither clock involved is ahead of.

    `observed` is the node OS schedule among the configurations, `seen_at` when the LIST's answer
    came by the worker's clock.
    """

    cluster: ObservedCluster
    configurations: tuple[ObservedConfiguration, ...]
    observed: ObservedConfiguration | None
    now: datetime
    seen_at: datetime


class SightTooOld(Paced):
    """Not sent: since the LIST so much time has passed that somebody else may have written."""


class OutOfTime(Paced):
    """Not sent: whoever is at the cluster might not be it any more when the write ends."""


class Looker(Struct, frozen=True):
    """What looking needs."""

    aks: Aks
    clock: Clock
    retry: Retry
    pacer: ShardPacer
    reads: ReadPacer
    pauses: Pauses
    whereabouts: Whereabouts

    async def see(self, cluster_id: ClusterId) -> Sight:
        """Look at a cluster only to see it, and spare who protects; raises `AzureError`."""
        looks = Looks(self, cluster_id)

        async def attempt() -> Sight:
            async with looks.paced(tokens=1, sparing=SPARED):
                return await looks.look()

        return await self.retry(attempt)


class Looks(Struct):
    """The looks at one cluster over all attempts, and the writes; counts the calls to ARM.

    `paced_calls` are those of them that the shard's pace is for: reading the cluster itself counts
    in a bucket of its own at AKS. `read_at` is when that was, by the worker's clock. `believed` is
    where the cluster was when somebody looked before, `tries` how often that has been tried.
    """

    looker: Looker
    cluster_id: ClusterId
    cluster: ObservedCluster | None = None
    read_at: datetime | None = None
    believed: Shard | None = None
    location: str | None = None
    """The one that is remembered of it, empty where none is; None where nobody has read that."""
    tries: int = 0
    attempts: int = 0
    calls: int = 0
    paced_calls: int = 0
    writes_until: datetime | None = None
    """When it is too late to begin a write, by the worker's clock."""
    writes: int = 0
    """How many were sent, answered or not."""
    sent: list[MaintenanceWindow] = field(default_factory=list)
    _last: Sight | None = None

    async def each[T](self, act: Callable[[Sight], Awaitable[T]]) -> T:
        """Look and act, again from the look where that is worth trying; raises what `act` does."""

        async def attempt() -> T:
            self.attempts += 1
            async with self.paced():
                return await self.act(act)

        return await self.looker.retry(attempt)

    async def read(self) -> ObservedCluster:
        """Read the cluster, unless that was within the last minute."""
        if self.cluster is None or self._is_read_out:
            async with self.looker.pauses.calling(Shard(self.cluster_id.subscription_id, "")):
                self.calls += 1
                self.cluster = await self.looker.aks.get_cluster(self.cluster_id)
            self.read_at = self.looker.clock.now()
        return self.cluster

    @property
    def _is_read_out(self) -> bool:
        return self.read_at is None or self._is_over(self.read_at, STILL_TRUE)

    @property
    def seen(self) -> SeenCluster | None:
        """What was read of the cluster, and when."""
        if self.cluster is None or self.read_at is None:
            return None
        return SeenCluster(self.cluster, self.read_at)

    @asynccontextmanager
    async def paced(
        self, tokens: int = CALLS_OF_AN_ATTEMPT, sparing: int = 0
    ) -> AsyncIterator[ObservedCluster]:
        """Draw for the calls inside, then read the cluster; raises `Paced`.

        Where the cluster is believed to be is drawn from before it is read, so that one whose turn
        has not come costs no call.
        """
        before = self.paced_calls
        cluster, shard, draw = await self._drawn(tokens, sparing)
        async with self.looker.pacer.spending(shard, draw) as spending:
            try:
                yield cluster
            finally:
                spending.used = self.paced_calls - before

    async def _drawn(self, tokens: int, sparing: int) -> tuple[ObservedCluster, Shard, Draw]:
        pacer, believed = self.looker.pacer, await self._believed()
        if believed is not None:
            draw = await pacer.draw_soon(believed, tokens, sparing)
            async with pacer.kept(believed, draw):
                cluster = await self._read_paced()
            if Shard.of(cluster) == believed:
                return cluster, believed, draw
            await pacer.give_back(believed, draw, draw.tokens)
        else:
            cluster = await self._read_first()
        self.believed = Shard.of(cluster)
        return cluster, self.believed, await pacer.draw_soon(self.believed, tokens, sparing)

    async def _believed(self) -> Shard | None:
        if self.cluster:
            return Shard.of(self.cluster)
        if self.believed is None:
            self.tries += 1
            whereabouts = self.looker.whereabouts
            return await whereabouts.shard_of(self.cluster_id, self.location, self.tries)
        return self.believed

    async def _read_paced(self) -> ObservedCluster:
        """Read the cluster, and draw the LIST with it, from what Resource Manager allows."""
        wanted = 2 if self.cluster is None or self._is_read_out else 1
        await self.looker.reads.draw(self.cluster_id.subscription_id, wanted)
        return await self.read()

    async def _read_first(self) -> ObservedCluster:
        """Read a cluster of a subscription of which nothing is known; a few at once will do."""
        await self.looker.reads.draw_for_unknown(self.cluster_id.subscription_id)
        return await self.read()

    async def act[T](self, act: Callable[[Sight], Awaitable[T]]) -> T:
        """Look and act; look again where the write came too late after it."""
        for _ in range(_LOOKS_IN_A_ROW - 1):
            with suppress(SightTooOld):
                return await act(await self.look())
        return await act(await self.look())

    async def look(self) -> Sight:
        """Read the cluster's configurations, after the cluster itself."""
        cluster = self.cluster or await self.read()
        async with self.looker.pauses.calling(Shard.of(cluster)):
            self.calls += 1
            self.paced_calls += 1
            listing = await self.looker.aks.list_configurations(self.cluster_id)
        own = self.looker.clock.now()
        self._last = Sight(
            cluster=cluster,
            configurations=listing.configurations,
            observed=node_os_schedule(listing.configurations),
            # The lead time counts from when ARM accepts, by whichever clock is ahead.
            now=max(own, listing.answered_at) if listing.answered_at else own,
            seen_at=own,
        )
        return self._last

    async def renewed(self, sight: Sight) -> Sight:
        """Give what was just seen, with the cluster as it was within the last minute."""
        self._last = replace(sight, cluster=await self.read())
        return self._last

    async def put(self, sight: Sight, window: MaintenanceWindow) -> ObservedConfiguration:
        """Write the node OS schedule, right after the look at it; raises `SightTooOld`."""
        # ARM keeps the casing of whoever wrote it first; another would be another's name.
        name = sight.observed.name if sight.observed else NODE_OS_SCHEDULE
        async with self.writing_after(sight):
            self.sent.append(window)
            return await self.looker.aks.put_node_os_schedule(self.cluster_id, window, name)

    async def delete(self, sight: Sight, seen: ObservedConfiguration) -> None:
        """Delete the node OS schedule that was seen; raises `SightTooOld`."""
        async with self.writing_after(sight):
            await self.looker.aks.delete_node_os_schedule(self.cluster_id, seen.name)

    @asynccontextmanager
    async def writing_after(self, sight: Sight) -> AsyncIterator[None]:
        """Let one write follow each look, and that at once."""
        async with self.looker.pauses.calling(Shard.of(sight.cluster)):
            if self.writes_until and self._is_over(self.writes_until, timedelta()):
                raise OutOfTime("The write might end after the lease; nothing was sent.")
            if sight is not self._last or self._is_over(sight.seen_at, RIGHT_BEFORE):
                raise SightTooOld("Over a second has passed since the look; nothing was sent.")
            self._last = None
            self.writes += 1
            self.calls += 1
            self.paced_calls += 1
            yield

    def _is_over(self, since: datetime, time: timedelta) -> bool:
        return self.looker.clock.now() - since > time
