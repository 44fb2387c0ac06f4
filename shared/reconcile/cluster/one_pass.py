"""One cluster: gather, decide, apply. A dry run is the same without the last step."""

from copy import replace
from datetime import datetime, timedelta
from typing import assert_never

from msgspec import Struct

from shared.domain.deciding.decision import Action, Decision, Desired, Finding
from shared.domain.deciding.kubernetes import seen_auto_upgrade
from shared.domain.deciding.observed import (
    REPLICATION,
    ObservedCluster,
    ObservedSchedule,
    SeenSchedule,
)
from shared.domain.deciding.outcome import Outcome, OutcomeKind, UpgradeScheduleOutcome
from shared.domain.deciding.own.standing import NOTHING_KNOWN
from shared.domain.deciding.policy import decide, screen
from shared.domain.errors import AzureError, AzureUnavailable, ClusterGone, ConnectionFailed
from shared.domain.vocabulary.instants import to_text
from shared.domain.vocabulary.reasons import Reason
from shared.domain.window.window import MaintenanceWindow
from shared.reconcile.cluster.beside.upgrade_schedule import also_made, to_come
from shared.reconcile.cluster.look import Looks, Sight
from shared.reconcile.cluster.own.schedule import OwnSchedule
from shared.reconcile.ground.memory import ClusterMemory

_OWN = frozenset({OutcomeKind.CREATED, OutcomeKind.WOULD_CREATE})


