"""The gate that a window is to NAP: the decision table of Karpenter's image controller."""

from datetime import UTC, datetime, timedelta

import pytest

from local.azure.arm.clusters import Sight
from local.azure.json_values import JsonObject, as_object
from local.azure.nap.gate import END_KEY, START_KEY, Gate, gate_at, gate_by, upcoming_window
from tests.local.azure.world import NOW, weekly, window

HOUR = timedelta(hours=1)
TICK = timedelta(microseconds=1)


def around(start: datetime, end: datetime) -> dict[str, str]:
    return {START_KEY: start.isoformat(), END_KEY: end.isoformat()}


def schedule(**changes: object) -> JsonObject:
    """Write stored properties: Sundays 01:00 to 05:00 unless changed."""
    given = as_object(as_object(window(**changes)["properties"])["maintenanceWindow"])
    stored = {"utcOffset": "+00:00", "startDate": "2026-08-01", **given}
    return {"maintenanceWindow": stored}


@pytest.mark.parametrize(
    ("data", "gate"),
    [
        ({}, Gate.FAIL_OPEN),
        ({START_KEY: "", END_KEY: ""}, Gate.FAIL_OPEN),
        ({"default-start": "2026-08-26T00:00:00Z", "default-end": "x"}, Gate.FAIL_OPEN),
        ({START_KEY: "2026-08-26T00:00:00Z"}, Gate.FROZEN),
        ({END_KEY: "2026-08-26T00:00:00Z"}, Gate.FROZEN),
        ({START_KEY: "2026-08-26T00:00:00Z", END_KEY: ""}, Gate.FROZEN),
        ({START_KEY: "26 August", END_KEY: "27 August"}, Gate.FROZEN),
        ({START_KEY: "2026-08-26 00:00:00Z", END_KEY: "2026-08-27T00:00:00Z"}, Gate.FROZEN),
        (around(NOW - HOUR, NOW + HOUR), Gate.OPEN),
        (around(NOW + HOUR, NOW + 2 * HOUR), Gate.CLOSED),
        (around(NOW - 2 * HOUR, NOW - HOUR), Gate.CLOSED),
        (around(NOW, NOW + HOUR), Gate.CLOSED),
        (around(NOW - TICK, NOW + HOUR), Gate.OPEN),
        (around(NOW - HOUR, NOW), Gate.CLOSED),
        (around(NOW - HOUR, NOW + TICK), Gate.OPEN),
    ],
)
def test_decision_table(data: dict[str, str], gate: Gate) -> None:
    """Nothing is open, half of it frozen, a window open strictly between its two instants."""
    assert gate_by(data, NOW).gate is gate


@pytest.mark.parametrize(
    ("gate", "lets_in"),
    [
        (Gate.OPEN, True),
        (Gate.FAIL_OPEN, True),
        (Gate.CLOSED, False),
        (Gate.FROZEN, False),
        (Gate.UNKNOWN, False),
    ],
)
def test_what_lets_images_in(gate: Gate, *, lets_in: bool) -> None:
    """Only an open gate lets images in, also one that is open for want of a window."""
    assert gate.lets_images_in is lets_in


def test_what_aks_writes() -> None:
    """AKS writes the next or current occurrence, and nothing for what is no window."""
    sunday = {START_KEY: "2026-08-30T01:00:00Z", END_KEY: "2026-08-30T05:00:00Z"}
    assert upcoming_window(schedule(), NOW) == sunday
    assert upcoming_window(schedule(), datetime(2026, 8, 30, 4, 59, tzinfo=UTC)) == sunday
    assert upcoming_window(None, NOW) == {}
    assert upcoming_window({"timeInWeek": [{"day": "Monday"}]}, NOW) == {}


def test_a_gate_without_a_source_is_unknown() -> None:
    """Where no source tells the next occurrence the gate is unknown, and says why."""
    judgement = gate_at(Sight(NOW, nap=True, schedule=schedule(schedule=weekly(interval=2))), NOW)
    assert judgement.gate is Gate.UNKNOWN
    assert "interval" in judgement.reason


def test_a_forced_window_wins() -> None:
    """What a control makes NAP read counts instead of what AKS would write."""
    sight = Sight(NOW, nap=True, schedule=schedule(), forced={START_KEY: "2026-08-26T00:00:00Z"})
    assert gate_at(sight, NOW).gate is Gate.FROZEN
