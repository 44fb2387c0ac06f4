"""One cluster: gather, decide, apply. A dry run is the same without the last step."""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import assert_never

from shared.domain.deciding.decision import Action, Decision, Desired
from shared.domain.deciding.observed import (
    Listing,
    ObservedCluster,
    ObservedConfiguration,
    ObservedSchedule,
    SeenSchedule,
    node_os_schedule,
)
from shared.domain.deciding.outcome import Outcome, OutcomeKind
from shared.domain.deciding.policy import decide, screen
from shared.domain.fleet.shard import Shard
from shared.domain.vocabulary.errors import (
    AzureError,
    AzureUnavailable,
    ClusterGone,
    ConnectionFailed,
)
from shared.domain.vocabulary.ids import ClusterId
from shared.domain.vocabulary.reasons import Reason
from shared.domain.window.window import MaintenanceWindow
from shared.ports.azure import Aks, Clock, Retry
from shared.reconcile.ground.pacer import ShardPacer

CALLS_OF_AN_ATTEMPT = 2
"""A LIST, and the PUT that follows it at once where it has to."""


@dataclass(frozen=True, slots=True)
class Observation:
    """What one attempt saw and decided, at an instant that neither clock involved is ahead of."""

    decision: Decision
    now: datetime
    configurations: tuple[ObservedConfiguration, ...] = ()


@dataclass(frozen=True, slots=True)
class ClusterReconciler:
    """Makes observed match desired for one cluster at a time."""

    aks: Aks
    clock: Clock
    retry: Retry
    pacer: ShardPacer
    desired: Desired
    dry_run: bool = False

    async def reconcile(self, cluster_id: ClusterId, *, dry_run: bool = False) -> Outcome:
        """Reconcile one cluster, trying again what is worth trying again at once.

        What Azure refuses is an outcome as well: Deferred if trying later makes sense, otherwise
        Failed. Nothing that ARM says is raised.
        """
        one = Pass(self, cluster_id, dry_run=dry_run or self.dry_run)
        try:
            return await self.retry(one.attempt)
        except AzureError as error:
            return one.refused(error)


