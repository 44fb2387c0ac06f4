"""Two readings of the same documentation, written apart, must agree: naptime's and the simulator's.

Windows are what a client may send; what the simulator refuses, the domain must refuse as well.
"""

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from local.azure.arm.aks_rules import Rules
from local.azure.arm.aks_schedule import next_start as simulated_start
from local.azure.arm.errors import AzureRefusal
from local.azure.json_values import JsonObject, as_object
from shared.domain.vocabulary.invalid import InvalidWindow
from shared.domain.window.body import read_window, write_window
from tests.examples import examples

NAME = "aksManagedNodeOSUpgradeSchedule"
API_VERSION = "2026-08-01"
WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
INDEXES = ("First", "Second", "Third", "Fourth", "Last")
FIRST, LAST = datetime(2024, 1, 1, tzinfo=UTC), datetime(2031, 1, 1, tzinfo=UTC)

instants = st.datetimes(
    FIRST.replace(tzinfo=None), LAST.replace(tzinfo=None), timezones=st.just(UTC)
)
dates = st.dates(date(2024, 1, 1), date(2031, 1, 1))
# An interval of 1 is what both can compute; the others must be called ambiguous by both.
intervals = st.sampled_from((1, 1, 1, 1, 2, 4))
# Full hours, so that some occurrences end at midnight.
hours = st.integers(0, 23).map(lambda hour: f"{hour:02d}:00")
weekdays = st.sampled_from(WEEKDAYS)
schedules = st.one_of(
    st.fixed_dictionaries({"daily": st.fixed_dictionaries({"intervalDays": intervals})}),
    st.fixed_dictionaries(
        {"weekly": st.fixed_dictionaries({"intervalWeeks": intervals, "dayOfWeek": weekdays})}
    ),
    st.fixed_dictionaries(
        {
            "absoluteMonthly": st.fixed_dictionaries(
                {
                    "intervalMonths": intervals,
                    "dayOfMonth": st.one_of(st.integers(27, 31), st.integers(1, 31)),
                }
            )
        }
    ),
    st.fixed_dictionaries(
        {
            "relativeMonthly": st.fixed_dictionaries(
                {
                    "intervalMonths": intervals,
                    "weekIndex": st.sampled_from(INDEXES),
                    "dayOfWeek": weekdays,
                }
            )
        }
    ),
)


def _offset(minutes: int) -> str:
    hours, rest = divmod(abs(minutes), 60)
    return f"{'-' if minutes < 0 else '+'}{hours:02d}:{rest:02d}"


def _span(start: date, days: int) -> JsonObject:
    return {"start": start.isoformat(), "end": (start + timedelta(days=days)).isoformat()}


@st.composite
def cases(draw: st.DrawFn) -> tuple[JsonObject, datetime]:
    """Draw a window and an instant, with start date and blocked spans mostly near the instant."""
    instant = draw(instants)
    near = st.integers(-3, 9).map(lambda days: instant.date() + timedelta(days=days))
    further = st.integers(-40, 70).map(lambda days: instant.date() + timedelta(days=days))
    spans = st.builds(
        _span, st.one_of(near, further, dates), st.one_of(st.integers(0, 3), st.integers(0, 400))
    )
    window: JsonObject = draw(
        st.fixed_dictionaries(
            {
                "schedule": schedules,
                "durationHours": st.integers(4, 24),
                "startTime": st.one_of(hours, st.times().map(lambda time: f"{time:%H:%M}")),
                "utcOffset": st.integers(-12 * 60, 14 * 60).map(_offset),
                "startDate": st.one_of(further, near, dates).map(date.isoformat),
            },
            optional={"notAllowedDates": st.lists(spans, max_size=6)},
        )
    )
    return window, instant


@settings(max_examples=examples(250, 1000), deadline=None)
@given(cases())
def test_next_starts_agree(case: tuple[JsonObject, datetime]) -> None:
    """For any window and instant both find the same next occurrence, or both call it ambiguous."""
    window, instant = case
    ours = read_window(window)
    theirs = simulated_start({"maintenanceWindow": window}, instant)
    if ours.ambiguity:
        assert theirs.start is None
        assert "not known" in theirs.note
        return
    first = next(ours.occurrences(instant))
    assert (theirs.start, theirs.end, theirs.certain) == (first.start, first.end, first.certain)


