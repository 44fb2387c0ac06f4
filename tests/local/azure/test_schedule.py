"""The simulator's own computation of when a window starts next."""

from datetime import UTC, datetime

import pytest

from local.azure.arm.aks_schedule import next_start
from local.azure.json_values import JsonObject, as_object
from tests.local.azure.world import NODE_OS, NOW, World, weekly, window


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def properties(**changes: object) -> JsonObject:
    return as_object(window(startDate="2026-01-01", **changes)["properties"])


CASES: list[tuple[str, JsonObject, str, str]] = [
    ("later this week", {}, "2026-08-26T12:00", "2026-08-30T01:00"),
    ("the very start", {}, "2026-08-30T01:00", "2026-08-30T01:00"),
    ("open already", {}, "2026-08-30T04:59", "2026-08-30T01:00"),
    ("the end is outside", {}, "2026-08-30T05:00", "2026-09-06T01:00"),
    ("east: the day before in UTC", {"utcOffset": "+05:30"},
     "2026-08-26T12:00", "2026-08-29T19:30"),
    ("west: the day after in UTC", {"utcOffset": "-08:00", "startTime": "22:00"},
     "2026-08-26T12:00", "2026-08-31T06:00"),
    ("wraps midnight", {"startTime": "23:00"}, "2026-08-31T02:00", "2026-08-30T23:00"),
    ("daily", {"schedule": {"daily": {"intervalDays": 1}}}, "2026-08-26T06:00", "2026-08-27T01:00"),
    ("all day long", {"schedule": {"daily": {"intervalDays": 1}}, "durationHours": 24},
     "2026-08-26T00:30", "2026-08-25T01:00"),
    ("day of the month", {"schedule": {"absoluteMonthly": {"dayOfMonth": 28, "intervalMonths": 1}}},
     "2027-02-27T12:00", "2027-02-28T01:00"),
    ("last Friday", {"schedule": {"relativeMonthly": {
        "weekIndex": "Last", "dayOfWeek": "Friday", "intervalMonths": 1}}},
     "2026-08-28T12:00", "2026-09-25T01:00"),
    ("a fifth Monday is the last", {"schedule": {"relativeMonthly": {
        "weekIndex": "Last", "dayOfWeek": "Monday", "intervalMonths": 1}}},
     "2026-08-26T12:00", "2026-08-31T01:00"),
    ("fourth Monday", {"schedule": {"relativeMonthly": {
        "weekIndex": "Fourth", "dayOfWeek": "Monday", "intervalMonths": 1}}},
     "2026-08-26T12:00", "2026-09-28T01:00"),
    ("not before its start date", {"startDate": "2026-08-31"},
     "2026-08-26T12:00", "2026-09-06T01:00"),
    ("far ahead", {"startDate": "2123-01-01"}, "2026-08-26T12:00", "2123-01-03T01:00"),
    ("the end of a blocked span belongs to it",
     {"notAllowedDates": [{"start": "2026-08-28", "end": "2026-08-30"}]},
     "2026-08-26T12:00", "2026-09-06T01:00"),
    ("blocked for years", {"notAllowedDates": [{"start": "2026-08-01", "end": "2030-01-01"}]},
     "2026-08-26T12:00", "2030-01-06T01:00"),
    ("blocked dates are local", {"utcOffset": "+05:30",
                                 "notAllowedDates": [{"start": "2026-08-29", "end": "2026-08-29"}]},
     "2026-08-26T12:00", "2026-08-29T19:30"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("changes", "instant", "start"), [case[1:] for case in CASES], ids=[case[0] for case in CASES]
)
def test_next_start(changes: JsonObject, instant: str, start: str) -> None:
    """The next start is that of the first occurrence that ends after the instant."""
    given = as_object(window(**{"startDate": "2026-01-01", **changes})["properties"])
    assert next_start(given, at(instant)).start == at(start)


@pytest.mark.parametrize(
    "schedule",
    [
        weekly(interval=2),
        {"daily": {"intervalDays": 3}},
        {"absoluteMonthly": {"dayOfMonth": 29, "intervalMonths": 1}},
        {"absoluteMonthly": {"dayOfMonth": 1, "intervalMonths": 2}},
        {"relativeMonthly": {"weekIndex": "First", "dayOfWeek": "Monday", "intervalMonths": 3}},
    ],
    ids=str,
)
def test_an_ambiguous_window_has_no_start(schedule: JsonObject) -> None:
    """Where sources leave several readings no start is given, and the note says why."""
    found = next_start(properties(schedule=schedule), NOW)
    assert found.start is None
    assert "not known" in found.note


def test_reaching_into_a_blocked_span_is_uncertain() -> None:
    """An occurrence that reaches into a blocked span has a start, marked as not certain."""
    blocked = [{"start": "2026-08-31", "end": "2026-08-31"}]
    assert not next_start(properties(startTime="23:00", notAllowedDates=blocked), NOW).certain
    assert next_start(properties(startTime="20:00", notAllowedDates=blocked), NOW).certain


@pytest.mark.parametrize("given", [{}, {"maintenanceWindow": {"schedule": {}}}])
def test_an_unreadable_window_has_no_start(given: JsonObject) -> None:
    """A configuration without a readable window has no start and does not break anything."""
    assert next_start(given, NOW).start is None


def test_weeks_pass_without_waiting(world: World) -> None:
    """Ten weeks of simulated time pass in one test, and each write has its lead time."""
    starts = []
    for _ in range(10):
        world.put(NODE_OS, window())
        world.simulator.clock.advance(7 * 24 * 3600)
    for entry in world.simulator.journal.entries(method="PUT"):
        assert entry.window_start is not None
        assert entry.window_start.start is not None
        starts.append(entry.window_start.start - entry.time)
    assert len(starts) == 10
    assert {start.total_seconds() / 3600 for start in starts} == {85.0}
