"""What nobody needs any more of a subscription, removed at each sweep: tables must not grow.

Every row is removed as it was read, so one that somebody has taken up meanwhile stays.
"""

from collections.abc import Collection
from datetime import datetime, timedelta

from msgspec import Struct

from shared.domain.messages.touches import COUNTED_FOR
from shared.domain.vocabulary.rows import Row
from shared.ports.storage import Table
from shared.reconcile.ground.memory import END_OF_HEARD, END_OF_TOUCHED, TOUCHED
from shared.reconcile.ground.pacer import SHARDS_PARTITION

KEPT = timedelta(days=14)
"""A message lives for eight days at most: what an older row says of one answers none any more."""

QUIET = timedelta(days=1)
"""After so long without a call the bucket of a shard is full, as is that of one without a row."""


class Tidier(Struct, frozen=True):
    """Removes claims and events of old, and the shards of places without clusters."""

    clusters: Table
    shards: Table

    async def tidy(self, subscription_id: str, locations: Collection[str], now: datetime) -> int:
        """Tidy up a subscription that was listed whole; gives how many rows are gone.

        `locations` are those that have clusters with node auto-provisioning; `now` is the storage
        service's.
        """
        return (
            await self._claims_and_events(subscription_id, now)
            + await self._touches(subscription_id, now)
            + await self._places(subscription_id, locations, now)
        )

    async def _claims_and_events(self, subscription_id: str, now: datetime) -> int:
        """Forget when clusters were reconciled, or heard of, last where that is long ago.

        Their keys are hashes and what begins with `heard:`, so one query gives both.
        """
        rows = self.clusters.rows(subscription_id, before=END_OF_HEARD)
        return await self._remove(
            self.clusters,
            [row async for row in rows if row.changed_at and row.changed_at < now - KEPT],
        )

    async def _touches(self, subscription_id: str, now: datetime) -> int:
        rows = self.clusters.rows(subscription_id, after=TOUCHED, before=END_OF_TOUCHED)
        old = [row async for row in rows if (at := row.instant("at")) and at < now - COUNTED_FOR]
        return await self._remove(self.clusters, old)

    async def _places(self, subscription_id: str, locations: Collection[str], now: datetime) -> int:
        start, end = f"{subscription_id}|", f"{subscription_id}}}"
        rows = self.shards.rows(SHARDS_PARTITION, after=start, before=end)
        empty = [
            row
            async for row in rows
            if row.key.removeprefix(start) not in locations
            and (row.changed_at is None or row.changed_at < now - QUIET)
        ]
        return await self._remove(self.shards, empty)

    async def _remove(self, table: Table, rows: list[Row]) -> int:
        return sum([await table.remove(row) for row in rows])
