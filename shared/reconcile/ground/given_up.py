"""The table of what was given up: to be read by people, and to be replayed from."""

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from hashlib import sha256

from msgspec import Struct

from shared.domain.messages.given_up import OF_RUNS, GivenUp
from shared.domain.vocabulary.ids import ClusterId
from shared.domain.vocabulary.rows import Row
from shared.ports.storage import Table
from shared.reconcile.ground.later_rows import read, read_some

GIVEN_UP_TABLE = "naptimegivenup"
UNREADABLE = "unreadable"


class GivenUpRecords(Struct, frozen=True):
    """One row per cluster, one per part of a run, and one per message of neither kind."""

    table: Table
    report: Callable[[GivenUp], None]

    async def put(self, given_up: GivenUp) -> None:
        """Record it, and tell of it; a later one for the same cluster replaces it."""
        partition, key = _keys_of(given_up)
        await self.table.merge(partition, {key: given_up.to_values()})
        self.report(given_up)

    async def get(self, cluster_id: ClusterId) -> GivenUp | None:
        """Read what was given up for one cluster."""
        reading = await self.table.get(cluster_id.subscription_id, cluster_id.hash)
        return read(reading.row, GivenUp.read) if reading.row else None

    async def of_subscription(self, subscription_id: str) -> dict[str, str]:
        """Tell which schedule of a subscription's clusters was given up, by their hashes."""
        found = await self.by_cluster(subscription_id)
        return {each.hash: record.part for each, record in found.items()}

    async def by_cluster(self, subscription_id: str) -> dict[ClusterId, GivenUp]:
        """Read what was given up of the clusters of a subscription."""
        found = [read(row, GivenUp.read) async for row in self.table.rows(subscription_id)]
        return {each.cluster_id: each for each in found if each and each.cluster_id}

    async def forget(self, cluster_id: ClusterId) -> None:
        """Remove it, if it is there: the cluster has been reconciled after all."""
        await self.table.delete(cluster_id.subscription_id, cluster_id.hash)

    async def forget_some(self, subscription_id: str, words: Iterable[str]) -> None:
        """Remove those of clusters that are no more, by their hashes."""
        for word in words:
            await self.table.delete(subscription_id, word)

    async def forget_work(self, work: str) -> None:
        """Remove what was recorded of a message that is of no cluster and no run."""
        await self.table.delete(UNREADABLE, _hash_of(work))

    async def forget_run(self, run_id: str) -> None:
        """Remove all that was given up of a run."""
        partition = OF_RUNS + run_id
        keys = [row.key async for row in self.table.rows(partition, only=("runId",))]
        for key in keys:
            await self.table.delete(partition, key)

    async def forget_unreadable(self, before: datetime) -> int:
        """Remove what no cluster is known of, and nobody has replayed, and give how many."""
        rows = self.table.rows(UNREADABLE, only=("givenUpAt",))
        old = [row.key async for row in rows if (at := row.instant("givenUpAt")) and at < before]
        for key in old:
            await self.table.delete(UNREADABLE, key)
        return len(old)

    async def page(self, after: str, limit: int) -> Sequence[tuple[str, GivenUp]]:
        """Read up to `limit` records, each with its place, from behind a place; "" is the start."""
        partition, _, key = after.partition("|")

        async def rows_after(last: Row | None, room: int) -> Sequence[Row]:
            behind = (last.partition, last.key) if last else (partition, key)
            return await self.table.across(room, after=behind)

        found = await read_some(rows_after, GivenUp.read, limit)
        return [(f"{row.partition}|{row.key}", record) for row, record in found]


def _keys_of(given_up: GivenUp) -> tuple[str, str]:
    if given_up.run_id:
        return OF_RUNS + given_up.run_id, _hash_of(given_up.part)
    if given_up.cluster_id:
        return given_up.cluster_id.subscription_id, given_up.cluster_id.hash
    return UNREADABLE, _hash_of(given_up.work)


def _hash_of(identity: str) -> str:
    return sha256(identity.encode("utf-8", "replace")).hexdigest()[:32]
