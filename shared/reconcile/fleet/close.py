"""The end of a run: once every subscription is listed and every shard is finished."""

from collections.abc import Callable, Iterable, Mapping
from copy import replace

from msgspec import Struct

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
from shared.domain.fleet.told import ended
from shared.reconcile.fleet.store import RunStore
from shared.reconcile.fleet.updates.follow import Follower
from shared.reconcile.ground.given_up import GivenUpRecords
from shared.reconcile.ground.outbox import EventTeller

type ReportRun = Callable[[RunRecord], None]


class RunCloser(Struct, frozen=True):
    """Closes runs; harmless to repeat, and whoever does something last calls it."""

    store: RunStore
    report: ReportRun
    teller: EventTeller
    given_up: GivenUpRecords
    follower: Follower

    async def close_if_last(self, run_id: str) -> bool:
        """Do so unless something is known to be left: every part of a run that ends asks this.

        Reading all parts each time would cost the square of their number. Of two that end at once
        the later finds nothing left, and reads all; `mind_runs` does so in any case.
        """
        return not await self.store.has_unfinished(run_id) and await self.close_if_done(run_id)

    async def close_if_done(self, run_id: str) -> bool:
        """Close an active run that has nothing left to do; tell whether this call did."""
        stored = await self.store.run(run_id)
        if stored is None or not stored.record.may_end:
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
        closed = await self.follower.judged(closed, stored.read_at)
        # Told first: a crash in between, or another who closes it too, tells it again (same id).
        await self.teller.tell([*ended(closed, stored.read_at)])
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
    counts = (screened + looked_at).to_json()
    return {
        "progress": {
            "subscriptions": len(some),
            "subscriptionsListed": len(some) - len(unlisted),
            "clusters": known + screened.clusters,
            "clustersDone": looked_at.clusters + screened.clusters,
        },
        "outcomes": counts["outcomes"],
        "reasons": counts["reasons"],
        "calls": counts["calls"],
        "throttled": counts["throttled"],
        "owned": counts["owned"],
        "unreadableSubscriptions": [refusal.to_json(name) for name, refusal in refused],
        "stoppedShards": stopped,
        "crowdedStarts": crowds,
        "leftOutOfPlan": [each.to_json() for found in some for each in found.left_out.named],
        "findingCounts": {
            "unreadableSubscriptions": len(refused),
            "stoppedShards": len(stopped),
            "crowdedStarts": len(crowds),
            "leftOutOfPlan": sum(found.left_out.count for found in some),
        },
    }
