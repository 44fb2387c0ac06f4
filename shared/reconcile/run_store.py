"""Where runs are written down: per month one table `naptimeruns{yyyymm}`.

- Partition `runs`: a record per run, the newest first.
- Partition {run id}: a row per subscription, and a mark per shard. Each says whether it is
  finished, so that whoever finishes one can ask for any that is not, without reading all of them.
- Partition {run id}|{subscription}|{location}: the shard's own row, and one per cluster. They are
  in one partition so that outcomes, counts and the baton's generation change in one transaction,
  under the ETag of the shard's row: all of it or nothing, and only by its one holder.
"""

from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import batched

from shared.domain.rows import Row, Values
from shared.domain.run import month_of
from shared.domain.run_records import RunRecord, SubscriptionRecord
from shared.domain.shard import Shard
from shared.domain.shard_records import PendingCluster, ShardRecord
from shared.reconcile.ports import Table, Tables

RUNS_PREFIX = "naptimeruns"
RUNS = "runs"
SUBSCRIPTION, MARK = "sub:", "done:"
SHARD_ROW = "shard"
BEHIND_CLUSTERS = "2"
"""Cluster rows begin with their priority, 0 or 1."""

OTHERS_A_TRANSACTION = 99


@dataclass(frozen=True, slots=True)
class Stored[T]:
    """A record, the row that it was read from, and when, by the storage service's clock."""

    record: T
    row: Row
    read_at: datetime


