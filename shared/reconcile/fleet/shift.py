"""What the holder of a baton does with its tokens: clusters side by side, nothing waited for."""

import asyncio
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from shared.domain.deciding.decision import Action, Decision, Finding
from shared.domain.deciding.outcome import Outcome, OutcomeKind
from shared.domain.fleet.batch import PendingCluster
from shared.domain.fleet.pace import CALLS_AT_ONCE
from shared.domain.fleet.shard_records import ShardRecord
from shared.domain.fleet.tally import Tally
from shared.domain.messages.work import SLOW, Claim
from shared.domain.vocabulary.errors import AzureError, Throttled
from shared.domain.vocabulary.reasons import Reason
from shared.reconcile.cluster.reconcile import (
    CALLS_OF_AN_ATTEMPT,
    ClusterReconciler,
    Observation,
    Pass,
)
from shared.reconcile.ground.claim import ClusterClaims
from shared.reconcile.ground.pacer import LEASE_LASTS, Grip, ShardPacer

LEAST_AT_ONCE, LEAST_IN_ALL = 2, 24
"""What a shift may do in any case; a shorter one would cost more than its clusters do."""

STARTS_WITHIN = timedelta(seconds=8)
"""Tokens are spent soon after they were drawn, or given back: the pace is that of the calls."""

WRITES_DOWN_WITHIN = timedelta(seconds=5)
"""What a lease has left after the longest call: for storage, and its clock's whole seconds."""


@dataclass(frozen=True, slots=True)
class Settled:
    """A cluster that came to its end in this shift, or (None) that has to be looked at again."""

    cluster: PendingCluster
    outcome: Outcome | None
    counts: bool = True
    """Whether this was an attempt; not so where nothing was wrong with the cluster itself."""
    failure: AzureError | None = None
    sent: bool = False
    """Whether a write was sent that nothing was heard of."""

    @property
    def asked_wait(self) -> timedelta:
        """The least wait before the cluster is called for again; a 429 pauses its shard instead."""
        failure = self.failure if self.counts else None
        return (failure.retry_after if failure else None) or timedelta()


@dataclass(slots=True)
class Shift:
    """One baton's work: what it may spend, what it has settled, and the shard's row after it."""

    world: "ShiftWorld"
    record: ShardRecord
    grip: Grip
    free: int
    began_at: datetime
    """By this worker's clock; only stretches of it are used."""
    settled: list[Settled] = field(default_factory=list)
    calls: int = 0
    throttled: int = 0

    @property
    def record_after(self) -> ShardRecord:
        """The shard's row after it, with the calls that it cost."""
        spent = Tally(calls=self.calls, throttled=self.throttled)
        return replace(self.record, tally=self.record.tally + spent)

    async def work(self, clusters: Iterable[PendingCluster]) -> None:
        """Look at clusters while there are tokens, until a 429 or the time says to stop."""
        waiting, running = deque(clusters), set[asyncio.Task[Settled]]()
        done = running
        try:
            while True:
                while waiting and self._may_start(len(running)):
                    self.free -= CALLS_OF_AN_ATTEMPT
                    running.add(asyncio.create_task(self._one(waiting.popleft())))
                if not running:
                    return
                done, running = await asyncio.wait(running, return_when=asyncio.FIRST_COMPLETED)
                self.settled += [task.result() for task in done]
        finally:
            for task in running:
                task.cancel()
            await asyncio.gather(*done, *running, return_exceptions=True)

    @property
    def _only_looks(self) -> bool:
        return self.record.dry_run or self.world.reconciler.dry_run

    def _may_start(self, running: int) -> bool:
        in_flight = self.world.in_flight
        return (
            self.free >= CALLS_OF_AN_ATTEMPT
            and running < in_flight.at_once
            and len(self.settled) + running < in_flight.in_all
            and not self.throttled
            and self.lasted < STARTS_WITHIN
        )

    @property
    def lasted(self) -> timedelta:
        """How long the shift has lasted; a clock that steps back has lasted nothing."""
        return max(timedelta(), self.world.reconciler.clock.now() - self.began_at)

    async def _one(self, cluster: PendingCluster) -> Settled:
        one = Pass(
            self.world.reconciler,
            cluster.cluster.id,
            dry_run=self._only_looks,
            cluster=cluster.cluster,
        )
        one.attempts = cluster.attempts + 1
        if cluster.sent:
            reconciler = self.world.reconciler
            sent = reconciler.desired.planned(cluster.cluster, reconciler.clock.now())
            one.sent += [sent] if sent else []
        try:
            return await self._look(one, cluster)
        except Throttled as error:
            self.throttled += 1
            if self.throttled == 1:
                await self.world.pacer.pause(self.record.shard, error.retry_after)
            return Settled(cluster, None, counts=False, failure=error)
        except AzureError as error:
            return Settled(cluster, _refused(one, error), failure=error, sent=bool(one.sent))
        except Exception as error:  # noqa: BLE001 - a bug in one cluster must not hold up its shard
            self.world.report_bug(cluster, error)
            return Settled(cluster, None)
        finally:
            self.calls += one.calls
            self.free += CALLS_OF_AN_ATTEMPT - one.calls

    async def _look(self, one: Pass, cluster: PendingCluster) -> Settled:
        observation = await one.observe(cluster.cluster)
        if observation.decision.action is not Action.CREATE or self._only_looks:
            return Settled(cluster, await one.apply(observation))
        if self.record.stopped:
            return Settled(cluster, _stopped(one, observation, self.record.stopped))
        if self.lasted > self.world.writes_within:
            # The lease might end before the write does.
            return Settled(cluster, None)
        claim = await self.world.claims.claim(cluster.cluster.id, None)
        if not isinstance(claim, Claim):
            return Settled(cluster, None, counts=False)
        try:
            return await self._write(one, cluster, observation, claim)
        finally:
            # A run concludes nothing: work that was asked for meanwhile is still done.
            await self.world.claims.release(claim, concluded=False)

    async def _write(
        self, one: Pass, cluster: PendingCluster, observation: Observation, claim: Claim
    ) -> Settled:
        """Write, unless somebody was at the cluster since it was read; then read it again."""
        touched = claim.last_changed_at
        if touched is not None and touched >= self.grip.draw.at:
            return Settled(cluster, None, counts=False)
        try:
            outcome = await one.apply(observation)
        except AzureError as error:
            if not error.retryable or error.reason in SLOW:
                self.record = self.record.after_write(_refused(one, error))
            raise
        self.record = self.record.after_write(outcome)
        return Settled(cluster, outcome)


