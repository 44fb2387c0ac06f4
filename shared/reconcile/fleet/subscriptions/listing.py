"""One subscription of a run: its clusters listed page by page, a row for each to look at."""

from copy import replace
from datetime import datetime, timedelta
from functools import partial

from msgspec import Struct

from shared.domain.deciding.decision import Action, Decision
from shared.domain.deciding.observed import ClusterPage, ObservedCluster
from shared.domain.deciding.outcome import OutcomeKind
from shared.domain.errors import AzureError
from shared.domain.fleet.run import Run, RunState
from shared.domain.fleet.run_records import ListingState, RunRecord, SubscriptionRecord
from shared.domain.fleet.run_work import Baton, ListSubscription, RunWork
from shared.domain.fleet.tally import Tally
from shared.domain.fleet.unreadable import Refusal
from shared.domain.messages.work import ReconcileCluster
from shared.domain.vocabulary.reasons import Cause, Reason
from shared.ports.azure import Clock
from shared.ports.storage import Queue
from shared.reconcile.cluster.tidy import Tidier
from shared.reconcile.fleet.close import RunCloser
from shared.reconcile.fleet.hand_out import ShardHandout
from shared.reconcile.fleet.store import RunStore, Stored
from shared.reconcile.fleet.subscriptions.before import before_in
from shared.reconcile.fleet.subscriptions.listed import Listed
from shared.reconcile.fleet.subscriptions.patience import ListingPatience
from shared.reconcile.fleet.updates.orders import Orders
from shared.reconcile.ground.at_once import both
from shared.reconcile.ground.crowds import CrowdFinder
from shared.reconcile.ground.given_up import GivenUpRecords
from shared.reconcile.ground.memory import KNOWN, Recorder
from shared.reconcile.ground.pauses import Paused
from shared.reconcile.ground.policies import Wanted
from shared.reconcile.ground.reads import ListPages

LIST_WITHIN = timedelta(minutes=3)
"""How long a lister may be silent before its message counts as lost."""

FIRST_DELAY, LONGEST_DELAY = timedelta(seconds=5), timedelta(minutes=1)
MOST_ATTEMPTS = 5
"""A minute or two in all; then the run goes on, and the subscription is tried again by itself."""

MOST_LISTINGS = 50
"""So often a listing may be begun, by whomever: one that naptime itself fails on is given up."""

SIGN_OF_LIFE = timedelta(minutes=1)


