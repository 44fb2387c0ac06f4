"""What naptime knows of its own schedule of a cluster, and may change of it, over a whole pass."""

import json
from copy import replace
from datetime import datetime

from msgspec import Struct

from shared.domain.deciding.decision import Action, Decision, Desired
from shared.domain.deciding.observed import (
    NODE_OS_SCHEDULE,
    ObservedCluster,
    ObservedConfiguration,
    ObservedSchedule,
)
from shared.domain.deciding.own.drift import Owned
from shared.domain.deciding.own.standing import NOTHING_KNOWN, Standing
from shared.domain.deciding.policy import decide
from shared.domain.deciding.written import Written, canonical
from shared.domain.updates.carry_out import (
    permitted,
    put_back,
    record_of_adoption,
    record_of_creation,
    record_of_restored,
    record_of_update,
    was_restored,
)
from shared.domain.updates.plan import Permit, Planned
from shared.domain.vocabulary.reasons import Reason
from shared.domain.window.window import MaintenanceWindow
from shared.reconcile.cluster.look import Sight


class OwnSchedule(Struct):
    """The record of the schedule, a permit to change it, and what is about to be written."""

    desired: Desired
    known: Standing = NOTHING_KNOWN
    permit: Permit | None = None
    run_id: str = ""
    _owned: Owned | None = None
    _accepted: Written | None = None
    _intended: Written | None = None
    _cluster: ObservedCluster | None = None

    def decide(self, sight: Sight) -> Decision:
        """Decide on what is seen, as far as may be done of it."""
        schedule = sight.observed.schedule if sight.observed else None
        decided = decide(sight.cluster, sight.configurations, self.desired, sight.now, self.known)
        self._cluster = sight.cluster
        self._accepted = self.known.accepted(schedule, sight.now)
        self._owned = self._own(sight, schedule) if decided.owned and schedule else None
        if isinstance(self.permit, Planned) and self.permit.back:
            decided = put_back(decided, self._owned)
        return permitted(decided, self._owned, self.permit)

    def _own(self, sight: Sight, schedule: ObservedSchedule) -> Owned | None:
        written, window = self._accepted or self.known.written, schedule.window
        return self.desired.owned(sight.cluster.id, written, window, sight.now)

    def intend(self, cluster: ObservedCluster, now: datetime) -> Written | None:
        """Give the record of what would be written if the schedule still is what was written.

        Before the look at it: nothing slow may come between that look and the write. None where
        nothing would be written.
        """
        self._intended = None
        written = self.known.written
        if self.permit is None or written is None or not written.window or self.known.creation:
            return None
        body = {"maintenanceWindow": json.loads(written.window)}
        there = ObservedConfiguration(NODE_OS_SCHEDULE, body)
        supposed = Sight(cluster, (there,), there, now, now)
        decision = self.decide(supposed)
        self._intended = self._record(decision) if decision.action is Action.UPDATE else None
        if self._intended:
            self.known = replace(self.known, sending=self._intended)
        return self._intended

    def window_to_write(self, decision: Decision) -> MaintenanceWindow | None:
        """Give what an update writes; None where it is not what was written down before."""
        drift, intended = decision.drift, self._intended
        if drift is None or intended is None or intended.window != drift.after:
            return None
        return drift.window

    def record(
        self, decision: Decision, window: MaintenanceWindow | None, now: datetime
    ) -> Written | None:
        """Give what is to be kept of who made the schedule; None where there is nothing new."""
        if self._accepted:
            return self._accepted
        if decision.action is Action.UPDATE:
            return self._intended
        if window and decision.reason is Reason.SCHEDULE_RESTORED:
            return record_of_restored(window, self.known, decision, now)
        if window and decision.adopts:
            return record_of_adoption(window, decision, now, self.desired.policy.hash)
        return None

    def record_of_sent(
        self, decision: Decision, window: MaintenanceWindow, now: datetime
    ) -> Written | None:
        """Give what is to be kept of a creation that nothing was heard of, as for `record`."""
        cluster = self._cluster
        wanted = self.desired.planned(cluster, now) if cluster else None
        is_rules = wanted is not None and canonical(wanted, now) == canonical(window, now)
        if is_rules or not was_restored(window, self.known, now):
            return None
        return record_of_restored(window, self.known, decision, now)

    def unheard(self, decision: Decision, window: MaintenanceWindow, now: datetime) -> Written:
        """Give the record of a creation that no answer came to, for whoever looks next."""
        sent = self.record(decision, window, now)
        sent = sent or record_of_creation(window, decision, now, self.desired.policy.hash)
        self.known = replace(self.known, sending=sent)
        return sent

    @property
    def was_created(self) -> bool:
        """Whether what is seen is a creation that nothing was heard of."""
        return self._accepted is not None and self._accepted is self.known.creation

    @property
    def was_updated(self) -> bool:
        """Whether what is seen is an update that nothing was heard of."""
        return self._accepted is not None and not self.was_created

    def _record(self, decision: Decision) -> Written | None:
        if self._owned is None or decision.drift is None:
            return None
        policy_hash = self.desired.policy.hash
        return record_of_update(self._owned, decision.drift, decision, self.run_id, policy_hash)