class Pass(Struct):
    """One reconcile of one cluster, over all its attempts."""

    desired: Desired
    looks: Looks
    own: OwnSchedule
    memory: ClusterMemory
    dry_run: bool
    exists_at: datetime | None = None
    """When an event or a listing said that it exists, by the worker's clock, or near enough."""
    _seen: SeenSchedule | None = None
    _sight: Sight | None = None

    async def remember(self) -> None:
        """Read what is known of the cluster: what is decided on, and where it was."""
        known = await self.memory.recall(self.looks.cluster_id)
        self.own.known = known.standing if known else NOTHING_KNOWN
        self.looks.location = known.location if known else ""

    async def reconcile(self) -> Outcome:
        """Try again what is worth trying again at once; what Azure refuses is an outcome."""
        try:
            outcome = await self.looks.looker.retry(self.attempt)
        except AzureError as error:
            outcome = self.refused(error)
        return await also_made(self.looks, self.desired, outcome)

    async def attempt(self) -> Outcome:
        """Gather, decide, apply, all from this attempt's own now, and at the shard's pace."""
        looks = self.looks
        looks.attempts += 1
        try:
            async with looks.paced() as cluster:
                return await self._look_at(cluster)
        except ClusterGone:
            return self.gone()

    async def look(self) -> Outcome:
        """Do the same for a cluster that was listed, whose calls somebody else has drawn for.

        What was listed is read again only right before a write, where it is more than a minute old.
        """
        looks = self.looks
        try:
            return await self._look_at(looks.cluster or await looks.read())
        except ClusterGone:
            return self.gone()

    async def _look_at(self, cluster: ObservedCluster) -> Outcome:
        now = self.looks.looker.clock.now()
        if screened := screen(cluster, self.desired, now):
            return self.left_out(screened)
        intended = None if self.dry_run else self.own.intend(cluster, now)
        if intended:
            await self.memory.note_sending(cluster.id, intended)
        return await self.looks.act(self.apply)

    def decide(self, sight: Sight) -> Decision:
        self._seen = SeenSchedule(sight.observed.schedule if sight.observed else None)
        self._sight = sight
        return self.own.decide(sight)

    def gone(self) -> Outcome:
        """Give the outcome for a cluster that ARM does not know; it may only not know it yet."""
        now = self.looks.looker.clock.now()
        if self.exists_at is None or now - self.exists_at >= REPLICATION:
            return self.left_out(decide(None, (), self.desired, now))
        message = f"Azure does not know the cluster (yet): it existed at {to_text(self.exists_at)}."
        doubted = Decision(Action.DEFER, (Finding(Reason.CLUSTER_GONE, message),))
        return self.left_out(doubted)

    def left_out(self, decision: Decision) -> Outcome:
        """Give the outcome for a cluster that was left alone before its schedule was looked at."""
        kind = OutcomeKind.DEFERRED if decision.action is Action.DEFER else OutcomeKind.SKIPPED
        return self.outcome(kind, decision, self.looks.looker.clock.now())

    async def apply(self, sight: Sight) -> Outcome:
        """Decide on what is seen, and do it; in a dry run, only say so.

        Nothing is written on the strength of what was read of the cluster over a minute ago.
        """
        decision = self.decide(sight)
        if not self.dry_run and decision.action in {Action.CREATE, Action.UPDATE}:
            renewed = await self.looks.renewed(sight)
            if renewed.cluster is not sight.cluster:
                decision = self.decide(renewed)
            sight = renewed
        return await self.act_on(decision, sight)

    async def act_on(self, decision: Decision, sight: Sight) -> Outcome:
        match decision.action:
            case Action.CREATE | Action.UPDATE if not self.dry_run:
                return await self._write(decision, sight)
            case Action.CREATE:
                return self.outcome(OutcomeKind.WOULD_CREATE, decision, sight.now)
            case Action.UPDATE:
                return self.outcome(OutcomeKind.WOULD_UPDATE, decision, sight.now)
            case Action.LEAVE:
                return self._left(decision, sight.now)
            case Action.SKIP | Action.DEFER:
                return self.left_out(decision)
            case _:
                assert_never(decision.action)

    async def _write(self, decision: Decision, sight: Sight) -> Outcome:
        creates = decision.action is Action.CREATE
        window = decision.window if creates else self.own.window_to_write(decision)
        if window is None:
            return self._left(replace(decision, action=Action.LEAVE), sight.now)
        try:
            accepted = await self.looks.put(sight, window)
        except (ConnectionFailed, AzureUnavailable):
            # The write may have been applied: what was seen before it says nothing any more.
            self._seen = None
            if creates:
                # An update is on record before it is sent; of a creation nobody could know before
                # the look that none is there, and nothing slow may come after that.
                unheard = self.own.unheard(decision, window, sight.now)
                await self.memory.note_sending(self.looks.cluster_id, unheard)
            raise
        kind = OutcomeKind.CREATED if creates else OutcomeKind.UPDATED
        window = accepted.schedule.window or window
        self._seen = SeenSchedule(ObservedSchedule(window))
        return self.outcome(kind, decision, sight.now, window)

    def _left(self, decision: Decision, now: datetime) -> Outcome:
        """Tell a schedule that was there from one that our own unanswered write has made."""
        if self.own.was_created:
            return self.outcome(OutcomeKind.CREATED, decision, now, reason=Reason.SCHEDULE_MISSING)
        if self.own.was_updated:
            return self.outcome(OutcomeKind.UPDATED, decision, now, reason=Reason.OUTDATED)
        window = decision.window
        was_sent = window and any(_same(window, sent) for sent in self.looks.sent)
        if window and was_sent and not self.own.known.explains(window, now):
            own, missing = decision.kept(), Reason.SCHEDULE_MISSING
            created = self.outcome(OutcomeKind.CREATED, own, now, reason=missing)
            return replace(created, record=self.own.record_of_sent(decision, window, now))
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
        record, wait = self.own.record(decision, window, now), _wait(decision, now)
        return Outcome(
            cluster_id=self.looks.cluster_id,
            kind=kind,
            reason=reason or decision.reason,
            message=decision.finding.message,
            findings=decision.findings,
            window=window,
            next_start=start.start if start else None,
            attempts=self.looks.attempts,
            calls=self.looks.calls,
            dry_run=self.dry_run,
            cluster=self.looks.cluster,
            schedule=self._seen,
            auto_upgrade=self._seen_auto_upgrade(),
            choice=decision.choice,
            kubernetes=self._to_come(),
            rule=decision.rule,
            policy_hash=self.desired.policy.hash,
            lets_go=decision.lets_go,
            retry_after=wait,
            drift=decision.drift,
            owned=record.is_naptimes if record else decision.owned or kind in _OWN,
            record=record,
        )

    def _to_come(self) -> UpgradeScheduleOutcome | None:
        return to_come(self.desired, self._sight, self.own.known, dry_run=self.dry_run)

    def _seen_auto_upgrade(self) -> SeenSchedule | None:
        sight = self._sight
        return seen_auto_upgrade(sight.cluster, sight.configurations) if sight else None

    def refused(self, error: AzureError) -> Outcome:
        """Make an outcome of what Azure refused on the last attempt."""
        return Outcome(
            cluster_id=self.looks.cluster_id,
            kind=OutcomeKind.DEFERRED if error.retryable else OutcomeKind.FAILED,
            reason=error.reason,
            message=str(error),
            findings=(),
            window=None,
            next_start=None,
            attempts=self.looks.attempts,
            calls=self.looks.calls,
            dry_run=self.dry_run,
            retry_after=error.retry_after,
            azure_code=error.code,
            cluster=self.looks.cluster,
            schedule=self._seen,
            auto_upgrade=self._seen_auto_upgrade(),
            kubernetes=self._to_come(),
            rule=self.desired.rule_of(self.looks.cluster, self.looks.looker.clock.now()),
            policy_hash=self.desired.policy.hash,
            sent=self.looks.sent[-1] if self.looks.sent else None,
        )


def _wait(decision: Decision, now: datetime) -> timedelta | None:
    """Say how long a change waits for the end of an opening."""
    wait = decision.drift.wait if decision.drift else None
    return wait.until - now if wait and decision.action is Action.DEFER else None


def _same(observed: MaintenanceWindow, sent: MaintenanceWindow) -> bool:
    """Compare without the start date, which ARM fills in where it was left out."""
    return replace(observed, start_date=None) == replace(sent, start_date=None)
