"""The reads of Resource Manager, across all workers: a bucket for each subscription.

It lets 250 through at once and 25 a second after that, for each subscription and principal
(learn.microsoft.com, request-limits-and-throttling). Every reading of a cluster is one, and every
LIST of its configurations, whatever AKS itself allows.

And where a cluster is, or probably is, so that its calls are drawn for before it is read.

Updates of schedules have a pace of their own, too: half of a shard's at most, since whatever
protects a cluster comes before them.
"""

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import suppress
from datetime import datetime, timedelta

from msgspec import Struct, field

from shared.domain.deciding.observed import ClusterPage
from shared.domain.errors import AzureError, Paced, TooManyConflicts
from shared.domain.fleet.pace import Draw, NotYet, Pace, worth_waiting_for
from shared.domain.fleet.shard import Shard
from shared.domain.vocabulary.ids import ClusterId, plain_location
from shared.reconcile.ground.memory import ClusterMemory
from shared.reconcile.ground.pacer import WORTH_WAITING_INSIDE, ShardPacer

READS_PARTITION = "reads"

LOT = 10
"""So many are drawn from the table at once, and handed out from memory: a row that every worker
changes for every call would be what they wait for."""

LOT_LASTS = timedelta(seconds=10)

UNKNOWN_AT_ONCE = 10
"""So many clusters are read at once in a subscription where no location is known yet."""


class _Lot(Struct):
    """What this worker has drawn and not yet used."""

    left: int
    drawn_at: datetime


class ReadPacer(Struct, frozen=True):
    """Draws reads; `pacer` keeps the buckets, in a partition of their own."""

    pacer: ShardPacer
    _lots: dict[str, _Lot] = field(default_factory=dict)
    _turns: defaultdict[str, asyncio.Lock] = field(
        default_factory=lambda: defaultdict(asyncio.Lock)
    )
    """One at a time draws a lot, which is then there for those who wait: eight would draw eight."""

    async def draw(self, subscription_id: str, reads: int) -> None:
        """Draw reads of a subscription; raises `Paced` where there are none within seconds."""
        wait = await self._draw(subscription_id, reads)
        if timedelta() < wait <= WORTH_WAITING_INSIDE:
            await self.pacer.clock.sleep(wait.total_seconds())
            wait = await self._draw(subscription_id, reads)
        if wait:
            raise Paced(f"No call is left for {subscription_id}.", retry_after=wait)

    async def _draw(self, subscription_id: str, reads: int) -> timedelta:
        """Take reads of the lot, or of a new one; gives for how long there are none."""
        async with self._turns[subscription_id]:
            now, lot = self.pacer.clock.now(), self._lots.get(subscription_id)
            if lot and lot.left >= reads and now - lot.drawn_at <= LOT_LASTS:
                lot.left -= reads
                return timedelta()
            drawn = await self.pacer.draw(_bucket(subscription_id), max(reads, LOT))
            if isinstance(drawn, NotYet):
                return drawn.wait
            self._lots[subscription_id] = _Lot(drawn.tokens - reads, now)
            return timedelta()

    async def draw_for_unknown(self, subscription_id: str) -> None:
        """Draw one read, unless some have just been drawn by others who know no better."""
        spared = self.pacer.pace.burst - UNKNOWN_AT_ONCE
        await self.pacer.draw_soon(_bucket(subscription_id), 1, max(spared, 0))

    async def note(self, subscription_id: str, reads: int) -> None:
        """Take off what was read at another pace, as runs do: as much of it as there is."""
        with suppress(TooManyConflicts):
            await self.pacer.draw(_bucket(subscription_id), reads, -reads)

    async def pause(self, subscription_id: str, wait: timedelta | None) -> datetime | None:
        """Let nobody read in that subscription for as long as a 429 asks for; gives until when."""
        self._lots.pop(subscription_id, None)
        return await self.pacer.pause(_bucket(subscription_id), wait)

    async def paused(self, subscription_id: str) -> timedelta:
        """Say for how long nobody may."""
        return await self.pacer.paused(_bucket(subscription_id))


def _bucket(subscription_id: str) -> Shard:
    """Resource Manager counts over all locations."""
    return Shard(subscription_id, "")


type ListPages = Callable[[str, str | None], AsyncIterator[ClusterPage]]
"""Lists the clusters of a subscription, or of a resource group of it, heeding 429s."""

