import json
import re
from collections.abc import Mapping
from contextlib import suppress
from datetime import date, time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.domain.vocabulary.invalid import InvalidWindow
from shared.domain.window.body import read_window, write_window
from shared.domain.window.recurrence import Daily, RelativeMonthly, Weekday, WeekIndex, Weekly
from shared.domain.window.window import DateSpan, MaintenanceWindow
from tests.unit.domain.examples import HOUR, SUNDAYS
from tests.unit.domain.strategies import json_values

BODY: dict[str, object] = {
    "schedule": {"weekly": {"intervalWeeks": 1, "dayOfWeek": "Sunday"}},
    "durationHours": 4,
    "startTime": "01:00",
}
OFFICIAL = {
    "schedule": {"daily": {"intervalDays": 3}},
    "durationHours": 4,
    "utcOffset": "-07:00",
    "startDate": "2023-01-01",
    "startTime": "09:30",
    "notAllowedDates": [
        {"start": "2023-02-18", "end": "2023-02-25"},
        {"start": "2023-12-23", "end": "2024-01-05"},
    ],
}


def problems(body: Mapping[str, object], *, strict: bool = False) -> list[str]:
    with pytest.raises(InvalidWindow) as caught:
        read_window(body, strict=strict)
    return [problem.field for problem in caught.value.problems]


def test_the_official_example_is_read_and_written_without_loss() -> None:
    """The example of the API's specification survives, in ARM's order of keys."""
    window = read_window({"maintenanceWindow": OFFICIAL})
    assert window == MaintenanceWindow(
        Daily(3),
        time(9, 30),
        4,
        HOUR * -7,
        date(2023, 1, 1),
        (
            DateSpan(date(2023, 2, 18), date(2023, 2, 25)),
            DateSpan(date(2023, 12, 23), date(2024, 1, 5)),
        ),
    )
    assert json.dumps(write_window(window)) == json.dumps(OFFICIAL)


def test_what_is_left_out_has_arms_defaults() -> None:
    """No offset means +00:00, which is written; no start date and no dates are not."""
    assert read_window(BODY) == SUNDAYS
    assert json.dumps(write_window(SUNDAYS)) == json.dumps(
        {
            "schedule": {"weekly": {"intervalWeeks": 1, "dayOfWeek": "Sunday"}},
            "durationHours": 4,
            "utcOffset": "+00:00",
            "startTime": "01:00",
        }
    )


def test_nulls_count_as_absent() -> None:
    """ARM drops explicit nulls, in the window and among the kinds of schedule."""
    schedule = {"daily": None, "weekly": {"intervalWeeks": 1, "dayOfWeek": "Sunday", "x": None}}
    nulls = {"utcOffset": None, "startDate": None, "notAllowedDates": None, "other": None}
    body = {"timeInWeek": None, "maintenanceWindow": BODY | nulls | {"schedule": schedule}}
    assert read_window(body, strict=True) == SUNDAYS


def test_names_of_days_have_no_case() -> None:
    """Open unions may come back in any case; they are written as ARM documents them."""
    weekly = {"weekly": {"intervalWeeks": 1, "dayOfWeek": "sUNDAY"}}
    assert read_window(BODY | {"schedule": weekly}) == SUNDAYS
    kind = {"intervalMonths": 1, "weekIndex": "LAST", "dayOfWeek": "monday"}
    found = read_window(BODY | {"schedule": {"relativeMonthly": kind}})
    assert found.recurrence == RelativeMonthly(1, WeekIndex.LAST, Weekday.MONDAY)


