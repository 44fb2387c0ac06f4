"""What stood before an update is put back, unless it is there, or cannot be known or wanted."""

from copy import replace
from datetime import time

import pytest

from shared.domain.deciding.decision import Action, Decision, Finding
from shared.domain.deciding.own.drift import Owned
from shared.domain.deciding.written import canonical
from shared.domain.policy.choose import Policy, ReportOnly, Rule, Use
from shared.domain.updates.carry_out import put_back
from shared.domain.vocabulary.reasons import Reason
from shared.domain.window.recurrence import Weekday, Weekly
from shared.domain.window.window import MaintenanceWindow
from tests.unit.domain.deciding.test_drift import (
    FRIDAY,
    LEAD,
    SUNDAY,
    WEDNESDAY,
    drift,
    written_by,
)
from tests.unit.domain.policy.examples import a_cluster
from tests.unit.domain.policy.test_windows import some_cluster

THERE = written_by(SUNDAY, FRIDAY, FRIDAY)
OTHER = WEDNESDAY.planned(some_cluster(), FRIDAY, LEAD)
NOT_CERTAIN = MaintenanceWindow(Weekly(2, Weekday.SUNDAY), time(1), 4)


def decided(use: Use = SUNDAY) -> Decision:
    """Decide by a policy that wants this, and would have a change made by now."""
    choice = Policy({}, (Rule("all", use),)).choose(a_cluster(), FRIDAY)
    found = drift(SUNDAY, FRIDAY, FRIDAY, WEDNESDAY)
    finding = Finding(Reason.OUTDATED, "The policy wants another.")
    return Decision(Action.UPDATE, (finding,), choice=choice, drift=found)


def after(previous: MaintenanceWindow | None) -> Owned:
    """Give the schedule that is there, and what stood before it."""
    text = canonical(previous, FRIDAY) if previous else ""
    return replace(THERE, written=replace(THERE.written, previous=text))


def test_what_stood_before_is_put_back() -> None:
    """It is an update like any other, from what is there to what was."""
    found = put_back(decided(), after(OTHER))
    assert (found.action, found.reason) == (Action.UPDATE, Reason.PUT_BACK)
    assert found.drift
    assert found.drift.update
    assert found.drift.before == canonical(THERE.window, FRIDAY)
    assert found.drift.after == canonical(OTHER, FRIDAY)


@pytest.mark.parametrize(
    ("owned", "use"),
    [
        (None, SUNDAY),
        (after(None), SUNDAY),
        (after(THERE.window), SUNDAY),
        (after(NOT_CERTAIN), SUNDAY),
        (after(OTHER), ReportOnly()),
    ],
    ids=["not naptime's", "not known", "there already", "not certain", "only looked at by now"],
)
def test_what_is_not_put_back(owned: Owned | None, use: Use) -> None:
    """And what the policy wants instead is not written in its place."""
    found = put_back(decided(use), owned)
    assert found.drift is None
    assert Reason.PUT_BACK not in {finding.reason for finding in found.findings}
