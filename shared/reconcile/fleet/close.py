"""The shards of a run: handed out, and the run closed once all of them are finished."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from shared.domain.fleet.run import Run, RunState
from shared.domain.fleet.run_records import (
    ListingState,
    RunRecord,
    RunSummaryJson,
    SubscriptionRecord,
)
from shared.domain.fleet.run_work import Baton
from shared.domain.fleet.shard import Pace, Shard, beginnings
from shared.domain.fleet.shard_records import ShardRecord
from shared.domain.fleet.tally import total
from shared.domain.fleet.told import run_completed
from shared.domain.vocabulary.reasons import Reason
from shared.ports.storage import Queue
from shared.reconcile.cluster.look import CALLS_OF_AN_ATTEMPT
from shared.reconcile.fleet.store import RunStore
from shared.reconcile.ground.given_up import GivenUpRecords
from shared.reconcile.ground.outbox import EventTeller

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
    refused = [(found.subscription_id, found.refusal) for found in some if found.refusal]
    stopped = [each for part in parts for each in part.stopped_json()]
    crowds = [crowd.to_json() for found in some for crowd in found.crowds]
    return {
        "progress": {
            "subscriptions": len(some),
            "subscriptionsListed": len(some) - len(unlisted),
            "clusters": known + screened.clusters,
            "clustersDone": looked_at.clusters + screened.clusters,
        },
        **(screened + looked_at).to_json(),
        "unreadableSubscriptions": [refusal.to_json(name) for name, refusal in refused],
        "stoppedShards": stopped,
        "crowdedStarts": crowds,
        "findingCounts": {
            "unreadableSubscriptions": len(refused),
            "stoppedShards": len(stopped),
            "crowdedStarts": len(crowds),
        },
    }


@dataclass(frozen=True, slots=True)
class ShardHandout:
    """Hands out shards; one whose baton is lost gets another from the minder."""

    store: RunStore
    batons: Queue[Baton]
    closer: RunCloser
    pace: Pace
    dry_run: bool = False

    def only_looks(self, run: Run) -> bool:
        """Say whether a run stops before it writes, by its scope or by the settings."""
        return self.dry_run or run.scope.dry_run

    def shards(self, run: Run, record: SubscriptionRecord, now: datetime) -> list[ShardRecord]:
        """Give the row of each shard of a subscription that has been listed."""
        calls = [CALLS_OF_AN_ATTEMPT * clusters for clusters in record.shards.values()]
        waits = beginnings(self.pace, calls)
        return [
            ShardRecord(
                run.id,
                Shard(record.subscription_id, location),
                run.cause,
                dry_run=self.only_looks(run),
                known=clusters,
                pending=clusters,
                listing=record.listing,
                due_at=now + delay,
                policy_hash=run.policy_hash,
                progressed_at=now,
            )
            for (location, clusters), delay in zip(record.shards.items(), waits, strict=True)
        ]

    async def at_work(self, run_id: str, shards: Iterable[Shard], now: datetime) -> list[Shard]:
        """Name those of some shards that another run is at work on."""
        found = [(shard, await self.store.shard(run_id, shard)) for shard in shards]
        return [shard for shard, stored in found if stored and stored.record.is_at_work(now)]

    async def take_over(self, run_id: str, shards: Iterable[ShardRecord]) -> None:
        """End the part of another run in shards that it is stuck on."""
        for shard in shards:
            stored = await self.store.shard(run_id, shard.shard)
            if stored and not stored.record.finished:
                left = stored.record.left(Reason.LEFT_TO_ANOTHER_RUN)
                await self.store.settle(stored, left, {})
        await self.closer.close_if_last(run_id)

    async def hand_out(self, run: Run, shards: Sequence[ShardRecord], now: datetime) -> None:
        """Send the first baton of each shard; close the run if it has none."""
        for shard in shards:
            delay = shard.due_at - now if shard.due_at else timedelta()
            await self.batons.send(shard.baton, max(delay, timedelta()))
        if not shards:
            await self.closer.close_if_last(run.id)

    async def hand_out_again(self, run: Run, record: SubscriptionRecord, now: datetime) -> None:
        """Send the first batons of a subscription that may have got none; one too many is dropped.

        Shards that have gone on since need none.
        """
        found = [await self.store.shard(run.id, shard) for shard in shards_of([record])]
        begun = [stored.record for stored in found if stored]
        first = [shard for shard in begun if shard.generation == 1 and not shard.finished]
        if first or not begun:
            await self.hand_out(run, first, now)
