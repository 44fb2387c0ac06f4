"""One subscription of a run: its clusters listed page by page, a row for each to look at."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from shared.domain.deciding.decision import Action, Decision, Desired
from shared.domain.deciding.observed import ClusterPage, ObservedCluster
from shared.domain.deciding.outcome import OutcomeKind
from shared.domain.fleet.run import Run, RunState
from shared.domain.fleet.run_records import ListingState, SubscriptionRecord
from shared.domain.fleet.run_work import ListSubscription, RunWork
from shared.domain.fleet.tally import Tally
from shared.domain.messages.work import ReconcileCluster
from shared.domain.vocabulary.errors import AccessDenied, AzureError
from shared.domain.vocabulary.ids import ClusterId
from shared.domain.vocabulary.reasons import Cause, Reason
from shared.ports.azure import Aks, Clock
from shared.ports.storage import Queue
from shared.reconcile.fleet.close import RunCloser
from shared.reconcile.fleet.crowds import CrowdFinder
from shared.reconcile.fleet.hand_out import ShardHandout
from shared.reconcile.fleet.listed import Before, Listed
from shared.reconcile.fleet.store import RunStore, Stored
from shared.reconcile.ground.given_up import GivenUpRecords
from shared.reconcile.ground.memory import KNOWN, ClusterMemory

LIST_WITHIN = timedelta(minutes=3)
"""How long a lister may be silent before its message counts as lost."""

FIRST_DELAY = timedelta(seconds=5)
LONGEST_DELAY = timedelta(minutes=5)
MOST_ATTEMPTS = 12
"""About 40 minutes in all; the next run tries again anyway."""

LISTED_WITHIN = timedelta(hours=1)
"""How long after its start a run still waits for what a Retry-After asks for."""

MOST_LISTINGS = 50
"""So often a listing may be begun, by whomever: one that naptime itself fails on is given up."""

SIGN_OF_LIFE = timedelta(minutes=1)
PAGE_OF_GIVEN_UP = 500


@dataclass(frozen=True, slots=True)
class SubscriptionLister:
    """Lists subscriptions for runs; can be repeated at any point without counting twice."""

    aks: Aks
    store: RunStore
    memory: ClusterMemory
    given_up: GivenUpRecords
    runs: Queue[RunWork]
    clusters: Queue[ReconcileCluster]
    handout: ShardHandout
    closer: RunCloser
    clock: Clock
    desired: Desired
    verify_max_age: timedelta
    crowds: CrowdFinder

    async def list(self, work: ListSubscription) -> None:
        """List the subscription, write its rows, and send a baton for each of its shards."""
        stored = await self.store.run(work.run_id)
        if stored is None or stored.record.state is RunState.FINISHED:
            return
        run = stored.record.run
        found = await self.store.subscription(run.id, work.subscription_id)
        if found is None or found.record.state is ListingState.UNREADABLE:
            return
        if found.record.state is ListingState.LISTED:
            await self.handout.hand_out_again(run, found.record, found.read_at)
            return
        if found.record.listing >= MOST_LISTINGS:
            message = "naptime fails on listing this subscription; the reason is in its log."
            await self._unreadable(work, found, Reason.POISONED, message)
            return
        begun = replace(found.record, listing=found.record.listing + 1)
        claimed = await self._alive(run, replace(found, record=begun), found.read_at)
        if claimed is not None:
            await self._list_claimed(run, work, claimed)

    async def _alive(
        self, run: Run, stored: Stored[SubscriptionRecord], now: datetime
    ) -> Stored[SubscriptionRecord] | None:
        """Say that the listing goes on; None if another message has taken it over."""
        record = replace(stored.record, due_at=now + LIST_WITHIN)
        return await self.store.replace_subscription(run.id, stored, record)

    async def _list_claimed(
        self, run: Run, work: ListSubscription, claimed: Stored[SubscriptionRecord]
    ) -> None:
        listed = await self._remembered(claimed, run)
        try:
            ours = await self._pages(run, listed)
        except AzureError as error:
            await self._refused(run, work, listed.refused(error), error)
            return
        if ours:
            await self._conclude(run, listed)

    async def _pages(self, run: Run, listed: Listed) -> bool:
        """Read every page; False if another message has taken the listing over meanwhile."""
        subscription_id = listed.row.record.subscription_id
        async for page in self.aks.list_clusters(subscription_id, run.scope.resource_group):
            await self._page(run, listed, page)
            passed = self.clock.now() - listed.alive_at
            if passed > SIGN_OF_LIFE:
                now = listed.row.read_at + passed
                row = await self._alive(run, replace(listed.row, read_at=now), now)
                if row is None:
                    return False
                listed.row, listed.alive_at = row, self.clock.now()
        return True

    async def _remembered(self, claimed: Stored[SubscriptionRecord], run: Run) -> Listed:
        subscription_id, now = claimed.record.subscription_id, claimed.read_at
        before = {
            known.key.removeprefix(KNOWN): Before.of(known, now)
            async for known in self.memory.of_subscription(subscription_id)
        }
        heard = await self.memory.heard(subscription_id) if self._fresh_for(run) else {}
        given_up = await self._given_up(subscription_id)
        listed = Listed(claimed, before, heard, given_up, self.clock.now())
        listed.screened = claimed.record.screened
        listed.crowds = await self.crowds.find(run, subscription_id, before.values(), now)
        return listed

    async def _given_up(self, subscription_id: str) -> dict[str, ClusterId]:
        found = dict[str, ClusterId]()
        after = place = f"{subscription_id}|"
        while after.startswith(place) and (
            page := await self.given_up.page(after, PAGE_OF_GIVEN_UP)
        ):
            found |= {
                record.cluster_id.hash: record.cluster_id
                for at, record in page
                if at.startswith(place) and record.cluster_id
            }
            after = page[-1][0]
        return found

    def _fresh_for(self, run: Run) -> timedelta:
        """Say for how long a run leaves out what was read; not at all where it is no release."""
        released = run.cause is Cause.NODE_IMAGE_RELEASED
        return self.verify_max_age if released else timedelta(0)

    async def _page(self, run: Run, listed: Listed, page: ClusterPage) -> None:
        """Screen one page; write down the clusters whose configurations have to be read."""
        listed.screened += Tally(calls=1)
        fresh_for, now = self._fresh_for(run), self.clock.now()
        screened = [
            (cluster, listed.screened_by(self.desired, cluster, fresh_for, now))
            for cluster in listed.meet(each for each in page.clusters if _is_of(run, each))
        ]
        listed_at = listed.row.read_at + (now - listed.alive_at)
        # A cluster may have more tags than a row takes; those that a rule looks at are few.
        keys = self.desired.policy.asked_tags
        looked_at = [cluster.with_tags(keys) for cluster, left in screened if left is None]
        if batches := listed.batches_of(looked_at, listed_at):
            await self.store.insert_batches(run.id, batches)
        for cluster, decision in screened:
            if decision is not None:
                await self._leave(run, listed, cluster, decision)
        for unreadable in page.unreadable:
            if unreadable.auto_provisioning and run.scope.covers(unreadable.location):
                reason = Reason.CLUSTER_ID_UNREADABLE
                listed.screened = listed.screened.counting(OutcomeKind.FAILED, reason)
        await self.memory.remember(listed.left_out)
        listed.left_out = []

    async def _leave(
        self, run: Run, listed: Listed, cluster: ObservedCluster, decision: Decision
    ) -> None:
        """Leave a cluster out of the run; one that is being created goes on by itself."""
        now, only_looks = self.clock.now(), self.handout.only_looks(run)
        listed.leave_out(cluster, decision, now, dry_run=only_looks)
        if decision.action is Action.DEFER and not only_looks:
            await self.clusters.send(ReconcileCluster(cluster.id, run.cause, now))

    async def _conclude(self, run: Run, listed: Listed) -> None:
        """Say, in one write, that it is listed and with what; whoever was faster goes on alone."""
        record = replace(
            listed.row.record,
            state=ListingState.LISTED,
            due_at=None,
            shards={shard.location: clusters for shard, clusters in listed.shards.items()},
            screened=listed.screened,
            crowds=tuple(listed.crowds),
        )
        shards = self.handout.shards(run, record, listed.row.read_at)
        if not await self.store.conclude_listing(run.id, listed.row, record, shards):
            return
        await self.handout.hand_out(run, shards, listed.row.read_at)
        whole = not (run.scope.resource_group or run.scope.locations)
        if whole and (self.memory.keeps_dry_runs or not run.scope.dry_run):
            gone = [KNOWN + word for word in listed.known if word not in listed.seen]
            await self.memory.forget(record.subscription_id, gone)
            for word, cluster_id in listed.given_up.items():
                if word not in listed.seen:
                    await self.given_up.forget(cluster_id)

    async def _refused(
        self,
        run: Run,
        work: ListSubscription,
        stored: Stored[SubscriptionRecord],
        error: AzureError,
    ) -> None:
        """Try again later what may work later; otherwise the subscription is a finding."""
        doubled = FIRST_DELAY * (1 << min(work.attempt - 1, 10))
        delay = max(min(doubled, LONGEST_DELAY), error.retry_after or timedelta())
        soon = stored.read_at + delay <= run.started_at + LISTED_WITHIN
        later = error.retryable and not isinstance(error, AccessDenied)
        if later and soon and work.attempt < MOST_ATTEMPTS:
            record = replace(stored.record, due_at=stored.read_at + delay + LIST_WITHIN)
            if await self.store.replace_subscription(work.run_id, stored, record):
                await self.runs.send(work.again(), delay)
            return
        await self._unreadable(work, stored, error.reason, error.message)

    async def leave_out(self, work: ListSubscription) -> None:
        """Leave out a subscription that naptime may not act on (any more), and say so."""
        stored = await self.store.subscription(work.run_id, work.subscription_id)
        if stored is not None and stored.record.state is ListingState.PENDING:
            message = "The subscription is not in NAPTIME_SUBSCRIPTIONS (any more)."
            await self._unreadable(work, stored, Reason.ACCESS_DENIED, message)

    async def _unreadable(
        self,
        work: ListSubscription,
        stored: Stored[SubscriptionRecord],
        reason: Reason,
        message: str,
    ) -> None:
        """Make it a finding of the run, which goes on without that subscription."""
        unreadable = ListingState.UNREADABLE
        record = replace(stored.record, state=unreadable, reason=reason.value, message=message)
        if await self.store.replace_subscription(work.run_id, stored, record):
            await self.closer.close_if_last(work.run_id)


def _is_of(run: Run, cluster: ObservedCluster) -> bool:
    return run.scope.covers(cluster.location)
