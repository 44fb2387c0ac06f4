"""One cluster: gather, decide, apply. A dry run is the same without the last step."""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import assert_never

from shared.domain.cluster_id import ClusterId
from shared.domain.decision import Action, Decision, Desired
from shared.domain.errors import AzureError, ClusterGone
from shared.domain.observed import Listing, ObservedCluster, ObservedConfiguration
from shared.domain.outcome import Outcome, OutcomeKind
from shared.domain.policy import decide, screen
from shared.domain.reasons import Reason
from shared.domain.window import MaintenanceWindow
from shared.reconcile.ports import Aks, Clock, Retry


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

    def __init__(self, world: ClusterReconciler, cluster_id: ClusterId, *, dry_run: bool) -> None:
        self._world = world
        self._cluster_id = cluster_id
        self._dry_run = dry_run
        self._cluster: ObservedCluster | None = None
        self._sent: list[MaintenanceWindow] = []
        self._attempts = 0
        self._calls = 0

    async def attempt(self) -> Outcome:
        """Gather, decide, apply, all from this attempt's own now."""
        self._attempts += 1
        observation = await self.observe()
        decision = observation.decision
        match decision.action:
            case Action.CREATE | Action.UPDATE if not self._dry_run:
                return await self._apply(decision, observation.now)
            case Action.CREATE:
                return self._outcome(OutcomeKind.CREATED, decision, observation.now)
            case Action.UPDATE:
                return self._outcome(OutcomeKind.UPDATED, decision, observation.now)
            case Action.LEAVE:
                return self._left(observation)
            case Action.SKIP:
                return self._outcome(OutcomeKind.SKIPPED, decision, observation.now)
            case Action.DEFER:
                return self._outcome(OutcomeKind.DEFERRED, decision, observation.now)
            case _:
                assert_never(decision.action)

    async def observe(self) -> Observation:
        """Read the cluster once, its configurations on every attempt, and decide."""
        try:
            return await self._observe()
        except ClusterGone:
            now = self._world.clock.now()
            return Observation(decide(None, (), self._world.desired, now), now)

    async def _observe(self) -> Observation:
        if self._cluster is None:
            self._calls += 1
            self._cluster = await self._world.aks.get_cluster(self._cluster_id)
        if screened := screen(self._cluster, self._world.desired):
            return Observation(screened, self._world.clock.now())
        # Before every write, also on a later attempt: there is no If-Match on this resource, and
        # meanwhile somebody may have made a schedule, or an unanswered write may have arrived.
        self._calls += 1
        listing = await self._world.aks.list_configurations(self._cluster_id)
        now = self._now(listing)
        configurations = listing.configurations
        decision = decide(self._cluster, configurations, self._world.desired, now)
        return Observation(decision, now, configurations)

    def _now(self, listing: Listing) -> datetime:
        """Give the later of the two clocks: the lead time counts from when ARM accepts."""
        own = self._world.clock.now()
        return max(own, listing.answered_at) if listing.answered_at else own

    async def _apply(self, decision: Decision, now: datetime) -> Outcome:
        if decision.window is None:
            raise TypeError(f"{decision.action} without a window to write")
        self._calls += 1
        self._sent.append(decision.window)
        accepted = await self._world.aks.put_node_os_schedule(self._cluster_id, decision.window)
        kind = OutcomeKind.CREATED if decision.action is Action.CREATE else OutcomeKind.UPDATED
        window = accepted.schedule.window or decision.window
        return self._outcome(kind, decision, now, window)

    def _left(self, observation: Observation) -> Outcome:
        """Tell a schedule that was there from one that our own unanswered write has made."""
        decision, now = observation.decision, observation.now
        if decision.window and any(_same(decision.window, sent) for sent in self._sent):
            return self._outcome(OutcomeKind.CREATED, decision, now, reason=Reason.SCHEDULE_MISSING)
        return self._outcome(OutcomeKind.UNCHANGED, decision, now)

    def _outcome(
        self,
        kind: OutcomeKind,
        decision: Decision,
        now: datetime,
        window: MaintenanceWindow | None = None,
        reason: Reason | None = None,
    ) -> Outcome:
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
            attempts=self._attempts,
            calls=self._calls,
            dry_run=self._dry_run,
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
            attempts=self._attempts,
            calls=self._calls,
            dry_run=self._dry_run,
            retry_after=error.retry_after,
        )


def _same(observed: MaintenanceWindow, sent: MaintenanceWindow) -> bool:
    """Compare without the start date, which ARM fills in where it was left out."""
    return replace(observed, start_date=None) == replace(sent, start_date=None)