@dataclass(slots=True)
class InFlight:
    """What one worker has in flight, shared by its shifts for as long as they are at work.

    A shard's tokens come back only from its first call on. So where many shards wait for one
    worker, all of them should begin soon, listings come between them, and no shift takes long.
    """

    shifts: int = 0

    @contextmanager
    def beside_others(self) -> Iterator[None]:
        """Count one more shift while it is at work."""
        self.shifts += 1
        try:
            yield
        finally:
            self.shifts -= 1

    @property
    def at_once(self) -> int:
        """How many clusters a shift may look at at once."""
        return max(LEAST_AT_ONCE, CALLS_AT_ONCE // max(self.shifts, 1))

    @property
    def in_all(self) -> int:
        """How many clusters a shift may look at before it makes room for others."""
        return max(LEAST_IN_ALL, self.at_once)


@dataclass(frozen=True, slots=True)
class ShiftWorld:
    """What a shift works with."""

    reconciler: ClusterReconciler
    claims: ClusterClaims
    pacer: ShardPacer
    report_bug: Callable[[PendingCluster, Exception], None]
    in_flight: InFlight = field(default_factory=InFlight)

    @property
    def writes_within(self) -> timedelta:
        """How long after its beginning a shift may begin a write that ends before the lease."""
        return LEASE_LASTS - WRITES_DOWN_WITHIN - self.reconciler.desired.attempt_timeout

    def shift(self, record: ShardRecord, grip: Grip) -> Shift:
        """Begin a shift."""
        return Shift(self, record, grip, grip.draw.tokens, self.reconciler.clock.now())


def _refused(one: Pass, error: AzureError) -> Outcome:
    """Make an outcome of what Azure refused; a 401 or 403 has failed as far as this run goes."""
    outcome = one.refused(error)
    if error.reason in SLOW:
        return replace(outcome, kind=OutcomeKind.FAILED)
    return outcome


def _stopped(one: Pass, observation: Observation, why: str) -> Outcome:
    message = f"Ten writes in a row ended in {why}; this run writes nothing more in the shard."
    finding = Finding(Reason.WRITES_STOPPED, message)
    decision = Decision(Action.SKIP, (finding, *observation.decision.findings))
    return one.outcome(OutcomeKind.SKIPPED, decision, observation.now)
