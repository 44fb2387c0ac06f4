"""What the holder of a baton does with its tokens: clusters side by side, nothing waited for."""

import asyncio
from collections import deque
from collections.abc import Callable, Iterable, Mapping
from copy import replace
from datetime import datetime, timedelta

from msgspec import Struct, field

from shared.domain.deciding.decision import Desired
from shared.domain.deciding.own.standing import Standing
from shared.domain.errors import AzureError, ClusterGone, Throttled
from shared.domain.fleet.batch import PendingCluster
from shared.domain.fleet.pace import NotYet
from shared.domain.fleet.shard import Grip
from shared.domain.fleet.shard_records import Brake, ShardRecord
from shared.domain.fleet.tally import Tally
from shared.domain.messages.work import SLOW, Claim
from shared.domain.vocabulary.ids import ClusterId
from shared.reconcile.cluster.look import CALLS_OF_AN_ATTEMPT, OutOfTime
from shared.reconcile.cluster.one_pass import Pass
from shared.reconcile.cluster.reconcile import ClusterReconciler
from shared.reconcile.fleet.settled import Settled, held_up, stopped_outcome
from shared.reconcile.ground.at_once import InFlight
from shared.reconcile.ground.claim import ClusterClaims
from shared.reconcile.ground.pacer import LEASE_LASTS, WORTH_WAITING_INSIDE, ShardPacer
from shared.reconcile.ground.pauses import Paused, Pauses

STARTS_WITHIN = timedelta(seconds=8)
"""Tokens are spent soon after they were drawn, or given back: the pace is that of the calls."""

WRITES_DOWN_WITHIN = timedelta(seconds=5)
"""What a lease has left after the longest call: for storage, and its clock's whole seconds."""


