"""What naptime would do of one cluster now, as the HTTP API shows it."""

from datetime import datetime
from typing import TypedDict

from shared.domain.deciding.decision import Action, Decision, Desired, FindingJson, finding_json
from shared.domain.deciding.kubernetes import planned_auto_upgrade
from shared.domain.fleet.last_known import Remembered
from shared.domain.images.age import with_image_age
from shared.domain.messages.touches import found_beside
from shared.domain.policy.changes import use_text
from shared.domain.policy.choose import StepJson
from shared.domain.vocabulary.instants import to_text
from shared.domain.vocabulary.reasons import Reason
from shared.domain.window.body import write_window
from shared.domain.window.window import MaintenanceWindow
from shared.reconcile.cluster.look import Sight


class PlannedWindowJson(TypedDict):
    """A window that would be written, and its first start in UTC."""

    window: dict[str, object]
    nextStart: str | None


class DecisionJson(TypedDict):
    """What naptime would do now, and why; `kubernetes` is the other schedule, to be made beside.

    Null where it is not: not asked for, not needed, or there.
    """

    action: Action
    reason: Reason
    message: str
    findings: list[FindingJson]
    window: dict[str, object] | None
    nextStart: str | None
    kubernetes: PlannedWindowJson | None
    rule: str | None
    use: str | None
    policyHash: str | None
    because: list[StepJson]


def decision_json(
    decision: Decision, desired: Desired, sight: Sight, known: Remembered | None
) -> DecisionJson:
    """Show a decision on what was seen, with what is known of others and of the images."""
    now = sight.now
    findings = [finding_json(finding) for finding in decision.findings]
    if known and decision.action is not Action.SKIP:
        findings += found_beside(known.touches, now)
    age = known.image_age if known else None
    start = decision.next_start(now)
    return {
        "action": decision.action,
        "reason": decision.reason,
        "message": decision.finding.message,
        "findings": with_image_age(findings, age),
        "window": write_window(decision.window) if decision.window else None,
        "nextStart": to_text(start.start) if start else None,
        "kubernetes": _planned_upgrades(decision, desired, sight),
        "rule": decision.rule or None,
        "use": use_text(decision.choice.use) if decision.choice else None,
        "policyHash": desired.policy.hash or None,
        "because": [step.to_json() for step in decision.choice.trace] if decision.choice else [],
    }


def _planned_upgrades(
    decision: Decision, desired: Desired, sight: Sight
) -> PlannedWindowJson | None:
    """Plan the other schedule, but for a cluster that is left out or looked at later."""
    if decision.action in {Action.SKIP, Action.DEFER}:
        return None
    planned = planned_auto_upgrade(sight.cluster, sight.configurations, desired, sight.now)
    return _planned_json(planned, sight.now) if planned else None


def _planned_json(window: MaintenanceWindow, now: datetime) -> PlannedWindowJson:
    start = window.next_start(now)
    return {
        "window": write_window(window),
        "nextStart": to_text(start.start) if start else None,
    }
