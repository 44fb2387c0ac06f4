"""A person's schedule for one cluster: judged on what ARM says right before each write."""

from collections.abc import Callable
from copy import replace
from datetime import datetime

from msgspec import Struct

from shared.domain.deciding.advice import REQUESTED, Advice, Wished, advise
from shared.domain.deciding.conditions import Difference, differences
from shared.domain.deciding.decision import Action, Desired
from shared.domain.deciding.kubernetes import seen_auto_upgrade
from shared.domain.deciding.observed import ObservedConfiguration, SeenSchedule
from shared.domain.deciding.outcome import Outcome, OutcomeKind
from shared.domain.deciding.wish import Wish
from shared.domain.deciding.written import Author
from shared.domain.errors import AzureError
from shared.domain.fleet.last_known import LastKnown
from shared.domain.messages.audit import AuditAction, AuditOutcome, Completion, Origin
from shared.domain.messages.told import Occasion
from shared.domain.messages.work import ReconcileCluster
from shared.domain.vocabulary.ids import ClusterId
from shared.domain.vocabulary.reasons import Cause
from shared.domain.window.body import write_window
from shared.ports.storage import Queue
from shared.reconcile.cluster.change import (
    AdvisedAgainst,
    ChangeWorld,
    Intent,
    Put,
    check,
)
from shared.reconcile.cluster.look import Looks, Sight
from shared.reconcile.ground.claim import holding
from shared.reconcile.ground.outbox import OutcomeTeller

type Report = Callable[[Outcome, Cause], None]


class SchedulePutter(Struct, frozen=True):
    """Answers `PUT .../schedule`."""

    world: ChangeWorld
    report: Report
    teller: OutcomeTeller
    queue: Queue[ReconcileCluster]

    async def try_out(self, cluster_id: ClusterId, wish: Wish) -> Put:
        """Say what would be done, advice against it or not; writes nothing."""
        one = _Putting(self.world, cluster_id, wish, await self.world.wanted())
        return await one.looks.each(one.look_only)

    async def put(self, cluster_id: ClusterId, wish: Wish, origin: Origin) -> Put:
        """Write the schedule, unless it is there already.

        Raises `AdvisedAgainst`, `ConditionFailed`, `ClusterBusy`, `InvalidWindow`, `AzureError`.
        """
        world, desired = self.world, await self.world.wanted()
        async with holding(world.claims, world.looker.clock, cluster_id) as held:
            one = _Putting(world, cluster_id, wish, desired)
            if world.dry_run:
                return await one.looks.each(one.write)
            try:
                done, occasion = await self._recorded(one, origin)
            except AzureError:
                await self._look_again(one)
                raise
            self.report(done.outcome, Cause.ASKED)
            # Before it is remembered: what was told of the cluster before is looked up there.
            await self.teller.tell(done.outcome, occasion)
            await self._remember(one, done, held.claim.claimed_at)
            held.concluded = True
        return done

    async def _look_again(self, one: "_Putting") -> None:
        """Have the queue find out whether a schedule was made without an answer, and tell of it."""
        if one.may_have_created:
            now = self.world.looker.clock.now()
            cluster_id, sent = one.looks.cluster_id, one.wish.window
            await self.queue.send(ReconcileCluster(cluster_id, Cause.ASKED, now, sent=sent))

    async def _recorded(self, one: "_Putting", origin: Origin) -> tuple[Put, Occasion]:
        """Write with the record of who asked, and give the occasion that it is."""
        wanted = {"maintenanceWindow": write_window(one.wish.window)}
        action, cluster_id = AuditAction.PUT_SCHEDULE, one.looks.cluster_id
        audit = self.world.audit
        record = await audit.intend(origin, action, cluster_id, wanted=wanted)
        one.intent = Intent(audit, record)
        async with one.intent.kept():
            done = await one.looks.each(one.write)
        await one.intent.complete(_completion(done))
        return done, Occasion(Cause.ASKED, record.id)

    async def _remember(self, one: "_Putting", done: Put, read_at: datetime) -> None:
        cluster = one.looks.cluster
        if cluster is None or not cluster.auto_provisioning:
            return
        await self.world.given_up.forget(cluster.id)
        now = self.world.looker.clock.now()
        known = LastKnown(done.outcome, read_at, now, Author.PERSON)
        await self.world.recorder.record([known], Cause.ASKED)


