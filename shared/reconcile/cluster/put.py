"""A person's schedule for one cluster: judged on what ARM says right before each write."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import assert_never

from shared.domain.deciding.advice import REQUESTED, Judgement, Request, judge
from shared.domain.deciding.conditions import Difference, differences
from shared.domain.deciding.decision import Action
from shared.domain.deciding.observed import NODE_OS_SCHEDULE, ObservedConfiguration, SeenSchedule
from shared.domain.deciding.outcome import Outcome, OutcomeKind
from shared.domain.fleet.last_known import LastKnown
from shared.domain.messages.audit import AuditAction, AuditOutcome, Completion, Origin
from shared.domain.messages.told import Occasion
from shared.domain.vocabulary.ids import ClusterId
from shared.domain.vocabulary.reasons import Cause
from shared.domain.window.body import write_window
from shared.reconcile.cluster.change import (
    AdvisedAgainst,
    ChangeWorld,
    Intent,
    Looks,
    Put,
    Sight,
    Wish,
)
from shared.reconcile.ground.claim import holding
from shared.reconcile.ground.outbox import OutcomeTeller

type Report = Callable[[Outcome, Cause], None]


@dataclass(frozen=True, slots=True)
class SchedulePutter:
    """Answers `PUT .../schedule`."""

    world: ChangeWorld
    report: Report
    teller: OutcomeTeller

    async def try_out(self, cluster_id: ClusterId, wish: Wish) -> Put:
        """Say what would be done, advice against it or not; writes nothing."""
        one = _Putting(self.world, cluster_id, wish)
        return await one.looks.each(one.look_only)

    async def put(self, cluster_id: ClusterId, wish: Wish, origin: Origin) -> Put:
        """Write the schedule, unless it is there already.

        Raises `AdvisedAgainst`, `ConditionFailed`, `ClusterBusy`, `InvalidWindow`, `AzureError`.
        """
        world = self.world
        async with holding(world.claims, world.clock, cluster_id) as held:
            one = _Putting(world, cluster_id, wish)
            one.intent = Intent(world.audit, origin, AuditAction.PUT_SCHEDULE, cluster_id)
            async with one.intent.kept():
                done = await one.looks.each(one.write)
            await one.intent.complete(_completion(done))
            self.report(done.outcome, Cause.ASKED)
            # Before it is remembered: what was told of the cluster before is looked up there.
            await self.teller.tell(done.outcome, self._occasion(one.intent))
            await self._remember(one, done, held.claim.claimed_at)
            held.concluded = not done.outcome.dry_run
        return done

    def _occasion(self, intent: Intent) -> Occasion:
        if intent.record is None:
            return Occasion.asked(Cause.ASKED, self.world.clock.now())
        return Occasion(Cause.ASKED, intent.record.id)

    async def _remember(self, one: "_Putting", done: Put, read_at: datetime) -> None:
        cluster = one.looks.cluster
        if done.outcome.dry_run or cluster is None or not cluster.auto_provisioning:
            return
        await self.world.given_up.forget(cluster.id)
        known = LastKnown(done.outcome, read_at, self.world.clock.now())
        await self.world.memory.remember([known])


class _Putting:
    """One wish over all its attempts."""

    def __init__(self, world: ChangeWorld, cluster_id: ClusterId, wish: Wish) -> None:
        self._world = world
        self._cluster_id = cluster_id
        self._wish = wish
        self._sent_as: Action | None = None
        self.looks = Looks(world, cluster_id)
        self.intent: Intent | None = None

    async def look_only(self, sight: Sight) -> Put:
        """Judge what is seen, and say what would be done."""
        sight.check(self._wish.condition)
        judgement = self._judge(sight)
        return self._put(judgement, sight, sight.observed, judgement.decision.action, dry_run=True)

    async def write(self, sight: Sight) -> Put:
        """Judge what is seen, and write."""
        judgement = self._judge(sight)
        action = judgement.decision.action
        if self._sent_as and action is Action.LEAVE:
            # An earlier attempt of ours was not answered, and was accepted all the same.
            return self._put(_as_sent(judgement), sight, sight.observed, self._sent_as)
        sight.check(self._wish.condition)
        if judgement.advice and not self._wish.force:
            raise AdvisedAgainst(judgement, self._changes(sight))
        if action is Action.LEAVE or self._world.dry_run:
            return self._put(judgement, sight, sight.observed, action, dry_run=self._world.dry_run)
        accepted = await self._send(sight, action)
        return self._put(judgement, sight, accepted, action)

    def _judge(self, sight: Sight) -> Judgement:
        wish, desired = self._wish, self._world.desired
        return judge(Request(sight.cluster, sight.observed, wish.window, desired, sight.now))

    def _changes(self, sight: Sight) -> tuple[Difference, ...]:
        return differences(sight.observed, self._wish.window)

    async def _send(self, sight: Sight, action: Action) -> ObservedConfiguration:
        window = self._wish.window
        if self.intent is None:
            raise TypeError("nothing is written without an intent")
        await self.intent.declare(sight.before, {"maintenanceWindow": write_window(window)})
        self._sent_as = self._sent_as or action
        self.looks.calls += 1
        # ARM keeps the casing of whoever wrote it first; another would be another's name.
        name = sight.observed.name if sight.observed else NODE_OS_SCHEDULE
        return await self._world.aks.put_node_os_schedule(self._cluster_id, window, name)

    def _put(
        self,
        judgement: Judgement,
        sight: Sight,
        configuration: ObservedConfiguration | None,
        action: Action,
        *,
        dry_run: bool = False,
    ) -> Put:
        window = configuration.schedule.window if configuration and not dry_run else None
        window = window or self._wish.window
        start = window.next_start(sight.now)
        decision = judgement.decision
        outcome = Outcome(
            cluster_id=self._cluster_id,
            kind=_kind(action),
            reason=decision.reason,
            message=decision.finding.message,
            findings=decision.findings,
            window=window,
            next_start=start.start if start else None,
            attempts=self.looks.attempts,
            calls=self.looks.calls,
            dry_run=dry_run,
            cluster=sight.cluster,
            schedule=SeenSchedule(configuration.schedule if configuration else None),
        )
        changes = () if action is Action.LEAVE else self._changes(sight)
        return Put(outcome, judgement, changes, configuration)


def _as_sent(judgement: Judgement) -> Judgement:
    """Give the findings of a write that was asked for, not those of a schedule that was there."""
    findings = (REQUESTED, *judgement.decision.findings[1:])
    return replace(judgement, decision=replace(judgement.decision, findings=findings))


def _kind(action: Action) -> OutcomeKind:
    match action:
        case Action.CREATE:
            return OutcomeKind.CREATED
        case Action.UPDATE:
            return OutcomeKind.UPDATED
        case Action.LEAVE:
            return OutcomeKind.UNCHANGED
        case Action.SKIP | Action.DEFER:
            raise TypeError(f"{action} is no answer to a wish")
        case _:
            assert_never(action)


def _completion(done: Put) -> Completion:
    outcome = done.outcome
    after = done.configuration.properties if done.configuration else None
    return Completion(AuditOutcome(outcome.kind.value), outcome.reason.value, "", after)
