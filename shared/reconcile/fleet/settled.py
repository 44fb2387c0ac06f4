"""What came of one cluster in a shift, before the run settles it."""

from datetime import datetime, timedelta

from msgspec import Struct

from shared.domain.deciding.decision import Action, Decision, Finding
from shared.domain.deciding.outcome import Outcome, OutcomeKind
from shared.domain.errors import AzureError, ReadThrottled, Throttled
from shared.domain.fleet.batch import PendingCluster
from shared.domain.messages.work import SLOW
from shared.domain.vocabulary.reasons import Reason
from shared.reconcile.cluster.one_pass import Pass
from shared.reconcile.ground.pauses import Paused


class Settled(Struct, frozen=True):
    """A cluster that came to its end in this shift, or (None) that has to be looked at again."""

    cluster: PendingCluster
    outcome: Outcome | None
    counts: bool = True
    """Whether this was an attempt; not so where nothing was wrong with the cluster itself."""
    failure: AzureError | None = None
    put_off: bool = False
    """Whether a 429 was the answer, to it or to another, and nothing else was wrong."""
    sent: bool = False
    """Whether a write was sent that nothing was heard of."""

    @property
    def asked_wait(self) -> timedelta:
        """The least wait before the cluster is called for again; a 429 pauses its shard instead."""
        failure = self.failure if self.counts else None
        return (failure.retry_after if failure else None) or timedelta()


def held_up(one: Pass, cluster: PendingCluster, error: Throttled | Paused) -> Settled:
    """Put a cluster off until its shard's pause is over; a limit of its own pauses only it."""
    if isinstance(error, ReadThrottled):
        return Settled(cluster, one.refused(error), failure=error)
    return Settled(cluster, None, counts=False, put_off=True)


def stopped_outcome(one: Pass, decision: Decision, now: datetime, why: Reason) -> Outcome:
    """Skip a cluster; what a role may yet arrive for is not given up, but left to the queue."""
    message = f"Ten writes in a row ended in {why.value}; this run writes nothing more there."
    finding = Finding(Reason.WRITES_STOPPED, message)
    patient = why in SLOW
    action = Action.DEFER if patient else Action.SKIP
    kind = OutcomeKind.DEFERRED if patient else OutcomeKind.SKIPPED
    stopped = Decision(action, (finding, *decision.findings))
    return one.outcome(kind, stopped, now)
