"""A person hands a schedule to naptime: from now on it is looked after as naptime's own."""

from datetime import datetime
from typing import TypedDict

from msgspec import Struct

from shared.domain.deciding.observed import SeenSchedule
from shared.domain.deciding.outcome import Outcome, OutcomeKind
from shared.domain.deciding.own.drift import DriftJson
from shared.domain.deciding.own.standing import Standing
from shared.domain.deciding.policy import decide
from shared.domain.deciding.written import Author, Written, canonical, start_of_window
from shared.domain.fleet.last_known import LastKnown
from shared.domain.messages.audit import AuditAction, AuditOutcome, Completion, Origin
from shared.domain.vocabulary.ids import ClusterId
from shared.domain.vocabulary.reasons import Cause, Reason
from shared.domain.window.body import write_window
from shared.domain.window.window import MaintenanceWindow
from shared.reconcile.cluster.change import ChangeRefused, ChangeWorld, Intent
from shared.reconcile.cluster.look import Looks, Sight
from shared.reconcile.ground.claim import holding


class NothingToRelease(ChangeRefused):
    """There is no schedule that could be handed over."""

    reason = Reason.SCHEDULE_MISSING.value


class NotPlain(ChangeRefused):
    """The schedule holds what naptime would lose: a link, or fields that it does not know."""

    reason = "NotPlain"


class ReleasedJson(TypedDict):
    """The schedule that naptime looks after from now on, and what it is to become."""

    clusterId: str
    window: dict[str, object]
    drift: DriftJson | None
    correlationId: str


class ScheduleReleaser(Struct, frozen=True):
    """Answers `POST .../schedule/release`; writes nothing to Azure."""

    world: ChangeWorld

    async def release(self, cluster_id: ClusterId, origin: Origin) -> ReleasedJson:
        """Make the schedule that is there naptime's own.

        Raises `NothingToRelease`, `NotPlain`, `ClusterBusy` and `AzureError`.
        """
        world = self.world
        async with holding(world.claims, world.looker.clock, cluster_id) as held:
            action = AuditAction.RELEASE_SCHEDULE
            intent = Intent(world.audit, await world.audit.intend(origin, action, cluster_id))
            async with intent.kept():
                looks = Looks(world.looker, cluster_id)
                sight = await looks.each(_seen)
                intent.saw(sight)
                outcome, written = await self._outcome(sight, looks)
            known = LastKnown(outcome, held.claim.claimed_at, world.looker.clock.now())
            await world.recorder.record([known], Cause.ASKED)
            done = AuditOutcome.UNCHANGED
            await intent.complete(Completion(done, outcome.reason.value, written.window))
        return {
            "clusterId": str(cluster_id),
            "window": write_window(outcome.window) if outcome.window else {},
            "drift": outcome.drift.to_json() if outcome.drift else None,
            "correlationId": origin.correlation_id,
        }

    async def _outcome(self, sight: Sight, looks: Looks) -> tuple[Outcome, Written]:
        """Give what is known of the schedule once it is naptime's own."""
        schedule = sight.observed.schedule if sight.observed else None
        if schedule is None:
            raise NothingToRelease("The cluster has no node OS schedule.")
        window, now = schedule.window, sight.now
        if window is None or schedule.more:
            raise NotPlain("The schedule is linked, or holds more than a maintenance window.")
        # What is naptime's own already stays as it is on record: it may be put back still.
        known = await self.world.recorder.memory.recall(looks.cluster_id)
        before = known.written if known else None
        written = before if before and before.owns(schedule, now) else _adopted(window, now)
        desired = await self.world.wanted()
        decision = decide(sight.cluster, sight.configurations, desired, now, Standing(written))
        coming = window.next_start(now)
        outcome = Outcome(
            cluster_id=looks.cluster_id,
            kind=OutcomeKind.UNCHANGED,
            reason=decision.reason,
            message=decision.finding.message,
            findings=decision.findings,
            window=window,
            next_start=coming.start if coming else None,
            attempts=looks.attempts,
            calls=looks.calls,
            cluster=sight.cluster,
            schedule=SeenSchedule(schedule),
            rule=decision.rule,
            policy_hash=desired.policy.hash,
            drift=decision.drift,
            owned=True,
            record=written,
        )
        return outcome, written


def _adopted(window: MaintenanceWindow, now: datetime) -> Written:
    start = start_of_window(window)
    return Written(canonical(window, now), now, Author.ADOPTED, start=start)


async def _seen(sight: Sight) -> Sight:
    return sight