class Pass:
    """One reconcile of one cluster, over all its attempts; counts the calls that it makes."""

    def __init__(
        self,
        world: ClusterReconciler,
        cluster_id: ClusterId,
        *,
        dry_run: bool,
        cluster: ObservedCluster | None = None,
    ) -> None:
        self._world = world
        self._cluster_id = cluster_id
        self._dry_run = dry_run
        self._cluster = cluster
        self._seen: SeenSchedule | None = None
        self.sent: list[MaintenanceWindow] = []
        self.attempts = 0
        self.calls = 0

    async def attempt(self) -> Outcome:
        """Gather, decide, apply, all from this attempt's own now, and at the shard's pace."""
        self.attempts += 1
        try:
            cluster = self._cluster or await self._get()
        except ClusterGone:
            return await self.apply(self.gone())
        now = self._world.clock.now()
        if screened := screen(cluster, self._world.desired, now):
            return await self.apply(Observation(screened, now))
        # Reading the cluster counts in a bucket of its own at AKS; only what follows is paced.
        calls = self.calls
        async with self._world.pacer.spending(Shard.of(cluster), CALLS_OF_AN_ATTEMPT) as spending:
            try:
                return await self.apply(await self.observe(cluster))
            finally:
                spending.used = self.calls - calls

    async def _get(self) -> ObservedCluster:
        self.calls += 1
        self._cluster = await self._world.aks.get_cluster(self._cluster_id)
        return self._cluster

    async def observe(self, cluster: ObservedCluster) -> Observation:
        """Read the cluster's configurations, and decide."""
        # Before every write, also on a later attempt: there is no If-Match on this resource, and
        # meanwhile somebody may have made a schedule, or an unanswered write may have arrived.
        self.calls += 1
        try:
            listing = await self._world.aks.list_configurations(self._cluster_id)
        except ClusterGone:
            return self.gone()
        now = self._now(listing)
        configurations = listing.configurations
        found = node_os_schedule(configurations)
        self._seen = SeenSchedule(found.schedule if found else None)
        decision = decide(cluster, configurations, self._world.desired, now)
        return Observation(decision, now, configurations)

    def gone(self) -> Observation:
        """Decide for a cluster that ARM does not know."""
        now = self._world.clock.now()
        return Observation(decide(None, (), self._world.desired, now), now)

    async def apply(self, observation: Observation) -> Outcome:
        """Do what was decided; in a dry run, only say so."""
        decision = observation.decision
        match decision.action:
            case Action.CREATE | Action.UPDATE if not self._dry_run:
                return await self._write(decision, observation.now)
            case Action.CREATE:
                return self.outcome(OutcomeKind.CREATED, decision, observation.now)
            case Action.UPDATE:
                return self.outcome(OutcomeKind.UPDATED, decision, observation.now)
            case Action.LEAVE:
                return self._left(observation)
            case Action.SKIP:
                return self.outcome(OutcomeKind.SKIPPED, decision, observation.now)
            case Action.DEFER:
                return self.outcome(OutcomeKind.DEFERRED, decision, observation.now)
            case _:
                assert_never(decision.action)

    def _now(self, listing: Listing) -> datetime:
        """Give the later of the two clocks: the lead time counts from when ARM accepts."""
        own = self._world.clock.now()
        return max(own, listing.answered_at) if listing.answered_at else own

    async def _write(self, decision: Decision, now: datetime) -> Outcome:
        if decision.window is None:
            raise TypeError(f"{decision.action} without a window to write")
        self.calls += 1
        self.sent.append(decision.window)
        accepted = await self._put(decision.window)
        kind = OutcomeKind.CREATED if decision.action is Action.CREATE else OutcomeKind.UPDATED
        window = accepted.schedule.window or decision.window
        self._seen = SeenSchedule(ObservedSchedule(window))
        return self.outcome(kind, decision, now, window)

    async def _put(self, window: MaintenanceWindow) -> ObservedConfiguration:
        try:
            return await self._world.aks.put_node_os_schedule(self._cluster_id, window)
        except (ConnectionFailed, AzureUnavailable):
            # The write may have been applied: what was seen before it says nothing any more.
            self._seen = None
            raise

    def _left(self, observation: Observation) -> Outcome:
        """Tell a schedule that was there from one that our own unanswered write has made."""
        decision, now = observation.decision, observation.now
        if decision.window and any(_same(decision.window, sent) for sent in self.sent):
            return self.outcome(OutcomeKind.CREATED, decision, now, reason=Reason.SCHEDULE_MISSING)
        return self.outcome(OutcomeKind.UNCHANGED, decision, now)

    def outcome(
        self,
        kind: OutcomeKind,
        decision: Decision,
        now: datetime,
        window: MaintenanceWindow | None = None,
        reason: Reason | None = None,
    ) -> Outcome:
        """Make an outcome of what was decided; the window is the decision's unless given."""
        window = window or decision.window
        start = window.next_start(now) if window else None
        return Outcome(
            cluster_id=self._cluster_id,
            kind=kind,
            reason=reason or decision.reason,
            message=decision.finding.message,
            findings=decision.findings,
            window=window,
            next_start=start.start if start else None,
            attempts=self.attempts,
            calls=self.calls,
            dry_run=self._dry_run,
            cluster=self._cluster,
            schedule=self._seen,
        )

    def refused(self, error: AzureError) -> Outcome:
        """Make an outcome of what Azure refused on the last attempt."""
        return Outcome(
            cluster_id=self._cluster_id,
            kind=OutcomeKind.DEFERRED if error.retryable else OutcomeKind.FAILED,
            reason=error.reason,
            message=str(error),
            findings=(),
            window=None,
            next_start=None,
            attempts=self.attempts,
            calls=self.calls,
            dry_run=self._dry_run,
            retry_after=error.retry_after,
            cluster=self._cluster,
            schedule=self._seen,
        )


def _same(observed: MaintenanceWindow, sent: MaintenanceWindow) -> bool:
    """Compare without the start date, which ARM fills in where it was left out."""
    return replace(observed, start_date=None) == replace(sent, start_date=None)
