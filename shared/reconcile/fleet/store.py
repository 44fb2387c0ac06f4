"""Where runs are written down: per month one table `naptimeruns{yyyymm}`.

- Partition `runs`: a record per run, the newest first.
- Partition {run id}: a row per subscription, one per shard, and the shards' clusters, some in each
  row. They are in one partition so that outcomes, counts and the baton's generation change in one
  transaction, under the ETag of the shard's row: all of it or nothing, and only by its one holder.
  Rows of subscriptions and shards say whether they are finished, so that whoever finishes one can
  ask for any that is not, without reading all of them.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from itertools import batched

from msgspec import Struct

from shared.domain.fleet.batch import STILL_PENDING, Batch
from shared.domain.fleet.run_records import RunRecord, SubscriptionRecord
from shared.domain.fleet.shard import Shard
from shared.domain.fleet.shard_records import ShardRecord
from shared.domain.vocabulary.instants import month_of, months_of
from shared.domain.vocabulary.rows import Row, Values
from shared.ports.storage import Table, Tables
from shared.reconcile.ground.later_rows import read, read_some

RUNS_PREFIX = "naptimeruns"
RUNS = "runs"
BATCH, SHARD, SUBSCRIPTION = "batch:", "shard:", "sub:"
"""In the order of their keys: what comes before the shards are clusters."""

END = "~"
"""Behind everything that keys are made of."""

OTHERS_A_TRANSACTION = 99


class Stored[T](Struct, frozen=True):
    """A record, the row that it was read from, and when, by the storage service's clock."""

    record: T
    row: Row
    read_at: datetime


