"""The holder of a baton: takes the shard's lease, works with the tokens there are, passes it on."""

from collections.abc import Iterator, Mapping, Sequence
from copy import replace
from datetime import timedelta
from itertools import islice

from msgspec import Struct

from shared.domain.fleet.batch import (
    CLUSTERS_A_BATCH,
    Batch,
    BatchedCluster,
    PendingCluster,
)
from shared.domain.fleet.pace import ONE_SECOND, Bucket, NotYet, worth_waiting_for
from shared.domain.fleet.run_work import Baton
from shared.domain.fleet.shard import Grip, HeldBy
from shared.domain.fleet.shard_records import ShardRecord
from shared.domain.vocabulary.reasons import Reason
from shared.domain.vocabulary.rows import Values
from shared.ports.storage import Queue
from shared.reconcile.cluster.look import CALLS_OF_AN_ATTEMPT
from shared.reconcile.fleet.close import RunCloser
from shared.reconcile.fleet.settle import LONGEST_REFILL, Changes, ClusterSettler
from shared.reconcile.fleet.shift import Shift, ShiftWorld
from shared.reconcile.fleet.store import RunStore, Stored
from shared.reconcile.ground.pacer import ShardPacer
from shared.reconcile.ground.reads import HalfPace

BEHIND_ANOTHER_RUN = timedelta(seconds=3)
AFTER_TROUBLE = timedelta(seconds=5)
"""The least wait after a shift in which something has to be done again."""

NO_ROWS: Mapping[str, Values] = {}


