"""What comes of the clusters of a shift: told, remembered, given up, or left to the queue."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from copy import replace
from datetime import datetime, timedelta

from msgspec import Struct

from shared.domain.deciding.outcome import Outcome, OutcomeKind
from shared.domain.fleet.batch import BatchedCluster, PendingCluster, SettledCluster
from shared.domain.fleet.last_known import LastKnown
from shared.domain.fleet.shard_records import ShardRecord
from shared.domain.messages.given_up import GivenUp
from shared.domain.messages.told import Occasion, events_of, failure_of
from shared.domain.messages.work import SLOW, ReconcileCluster, delay_before
from shared.domain.updates.plan import Planned
from shared.domain.vocabulary.cloud_event import CloudEvent
from shared.domain.vocabulary.ids import ClusterId
from shared.domain.vocabulary.reasons import Cause, Reason
from shared.ports.azure import Clock
from shared.ports.storage import Queue
from shared.reconcile.fleet.settled import Settled
from shared.reconcile.fleet.shift import Shift
from shared.reconcile.ground.given_up import GivenUpRecords
from shared.reconcile.ground.memory import Recorder
from shared.reconcile.ground.outbox import EventTeller

MOST_ATTEMPTS = 3
"""So often a cluster is tried within a run; then it goes on by itself, for 24 hours."""

LONGEST_REFILL = timedelta(seconds=25)
"""The longest wait for tokens; for a cluster whose Retry-After is longer, a run does not wait."""

PATIENT = SLOW | {Reason.WRITES_STOPPED, Reason.UPDATE_WAITS}
"""What is not tried again within a run: a role may arrive, but hardly in seconds."""

LOOK_AGAIN_AFTER = timedelta(minutes=1)
"""How long after a 404 a cluster that a listing had is looked at again."""

type Changes = Mapping[ClusterId, BatchedCluster]
"""What came of clusters, as it is to be written down."""

type Report = Callable[[Outcome, Cause], None]


class _Ended(Struct, frozen=True):
    """A cluster that a run is done with, and what came of it."""

    cluster: PendingCluster
    known: LastKnown

    @property
    def id(self) -> ClusterId:
        return self.cluster.cluster.id

    def failed(self, failure: Outcome) -> "_Ended":
        """Give it as a failure, whatever came of it."""
        return replace(self, known=replace(self.known, outcome=failure))

    def to_tell(self, occasion: Occasion) -> list[CloudEvent]:
        """Give what it is to tell; a failure not again in each run until it is over."""
        outcome, now = self.known.outcome, self.known.recorded_at
        events = events_of(outcome, occasion, self.cluster.told, now)
        if outcome.kind is OutcomeKind.FAILED and not self.cluster.given_up:
            events += failure_of(outcome, occasion, now)
        return events


class ClusterSettler(Struct, frozen=True):
    """Does what the outcomes of a shift ask for outside its run."""

    recorder: Recorder
    given_up: GivenUpRecords
    clusters: Queue[ReconcileCluster]
    report: Report
    teller: EventTeller
    clock: Clock
    jitter: Callable[[], float]
    """From 0 to 1, so that what was refused together does not come back together."""

    async def settle(self, shift: Shift) -> Changes:
        """Do what each outcome asks for outside the run, and give what is to be written of it."""
        changes: dict[ClusterId, BatchedCluster] = {}
        ended: list[_Ended] = []
        now = self.clock.now()
        for settled in shift.settled:
            cluster = settled.cluster
            outcome = await self._final(shift.record, settled, now)
            if outcome is None:
                attempts = cluster.attempts + settled.counts
                again = replace(cluster, attempts=attempts, sent=settled.sent)
                changes[cluster.cluster.id] = again
                continue
            self.report(outcome, shift.record.cause)
            ended.append(_Ended(cluster, LastKnown(outcome, shift.grip.draw.at, now)))
        for each in await self._recorded(shift.record, ended):
            shift.record = shift.record.counting(each.known.outcome)
            changes[each.id] = SettledCluster(each.known.shown)
        return changes

    async def _recorded(self, record: ShardRecord, ended: Sequence[_Ended]) -> Sequence[_Ended]:
        """Tell what came of clusters and write it down; gives it, failures of that included.

        Told before it is remembered: a crash in between tells it again, with the same id.
        """
        await self._tell(record, ended)
        failures = await self.recorder.record([each.known for each in ended], record.cause)
        failed = [each.failed(failures[each.id]) for each in ended if each.id in failures]
        await self._tell(record, failed)
        return [*(each for each in ended if each.id not in failures), *failed]

    async def _tell(self, record: ShardRecord, ended: Iterable[_Ended]) -> None:
        if self.teller.is_on:
            occasion = Occasion.of_run(record.run_id, record.cause)
            await self.teller.tell([event for each in ended for event in each.to_tell(occasion)])

    async def _final(self, record: ShardRecord, settled: Settled, now: datetime) -> Outcome | None:
        """Give what a cluster's outcome is for this run; None if the run tries it again."""
        outcome, cluster = settled.outcome, settled.cluster
        if outcome is None or outcome.kind is OutcomeKind.DEFERRED:
            return await self._later(record, settled, now)
        if outcome.dry_run:
            return outcome.with_upgrades(outcome.kubernetes) if outcome.kubernetes else outcome
        if outcome.reason is Reason.CLUSTER_GONE:
            return await self._look_again(record, outcome, now)
        if outcome.kind is OutcomeKind.FAILED:
            await self._give_up(outcome, record.cause, now)
        elif cluster.given_up or (cluster.upgrades_given_up and outcome.kubernetes is None):
            await self.given_up.forget(outcome.cluster_id)
        return await self._hand_over(record, cluster, outcome, now)

    async def _hand_over(
        self, record: ShardRecord, cluster: PendingCluster, outcome: Outcome, now: datetime
    ) -> Outcome:
        """Leave the schedule of Kubernetes upgrades to the queue: its calls were not drawn for."""
        if outcome.kubernetes is None or outcome.kind is OutcomeKind.FAILED:
            return outcome
        if not cluster.waiting:
            work = ReconcileCluster(cluster.cluster.id, record.cause, now)
            await self.clusters.send(work)
        return outcome.with_upgrades(outcome.kubernetes)

    async def _later(self, record: ShardRecord, settled: Settled, now: datetime) -> Outcome | None:
        """Have the run try it again soon; or else the queue, which has a day's patience."""
        outcome, cluster = settled.outcome, settled.cluster
        slow, asked = outcome is not None and outcome.reason in PATIENT, settled.asked_wait
        if outcome and outcome.reason is Reason.UPDATE_WAITS:
            asked = outcome.retry_after or asked
        may_again = cluster.attempts + 1 < MOST_ATTEMPTS and asked <= LONGEST_REFILL and not slow
        if not settled.counts or may_again:
            return None
        if not record.dry_run and (cluster.update or not cluster.waiting):
            delay = delay_before(2, asked, slow=True, jitter=self.jitter()) if slow else asked
            sent = outcome.sent if outcome else None
            where, update = cluster.cluster.location, _of_run(cluster.update, record.run_id)
            work = ReconcileCluster(
                cluster.cluster.id, record.cause, now, location=where, sent=sent, update=update
            )
            await self.clusters.send(work, delay)
        return outcome or _left_to_itself(cluster)

    async def _look_again(self, record: ShardRecord, outcome: Outcome, now: datetime) -> Outcome:
        """Leave a 404 to the queue: the listing had the cluster, and ARM's replicas may differ."""
        work = ReconcileCluster(outcome.cluster_id, record.cause, now)
        await self.clusters.send(work, LOOK_AGAIN_AFTER)
        return replace(outcome, kind=OutcomeKind.DEFERRED)

    async def _give_up(self, outcome: Outcome, cause: Cause, now: datetime) -> None:
        work = ReconcileCluster(outcome.cluster_id, cause, now)
        await self.given_up.put(GivenUp.of(outcome, work, now, outcome.attempts))


def _of_run(update: Planned | None, run_id: str) -> Planned | None:
    return replace(update, run_id=run_id) if update else None


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