class SubscriptionLister(Struct, frozen=True):
    """Lists subscriptions for runs; can be repeated at any point without counting twice."""

    pages: ListPages
    store: RunStore
    recorder: Recorder
    given_up: GivenUpRecords
    runs: Queue[RunWork]
    clusters: Queue[ReconcileCluster]
    handout: ShardHandout
    closer: RunCloser
    clock: Clock
    wanted: Wanted
    verify_max_age: timedelta
    crowds: CrowdFinder
    tidier: Tidier
    patience: ListingPatience
    orders: Orders

    async def list(self, work: ListSubscription) -> Baton | None:
        """List the subscription, write its rows, and send a baton for each of its shards but one.

        Gives that one's, to go on with at once; None where there is none, or it is listed already.
        """
        stored = await self.store.run(work.run_id)
        if stored is None or stored.record.state is not RunState.ACTIVE:
            return None
        run = stored.record.run
        found = await self.store.subscription(run.id, work.subscription_id)
        if found is None or found.record.state is ListingState.UNREADABLE:
            return None
        if found.record.state is ListingState.LISTED:
            beside = stored.record.beside
            await self.handout.hand_out_again(run, found.record, found.read_at, beside)
            return None
        if found.record.listing >= MOST_LISTINGS:
            message = "naptime fails on listing this subscription; the reason is in its log."
            refusal = Refusal(Reason.POISONED, message, since=found.read_at)
            await self._unreadable(work, found, refusal)
            return None
        begun = replace(found.record, listing=found.record.listing + 1)
        claimed = await self._alive(run, replace(found, record=begun), found.read_at)
        if claimed is None:
            return None
        return await self._list_claimed(stored.record, work, claimed)

    async def _alive(
        self, run: Run, stored: Stored[SubscriptionRecord], now: datetime
    ) -> Stored[SubscriptionRecord] | None:
        """Say that the listing goes on; None if another message has taken it over."""
        record = replace(stored.record, due_at=now + LIST_WITHIN)
        return await self.store.replace_subscription(run.id, stored, record)

    async def _list_claimed(
        self, record: RunRecord, work: ListSubscription, claimed: Stored[SubscriptionRecord]
    ) -> Baton | None:
        listed = await self._remembered(claimed, run := record.run)
        listed.beside = record.beside
        try:
            ours = await self._pages(run, listed)
        except AzureError as error:
            return await self._refused(run, work, listed, error)
        return await self._conclude(run, listed, None) if ours else None

    async def _pages(self, run: Run, listed: Listed) -> bool:
        """Read every page; False if another message has taken the listing over meanwhile."""
        subscription_id = listed.row.record.subscription_id
        async for page in self.pages(subscription_id, run.scope.resource_group):
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
        before, given_up = await both(
            partial(before_in, self.recorder.memory, subscription_id, now),
            partial(self.given_up.of_subscription, subscription_id),
        )
        heard = await self.recorder.memory.heard(subscription_id) if self._fresh_for(run) else {}
        desired = await self.wanted(run.policy_hash)
        listed = Listed(claimed, desired, before, heard, given_up, self.clock.now())
        listed.screened = claimed.record.screened
        listed.ordered.permits = await self.orders.of(run, subscription_id)
        starts = [(each.location, each.start) for each in before.values()]
        listed.crowds = await self.crowds.find(run, subscription_id, starts, now)
        return listed

    def _fresh_for(self, run: Run) -> timedelta:
        """Say for how long a run leaves out what was read; not at all where it is no release."""
        released = run.cause is Cause.NODE_IMAGE_RELEASED
        return self.verify_max_age if released else timedelta(0)

    async def _page(self, run: Run, listed: Listed, page: ClusterPage) -> None:
        """Screen one page; write down the clusters whose configurations have to be read."""
        listed.screened += Tally(calls=1)
        listed.pages += 1
        fresh_for, now = self._fresh_for(run), self.clock.now()
        screened = [
            (cluster, listed.screened_by(cluster, fresh_for, now))
            for cluster in listed.meet(
                each for each in page.clusters if run.scope.covers(each.location)
            )
        ]
        listed_at = listed.row.read_at + (now - listed.alive_at)
        looked_at = [cluster for cluster, left in screened if left is None]
        if batches := listed.batches_of(looked_at, listed_at):
            await self.store.insert_batches(run.id, batches)
        for cluster, decision in screened:
            if decision is not None:
                await self._leave(run, listed, cluster, decision)
        for unreadable in page.unreadable:
            if unreadable.auto_provisioning and run.scope.covers(unreadable.location):
                reason = Reason.CLUSTER_ID_UNREADABLE
                listed.screened = listed.screened.counting(OutcomeKind.FAILED, reason)
        await self.recorder.record(listed.left_out, run.cause)
        listed.left_out = []

    async def _leave(
        self, run: Run, listed: Listed, cluster: ObservedCluster, decision: Decision
    ) -> None:
        now, only_looks = self.clock.now(), self.handout.only_looks(run)
        listed.leave_out(cluster, decision, now, dry_run=only_looks)
        if decision.action is Action.DEFER and not only_looks:
            await self.clusters.send(ReconcileCluster(cluster.id, run.cause, now))

    async def _conclude(self, run: Run, listed: Listed, refusal: Refusal | None) -> Baton | None:
        """Say, in one write, that it is listed and with what; whoever was faster goes on alone.

        With a refusal only the first pages were read.
        """
        if listed.beside:
            found, now = listed.shards.keys(), listed.row.read_at
            listed.leave_shards(await self.handout.at_work(listed.beside, found, now))
        record = listed.concluded(refusal)
        shards = self.handout.shards(run, record, listed.row.read_at)
        if not await self.store.conclude_listing(run.id, listed.row, record, shards):
            return None
        own = await self.handout.hand_out(run, shards, listed.row.read_at)
        if listed.beside:
            await self.handout.take_over(listed.beside, shards)
        if refusal is None and not run.scope.dry_run:
            await self.patience.forget(replace(run.scope, subscription_id=record.subscription_id))
        if refusal is None and run.scope.is_whole:
            await self._forget_gone(run, listed)
        return own

    async def _forget_gone(self, run: Run, listed: Listed) -> None:
        """Forget the clusters that are no more."""
        if run.scope.dry_run and not self.recorder.memory.keeps_dry_runs:
            return
        gone, subscription_id = listed.gone, listed.row.record.subscription_id
        await self.recorder.memory.note_missing(subscription_id, gone.missing)
        await self.recorder.memory.forget(
            subscription_id, [KNOWN + word for word in gone.to_forget]
        )
        await self.given_up.forget_some(subscription_id, gone.to_forget & listed.given_up.keys())
        await self.tidier.tidy(subscription_id, listed.places, listed.row.read_at)

    async def _refused(
        self, run: Run, work: ListSubscription, listed: Listed, error: AzureError
    ) -> Baton | None:
        """Try again soon what may work soon; otherwise go on with the pages that were read."""
        now = listed.row.read_at
        pause = FIRST_DELAY * (1 << min(work.attempt - 1, 10))
        delay = max(pause, error.retry_after or timedelta())
        soon = error.quick or isinstance(error, Paused)
        if soon and delay <= LONGEST_DELAY and work.attempt < MOST_ATTEMPTS:
            stored = listed.refused(error, now + delay)
            record = replace(stored.record, due_at=now + delay + LIST_WITHIN)
            if await self.store.replace_subscription(work.run_id, stored, record):
                await self.runs.send(work.again(), delay)
            return None
        refusal = await self.patience.begin(run, work.subscription_id, error, now)
        if listed.pages:
            listed.count_refusal(error)
            return await self._conclude(run, listed, refusal)
        await self._unreadable(work, listed.refused(error, None), refusal)
        return None

    async def leave_out(self, work: ListSubscription) -> None:
        """Leave out a subscription that naptime may not act on (any more), and say so."""
        stored = await self.store.subscription(work.run_id, work.subscription_id)
        if stored is not None and stored.record.state is ListingState.PENDING:
            message = "The subscription is not in NAPTIME_SUBSCRIPTIONS (any more)."
            refusal = Refusal(Reason.SUBSCRIPTION_LEFT_OUT, message, since=stored.read_at)
            await self._unreadable(work, stored, refusal)

    async def _unreadable(
        self, work: ListSubscription, stored: Stored[SubscriptionRecord], refusal: Refusal
    ) -> None:
        """Make it a finding of the run, which goes on without that subscription."""
        record = replace(stored.record, state=ListingState.UNREADABLE, refusal=refusal)
        if await self.store.replace_subscription(work.run_id, stored, record):
            await self.closer.close_if_last(work.run_id)