class _Putting:
    """One wish over all its attempts."""

    def __init__(
        self, world: ChangeWorld, cluster_id: ClusterId, wish: Wish, desired: Desired
    ) -> None:
        self._world = world
        self._desired = desired
        self.wish = wish
        self._sent_as: Action | None = None
        self.looks = Looks(world.looker, cluster_id)
        self.intent: Intent | None = None

    @property
    def may_have_created(self) -> bool:
        """Whether a schedule was sent where there was none."""
        return bool(self.looks.sent) and self._sent_as is Action.CREATE

    async def look_only(self, sight: Sight) -> Put:
        """Judge what is seen, and say what would be done."""
        check(self.wish.condition, sight)
        advice = self._advise(sight)
        return self._put(advice, sight, sight.observed, advice.decision.action, dry_run=True)

    async def write(self, sight: Sight) -> Put:
        """Judge what is seen, and write."""
        advice = self._advise(sight)
        action = advice.decision.action
        if self._sent_as and self.looks.writes and action is Action.LEAVE:
            # An earlier attempt of ours was not answered, and was accepted all the same.
            return self._put(_as_sent(advice), sight, sight.observed, self._sent_as)
        if self.intent:
            self.intent.saw(sight)
        check(self.wish.condition, sight)
        if advice.against and not self.wish.force:
            raise AdvisedAgainst(advice, self._changes(sight))
        if action is Action.LEAVE or self._world.dry_run:
            return self._put(advice, sight, sight.observed, action, dry_run=self._world.dry_run)
        self._sent_as = self._sent_as or action
        accepted = await self.looks.put(sight, self.wish.window)
        return self._put(advice, sight, accepted, action)

    def _advise(self, sight: Sight) -> Advice:
        wish, desired = self.wish, self._desired
        return advise(Wished(sight.cluster, sight.observed, wish.window, desired, sight.now))

    def _changes(self, sight: Sight) -> tuple[Difference, ...]:
        return differences(sight.observed, self.wish.window)

    def _put(
        self,
        advice: Advice,
        sight: Sight,
        configuration: ObservedConfiguration | None,
        action: Action,
        *,
        dry_run: bool = False,
    ) -> Put:
        window = configuration.schedule.window if configuration and not dry_run else None
        window = window or self.wish.window
        start = window.next_start(sight.now)
        decision = advice.decision
        outcome = Outcome(
            cluster_id=self.looks.cluster_id,
            kind=_DONE[action][dry_run],
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
            rule=decision.rule,
            policy_hash=decision.policy_hash,
            auto_upgrade=seen_auto_upgrade(sight.cluster, sight.configurations),
        )
        changes = () if action is Action.LEAVE else self._changes(sight)
        return Put(outcome, advice, changes, configuration)


def _as_sent(advice: Advice) -> Advice:
    """Give the findings of a write that was asked for, not those of a schedule that was there."""
    findings = (REQUESTED, *advice.decision.findings[1:])
    return replace(advice, decision=replace(advice.decision, findings=findings))


_DONE = {
    Action.CREATE: (OutcomeKind.CREATED, OutcomeKind.WOULD_CREATE),
    Action.UPDATE: (OutcomeKind.UPDATED, OutcomeKind.WOULD_UPDATE),
    Action.LEAVE: (OutcomeKind.UNCHANGED, OutcomeKind.UNCHANGED),
}
"""What comes of a wish, and what a dry run says would."""


def _completion(done: Put) -> Completion:
    outcome = done.outcome
    after = done.configuration.properties if done.configuration else None
    kind, by = AuditOutcome(outcome.kind.value), (outcome.rule, outcome.policy_hash)
    return Completion(kind, outcome.reason.value, "", after, *by)