MANY_UNKNOWN = 10
"""So many unknown clusters of a subscription within a minute are worth a listing of it."""

LISTED_FOR = timedelta(minutes=10)


class _Unknown(Struct):
    """The unknown clusters of one subscription: how many of late, and what a listing said."""

    asked_at: list[datetime] = field(default_factory=list)
    listed_at: datetime | None = None
    locations: Mapping[str, str] = field(default_factory=dict)
    """Short names, by the hashes of clusters."""
    turn: asyncio.Lock = field(default_factory=asyncio.Lock)

    def are_many(self, now: datetime) -> bool:
        """Count one more; say whether there were many within a minute."""
        since = now - timedelta(minutes=1)
        self.asked_at = [*(at for at in self.asked_at if at >= since), now][-MANY_UNKNOWN:]
        return len(self.asked_at) >= MANY_UNKNOWN

    def is_listed(self, now: datetime) -> bool:
        """Say whether a listing has been read, or tried, not long ago."""
        return self.listed_at is not None and now - self.listed_at < LISTED_FOR


class Whereabouts(Struct, frozen=True):
    """Tells a cluster's shard by what is remembered of it, by a listing, or by where others are."""

    memory: ClusterMemory
    pacer: ShardPacer
    pages: ListPages
    reads: ReadPacer
    _unknown: defaultdict[str, _Unknown] = field(default_factory=lambda: defaultdict(_Unknown))

    async def shard_of(
        self, cluster_id: ClusterId, remembered: str | None, attempt: int
    ) -> Shard | None:
        """Give the shard that a cluster was in, or one of its subscription's; None: there is none.

        `remembered` is the location that is known of it, empty for none; None: it is read here. A
        guess is another one at each attempt, so that a crowd in one location holds up those of
        another for no more than a few.
        """
        subscription_id = cluster_id.subscription_id
        if remembered is None:
            known = await self.memory.recall(cluster_id)
            remembered = known.location if known else ""
        if remembered:
            return Shard(subscription_id, plain_location(remembered))
        shards = await self.pacer.shards_of(subscription_id)
        # In a subscription with one shard, or none, a listing would tell nothing new.
        if len(shards) > 1 and (location := await self._listed(cluster_id)):
            return Shard(subscription_id, location)
        return shards[(int(cluster_id.hash[:8], 16) + attempt) % len(shards)] if shards else None

    async def _listed(self, cluster_id: ClusterId) -> str | None:
        """Say where a listing has the cluster, where many are unknown: each guess costs a call."""
        unknown, now = self._unknown[cluster_id.subscription_id], self.pacer.clock.now()
        if unknown.are_many(now) or unknown.is_listed(now):
            async with unknown.turn:
                if not unknown.is_listed(now):
                    unknown.locations = await self._list(cluster_id.subscription_id)
                    unknown.listed_at = now
        return unknown.locations.get(cluster_id.hash)

    async def _list(self, subscription_id: str) -> dict[str, str]:
        """Read where all clusters are, as far as that can be read: a guess does as well."""
        found = dict[str, str]()
        with suppress(AzureError):
            async for page in self.pages(subscription_id, None):
                found |= {each.id.hash: plain_location(each.location) for each in page.clusters}
                await self.reads.note(subscription_id, 1)
        return found


UPDATES_PARTITION = "updates"
CALLS_OF_AN_UPDATE = 2
"""The LIST, and the PUT right after it."""
WORTH_A_SHARE = timedelta(seconds=25)
"""So long is waited for what updates may use, rather than change one cluster for each baton."""


def half_of(pace: Pace) -> Pace:
    """Give half of a pace, of which one cluster can be changed at a time at least."""
    return Pace(max(CALLS_OF_AN_UPDATE, pace.burst // 2), pace.rate_per_second / 2)


class HalfPace(Struct, frozen=True):
    """A bucket of its own for each shard, across all runs, beside the one that everybody has."""

    pacer: ShardPacer

    async def share(self, shard: Shard, most: int) -> Draw | NotYet:
        """Draw what is worth a baton, one cluster at least, and up to `most` calls."""
        least = worth_waiting_for(self.pacer.pace, most, WORTH_A_SHARE)
        return await self.pacer.draw(shard, least, most=most)

    async def give_back(self, shard: Shard, share: Draw, used: int) -> None:
        """Give back what was drawn, and not used."""
        await self.pacer.give_back(shard, share, share.tokens - used)
