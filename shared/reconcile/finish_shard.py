"""The end of a shard's part in a run: crowded starts found, and said that it is finished."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, cast

from shared.domain.cluster_batch import Batch, SettledCluster, starts_of
from shared.domain.cluster_id import ClusterId
from shared.domain.crowding import crowded_starts, with_crowding
from shared.domain.rows import Values
from shared.domain.schedule_events import Occasion, crowding_of
from shared.domain.shard_records import ShardRecord
from shared.reconcile.close_run import RunCloser
from shared.reconcile.remember_clusters import ClusterMemory, known_key
from shared.reconcile.run_store import RunStore, Stored, end_of
from shared.reconcile.tell_events import EventTeller

if TYPE_CHECKING:
    from shared.domain.last_known import LastOutcomeJson

BATCHES_A_REQUEST = 10


@dataclass(frozen=True, slots=True)
class ShardFinisher:
    """Finishes shards; every step can be repeated, and the last one closes the run."""

    store: RunStore
    memory: ClusterMemory
    closer: RunCloser
    crowd_size: int
    teller: EventTeller

    async def finish(
        self, stored: Stored[ShardRecord], record: ShardRecord, settled: Mapping[str, Values]
    ) -> None:
        """Say, in one write with the last of its clusters, that a shard is finished.

        Where starts are crowded the clusters come first.
        """
        last: Stored[ShardRecord] | None = replace(stored, record=record)
        if crowded := await self._crowded(record, settled):
            written = await self.store.settle(stored, record, settled)
            last, settled = await self._say_crowded(written, crowded), {}
        if last is None:
            return
        finished = replace(last.record, pending=0, finished=True)
        if await self.store.settle(last, finished, settled):
            await self.conclude(record.run_id)

    async def conclude(self, run_id: str) -> None:
        """Close the run, if this was the last of its shards."""
        await self.closer.close_if_last(run_id)

    async def _crowded(self, record: ShardRecord, settled: Mapping[str, Values]) -> set[str]:
        """Name the crowded starts; what is settled and not written yet counts as written."""
        if record.known <= self.crowd_size:
            return set()
        written = await self.store.starts(record)
        unwritten = {key: starts_of(values) for key, values in settled.items()}
        return crowded_starts(sum((written | unwritten).values(), Counter()), self.crowd_size)

    async def _say_crowded(
        self, stored: Stored[ShardRecord] | None, crowded: set[str]
    ) -> Stored[ShardRecord] | None:
        """Add the finding to every cluster with such a start; None if somebody has taken over."""
        last, after = stored, ""
        while last is not None and (found := await self._batches(last.record, after)):
            for batch in found:
                last = await self._mark(last, batch, crowded) if last is not None else None
            after = end_of(found[-1])
        return last

    async def _batches(self, record: ShardRecord, after: str) -> list[Batch]:
        return await self.store.batches(record, BATCHES_A_REQUEST, after, {})

    async def _mark(
        self, stored: Stored[ShardRecord], batch: Batch, crowded: set[str]
    ) -> Stored[ShardRecord] | None:
        """Add the finding in one batch, told before it is written, and count it."""
        marked = {
            column: _with_crowding(cluster)
            for column, cluster in batch.settled.items()
            if cluster.start in crowded
        }
        # Not those that were marked before a crash.
        marked = {name: each for name, each in marked.items() if each != batch.settled[name]}
        if not marked:
            return stored
        await self._tell(stored, batch, marked)
        tally = stored.record.tally
        for name, each in marked.items():
            tally = tally.moving(batch.settled[name].shown["reason"], each.shown["reason"])
        values = batch.changed(marked).to_values(marked)
        record = replace(stored.record, tally=tally)
        return await self.store.settle(stored, record, {batch.key: values})

    async def _tell(
        self, stored: Stored[ShardRecord], batch: Batch, marked: Mapping[str, SettledCluster]
    ) -> None:
        """Tell and remember what was found, but of a single dry run nothing."""
        record = stored.record
        if record.dry_run and not self.memory.keeps_dry_runs:
            return
        untold = [each for name, each in marked.items() if not batch.settled[name].crowd_told]
        occasion = Occasion.of_run(record.run_id, record.cause)
        await self.teller.tell(
            [crowding_of(_id_of(each), {**each.shown}, occasion, stored.read_at) for each in untold]
        )
        known = {known_key(_id_of(each)): {**each.shown} for each in marked.values()}
        await self.memory.amend(record.shard.subscription_id, known)


def _with_crowding(cluster: SettledCluster) -> SettledCluster:
    shown = cast("LastOutcomeJson", with_crowding({**cluster.shown}))
    return SettledCluster(shown, crowd_told=True)


def _id_of(cluster: SettledCluster) -> ClusterId:
    return ClusterId.parse(cluster.shown["clusterId"])
