"""The schedule of Kubernetes upgrades, made where it is asked for and none is there.

After the node OS schedule, by a look of its own, at the shard's pace, and never over one that is
there. What comes of it changes nothing of what came of the other.
"""

from dataclasses import dataclass, replace

from shared.domain.deciding.decision import Desired
from shared.domain.deciding.kubernetes import planned_auto_upgrade
from shared.domain.deciding.observed import AUTO_UPGRADE_SCHEDULE, read_schedule
from shared.domain.deciding.outcome import Outcome, OutcomeKind, UpgradeScheduleOutcome
from shared.domain.errors import AzureError
from shared.domain.vocabulary.reasons import Reason
from shared.domain.window.window import MaintenanceWindow
from shared.reconcile.cluster.look import Looks, Sight

_REASON = Reason.KUBERNETES_UPGRADE_ANY_TIME
_TO_COME = f"{AUTO_UPGRADE_SCHEDULE} is missing and is made by work of its own."
_MADE = f"{AUTO_UPGRADE_SCHEDULE} was missing."


def to_come(
    desired: Desired, sight: Sight | None, *, dry_run: bool
) -> UpgradeScheduleOutcome | None:
    """Say that the schedule is to be made, by what was seen; None where it is not."""
    if sight is None:
        return None
    planned = planned_auto_upgrade(sight.cluster, sight.configurations, desired, sight.now)
    if planned is None:
        return None
    kind = OutcomeKind.CREATED if dry_run else OutcomeKind.DEFERRED
    return _outcome(kind, _MADE if dry_run else _TO_COME, planned, sight)


async def also_made(looks: Looks, desired: Desired, outcome: Outcome) -> Outcome:
    """Make the schedule that is to come, unless the cluster comes back anyway."""
    if outcome.kubernetes is None or outcome.dry_run or outcome.kind is OutcomeKind.DEFERRED:
        return outcome
    made = await _Making(looks, desired).make()
    return replace(outcome, calls=looks.calls).with_upgrades(made)


@dataclass(slots=True)
class _Making:
    """One schedule over all attempts."""

    looks: Looks
    desired: Desired
    sent: MaintenanceWindow | None = None

    async def make(self) -> UpgradeScheduleOutcome | None:
        try:
            return await self.looks.looker.retry(self._attempt)
        except AzureError as error:
            kind = OutcomeKind.DEFERRED if error.retryable else OutcomeKind.FAILED
            wait = error.retry_after
            return UpgradeScheduleOutcome(kind, error.reason, str(error), retry_after=wait)

    async def _attempt(self) -> UpgradeScheduleOutcome | None:
        async with self.looks.paced():
            return await self.looks.act(self._write)

    async def _write(self, sight: Sight) -> UpgradeScheduleOutcome | None:
        """Write right after the look; None where somebody else has made one meanwhile."""
        looks, sight = self.looks, await self.looks.renewed(sight)
        found = sight.cluster, sight.configurations
        planned = planned_auto_upgrade(*found, self.desired, sight.now)
        if planned is None:
            # An attempt before this one may have been accepted without an answer.
            return _outcome(OutcomeKind.CREATED, _MADE, self.sent, sight) if self.sent else None
        async with looks.writing_after(sight):
            self.sent = planned
            accepted = await looks.looker.aks.put_auto_upgrade_schedule(looks.cluster_id, planned)
        window = read_schedule(accepted.properties).window or planned
        return _outcome(OutcomeKind.CREATED, _MADE, window, sight)


def _outcome(
    kind: OutcomeKind, message: str, window: MaintenanceWindow, sight: Sight
) -> UpgradeScheduleOutcome:
    start = window.next_start(sight.now)
    return UpgradeScheduleOutcome(kind, _REASON, message, window, start.start if start else None)
