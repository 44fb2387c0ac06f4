"""The end of a run: once every subscription is listed and every shard is finished.

The end of a shard's part in a run: crowded starts found, and said that it is finished.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, cast

from shared.domain.fleet.batch import Batch, SettledCluster, starts_of
from shared.domain.fleet.crowding import crowded_starts, with_crowding
from shared.domain.fleet.run import RunState
from shared.domain.fleet.run_records import (
    ListingState,
    RunRecord,
    RunSummaryJson,
    SubscriptionRecord,
)
from shared.domain.fleet.shard import Shard
from shared.domain.fleet.shard_records import ShardRecord
from shared.domain.fleet.tally import total
from shared.domain.fleet.told import run_completed
from shared.domain.messages.told import Occasion, crowding_of
from shared.domain.vocabulary.ids import ClusterId
from shared.domain.vocabulary.rows import Values
from shared.reconcile.fleet.store import RunStore, Stored, end_of
from shared.reconcile.ground.given_up import GivenUpRecords
from shared.reconcile.ground.memory import ClusterMemory, known_key
from shared.reconcile.ground.outbox import EventTeller

if TYPE_CHECKING:
    from shared.domain.deciding.outcome import LastOutcomeJson


type ReportRun = Callable[[RunRecord], None]


@dataclass(frozen=True, slots=True)
class RunCloser:
    """Closes runs; harmless to repeat, and whoever does something last calls it."""

    store: RunStore
    report: ReportRun
    teller: EventTeller
    given_up: GivenUpRecords

    async def close_if_last(self, run_id: str) -> bool:
        """Do so unless something is known to be left: every part of a run that ends asks this.

        Reading all parts each time would cost the square of their number. Of two that end at once
        the later finds nothing left, and reads all; `mind_runs` does so in any case.
        """
        return not await self.store.has_unfinished(run_id) and await self.close_if_done(run_id)

    async def close_if_done(self, run_id: str) -> bool:
        """Close an active run that has nothing left to do; tell whether this call did."""
        stored = await self.store.run(run_id)
        if stored is None or stored.record.state is RunState.FINISHED or not stored.record.started:
            return False
        subscriptions, shards = await self.store.parts(run_id)
        if not is_done(subscriptions, shards):
            return False
        closed = replace(
            stored.record,
            state=RunState.FINISHED,
            finished_at=stored.read_at,
            summary=summary(subscriptions, shards.values()),
        )
        # Told first: a crash in between, or another who closes it too, tells it again (same id).
        await self.teller.tell([run_completed(closed, stored.read_at)])
        if await self.store.replace_run(stored, closed):
            self.report(closed)
            await self.given_up.forget_run(run_id)
            return True
        return False


def shards_of(subscriptions: Iterable[SubscriptionRecord]) -> list[Shard]:
    """Name the shards that the listed subscriptions have clusters in."""
    return [
        Shard(subscription.subscription_id, location)
        for subscription in subscriptions
        for location in subscription.shards
    ]


def is_done(subscriptions: Iterable[SubscriptionRecord], shards: Mapping[str, ShardRecord]) -> bool:
    """Say whether every subscription is listed or unreadable, and every shard is finished."""
    some = list(subscriptions)
    waiting = any(subscription.state is ListingState.PENDING for subscription in some)
    return not waiting and all(is_finished(shards.get(each.key)) for each in shards_of(some))


def is_finished(shard: ShardRecord | None) -> bool:
    """Say whether a shard has its row, and is finished."""
    return shard is not None and shard.finished


def summary(
    subscriptions: Iterable[SubscriptionRecord], shards: Iterable[ShardRecord]
) -> RunSummaryJson:
    """Give what a run has come to, as the HTTP API shows it."""
    some, parts = list(subscriptions), list(shards)
    screened = total(subscription.screened for subscription in some)
    looked_at = total(part.tally for part in parts)
    known = sum(sum(subscription.shards.values()) for subscription in some)
    unlisted = [found for found in some if found.state is ListingState.PENDING]
    unreadable = [found for found in some if found.state is ListingState.UNREADABLE]
    return {
        "progress": {
            "subscriptions": len(some),
            "subscriptionsListed": len(some) - len(unlisted),
            "clusters": known + screened.clusters,
            "clustersDone": looked_at.clusters + screened.clusters,
        },
        **(screened + looked_at).to_json(),
        "unreadableSubscriptions": [found.unreadable_json() for found in unreadable],
        "stoppedShards": [part.stopped_json() for part in parts if part.stopped],
    }


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