@dataclass(frozen=True, slots=True)
class RunStore:
    """Reads and writes the rows of runs."""

    tables: Tables

    def _table(self, run_id: str) -> Table:
        return self.tables.of(f"{RUNS_PREFIX}{month_of(run_id)}")

    async def run(self, run_id: str) -> Stored[RunRecord] | None:
        """Read the record of a run."""
        reading = await self._table(run_id).get(RUNS, run_id)
        row = reading.row
        return Stored(RunRecord.of(row), row, reading.at) if row else None

    async def insert_run(self, record: RunRecord) -> None:
        """Write the record of a run, unless there is one."""
        await self._table(record.run.id).insert(RUNS, record.run.id, record.to_values())

    async def replace_run(self, stored: Stored[RunRecord], record: RunRecord) -> bool:
        """Change the record of a run; False if somebody else has."""
        values = record.to_values()
        return await self._table(record.run.id).replace(stored.row, values) is not None

    async def months(self) -> Sequence[str]:
        """Name the months (yyyymm) that there are tables of, the newest first."""
        names = await self.tables.names(RUNS_PREFIX)
        return sorted((name.removeprefix(RUNS_PREFIX) for name in names), reverse=True)

    async def drop_month(self, month: str) -> None:
        """Remove everything about the runs that began in a month."""
        await self.tables.drop(f"{RUNS_PREFIX}{month}")

    async def runs_of(
        self, month: str, limit: int, after: str = "", where: Values | None = None
    ) -> list[RunRecord]:
        """Read up to `limit` records of runs that began in a month, the newest first."""
        table = self.tables.of(f"{RUNS_PREFIX}{month}")
        rows = await table.first(RUNS, limit, after=after, where=where)
        return [RunRecord.of(row) for row in rows]

    async def insert_subscriptions(
        self, run_id: str, records: Iterable[SubscriptionRecord]
    ) -> None:
        """Write a row per subscription, where there is none."""
        rows = {SUBSCRIPTION + record.subscription_id: record.to_values() for record in records}
        await self._table(run_id).insert_new(run_id, rows)

    async def subscription(
        self, run_id: str, subscription_id: str
    ) -> Stored[SubscriptionRecord] | None:
        """Read what is known of one subscription of a run."""
        reading = await self._table(run_id).get(run_id, SUBSCRIPTION + subscription_id)
        if reading.row is None:
            return None
        record = SubscriptionRecord.of(subscription_id, reading.row)
        return Stored(record, reading.row, reading.at)

    async def replace_subscription(
        self, run_id: str, stored: Stored[SubscriptionRecord], record: SubscriptionRecord
    ) -> Stored[SubscriptionRecord] | None:
        """Change a subscription's row; None if somebody else has."""
        values = record.to_values()
        etag = await self._table(run_id).replace(stored.row, values)
        return (
            Stored(record, _as_written(stored.row, values, etag), stored.read_at) if etag else None
        )

    async def conclude_listing(
        self, run_id: str, stored: Stored[SubscriptionRecord], record: SubscriptionRecord
    ) -> bool:
        """Say that a subscription is listed, with a mark for each shard; False if somebody has."""
        shards = [Shard(record.subscription_id, location) for location in record.shards]
        # A mark too many for the transaction is not missed: the last one to finish reads all.
        unfinished: dict[str, Values] = {
            MARK + shard.key: {"finished": False} for shard in shards[:OTHERS_A_TRANSACTION]
        }
        table = self._table(run_id)
        return await table.settle(stored.row, record.to_values(), unfinished) is not None

    async def has_unfinished(self, run_id: str) -> bool:
        """Say whether a subscription or a shard of a run is known to have something left to do."""
        return bool(await self._table(run_id).first(run_id, 1, where={"finished": False}))

    async def parts(self, run_id: str) -> tuple[list[SubscriptionRecord], dict[str, ShardRecord]]:
        """Read a run's subscriptions, and its finished shards by their keys."""
        subscriptions: list[SubscriptionRecord] = []
        finished: dict[str, ShardRecord] = {}
        async for row in self._table(run_id).rows(run_id):
            if row.key.startswith(SUBSCRIPTION):
                record = SubscriptionRecord.of(row.key.removeprefix(SUBSCRIPTION), row)
                subscriptions.append(record)
            elif row.flag("finished"):
                shard = _shard(row.key.removeprefix(MARK))
                finished[shard.key] = ShardRecord.of(run_id, shard, row)
        return subscriptions, finished

    async def mark_finished(self, record: ShardRecord) -> None:
        """Leave a mark in the run's own partition that a shard is finished, with its counts."""
        key = MARK + record.shard.key
        await self._table(record.run_id).merge(record.run_id, {key: record.to_values()})

    async def insert_clusters(
        self, run_id: str, shard: Shard, clusters: Iterable[PendingCluster]
    ) -> None:
        """Write a row per cluster, where there is none."""
        rows = {cluster.key: cluster.to_values() for cluster in clusters}
        await self._table(run_id).insert_new(_partition(run_id, shard), rows)

    async def cluster_keys(self, run_id: str, shard: Shard) -> AsyncIterator[str]:
        """Yield the keys of the rows of a shard's clusters."""
        async for row in self.clusters(run_id, shard, only=("pending",)):
            yield row.key

    def clusters(self, run_id: str, shard: Shard, only: Sequence[str] = ()) -> AsyncIterator[Row]:
        """Yield the rows of a shard's clusters, with all of their values or only some."""
        table = self._table(run_id)
        return table.rows(_partition(run_id, shard), before=BEHIND_CLUSTERS, only=only)

    async def first_clusters(
        self, run_id: str, shard: Shard, limit: int, after: str, where: Values
    ) -> Sequence[Row]:
        """Read up to `limit` rows of a shard's clusters from behind a key."""
        partition = _partition(run_id, shard)
        return await self._table(run_id).first(
            partition, limit, after=after, before=BEHIND_CLUSTERS, where=where
        )

    async def pending(self, run_id: str, shard: Shard, limit: int) -> list[PendingCluster]:
        """Read up to `limit` clusters that a shard's batons have yet to settle, in their order."""
        rows = await self.first_clusters(run_id, shard, limit, "", {"pending": True})
        return [PendingCluster.of(row) for row in rows]

    async def insert_shard(self, record: ShardRecord) -> bool:
        """Write a shard's row; False if there is one."""
        partition = _partition(record.run_id, record.shard)
        table = self._table(record.run_id)
        return await table.insert(partition, SHARD_ROW, record.to_values()) is not None

    async def shard(self, run_id: str, shard: Shard) -> Stored[ShardRecord] | None:
        """Read a shard's row."""
        reading = await self._table(run_id).get(_partition(run_id, shard), SHARD_ROW)
        if reading.row is None:
            return None
        return Stored(ShardRecord.of(run_id, shard, reading.row), reading.row, reading.at)

    async def settle(
        self, stored: Stored[ShardRecord], record: ShardRecord, clusters: Mapping[str, Values]
    ) -> Stored[ShardRecord] | None:
        """Change a shard's row with the rows of some clusters; None if somebody else has.

        More clusters than one transaction takes are written first, with the record as it was, each
        part under the ETag of the one before.
        """
        table = self._table(record.run_id)
        *parts, last = [*batched(clusters.items(), OTHERS_A_TRANSACTION, strict=False)] or [()]
        row = stored.row
        for part, values in [
            *((part, stored.record.to_values()) for part in parts),
            (last, record.to_values()),
        ]:
            etag = await table.settle(row, values, dict(part))
            if etag is None:
                return None
            row = _as_written(row, values, etag)
        return Stored(record, row, stored.read_at)


def _as_written(row: Row, values: Values, etag: str) -> Row:
    return Row(row.partition, row.key, values, etag)


def _partition(run_id: str, shard: Shard) -> str:
    return f"{run_id}|{shard.key}"


def _shard(key: str) -> Shard:
    subscription_id, _, location = key.partition("|")
    return Shard(subscription_id, location)
