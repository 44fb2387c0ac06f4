"""The work queue's side of a reconcile: claim, reconcile, then conclude, defer or give up.

What the functions on the queues do with a message's text.

A person asks for one cluster: at once if possible, otherwise by the queue.
"""

from collections.abc import Callable
from copy import replace
from datetime import datetime, timedelta
from typing import assert_never

from msgspec import Struct

from shared.domain.deciding.kubernetes import outcome_of_upgrades
from shared.domain.deciding.observed import AUTO_UPGRADE_SCHEDULE
from shared.domain.deciding.outcome import Outcome, OutcomeKind
from shared.domain.fleet.last_known import LastKnown
from shared.domain.fleet.pace import NotYet
from shared.domain.fleet.shard import Shard
from shared.domain.messages.given_up import GivenUp
from shared.domain.messages.seen import SeenCluster
from shared.domain.messages.told import Occasion
from shared.domain.messages.work import (
    SLOW,
    AlreadyDone,
    Busy,
    Claim,
    ReconcileCluster,
    delay_before,
    is_spent,
    paced_delay,
    parse_reconcile_cluster,
)
from shared.domain.vocabulary.cloud_event import EventType
from shared.domain.vocabulary.ids import ClusterId
from shared.domain.vocabulary.reasons import Cause, Reason
from shared.ports.azure import Clock
from shared.ports.storage import Queue
from shared.reconcile.cluster.beside.others import OtherWriters
from shared.reconcile.cluster.reconcile import ClusterReconciler
from shared.reconcile.ground.at_once import Room
from shared.reconcile.ground.claim import ClusterClaims, claim_soon, released
from shared.reconcile.ground.given_up import GivenUpRecords
from shared.reconcile.ground.memory import Recorder
from shared.reconcile.ground.outbox import OutcomeTeller
from shared.reconcile.ground.reads import CALLS_OF_AN_UPDATE, HalfPace
from shared.telemetry.lines import WORK_DROPPED

type Report = Callable[[Outcome, ReconcileCluster, datetime], None]
"""Told of each outcome, the work behind it, and when, by the worker's clock."""


