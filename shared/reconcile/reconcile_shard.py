"""The holder of a baton: takes the shard's lease, works with the tokens there are, passes it on."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from shared.domain.cloud_event import CloudEvent
from shared.domain.given_up import GivenUp
from shared.domain.last_known import LastKnown
from shared.domain.outcome import Outcome, OutcomeKind
from shared.domain.pace import Bucket, NotYet, worth_waiting_for
from shared.domain.reasons import REASONS, Reason
from shared.domain.rows import Values
from shared.domain.run_work import Baton
from shared.domain.schedule_events import Occasion, events_of, failure_of
from shared.domain.shard_records import PendingCluster, ShardRecord, settled_values
from shared.domain.tally import Tally
from shared.domain.work import Cause, ReconcileCluster
from shared.reconcile.finish_shard import ShardFinisher
from shared.reconcile.keep_pace import Grip, HeldBy, ShardPacer
from shared.reconcile.ports import BatonQueue, GivenUpRecords, WorkQueue
from shared.reconcile.reconcile_cluster import CALLS_OF_AN_ATTEMPT
from shared.reconcile.remember_clusters import ClusterMemory
from shared.reconcile.run_store import RunStore, Stored
from shared.reconcile.tell_events import EventTeller
from shared.reconcile.work_shift import Settled, Shift, ShiftWorld

MOST_ATTEMPTS = 3
"""So often a cluster is tried within a run; then it goes on by itself, for 24 hours."""

LONGEST_REFILL = timedelta(seconds=25)
BEHIND_ANOTHER_RUN = timedelta(seconds=3)
AFTER_TROUBLE = timedelta(seconds=5)
"""The least wait after a shift in which something has to be done again."""

NO_ROWS: Mapping[str, Values] = {}

type Report = Callable[[Outcome, Cause], None]


@dataclass(frozen=True, slots=True)
class ShardReconciler:
    """Does the work of one baton; of two that are the same, one does nothing."""

    store: RunStore
    pacer: ShardPacer
    shifts: ShiftWorld
    memory: ClusterMemory
    given_up: GivenUpRecords
    batons: BatonQueue
    clusters: WorkQueue
    finisher: ShardFinisher
    report: Report
    teller: EventTeller

    async def carry(self, baton: Baton) -> None:
        """Work on the baton's shard for some seconds, then pass it on or finish the shard."""
        stored = await self.store.shard(baton.run_id, baton.shard)
        if stored is None or stored.record.generation != baton.generation:
            return
        if stored.record.finished:
            await self.finisher.conclude(stored.record)
            return
        most = CALLS_OF_AN_ATTEMPT * stored.record.pending
        grip = await self.pacer.grip(baton.shard, baton.run_id, baton.generation, most)
        match grip:
            case Grip():
                await self._work(stored, grip)
            case HeldBy():
                await self._come_back(stored, grip)
            case NotYet():
                worth = self._worth(stored.record)
                wait = max(grip.wait, self.pacer.pace.refill_time(worth))
                await self._pass_on(stored, stored.record, wait)

    async def _come_back(self, stored: Stored[ShardRecord], held: HeldBy) -> None:
        """Wait for another run's holder; or for this very baton's, who may have died with it.

        If that one lives it passes the baton on, and this one is of an old generation by then.
        """
        if held.lease.run_id == stored.record.run_id:
            await self.batons.send(stored.record.baton, held.wait)
        else:
            await self._pass_on(stored, stored.record, min(held.wait, BEHIND_ANOTHER_RUN))

    async def _pass_on(
        self,
        stored: Stored[ShardRecord],
        record: ShardRecord,
        delay: timedelta,
        rows: Mapping[str, Values] = NO_ROWS,
    ) -> None:
        """Send the baton of the next generation, once its number is written down."""
        after = replace(
            record, generation=stored.record.generation + 1, due_at=stored.read_at + delay
        )
        if await self.store.settle(stored, after, rows):
            await self.batons.send(after.baton, delay)

    async def _work(self, stored: Stored[ShardRecord], grip: Grip) -> None:
        shift = self.shifts.shift(stored.record, grip)
        limit = max(grip.draw.tokens - 1, 0)
        pending = await self._pending(stored.record, limit)
        if not pending:
            await self._finish(stored, stored.record, {}, shift)
            return
        await shift.work(pending)
        rows = await self._settle_clusters(shift)
        await self._conclude(stored, shift, rows)

    async def _pending(self, record: ShardRecord, limit: int) -> list[PendingCluster]:
        # Even without tokens one row is asked for: only the rows know whether there is work left.
        return await self.store.pending(record.run_id, record.shard, max(limit, 1))

    async def _settle_clusters(self, shift: Shift) -> dict[str, Values]:
        """Do what each outcome asks for outside the run, and give the rows that say so."""
        rows: dict[str, Values] = {}
        known: list[LastKnown] = []
        events: list[CloudEvent] = []
        now = self.shifts.reconciler.clock.now()
        for settled in shift.settled:
            outcome = await self._final(shift.record, settled, now)
            if outcome is None:
                attempts = settled.cluster.attempts + settled.counts
                again = replace(settled.cluster, attempts=attempts, sent=settled.sent)
                rows[again.key] = again.to_values()
                continue
            self.report(outcome, shift.record.cause)
            events += _to_tell(shift.record, settled.cluster, outcome, now)
            shift.record = shift.record.counting(outcome)
            known.append(LastKnown(outcome, shift.grip.draw.at, now))
            rows[settled.cluster.key] = settled_values(
                known[-1].shown, crowd_told=settled.cluster.crowd_told
            )
        # Told before it is remembered: a crash in between tells it again, with the same id.
        await self.teller.tell(events)
        await self.memory.remember(known)
        return rows

    async def _final(self, record: ShardRecord, settled: Settled, now: datetime) -> Outcome | None:
        """Give what a cluster's outcome is for this run; None if the run tries it again."""
        outcome, cluster = settled.outcome, settled.cluster
        if outcome is None or outcome.kind is OutcomeKind.DEFERRED:
            if not settled.counts or cluster.attempts + 1 < MOST_ATTEMPTS:
                return None
            if not record.dry_run:
                await self.clusters.send(ReconcileCluster(cluster.cluster.id, record.cause, now))
            return outcome or _left_to_itself(cluster)
        if outcome.dry_run:
            return outcome
        if outcome.kind is OutcomeKind.FAILED:
            await self._give_up(outcome, record.cause, now)
        elif cluster.given_up:
            await self.given_up.forget(outcome.cluster_id)
        return outcome

    async def _give_up(self, outcome: Outcome, cause: Cause, now: datetime) -> None:
        await self.given_up.put(
            GivenUp(
                cluster_id=outcome.cluster_id,
                reason=outcome.reason.value,
                message=outcome.message,
                advice=REASONS[outcome.reason].you_can,
                given_up_at=now,
                attempts=outcome.attempts,
                work=ReconcileCluster(outcome.cluster_id, cause, now).to_message(),
            )
        )

    async def _conclude(
        self, stored: Stored[ShardRecord], shift: Shift, rows: dict[str, Values]
    ) -> None:
        """Write everything in one go, give back lease and tokens, and pass the baton on."""
        spent = Tally(calls=shift.calls, throttled=shift.throttled)
        record = replace(shift.record, tally=shift.record.tally + spent)
        if not record.pending:
            await self._finish(stored, record, rows, shift)
            return
        delay = self._delay(shift)
        due_at = stored.read_at + shift.lasted + delay
        after = replace(record, generation=record.generation + 1, due_at=due_at)
        written = await self.store.settle(stored, after, rows)
        if written is None:
            # Somebody has taken over after the lease ran out: what was done here is read again.
            await self.pacer.release(record.shard, shift.grip, shift.free)
            return
        await self.pacer.release(record.shard, shift.grip, shift.free)
        await self.batons.send(after.baton, delay)

    async def _finish(
        self,
        stored: Stored[ShardRecord],
        record: ShardRecord,
        rows: dict[str, Values],
        shift: Shift,
    ) -> None:
        """Finish the shard; where its rows say that more is left than was counted, go on."""
        left = await self.finisher.finish(stored, record, rows)
        await self.pacer.release(record.shard, shift.grip, shift.free)
        if left:
            await self._pass_on(stored, replace(record, pending=left), timedelta(), rows)

    def _delay(self, shift: Shift) -> timedelta:
        """Say how long it takes until tokens are worth the next baton."""
        bucket: Bucket = shift.grip.bucket
        later = replace(bucket, tokens=bucket.tokens + shift.free)
        wait = later.wait_for(self._worth(shift.record), shift.grip.draw.at)
        trouble = shift.throttled or any(
            not found.counts or found.failure for found in shift.settled
        )
        left = max(wait - shift.lasted, timedelta())
        return max(left, AFTER_TROUBLE) if trouble else left

    def _worth(self, record: ShardRecord) -> int:
        # One call each, and one more for the last to begin with; few need a write as well.
        return worth_waiting_for(self.pacer.pace, record.pending + 1, LONGEST_REFILL)


def _to_tell(
    record: ShardRecord, cluster: PendingCluster, outcome: Outcome, now: datetime
) -> list[CloudEvent]:
    """Give what a settled cluster is to tell; a failure not again in each run until it is over."""
    occasion = Occasion.of_run(record.run_id, record.cause)
    events = events_of(outcome, occasion, cluster.told, now)
    if outcome.kind is OutcomeKind.FAILED and not cluster.given_up:
        events += failure_of(outcome, occasion, now)
    return events


def _left_to_itself(cluster: PendingCluster) -> Outcome:
    """Give the outcome of a cluster that no attempt of the run came to an end with."""
    return Outcome(
        cluster_id=cluster.cluster.id,
        kind=OutcomeKind.DEFERRED,
        reason=Reason.POISONED,
        message="naptime failed on this cluster; it goes on by itself.",
        findings=(),
        window=None,
        next_start=None,
        attempts=MOST_ATTEMPTS,
        calls=0,
        cluster=cluster.cluster,
    )