@settings(max_examples=examples(100, 400), deadline=None)
@given(cases(), st.integers(1, 30))
def test_following_starts_agree(case: tuple[JsonObject, datetime], steps: int) -> None:
    """They agree about the occurrences after that too, one after the other."""
    window, instant = case
    ours = read_window(window)
    if ours.ambiguity:
        return
    for _, expected in zip(range(steps), ours.occurrences(instant), strict=False):
        theirs = simulated_start({"maintenanceWindow": window}, instant)
        assert (theirs.start, theirs.end) == (expected.start, expected.end)
        assert theirs.certain == expected.certain
        instant = expected.end


@given(cases())
def test_what_the_simulator_stores_reads_back(case: tuple[JsonObject, datetime]) -> None:
    """What the simulator makes of what naptime writes, naptime reads as the same window."""
    window, instant = case
    ours = read_window(window)
    rules = Rules(past_start_dates=True)
    body: JsonObject = {"properties": {"maintenanceWindow": write_window(ours)}}
    stored = rules.accepted(NAME, body, API_VERSION, instant)
    assert read_window(stored) == ours


@given(cases())
def test_omitted_start_dates_agree(case: tuple[JsonObject, datetime]) -> None:
    """Without a start date both mean today in the window's own offset."""
    window, instant = case
    given_window = {name: value for name, value in window.items() if name != "startDate"}
    body: JsonObject = {"properties": {"maintenanceWindow": given_window}}
    stored = Rules().accepted(NAME, body, API_VERSION, instant)
    shown = as_object(stored["maintenanceWindow"])["startDate"]
    assert shown == read_window(given_window).local_date(instant).isoformat()


@pytest.mark.parametrize(
    "change",
    [
        {"durationHours": 3},
        {"durationHours": 25},
        {"startTime": "24:00"},
        {"startTime": "1:00"},
        {"startTime": "01:60"},
        {"utcOffset": "+14:01"},
        {"utcOffset": "-12:30"},
        {"utcOffset": "+01:75"},
        {"utcOffset": "01:00"},
        {"startDate": "2026-02-29"},
        {"startDate": "2026-2-1"},
        {"notAllowedDates": [{"start": "2026-12-24", "end": "2026-12-23"}]},
        {"notAllowedDates": [{"start": "2026-12-24"}]},
        {"schedule": {}},
        {"schedule": {"daily": {"intervalDays": 1}, "weekly": {"intervalWeeks": 1}}},
        {"schedule": {"daily": {"intervalDays": 0}}},
        {"schedule": {"daily": {"intervalDays": 8}}},
        {"schedule": {"weekly": {"intervalWeeks": 5, "dayOfWeek": "Sunday"}}},
        {"schedule": {"weekly": {"intervalWeeks": 1, "dayOfWeek": "Sonntag"}}},
        {"schedule": {"absoluteMonthly": {"intervalMonths": 7, "dayOfMonth": 1}}},
        {"schedule": {"absoluteMonthly": {"intervalMonths": 1, "dayOfMonth": 32}}},
        {
            "schedule": {
                "relativeMonthly": {
                    "intervalMonths": 1,
                    "weekIndex": "Fifth",
                    "dayOfWeek": "Monday",
                }
            }
        },
    ],
)
def test_what_one_refuses_the_other_refuses(change: JsonObject) -> None:
    """What AKS would not take, naptime does not let anybody send."""
    good: JsonObject = {
        "schedule": {"daily": {"intervalDays": 1}},
        "durationHours": 4,
        "startTime": "01:00",
    }
    bad = {**good, **change}
    with pytest.raises(AzureRefusal):
        Rules().accepted(NAME, {"properties": {"maintenanceWindow": bad}}, API_VERSION, FIRST)
    with pytest.raises(InvalidWindow):
        read_window(bad)