def test_offsets_west_of_greenwich_are_negative_in_their_minutes_too() -> None:
    """-03:30 is three and a half hours, not two and a half."""
    window = read_window(BODY | {"utcOffset": "-03:30"})
    assert window.utc_offset == HOUR * -3.5
    assert write_window(window)["utcOffset"] == "-03:30"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("durationHours", 3),
        ("durationHours", 25),
        ("durationHours", True),
        ("durationHours", "4"),
        ("durationHours", 4.0),
        ("durationHours", None),
        ("startTime", "24:00"),
        ("startTime", "01:60"),
        ("startTime", "1:00"),
        ("startTime", "01:00:00"),
        ("startTime", "01:00\n"),
        ("startTime", "\u0660\u0661:00"),
        ("startTime", 100),
        ("startTime", None),
        ("utcOffset", "00:00"),
        ("utcOffset", "+14:01"),
        ("utcOffset", "-12:01"),
        ("utcOffset", "+99:99"),
        ("utcOffset", "+01:60"),
        ("utcOffset", "Z"),
        ("utcOffset", 0),
        ("startDate", "20260101"),
        ("startDate", "2026-W01-1"),
        ("startDate", "2026-02-29"),
        ("startDate", "2026-01-01T00:00:00Z"),
        ("startDate", 20260101),
        ("notAllowedDates", {}),
        ("notAllowedDates", "2026-01-01"),
        ("notAllowedDates[0]", ["2026-01-01"]),
        ("notAllowedDates[0]", [None]),
        ("notAllowedDates[0].end", [{"start": "2026-01-01"}]),
        ("notAllowedDates[0].start", [{"start": "2026-01-02", "end": "2026-01-01"}]),
        ("schedule", None),
        ("schedule", "daily"),
        ("schedule", {}),
        ("schedule", {"hourly": {}}),
        ("schedule", {"daily": {"intervalDays": 1}, "weekly": {}}),
        ("schedule", {"daily": {"intervalDays": 1}, "hourly": {}}),
        ("schedule.daily", {"daily": 1}),
        ("schedule.daily.intervalDays", {"daily": {}}),
        ("schedule.daily.intervalDays", {"daily": {"intervalDays": 8}}),
        ("schedule.daily.intervalDays", {"daily": {"intervalDays": True}}),
        ("schedule.weekly.dayOfWeek", {"weekly": {"intervalWeeks": 1, "dayOfWeek": "Funday"}}),
        ("schedule.weekly.dayOfWeek", {"weekly": {"intervalWeeks": 1, "dayOfWeek": 7}}),
    ],
)
def test_a_broken_field_is_named(name: str, value: object) -> None:
    """Every field is checked, and the one problem is named by its path in the body."""
    field = re.split(r"[.\[]", name, maxsplit=1)[0]
    assert problems(BODY | {field: value}) == [f"maintenanceWindow.{name}"]


def test_all_problems_come_at_once() -> None:
    """A person who sends five mistakes is told of five."""
    body = {
        "schedule": {"absoluteMonthly": {"intervalMonths": 9, "dayOfMonth": 0}},
        "durationHours": 1,
        "startTime": "25:99",
        "utcOffset": "+20:00",
    }
    found = problems({"maintenanceWindow": body})
    assert [field.rsplit(".", 1)[1] for field in found] == [
        "intervalMonths",
        "dayOfMonth",
        "startTime",
        "durationHours",
        "utcOffset",
    ]


@pytest.mark.parametrize("value", [None, 3, "weekly", []])
def test_a_window_must_be_an_object(value: object) -> None:
    """Properties whose window is missing or something else have one problem: the window."""
    assert problems({"maintenanceWindow": value}) == ["maintenanceWindow"]


def test_unknown_fields_are_for_newer_apis_to_answer_not_for_people_to_send() -> None:
    """Fields that are not known are fine in what ARM answers, and named in what a person sends."""
    schedule = {"weekly": {"intervalWeeks": 1, "dayOfWeek": "Sunday", "shade": "blue"}}
    spans = [{"start": "2026-01-01", "end": "2026-01-02", "why": "holiday"}]
    window = BODY | {"schedule": schedule, "notAllowedDates": spans, "pace": "slow"}
    body = {"maintenanceWindow": window, "timeInWeek": []}
    assert read_window(body).recurrence == Weekly(1, Weekday.SUNDAY)
    assert problems(body, strict=True) == [
        "timeInWeek",
        "maintenanceWindow.pace",
        "maintenanceWindow.schedule.weekly.shade",
        "maintenanceWindow.notAllowedDates[0].why",
    ]


@given(st.dictionaries(st.sampled_from([*OFFICIAL, "maintenanceWindow"]), json_values))
@settings(max_examples=150, deadline=None)
def test_no_body_makes_another_error(body: dict[str, object]) -> None:
    """Any object is a window or an invalid one, and never anything else."""
    with suppress(InvalidWindow):
        window = read_window(body, strict=True)
        assert read_window(write_window(window)) == window
