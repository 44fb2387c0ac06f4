"""The ranges and patterns of a maintenance window, each refused as AKS refuses parameters."""

import pytest

from local.azure.json_values import JsonObject
from tests.local.azure.world import NODE_OS, World, aks_error, weekly, window


def absolute(day: object = 15, interval: object = 1) -> JsonObject:
    return {"absoluteMonthly": {"dayOfMonth": day, "intervalMonths": interval}}


def relative(index: object = "First", day: object = "Monday", interval: object = 1) -> JsonObject:
    return {"relativeMonthly": {"weekIndex": index, "dayOfWeek": day, "intervalMonths": interval}}


ACCEPTED: list[JsonObject] = [
    {"durationHours": 4},
    {"durationHours": 24},
    {"startTime": "00:00"},
    {"startTime": "23:59"},
    {"utcOffset": "+14:00"},
    {"utcOffset": "-12:00"},
    {"utcOffset": "+05:45"},
    {"schedule": {"daily": {"intervalDays": 1}}},
    {"schedule": {"daily": {"intervalDays": 7}}},
    {"schedule": weekly(interval=4)},
    {"schedule": absolute(1)},
    {"schedule": absolute(31, 6)},
    {"schedule": relative("Last", "Sunday", 6)},
    {"startDate": "2028-02-29"},
    {"notAllowedDates": [{"start": "2026-09-01", "end": "2026-09-01"}]},
]
REFUSED: list[tuple[str, JsonObject]] = [
    ("durationHours", {"durationHours": 3}),
    ("durationHours", {"durationHours": 25}),
    ("durationHours", {"durationHours": None}),
    ("startTime", {"startTime": "24:00"}),
    ("startTime", {"startTime": "01:60"}),
    ("startTime", {"startTime": "1:00"}),
    ("startTime", {"startTime": "01:00\n"}),
    ("startTime", {"startTime": "\u0660\u0661:\u0660\u0660"}),
    ("startTime", {"startTime": None}),
    ("utcOffset", {"utcOffset": "01:00"}),
    ("utcOffset", {"utcOffset": "+1:00"}),
    ("utcOffset", {"utcOffset": "+99:99"}),
    ("utcOffset", {"utcOffset": "+14:01"}),
    ("utcOffset", {"utcOffset": "-12:01"}),
    ("utcOffset", {"utcOffset": "Z"}),
    ("startDate", {"startDate": "2027-02-29"}),
    ("startDate", {"startDate": "2027-2-1"}),
    ("startDate", {"startDate": "20270201"}),
    ("schedule", {"schedule": None}),
    ("schedule", {"schedule": {}}),
    ("schedule", {"schedule": {**weekly(), "daily": {"intervalDays": 1}}}),
    ("schedule.daily.intervalDays", {"schedule": {"daily": {"intervalDays": 8}}}),
    ("schedule.daily.intervalDays", {"schedule": {"daily": {}}}),
    ("schedule.weekly.intervalWeeks", {"schedule": weekly(interval=5)}),
    ("schedule.weekly.intervalWeeks", {"schedule": weekly(interval=0)}),
    ("schedule.weekly.dayOfWeek", {"schedule": weekly("Sonntag")}),
    ("schedule.weekly.dayOfWeek", {"schedule": {"weekly": {"intervalWeeks": 1}}}),
    ("schedule.absoluteMonthly.dayOfMonth", {"schedule": absolute(0)}),
    ("schedule.absoluteMonthly.dayOfMonth", {"schedule": absolute(32)}),
    ("schedule.absoluteMonthly.intervalMonths", {"schedule": absolute(1, 7)}),
    ("schedule.relativeMonthly.weekIndex", {"schedule": relative("Fifth")}),
    ("schedule.relativeMonthly.dayOfWeek", {"schedule": relative("First", "Day")}),
    ("schedule.relativeMonthly.intervalMonths", {"schedule": relative(interval=0)}),
    ("notAllowedDates.start", {"notAllowedDates": [{"end": "2026-09-01"}]}),
    ("notAllowedDates.end", {"notAllowedDates": [{"start": "2026-09-01"}]}),
    (
        "notAllowedDates.end",
        {"notAllowedDates": [{"start": "2026-09-02", "end": "2026-09-01"}]},
    ),
]
MISTYPED: list[tuple[str, JsonObject]] = [
    ("string into Go struct field properties.maintenanceWindow.durationHours of type int32",
     {"durationHours": "4"}),
    ("bool into Go struct field properties.maintenanceWindow.durationHours of type int32",
     {"durationHours": True}),
    ("number 4.5 into Go struct field properties.maintenanceWindow.durationHours of type int32",
     {"durationHours": 4.5}),
    ("number into Go struct field properties.maintenanceWindow.startTime of type string",
     {"startTime": 100}),
    ("array into Go struct field properties.maintenanceWindow.schedule of type Schedule",
     {"schedule": [1]}),
    ("object into Go struct field properties.maintenanceWindow.notAllowedDates of type []",
     {"notAllowedDates": {"start": "2026-09-01"}}),
]  # fmt: skip


@pytest.mark.parametrize("changes", ACCEPTED, ids=str)
def test_what_the_specification_allows_is_accepted(world: World, changes: JsonObject) -> None:
    """Values at the edges of the specification's ranges are accepted and come back equal."""
    assert world.put(NODE_OS, window(**changes)).status == 200
    assert {key: world.stored_window()[key] for key in changes} == changes


@pytest.mark.parametrize(("field", "changes"), REFUSED, ids=str)
def test_what_the_specification_forbids_is_refused(
    world: World, field: str, changes: JsonObject
) -> None:
    """A value outside its range is 400 InvalidParameter, naming the field; nothing is stored."""
    reply = world.put(NODE_OS, window(**changes))
    error = aks_error(reply)
    assert (reply.status, error["code"]) == (400, "InvalidParameter")
    assert f"maintenanceWindow.{field} " in str(error["message"])
    assert world.get(NODE_OS).status == 404


@pytest.mark.parametrize(("text", "changes"), MISTYPED, ids=str)
def test_wrong_types_are_the_decoders_errors(world: World, text: str, changes: JsonObject) -> None:
    """A value of a wrong type is 400 UnmarshalError, in the decoder's words."""
    reply = world.put(NODE_OS, window(**changes))
    error = aks_error(reply)
    assert (reply.status, error["code"]) == (400, "UnmarshalError")
    assert text in str(error["message"])


@pytest.mark.parametrize("properties", [{}, {"maintenanceWindow": None}, None])
def test_a_window_is_required(world: World, properties: object) -> None:
    """A node OS schedule without a maintenance window is refused."""
    reply = world.put(NODE_OS, {"properties": properties})
    assert (reply.status, aks_error(reply)["code"]) == (400, "InvalidParameter")
