"""What is done of what was decided: an update needs a permit for the very change that it makes."""

from copy import replace
from datetime import datetime
from typing import assert_never

from shared.domain.deciding.decision import Action, Decision, Finding
from shared.domain.deciding.own.drift import Drift, Owned, back_to, digest
from shared.domain.deciding.own.standing import Standing
from shared.domain.deciding.written import (
    Author,
    Written,
    canonical,
    start_of_window,
    window_of,
)
from shared.domain.policy.windows import NamedWindow
from shared.domain.updates.plan import Anything, Permit, Planned
from shared.domain.vocabulary.instants import to_text
from shared.domain.vocabulary.reasons import Reason
from shared.domain.window.starts import plan_start
from shared.domain.window.window import MaintenanceWindow

_PUT_BACK = Finding(Reason.PUT_BACK, "A person asked for what stood before the last update.")
_CHANGED = Finding(
    Reason.CHANGED_SINCE_PLANNED, "What would be changed now is not what was planned."
)


def permitted(decision: Decision, owned: Owned | None, permit: Permit | None) -> Decision:
    """Hold a decision on a schedule that is there against what may be changed of it.

    `owned` is that schedule, if it is naptime's own.
    """
    match permit:
        case None:
            return _left(decision)
        case Anything():
            return _in_time(decision) if decision.action is Action.UPDATE else decision
        case Planned():
            return _as_planned(decision, owned, permit)
        case _:
            assert_never(permit)


def _as_planned(decision: Decision, owned: Owned | None, planned: Planned) -> Decision:
    if decision.drift and decision.action is Action.UPDATE and planned.allows(decision.drift):
        return _in_time(decision)
    is_done = owned is not None and digest(owned.written.window) == planned.after
    if decision.action not in {Action.UPDATE, Action.LEAVE} or is_done:
        return _left(decision)
    return _left(replace(decision, findings=(_CHANGED, *decision.findings)))


def _in_time(decision: Decision) -> Decision:
    wait = decision.drift.wait if decision.drift else None
    if wait is None:
        return decision
    message = f"It is changed from {to_text(wait.until)} on: {wait.why}"
    finding = Finding(Reason.UPDATE_WAITS, message)
    return replace(decision, action=Action.DEFER, findings=(finding, *decision.findings))


def _left(decision: Decision) -> Decision:
    if decision.action is not Action.UPDATE:
        return decision
    return replace(decision, action=Action.LEAVE)


def put_back(decision: Decision, owned: Owned | None) -> Decision:
    """Decide to write what stood before the last update of a schedule, if it is naptime's own."""
    use = decision.choice.use if decision.choice else None
    previous = window_of(owned.written.previous) if owned else None
    found = None
    if owned and previous and not previous.ambiguity and isinstance(use, NamedWindow):
        found = back_to(owned, plan_start(previous, owned.now, owned.lead))
    if found is None:
        return replace(decision, drift=None)
    drift = replace(found, update=True)
    findings = (_PUT_BACK, *decision.findings)
    return replace(decision, action=Action.UPDATE, drift=drift, findings=findings)


def record_of_update(
    owned: Owned, drift: Drift, decision: Decision, run_id: str, policy_hash: str
) -> Written:
    """Give what is kept of an update, from when it is about to be written on."""
    return Written(
        window=drift.after,
        at=owned.now,
        by=Author.NAPTIME,
        rule=decision.rule,
        policy_hash=policy_hash,
        opened=owned.last_opened,
        previous=drift.before,
        # Put back, it would be an hour off.
        run_id="" if drift.clocks else run_id,
        undone=drift.before if decision.reason is Reason.PUT_BACK else "",
        start=start_of_window(drift.window),
    )


def record_of_adoption(
    window: MaintenanceWindow, decision: Decision, now: datetime, policy_hash: str
) -> Written:
    """Give what is kept of a schedule that becomes naptime's own, and is not written."""
    return replace(record_of_creation(window, decision, now, policy_hash), by=Author.ADOPTED)


def record_of_creation(
    window: MaintenanceWindow, decision: Decision, now: datetime, policy_hash: str
) -> Written:
    """Give what is kept of a rule's window that was sent, until it is known what came of it."""
    start = start_of_window(window)
    return Written(
        canonical(window, now), now, Author.NAPTIME, decision.rule, policy_hash, start=start
    )


def record_of_restored(
    window: MaintenanceWindow, known: Standing, decision: Decision, now: datetime
) -> Written:
    """Give what is kept of a schedule that was given back as it was seen last.

    It is whose it was before: naptime's own if naptime owned it, somebody else's otherwise.
    """
    # By what was seen: what comes back may have a start date, so as not to open too soon.
    if known.written and known.last and known.written.is_owned(known.last, now):
        return replace(known.written, at=now, start=start_of_window(window))
    start = start_of_window(window)
    return Written(canonical(window, now), now, Author.RESTORED, decision.rule, start=start)


def was_restored(window: MaintenanceWindow, known: Standing, now: datetime) -> bool:
    """Say whether a schedule that is seen is what was seen last, before it was removed."""
    return known.last is not None and canonical(window, now) == canonical(known.last, now)