class Shift(Struct):
    """One baton's work: what it may spend, what it has settled, and the shard's row after it."""

    world: "ShiftWorld"
    desired: Desired
    record: ShardRecord
    grip: Grip
    free: int
    began_at: datetime
    """By this worker's clock; only stretches of it are used."""
    starts_at: datetime
    """The same, once its clusters are claimed, however long that has taken."""
    settled: list[Settled] = field(default_factory=list)
    calls: int = 0
    spent: int = 0
    """Those of the calls that the shard's pace is for."""
    throttled: int = 0
    claims: Mapping[ClusterId, Claim] = field(default_factory=dict)
    """Those of clusters that may have to be written to."""

    @property
    def record_after(self) -> ShardRecord:
        """The shard's row after it, with the calls that it cost."""
        spent = Tally(calls=self.calls, throttled=self.throttled)
        return replace(self.record, tally=self.record.tally + spent)

    async def work(self, clusters: Iterable[PendingCluster]) -> None:
        """Look at clusters while there are tokens, until a 429 or the time says to stop."""
        waiting = deque(clusters)
        async with self.world.claims.holding_each(self._to_be_claimed(waiting)) as self.claims:
            self.starts_at = self._now
            again = await self._work(waiting)
            while again and await self._resumed(len(waiting) + len(again)):
                waiting.extend(each.cluster for each in again)
                again = await self._work(waiting)
            self.settled += again

    def _to_be_claimed(self, clusters: Iterable[PendingCluster]) -> list[ClusterId]:
        """Name those that may be written to: a claim comes before the look."""
        if self._only_looks:
            return []
        some = [each.cluster.id for each in clusters if not each.explicit]
        return [each for each in some if not self.record.brake.stops(each.resource_group)]

    async def _work(self, waiting: deque[PendingCluster]) -> list[Settled]:
        """Do so until no more may start and those in flight are done; gives what was put off."""
        again = list[Settled]()
        running = set[asyncio.Task[Settled]]()
        done = running
        try:
            while True:
                while waiting and self._may_start(len(running)):
                    self.free -= CALLS_OF_AN_ATTEMPT
                    running.add(asyncio.create_task(self._one(waiting.popleft())))
                    # Sending takes milliseconds: answers, a 429 above all, are heard in between.
                    await asyncio.sleep(0)
                if not running:
                    return again
                done, running = await asyncio.wait(running, return_when=asyncio.FIRST_COMPLETED)
                results = [task.result() for task in done]
                again += [each for each in results if each.put_off]
                self.settled += [each for each in results if not each.put_off]
        finally:
            for task in running:
                task.cancel()
            await asyncio.gather(*done, *running, return_exceptions=True)

    async def _resumed(self, clusters: int) -> bool:
        """Wait for the end of a short pause, to the moment, and go on with what there is then.

        Passing the baton on would take longer: its queue, and the shard's row, know whole seconds.
        """
        pauses, shard, looker = self.world.pauses, self.record.shard, self.world.reconciler.looker
        wait, in_row, emptied = pauses.left(shard), pauses.in_row(shard), pauses.emptied(shard)
        # AKS's own bucket was empty when it refused a call; Resource Manager is not asked for it.
        self.free = 0 if emptied else self.free
        late = self._now + wait - self.began_at >= self.world.writes_within
        if late or wait > WORTH_WAITING_INSIDE or self.record.updates:
            return False
        await looker.clock.sleep(wait.total_seconds())
        self.starts_at = self._now
        if not emptied:
            return self.free >= CALLS_OF_AN_ATTEMPT
        most = CALLS_OF_AN_ATTEMPT * min(clusters, self.world.in_flight.in_all)
        grip = await self.world.pacer.renew(shard, self.grip, most, in_row)
        if isinstance(grip, NotYet):
            return False
        self.grip, self.free = grip, grip.draw.tokens
        return True

    @property
    def _only_looks(self) -> bool:
        return self.record.dry_run or self.world.reconciler.dry_run

    def _may_start(self, running: int) -> bool:
        in_flight = self.world.in_flight
        return (
            self.free >= CALLS_OF_AN_ATTEMPT
            and running < in_flight.at_once
            and len(self.settled) + running < in_flight.in_all
            and not self.world.pauses.left(self.record.shard)
            and self._now - self.starts_at < STARTS_WITHIN
        )

    @property
    def lasted(self) -> timedelta:
        """How long the shift has lasted; a clock that steps back has lasted nothing."""
        return max(timedelta(), self._now - self.began_at)

    @property
    def _now(self) -> datetime:
        return self.world.reconciler.looker.clock.now()

    async def _one(self, cluster: PendingCluster) -> Settled:
        one = self._pass_over(cluster)
        looks = one.looks
        try:
            return await self._look(one, cluster)
        except (Throttled, Paused) as error:
            self.throttled += isinstance(error, Throttled)
            return held_up(one, cluster, error)
        except ClusterGone:
            return Settled(cluster, one.gone())
        except OutOfTime:
            return Settled(cluster, None)
        except AzureError as error:
            return Settled(cluster, one.refused(error), failure=error, sent=bool(looks.sent))
        except Exception as error:  # noqa: BLE001 - a bug in one cluster must not hold up its shard
            self.world.report_bug(cluster, error)
            return Settled(cluster, None)
        finally:
            self.calls += looks.calls
            self.spent += looks.paced_calls
            self.free += CALLS_OF_AN_ATTEMPT - looks.paced_calls

    def _pass_over(self, cluster: PendingCluster) -> Pass:
        """Begin with the cluster as it was listed, which counts for a write for a minute only."""
        one = self.world.reconciler.pass_over(
            cluster.cluster.id, self.desired, dry_run=self._only_looks
        )
        one.own.known = Standing(cluster.written)
        looks, clock = one.looks, self.world.reconciler.looker.clock
        looks.attempts = cluster.attempts + 1
        looks.cluster = cluster.cluster
        # The lease might end before a later write does.
        looks.writes_until = self.began_at + self.world.writes_within
        if cluster.listed_at is not None:
            age = self.grip.draw.at + self.lasted - cluster.listed_at
            looks.read_at = clock.now() - max(age, timedelta())
        if cluster.sent:
            planned = self.desired.planned(cluster.cluster, clock.now())
            looks.sent += [planned] if planned else []
        return one

    async def _look(self, one: Pass, cluster: PendingCluster) -> Settled:
        if self._only_looks:
            return Settled(cluster, await one.look())
        stopped = self.record.brake.stops(cluster.cluster.id.resource_group)
        if cluster.explicit or stopped:
            sight = await one.looks.look()
            decision = one.decide(sight)
            if not decision.writes and not decision.lets_go and not decision.adopts:
                return Settled(cluster, await one.act_on(decision, sight))
            if stopped:
                return Settled(cluster, stopped_outcome(one, decision, sight.now, stopped))
            # What has to be written is written under a claim, which comes before the look. So is
            # what is let go: a person may just be changing it through naptime.
            return Settled(replace(cluster, explicit=False), None)
        claim = self.claims.get(cluster.cluster.id)
        if claim is None:
            return Settled(cluster, None, counts=False)
        if not (cluster.unknown and claim.is_first):
            # Since the listing somebody may have asked naptime for another schedule.
            await one.remember()
        one.own.permit, one.own.run_id = cluster.update, self.record.run_id
        return await self._write(one, cluster)

    async def _write(self, one: Pass, cluster: PendingCluster) -> Settled:
        group = cluster.cluster.id.resource_group
        try:
            outcome = await one.look()
        except AzureError as error:
            if one.looks.writes and (not error.retryable or error.reason in SLOW):
                self._brakes(self.record.brake.after_refusal(group, error.reason, error.code))
            raise
        if one.looks.writes:
            self._brakes(self.record.brake.after_success(group))
        return Settled(cluster, outcome)

    def _brakes(self, brake: Brake) -> None:
        self.record = replace(self.record, brake=brake)


class ShiftWorld(Struct, frozen=True):
    """What a shift works with."""

    reconciler: ClusterReconciler
    claims: ClusterClaims
    pacer: ShardPacer
    pauses: Pauses
    report_bug: Callable[[PendingCluster, Exception], None]
    attempt_timeout: timedelta
    in_flight: InFlight = field(default_factory=InFlight)

    @property
    def writes_within(self) -> timedelta:
        """How long after its beginning a shift may begin a write that ends before the lease."""
        return LEASE_LASTS - WRITES_DOWN_WITHIN - self.attempt_timeout

    async def shift(self, record: ShardRecord, grip: Grip) -> Shift:
        """Begin a shift, by the policy that the run keeps to."""
        now = self.reconciler.looker.clock.now()
        desired = await self.reconciler.wanted(record.policy_hash)
        return Shift(self, desired, record, grip, grip.draw.tokens, now, now)
