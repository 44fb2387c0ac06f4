"""Deleting one cluster's node OS schedule, because a person insists."""

from dataclasses import dataclass, field

from msgspec import Struct

from shared.domain.deciding.conditions import Condition
from shared.domain.deciding.decision import Desired, Finding
from shared.domain.deciding.deletion import comes_back, warnings_of_deletion
from shared.domain.deciding.observed import ObservedConfiguration
from shared.domain.messages.audit import AuditAction, AuditOutcome, Completion, Origin
from shared.domain.vocabulary.ids import ClusterId
from shared.reconcile.cluster.change import ChangeWorld, Intent, check
from shared.reconcile.cluster.look import Looks, Sight
from shared.reconcile.ground.claim import holding


class Deletion(Struct, frozen=True):
    """What came of it; `configuration` is what was deleted, None if there was nothing."""

    cluster_id: ClusterId
    configuration: ObservedConfiguration | None
    warnings: tuple[Finding, ...]
    comes_back: bool
    attempts: int
    calls: int
    dry_run: bool


class ScheduleDeleter(Struct, frozen=True):
    """Answers `DELETE .../schedule`."""

    world: ChangeWorld

    async def try_out(self, cluster_id: ClusterId, condition: Condition) -> Deletion:
        """Say what would be done; writes nothing."""
        desired = await self.world.wanted()
        one = _Deleting(self.world, cluster_id, condition, desired, None)
        return await one.looks.each(one.delete)

    async def delete(self, cluster_id: ClusterId, condition: Condition, origin: Origin) -> Deletion:
        """Delete the schedule, if it is there.

        Raises `ConditionFailed`, `ClusterBusy` and `AzureError`, above all `DeleteNotGranted`.
        """
        world = self.world
        # The claim concludes nothing: whoever asked for a reconcile before wants a schedule still.
        async with holding(world.claims, world.looker.clock, cluster_id) as held:
            if world.dry_run:
                return await self.try_out(cluster_id, condition)
            desired = await world.wanted()
            record = await world.audit.intend(origin, AuditAction.DELETE_SCHEDULE, cluster_id)
            intent = Intent(world.audit, record)
            one = _Deleting(world, cluster_id, condition, desired, intent)
            await world.recorder.memory.forget_last(cluster_id, held.claim.claimed_at)
            async with intent.kept():
                done = await one.looks.each(one.delete)
            outcome = AuditOutcome.DELETED if done.configuration else AuditOutcome.UNCHANGED
            await intent.complete(Completion(outcome))
            if done.configuration:
                await world.recorder.memory.forget_schedule(cluster_id)
        return done


@dataclass(slots=True)
class _Deleting:
    """One deletion over all its attempts; without an intent, a dry run."""

    world: ChangeWorld
    cluster_id: ClusterId
    condition: Condition
    desired: Desired
    intent: Intent | None
    sent: ObservedConfiguration | None = None
    looks: Looks = field(init=False)

    def __post_init__(self) -> None:
        self.looks = Looks(self.world.looker, self.cluster_id)

    async def delete(self, sight: Sight) -> Deletion:
        there = sight.observed
        if there is None and self.sent and self.looks.writes:
            # An earlier attempt of ours was not answered, and was accepted all the same.
            return self._done(sight, self.sent)
        if self.intent:
            self.intent.saw(sight)
        check(self.condition, sight)
        if there and self.intent:
            self.sent = there
            await self.looks.delete(sight, there)
        return self._done(sight, there)

    def _done(self, sight: Sight, deleted: ObservedConfiguration | None) -> Deletion:
        desired = self.desired
        return Deletion(
            cluster_id=self.cluster_id,
            configuration=deleted,
            warnings=warnings_of_deletion(sight.cluster, desired, sight.now),
            comes_back=comes_back(sight.cluster, desired, sight.now),
            attempts=self.looks.attempts,
            calls=self.looks.calls,
            dry_run=self.intent is None,
        )
