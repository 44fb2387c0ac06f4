"""A maintenance window as ARM writes it: read with every problem at once, written without loss.

Fields, ranges and patterns are those of Azure/azure-rest-api-specs MaintenanceConfiguration.tsp
(2026-08-01). The SDK checks none of them, so this does.
"""

from collections.abc import Mapping
from datetime import date, time, timedelta
from typing import TYPE_CHECKING, NamedTuple

from shared.domain.errors import InvalidWindow
from shared.domain.fields import Fields, items, whole_number
from shared.domain.recurrence import Recurrence
from shared.domain.schedule_body import read_schedule, write_schedule
from shared.domain.spans import DateSpan
from shared.domain.window_text import (
    offset_text,
    parse_date,
    parse_start_time,
    parse_utc_offset,
)

if TYPE_CHECKING:
    from shared.domain.window import MaintenanceWindow

DURATION_HOURS = whole_number(4, 24)

_PATH = "maintenanceWindow"
_KNOWN = ("schedule", "durationHours", "utcOffset", "startDate", "startTime", "notAllowedDates")


class WindowParts(NamedTuple):
    """The parts of a maintenance window, in the order of its constructor."""

    recurrence: Recurrence
    start_time: time
    duration_hours: int
    utc_offset: timedelta
    start_date: date | None
    not_allowed_dates: tuple[DateSpan, ...]


def read(body: Mapping[str, object], *, strict: bool) -> WindowParts:
    """Read the parts from `properties`, or from the `maintenanceWindow` in it.

    Raises InvalidWindow with every problem at once.
    """
    if _PATH not in body:
        return _parts_of(Fields(body, _PATH, []), strict=strict)
    properties = Fields(body, "", [])
    if strict:
        properties.refuse_unknown((_PATH,))
    window = properties.under(_PATH)
    if window is None:
        raise InvalidWindow(properties.problems)
    return _parts_of(window, strict=strict)


def write(window: "MaintenanceWindow") -> dict[str, object]:
    """Write the `maintenanceWindow` object, its keys in ARM's order, absent parts left out."""
    body: dict[str, object] = {
        "schedule": write_schedule(window.recurrence),
        "durationHours": window.duration_hours,
        "utcOffset": offset_text(window.utc_offset),
    }
    if window.start_date:
        body["startDate"] = window.start_date.isoformat()
    body["startTime"] = f"{window.start_time:%H:%M}"
    if window.not_allowed_dates:
        body["notAllowedDates"] = [
            {"start": span.start.isoformat(), "end": span.end.isoformat()}
            for span in window.not_allowed_dates
        ]
    return body


def _parts_of(window: Fields, *, strict: bool) -> WindowParts:
    if strict:
        window.refuse_unknown(_KNOWN)
    recurrence = read_schedule(window, strict=strict)
    start_time = window.required("startTime", parse_start_time)
    duration = window.required("durationHours", DURATION_HOURS)
    offset = window.optional("utcOffset", parse_utc_offset) or timedelta()
    start_date = window.optional("startDate", parse_date)
    blocked = tuple(_spans(window, strict=strict))
    if window.problems or recurrence is None or duration is None or start_time is None:
        raise InvalidWindow(window.problems)
    return WindowParts(recurrence, start_time, duration, offset, start_date, blocked)


def _spans(window: Fields, *, strict: bool) -> list[DateSpan]:
    spans = []
    for index, item in enumerate(window.optional("notAllowedDates", items) or ()):
        name = f"notAllowedDates[{index}]"
        span = _span(window.item(name, item), strict=strict)
        spans += [span] if span else []
    return spans


def _span(fields: Fields | None, *, strict: bool) -> DateSpan | None:
    if fields is None:
        return None
    if strict:
        fields.refuse_unknown(("start", "end"))
    start, end = fields.required("start", parse_date), fields.required("end", parse_date)
    if start is None or end is None:
        return None
    if start > end:
        fields.refuse("start", start.isoformat(), f"must not be after the end, {end}")
        return None
    return DateSpan(start, end)