class ShardReconciler(Struct, frozen=True):
    """Does the work of one baton; of two that are the same, one does nothing."""

    store: RunStore
    pacer: ShardPacer
    shifts: ShiftWorld
    settler: ClusterSettler
    batons: Queue[Baton]
    closer: RunCloser
    subscriptions: frozenset[str]
    half_pace: HalfPace

    async def carry(self, baton: Baton) -> None:
        """Work on the baton's shard for some seconds, then pass it on or finish the shard."""
        stored = await self.store.shard(baton.run_id, baton.shard)
        if stored is None or stored.record.generation != baton.generation:
            return
        if stored.record.finished:
            await self.closer.close_if_last(baton.run_id)
            return
        if baton.shard.subscription_id not in self.subscriptions:
            await self._leave(stored)
            return
        with self.shifts.in_flight.beside_others():
            await self._hold(stored, baton)

    async def _leave(self, stored: Stored[ShardRecord]) -> None:
        """End the shard's part: the subscription has left the settings since it was listed."""
        left = stored.record.left(Reason.SUBSCRIPTION_LEFT_OUT)
        if await self.store.settle(stored, left, NO_ROWS):
            await self.closer.close_if_last(left.run_id)

    async def _hold(self, stored: Stored[ShardRecord], baton: Baton) -> None:
        """Take the lease and work; or come back later."""
        clusters = min(stored.record.pending, self.shifts.in_flight.in_all)
        most = CALLS_OF_AN_ATTEMPT * clusters
        if most and (wait := await self.shifts.pauses.wait(baton.shard)):
            await self._pass_on(stored, wait)
        elif stored.record.updates and most:
            await self._hold_half(stored, baton, most)
        else:
            await self._hold_up_to(stored, baton, most)

    async def _hold_half(self, stored: Stored[ShardRecord], baton: Baton, most: int) -> None:
        """Do so with what updates may use of the pace, all runs of the shard together."""
        share = await self.half_pace.share(baton.shard, most)
        if isinstance(share, NotYet):
            await self._pass_on(stored, share.wait)
            return
        used = await self._hold_up_to(stored, baton, share.tokens)
        # Not where that fails: its calls may have been made.
        await self.half_pace.give_back(baton.shard, share, used)

    async def _hold_up_to(self, stored: Stored[ShardRecord], baton: Baton, most: int) -> int:
        """Take the lease with so many tokens and work, or come back later; give what was used."""
        grip = await self.pacer.grip(baton.shard, baton.run_id, baton.generation, most)
        match grip:
            case Grip():
                return await self._work(stored, grip)
            case HeldBy():
                await self._come_back(stored, grip)
            case NotYet():
                worth = self._worth(stored.record)
                wait = max(grip.wait, self.pacer.pace.refill_time(worth))
                await self._pass_on(stored, wait)
        return 0

    async def _come_back(self, stored: Stored[ShardRecord], held: HeldBy) -> None:
        """Wait for another run's holder; or for this very baton's, who may have died with it.

        If that one lives it passes the baton on, and this one is of an old generation by then.
        """
        if held.lease.run_id == stored.record.run_id:
            await self.batons.send(stored.record.baton, held.wait)
        else:
            await self._pass_on(stored, min(held.wait, BEHIND_ANOTHER_RUN))

    async def _pass_on(self, stored: Stored[ShardRecord], delay: timedelta) -> None:
        """Send the baton of the next generation, once its number is written down."""
        generation, due_at = stored.record.generation + 1, stored.read_at + delay
        after = replace(stored.record, generation=generation, due_at=due_at)
        if await self.store.settle(stored, after, NO_ROWS):
            await self.batons.send(after.baton, delay)

    async def _work(self, stored: Stored[ShardRecord], grip: Grip) -> int:
        shift = await self.shifts.shift(stored.record, grip)
        # One token is to spare for a write of the last, and with none the rows are asked all the
        # same: only they know whether there is work left.
        most = min(max(grip.draw.tokens - 1, 1), self.shifts.in_flight.in_all)
        limit = 1 + -(-most // CLUSTERS_A_BATCH)
        batches = await self.store.pending_batches(stored.record, limit)
        await shift.work([*islice(_pending(batches), most)])
        changes = await self.settler.settle(shift)
        after = [_changed(batch, changes) for batch in batches]
        rows = {batch.key: batch.to_values(columns) for batch, columns in after if columns}
        left = sum(len(batch.pending) for batch, _ in after)
        if left == 0 and len(batches) < limit:
            await self._finish(stored, shift, rows)
        else:
            shift.record = replace(shift.record, pending=max(left, shift.record.pending))
            await self._conclude(stored, shift, rows)
        reads = self.shifts.reconciler.looker.reads
        await reads.note(stored.record.shard.subscription_id, shift.calls)
        return shift.spent

    async def _conclude(
        self, stored: Stored[ShardRecord], shift: Shift, rows: Mapping[str, Values]
    ) -> None:
        """Write everything in one go, give back lease and tokens, and pass the baton on."""
        delay = self._delay(shift)
        due_at = stored.read_at + shift.lasted + delay
        record = shift.record_after
        after = replace(record, generation=record.generation + 1, due_at=due_at)
        if record.tally.clusters > stored.record.tally.clusters:
            after = replace(after, progressed_at=stored.read_at)
        written = await self.store.settle(stored, after, rows)
        await self.pacer.release(record.shard, shift.grip, shift.free)
        # Where somebody took over after the lease had run out, what was done here is read again.
        if written:
            await self.batons.send(after.baton, delay)

    async def _finish(
        self, stored: Stored[ShardRecord], shift: Shift, rows: Mapping[str, Values]
    ) -> None:
        """Say, in one write with the last of its clusters, that the shard is finished."""
        finished = replace(shift.record_after, pending=0, finished=True)
        if await self.store.settle(stored, finished, rows):
            await self.closer.close_if_last(finished.run_id)
        await self.pacer.release(stored.record.shard, shift.grip, shift.free)

    def _delay(self, shift: Shift) -> timedelta:
        """Say how long it takes until tokens are worth the next baton."""
        bucket: Bucket = shift.grip.bucket
        later = replace(bucket, tokens=bucket.tokens + shift.free)
        wait = later.wait_for(self._worth(shift.record), shift.grip.draw.at)
        trouble = any(
            (not found.counts or found.failure) and not found.put_off for found in shift.settled
        )
        left = max(wait - shift.lasted, self._pause_after(shift), timedelta())
        # Who asks for more than that goes on alone, and keeps nobody waiting.
        asked = (found.asked_wait for found in shift.settled if found.asked_wait <= LONGEST_REFILL)
        return max(left, AFTER_TROUBLE, *asked) if trouble else left

    def _pause_after(self, shift: Shift) -> timedelta:
        """Say how long a 429 keeps the next baton; the bucket of AKS's own is empty after it."""
        pauses, shard = self.shifts.pauses, shift.record.shard
        pause = pauses.left(shard)
        if not pauses.emptied(shard):
            return pause
        # The row has the end of the pause in whole seconds.
        return max(pause + ONE_SECOND, self.pacer.pace.refill_time(self._worth(shift.record)))

    def _worth(self, record: ShardRecord) -> int:
        # One call each, and one more for the last to begin with; few need a write as well.
        return worth_waiting_for(self.pacer.pace, record.pending + 1, LONGEST_REFILL)


def _pending(batches: Sequence[Batch]) -> Iterator[PendingCluster]:
    return (cluster for batch in batches for cluster in batch.pending.values())


def _changed(batch: Batch, changes: Changes) -> tuple[Batch, Mapping[str, BatchedCluster]]:
    """Give a batch after some changes, and those of them that are its own, by its columns."""
    columns = {
        column: changes[cluster.cluster.id]
        for column, cluster in batch.pending.items()
        if cluster.cluster.id in changes
    }
    return batch.changed(columns), columns
