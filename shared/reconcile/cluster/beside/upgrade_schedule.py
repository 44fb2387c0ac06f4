"""The schedule of Kubernetes upgrades, made where it is asked for and none is there.

After the node OS schedule, by a look of its own, at the shard's pace, and never over one that is
there. What comes of it changes nothing of what came of the other.
"""

from copy import replace

from msgspec import Struct

from shared.domain.deciding.decision import Desired
from shared.domain.deciding.kubernetes import auto_upgrade_configuration, planned_auto_upgrade
from shared.domain.deciding.observed import AUTO_UPGRADE_SCHEDULE, read_schedule
from shared.domain.deciding.outcome import Outcome, OutcomeKind, UpgradeScheduleOutcome
from shared.domain.deciding.own.standing import Standing
from shared.domain.errors import AzureError
from shared.domain.vocabulary.reasons import Reason
from shared.domain.window.window import MaintenanceWindow
from shared.reconcile.cluster.look import Looks, Sight

_REASON = Reason.KUBERNETES_UPGRADE_ANY_TIME
_TO_COME = f"{AUTO_UPGRADE_SCHEDULE} is missing and is made by work of its own."
_MADE = f"{AUTO_UPGRADE_SCHEDULE} was missing."


def to_come(
    desired: Desired, sight: Sight | None, known: Standing, *, dry_run: bool
) -> UpgradeScheduleOutcome | None:
    """Say that the schedule is to be made, by what was seen; None where it is not.

    Or that it was made, where it was sent before and nothing was heard of it.
    """
    if sight is None:
        return None
    planned = planned_auto_upgrade(sight.cluster, sight.configurations, desired, sight.now)
    if planned is None:
        return None if dry_run else _made_unheard(sight, known)
    kind = OutcomeKind.WOULD_CREATE if dry_run else OutcomeKind.DEFERRED
    return _outcome(kind, _MADE if dry_run else _TO_COME, planned, sight)


def _made_unheard(sight: Sight, known: Standing) -> UpgradeScheduleOutcome | None:
    sent = known.upgrades_sent
    found = auto_upgrade_configuration(sight.configurations) if sent else None
    window = read_schedule(found.properties).window if found else None
    if sent is None or window is None or not sent.is_still(window, sight.now):
        return None
    return _outcome(OutcomeKind.CREATED, _MADE, window, sight)


async def also_made(looks: Looks, desired: Desired, outcome: Outcome) -> Outcome:
    """Make the schedule that is to come, unless the cluster comes back anyway."""
    other = outcome.kubernetes
    if other is None or outcome.kind is OutcomeKind.DEFERRED:
        return outcome
    if other.kind is not OutcomeKind.DEFERRED:
        return outcome.with_upgrades(other)
    made = await _Making(looks, desired).make()
    return replace(outcome, calls=looks.calls).with_upgrades(made)


class _Making(Struct):
    """One schedule over all attempts."""

    looks: Looks
    desired: Desired
    sent: MaintenanceWindow | None = None

    async def make(self) -> UpgradeScheduleOutcome | None:
        try:
            return await self.looks.looker.retry(self._attempt)
        except AzureError as error:
            return UpgradeScheduleOutcome(
                OutcomeKind.DEFERRED if error.retryable else OutcomeKind.FAILED,
                error.reason,
                f"{AUTO_UPGRADE_SCHEDULE}: {error}",
                retry_after=error.retry_after,
                azure_code=error.code,
                sent=self.sent,
            )

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
