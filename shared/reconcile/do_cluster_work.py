"""The work queue's side of a reconcile: claim, reconcile, then conclude, defer or give up."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import assert_never

from shared.domain.claims import AlreadyDone, Busy, Claim
from shared.domain.given_up import GivenUp
from shared.domain.last_known import LastKnown
from shared.domain.outcome import Outcome, OutcomeKind
from shared.domain.reasons import REASONS, Reason
from shared.domain.schedule_events import Occasion
from shared.domain.work import SLOW, ReconcileCluster, delay_before, is_spent, paced_delay
from shared.reconcile.ports import Clock, ClusterRecords, GivenUpRecords, WorkQueue
from shared.reconcile.reconcile_cluster import ClusterReconciler
from shared.reconcile.remember_clusters import ClusterMemory
from shared.reconcile.tell_events import OutcomeTeller

type Report = Callable[[Outcome, ReconcileCluster, datetime], None]
"""Told of each outcome, the work behind it, and when, by the worker's clock."""


@dataclass(frozen=True, slots=True)
class ClusterWorker:
    """Does one piece of cluster work; harmless to repeat, and nothing is lost on the way."""

    reconciler: ClusterReconciler
    records: ClusterRecords
    memory: ClusterMemory
    given_up: GivenUpRecords
    queue: WorkQueue
    clock: Clock
    jitter: Callable[[], float]
    """From 0 to 1, so that what was deferred together does not come back together."""
    report: Report
    teller: OutcomeTeller

    async def do(
        self, work: ReconcileCluster, inserted_at: datetime | None = None
    ) -> Outcome | None:
        """Reconcile the cluster of one message that the queue took in at `inserted_at`.

        None where a reconcile that began later has seen to it already, or where somebody else is
        at it: then the work comes back a little later.
        """
        work = work if work.since else replace(work, since=inserted_at)
        claim = await self.records.claim(work.cluster_id, work.since)
        match claim:
            case Claim():
                return await self.do_claimed(claim, work)
            case Busy():
                await self.queue.send(work, claim.wait * (0.5 + self.jitter()))
            case AlreadyDone():
                pass
            case _:
                assert_never(claim)
        return None

    async def do_claimed(self, claim: Claim, work: ReconcileCluster) -> Outcome:
        """Reconcile under a claim, settle what comes of it, and give the claim back."""
        concluded = False
        try:
            outcome = await self.reconciler.reconcile(work.cluster_id)
            self.report(outcome, work, self.clock.now())
            await self._settle(outcome, work)
            await self.teller.tell(outcome, _occasion(work))
            await self.memory.remember_one(LastKnown(outcome, claim.claimed_at, self.clock.now()))
            concluded = outcome.kind is not OutcomeKind.DEFERRED
        finally:
            # An outcome that could not be settled concludes nothing: its message comes again.
            await self.records.release(claim, concluded=concluded)
        return outcome

    async def _settle(self, outcome: Outcome, work: ReconcileCluster) -> None:
        """Do what an outcome asks for: try later, give up, or forget that it was given up."""
        match outcome.kind:
            case OutcomeKind.DEFERRED if not is_spent(work, self.clock.now()):
                again = work.deferred()
                await self.queue.send(again, self._delay(outcome, again))
            case OutcomeKind.DEFERRED | OutcomeKind.FAILED:
                await self._give_up(outcome, work)
            case _:
                await self.given_up.forget(work.cluster_id)

    def _delay(self, outcome: Outcome, work: ReconcileCluster) -> timedelta:
        if outcome.reason is Reason.PACED:
            return paced_delay(work.attempt, outcome.retry_after, self.jitter())
        slow = outcome.reason in SLOW
        return delay_before(work.attempt, outcome.retry_after, slow=slow, jitter=self.jitter())

    async def _give_up(self, outcome: Outcome, work: ReconcileCluster) -> None:
        await self.given_up.put(
            GivenUp(
                cluster_id=work.cluster_id,
                reason=outcome.reason.value,
                message=outcome.message,
                advice=REASONS[outcome.reason].you_can,
                given_up_at=self.clock.now(),
                attempts=work.attempt,
                work=work.to_message(),
            )
        )
        await self.teller.tell_given_up(outcome, _occasion(work))


def _occasion(work: ReconcileCluster) -> Occasion:
    return Occasion.asked(work.cause, work.asked_at)