class RunStore(Struct, frozen=True):
    """Reads and writes the rows of runs."""

    tables: Tables

    def _table(self, run_id: str) -> Table:
        return self.tables.of(f"{RUNS_PREFIX}{month_of(run_id)}")

    async def run(self, run_id: str) -> Stored[RunRecord] | None:
        """Read the record of a run."""
        reading = await self._table(run_id).get(RUNS, run_id)
        row = reading.row
        record = read(row, RunRecord.of) if row else None
        return Stored(record, row, reading.at) if row and record else None

    async def insert_run(self, record: RunRecord) -> None:
        """Write the record of a run, unless there is one."""
        await self._table(record.run.id).insert(RUNS, record.run.id, record.to_values())

    async def replace_run(self, stored: Stored[RunRecord], record: RunRecord) -> bool:
        """Change the record of a run; False if somebody else has."""
        values = record.to_values()
        return await self._table(record.run.id).replace(stored.row, values) is not None

    async def months(self) -> Sequence[str]:
        """Name the months (yyyymm) that there are tables of, the newest first."""
        return months_of(await self.tables.names(RUNS_PREFIX), RUNS_PREFIX)

    async def drop_month(self, month: str) -> None:
        """Remove everything about the runs that began in a month."""
        await self.tables.drop(f"{RUNS_PREFIX}{month}")

    async def runs_of(
        self, month: str, limit: int, after: str = "", where: Values | None = None
    ) -> list[RunRecord]:
        """Read up to `limit` records of runs that began in a month, the newest first."""
        table = self.tables.of(f"{RUNS_PREFIX}{month}")

        async def rows_after(last: Row | None, room: int) -> Sequence[Row]:
            return await table.first(RUNS, room, after=last.key if last else after, where=where)

        return [record for _, record in await read_some(rows_after, RunRecord.of, limit)]

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
        row = await self._table(run_id).replace(stored.row, record.to_values())
        return Stored(record, row, stored.read_at) if row else None

    async def conclude_listing(
        self,
        run_id: str,
        stored: Stored[SubscriptionRecord],
        record: SubscriptionRecord,
        shards: Sequence[ShardRecord],
    ) -> bool:
        """Say that a subscription is listed, with a row for each shard; False if somebody has.

        Who finds it listed by its own listing has done so without an answer.
        """
        rows = {SHARD + shard.shard.key: shard.to_values() for shard in shards}
        *early, last = [*batched(rows.items(), OTHERS_A_TRANSACTION, strict=False)] or [()]
        table = self._table(run_id)
        for some in early:
            await table.merge(run_id, dict(some))
        if await table.settle(stored.row, record.to_values(), dict(last)) is not None:
            return True
        there = await self.subscription(run_id, record.subscription_id)
        found = there.record if there else None
        return found is not None and (found.state, found.listing) == (record.state, record.listing)

    async def has_unfinished(self, run_id: str) -> bool:
        """Say whether a subscription or a shard of a run is known to have something left to do."""
        table = self._table(run_id)
        return bool(await table.first(run_id, 1, after=SHARD, where={"finished": False}))

    async def parts(self, run_id: str) -> tuple[list[SubscriptionRecord], dict[str, ShardRecord]]:
        """Read a run's subscriptions, and its shards by their keys."""
        subscriptions: list[SubscriptionRecord] = []
        shards: dict[str, ShardRecord] = {}
        async for row in self._table(run_id).rows(run_id, after=SHARD):
            if row.key.startswith(SUBSCRIPTION):
                record = SubscriptionRecord.of(row.key.removeprefix(SUBSCRIPTION), row)
                subscriptions.append(record)
            else:
                shard = _shard(row.key.removeprefix(SHARD))
                shards[shard.key] = ShardRecord.of(run_id, shard, row)
        return subscriptions, shards

    async def insert_shard(self, record: ShardRecord) -> bool:
        """Write a shard's row; False if there is one."""
        key, table = SHARD + record.shard.key, self._table(record.run_id)
        return await table.insert(record.run_id, key, record.to_values()) is not None

    async def shard(self, run_id: str, shard: Shard) -> Stored[ShardRecord] | None:
        reading = await self._table(run_id).get(run_id, SHARD + shard.key)
        if reading.row is None:
            return None
        return Stored(ShardRecord.of(run_id, shard, reading.row), reading.row, reading.at)

    async def insert_batches(self, run_id: str, batches: Iterable[Batch]) -> None:
        """Write batches, under keys that their listing makes up."""
        rows = {batch.key: batch.to_values() for batch in batches}
        await self._table(run_id).merge(run_id, rows)

    async def pending_batches(self, record: ShardRecord, limit: int) -> list[Batch]:
        """Read up to `limit` batches in which clusters have yet to be settled, in their order."""
        prefix = batches_of(record.shard, record.listing)
        rows = await self._table(record.run_id).first(
            record.run_id, limit, after=prefix, before=prefix + END, where=STILL_PENDING
        )
        return [Batch.of(row) for row in rows]

    async def batches_of_run(
        self, run_id: str, limit: int, after: str, where: Values
    ) -> list[Batch]:
        """Read up to `limit` batches of all shards, from behind a key; of every listing begun."""
        rows = await self._table(run_id).first(
            run_id, limit, after=after or BATCH, before=SHARD, where=where
        )
        return [Batch.of(row) for row in rows]

    async def batch(self, run_id: str, key: str) -> Batch | None:
        row = (await self._table(run_id).get(run_id, key)).row
        return Batch.of(row) if row else None

    async def settle(
        self, stored: Stored[ShardRecord], record: ShardRecord, batches: Mapping[str, Values]
    ) -> Stored[ShardRecord] | None:
        """Change a shard's row, and columns of some batches by key; None if somebody else has.

        Who finds there what it has counted itself has changed it without an answer.
        """
        table = self._table(record.run_id)
        row = await table.settle(stored.row, record.to_values(), batches)
        if row is None and record.tally != stored.record.tally:
            there = await self.shard(record.run_id, record.shard)
            row = there.row if there and there.record == record else None
        return Stored(record, row, stored.read_at) if row else None


def batches_of(shard: Shard, listing: int) -> str:
    """Give how the keys of a shard's batches begin; each listing has its own."""
    return f"{BATCH}{shard.key}|{listing:03}|"


def end_of(batch: Batch) -> str:
    """Give the end of a batch's key, which tells it from the others of its shard."""
    return batch.key.rpartition("|")[2]


def _shard(key: str) -> Shard:
    subscription_id, _, location = key.partition("|")
    return Shard(subscription_id, location)
