"""One subscription of a run: its clusters listed page by page, a row for each to look at."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from shared.domain.deciding.decision import Action, Decision, Desired
from shared.domain.deciding.observed import ClusterPage, ObservedCluster
from shared.domain.deciding.outcome import Outcome, OutcomeKind
from shared.domain.deciding.policy import screen
from shared.domain.fleet.last_known import LastKnown
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

CLOCKS_APART = timedelta(minutes=2)
"""How far a worker's clock, which tells when an event came, may be from the storage service's."""


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
        subscription_id = claimed.record.subscription_id
        before = {
            known.key.removeprefix(KNOWN): Before.of(known)
            async for known in self.memory.of_subscription(subscription_id)
        }
        spares = self._spares(run)
        heard = await self.memory.heard(subscription_id) if spares else {}
        given_up = dict[str, ClusterId]()
        after = place = f"{subscription_id}|"
        while page := await self.given_up.page(after, PAGE_OF_GIVEN_UP):
            given_up |= {
                record.cluster_id.hash: record.cluster_id
                for at, record in page
                if at.startswith(place) and record.cluster_id
            }
            after = page[-1][0]
            if not after.startswith(place):
                break
        alive_at, refused = self.clock.now(), claimed.record.screened
        return Listed(claimed, before, heard, given_up, alive_at, screened=refused)

    def _spares(self, run: Run) -> bool:
        """Say whether a run leaves out what was read a short while ago."""
        return run.cause is Cause.NODE_IMAGE_RELEASED and self.verify_max_age > timedelta(0)

    async def _page(self, run: Run, listed: Listed, page: ClusterPage) -> None:
        """Screen one page; write down the clusters whose configurations have to be read."""
        listed.screened += Tally(calls=1)
        clusters = [
            cluster
            for cluster in page.clusters
            if run.scope.covers(cluster.location)
            and listed.is_new(cluster)
            and await self._is_to_be_looked_at(run, listed, cluster)
        ]
        if batches := listed.batches_of(clusters):
            await self.store.insert_batches(run.id, batches)
        for unreadable in page.unreadable:
            if unreadable.auto_provisioning and run.scope.covers(unreadable.location):
                reason = Reason.CLUSTER_ID_UNREADABLE
                listed.screened = listed.screened.counting(OutcomeKind.FAILED, reason)
        await self.memory.remember(listed.left_out)
        listed.left_out = []

    async def _is_to_be_looked_at(self, run: Run, listed: Listed, cluster: ObservedCluster) -> bool:
        screened = screen(cluster, self.desired, self.clock.now())
        if cluster.auto_provisioning:
            listed.seen.add(cluster.id.hash)
        if screened is None and self._spares(run) and self._is_fresh(listed, cluster):
            skipped = listed.screened.counting(OutcomeKind.SKIPPED, Reason.RECENTLY_READ)
            listed.screened = skipped
            return False
        if screened is None:
            return True
        kind = OutcomeKind.DEFERRED if screened.action is Action.DEFER else OutcomeKind.SKIPPED
        listed.screened = listed.screened.counting(kind, screened.reason)
        if cluster.auto_provisioning and screened.action is Action.SKIP:
            self._leave_out(run, listed, cluster, screened)
        if screened.reason is Reason.CLUSTER_CREATING and not self.handout.only_looks(run):
            work = ReconcileCluster(cluster.id, run.cause, self.clock.now())
            await self.clusters.send(work)
        return False

    def _leave_out(
        self, run: Run, listed: Listed, cluster: ObservedCluster, screened: Decision
    ) -> None:
        """Note that a cluster is left alone, unless that is what is known of it."""
        before = listed.known.get(cluster.id.hash)
        if before is None or before.reason != screened.reason.value:
            outcome = Outcome.left_out(cluster, screened, dry_run=self.handout.only_looks(run))
            listed.left_out.append(LastKnown(outcome, listed.row.read_at, self.clock.now()))

    def _is_fresh(self, listed: Listed, cluster: ObservedCluster) -> bool:
        """Say whether an explicit schedule was just seen, and nothing was heard since.

        An event counts from its receipt, whether or not its message has been worked on.
        """
        word = cluster.id.hash
        before = listed.known.get(word)
        verified_at = before.verified_at if before else None
        if verified_at is None or listed.row.read_at - verified_at >= self.verify_max_age:
            return False
        heard_at = listed.heard.get(word)
        return heard_at is None or heard_at < verified_at - CLOCKS_APART

    async def _conclude(self, run: Run, listed: Listed) -> None:
        """Say, in one write, that it is listed and with what; whoever was faster goes on alone."""
        record = replace(
            listed.row.record,
            state=ListingState.LISTED,
            due_at=None,
            shards={shard.location: clusters for shard, clusters in listed.shards.items()},
            screened=listed.screened,
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