class ClusterWorker(Struct, frozen=True):
    """Does one piece of cluster work; harmless to repeat, and nothing is lost on the way."""

    reconciler: ClusterReconciler
    claims: ClusterClaims
    recorder: Recorder
    given_up: GivenUpRecords
    queue: Queue[ReconcileCluster]
    clock: Clock
    jitter: Callable[[], float]
    """From 0 to 1, so that what was deferred together does not come back together."""
    report: Report
    teller: OutcomeTeller
    half_pace: HalfPace
    others: OtherWriters

    async def do(
        self, work: ReconcileCluster, inserted_at: datetime | None = None
    ) -> Outcome | None:
        """Reconcile the cluster of one message that the queue took in at `inserted_at`.

        None where a reconcile that began later has seen to it already, or where somebody else is
        at it: then the work comes back a little later.
        """
        work = work if work.since else replace(work, since=inserted_at)
        if wait := await self._too_early(work):
            await self.queue.send(work, wait * (0.5 + self.jitter()))
            return None
        # What a plan asks for is not done by a reconcile that may change nothing.
        since = None if work.update else work.since
        claim = await self.claims.claim(work.cluster_id, since)
        match claim:
            case Claim():
                outcome = await self.do_claimed(claim, work)
                await self.others.look(work)
                return outcome
            case Busy():
                await self.queue.send(work, claim.wait * (0.5 + self.jitter()))
            case AlreadyDone():
                await self.others.look(work)
            case _:
                assert_never(claim)
        return None

    async def _too_early(self, work: ReconcileCluster) -> timedelta | None:
        """Say how long an update has to wait for its half of the pace; None if not at all."""
        if work.update is None or work.location is None:
            return None
        shard = Shard(work.cluster_id.subscription_id, work.location)
        share = await self.half_pace.share(shard, CALLS_OF_AN_UPDATE)
        return share.wait if isinstance(share, NotYet) else None

    async def do_claimed(self, claim: Claim, work: ReconcileCluster) -> Outcome:
        """Reconcile under a claim, settle what comes of it, and give the claim back."""
        try:
            one = await self.reconciler.pass_of(work)
            heard_at = self.recorder.memory.heard_at
            one.exists_at = work.exists_at or await heard_at(work.cluster_id)
            outcome = await one.reconcile()
            self.report(outcome, work, self.clock.now())
            # Told first: whoever does this again finds what was written, and tells of nothing.
            await self.teller.tell(outcome, _occasion(work))
            await self._settle(outcome, work, one.looks.seen)
            known = LastKnown(outcome, claim.claimed_at, self.clock.now())
            await self._conclude(claim, known, work)
        except BaseException:
            # An outcome that could not be settled concludes nothing: its message comes again.
            await self.claims.release(claim, concluded=False)
            raise
        return outcome

    async def _conclude(self, claim: Claim, known: LastKnown, work: ReconcileCluster) -> None:
        """Write down what came of it, and give the claim back with it.

        Where somebody has claimed the cluster since, it is written down all the same; what no table
        takes concludes the work, as a failure.
        """
        concluded = not known.outcome.comes_back
        after = released(claim, concluded=concluded)
        if await self.recorder.memory.settle(claim.row, after, known):
            return
        for failure in (await self.recorder.record([known], work.cause)).values():
            await self.teller.tell_given_up(failure, _occasion(work))
        await self.claims.release(claim, concluded=concluded)

    async def _settle(
        self, outcome: Outcome, work: ReconcileCluster, seen: SeenCluster | None
    ) -> None:
        """Do what an outcome asks for: try later, give up, or forget that it was given up."""
        match outcome.kind:
            case OutcomeKind.DEFERRED if not is_spent(work, outcome.reason, self.clock.now()):
                paced = outcome.reason is Reason.PACED
                again = work.deferred(seen, paced=paced, sent=outcome.sent)
                await self.queue.send(again, self._delay(outcome, again))
            case OutcomeKind.DEFERRED if outcome.reason is Reason.UPDATE_WAITS:
                # Nothing is wrong with the cluster: the next run plans its update anew.
                await self.given_up.forget(work.cluster_id)
            case OutcomeKind.DEFERRED | OutcomeKind.FAILED:
                await self._give_up(outcome, work)
                if (other := outcome_of_upgrades(outcome)) and other.kind is OutcomeKind.FAILED:
                    await self._tell_upgrades_given_up(other, work)
            case _:
                await self._settle_upgrades(outcome, work, seen)

    async def _settle_upgrades(
        self, outcome: Outcome, work: ReconcileCluster, seen: SeenCluster | None
    ) -> None:
        """Do the same for the schedule of Kubernetes upgrades, once the other is seen to.

        What is given up again is not told again until it is over: each run asks for it anew.
        """
        other, cluster_id = outcome_of_upgrades(outcome), work.cluster_id
        if other is None or other.kind not in {OutcomeKind.DEFERRED, OutcomeKind.FAILED}:
            await self.given_up.forget(cluster_id)
            return
        before = await self.given_up.get(cluster_id)
        was_told = before is not None and before.part == AUTO_UPGRADE_SCHEDULE
        if outcome.comes_back and not is_spent(work, other.reason, self.clock.now()):
            if before and not was_told:
                await self.given_up.forget(cluster_id)
            again = work.deferred(seen, paced=other.reason is Reason.PACED)
            await self.queue.send(again, self._delay(other, again))
            return
        now = self.clock.now()
        part = AUTO_UPGRADE_SCHEDULE
        await self.given_up.put(GivenUp.of(other, work, now, work.attempt, part))
        if not was_told:
            await self._tell_upgrades_given_up(other, work)

    async def _tell_upgrades_given_up(self, other: Outcome, work: ReconcileCluster) -> None:
        failed = EventType.KUBERNETES_SCHEDULE_FAILED
        await self.teller.tell_given_up(other, _occasion(work), failed)

    def _delay(self, outcome: Outcome, work: ReconcileCluster) -> timedelta:
        if outcome.reason is Reason.PACED:
            return paced_delay(work.attempt, outcome.retry_after, self.jitter())
        slow = outcome.reason in SLOW
        return delay_before(work.attempt, outcome.retry_after, slow=slow, jitter=self.jitter())

    async def _give_up(self, outcome: Outcome, work: ReconcileCluster) -> None:
        await self.given_up.put(GivenUp.of(outcome, work, self.clock.now(), work.attempt))
        await self.teller.tell_given_up(outcome, _occasion(work))


def _occasion(work: ReconcileCluster) -> Occasion:
    return Occasion.asked(work.cause, work.asked_at)


class MessageReceiver(Struct, frozen=True):
    """Receives from the work queue; raises InvalidMessage for what naptime did not write."""

    worker: ClusterWorker
    subscriptions: frozenset[str]
    room: Room

    async def receive(self, text: str, inserted_at: datetime | None) -> Outcome | None:
        """Do the work in one message; None where there is nothing (more) to do."""
        work = parse_reconcile_cluster(text)
        if work.cluster_id.subscription_id not in self.subscriptions:
            why = "its subscription is not in NAPTIME_SUBSCRIPTIONS (any more)"
            WORK_DROPPED.log(cluster_id=work.cluster_id, why=why)
            return None
        async with self.room.taken():
            return await self.worker.do(work, inserted_at)


class RequestedReconcile(Struct, frozen=True):
    """Answers `POST /reconcile` for one cluster."""

    worker: ClusterWorker

    async def reconcile(self, cluster_id: ClusterId, *, dry_run: bool) -> Outcome | None:
        """Give the outcome; None where somebody else is at the cluster, and the queue has the work.

        A dry run claims nothing, leaves no record and is never put on the queue.
        """
        worker = self.worker
        if dry_run:
            return await worker.reconciler.reconcile(cluster_id, dry_run=True)
        work = ReconcileCluster(cluster_id, Cause.ASKED, worker.clock.now())
        claim = await claim_soon(worker.claims, worker.clock, cluster_id)
        if claim is None:
            await worker.queue.send(work)
            return None
        return await worker.do_claimed(claim, work)
