"""A maintenance window as ARM writes it: read with every problem at once, written without loss.

Fields, ranges and patterns are those of Azure/azure-rest-api-specs MaintenanceConfiguration.tsp
(2026-08-01). The SDK checks none of them, so this does.

The `schedule` object of a maintenance window: one of four kinds, read and written.
"""

from collections.abc import Callable, Mapping
from datetime import timedelta
from enum import StrEnum
from typing import assert_never

from shared.domain.vocabulary.fields import BrokenRule, Fields, items, text
from shared.domain.vocabulary.invalid import InvalidWindow
from shared.domain.window.recurrence import (
    DAY_OF_MONTH,
    INTERVAL_DAYS,
    INTERVAL_MONTHS,
    INTERVAL_WEEKS,
    AbsoluteMonthly,
    Daily,
    Recurrence,
    RelativeMonthly,
    Weekday,
    WeekIndex,
    Weekly,
)
from shared.domain.window.text import offset_text, parse_date, parse_start_time, parse_utc_offset
from shared.domain.window.window import DURATION_HOURS, DateSpan, MaintenanceWindow

_PATH = "maintenanceWindow"
WINDOW_FIELDS = (
    "schedule",
    "durationHours",
    "utcOffset",
    "startDate",
    "startTime",
    "notAllowedDates",
)


def read_window(body: Mapping[str, object], *, strict: bool = False) -> MaintenanceWindow:
    """Read an ARM body: a configuration's `properties`, or the `maintenanceWindow` in it.

    `strict` also refuses fields that are not known: right for what a person sends, wrong for
    what ARM answers, which may come from a newer API. Raises InvalidWindow with every problem.
    """
    if _PATH not in body:
        return _window_of(Fields(body, _PATH, []), strict=strict)
    properties = Fields(body, "", [])
    if strict:
        properties.refuse_unknown((_PATH,))
    window = properties.under(_PATH)
    if window is None:
        raise InvalidWindow(properties.problems)
    return _window_of(window, strict=strict)


def write_window(window: MaintenanceWindow) -> dict[str, object]:
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


def _window_of(window: Fields, *, strict: bool) -> MaintenanceWindow:
    if strict:
        window.refuse_unknown(WINDOW_FIELDS)
    recurrence = read_schedule(window, strict=strict)
    start_time = window.required("startTime", parse_start_time)
    duration = window.required("durationHours", DURATION_HOURS)
    offset = window.optional("utcOffset", parse_utc_offset) or timedelta()
    start_date = window.optional("startDate", parse_date)
    blocked = tuple(_spans(window, strict=strict))
    if window.problems or recurrence is None or duration is None or start_time is None:
        raise InvalidWindow(window.problems)
    return MaintenanceWindow(recurrence, start_time, duration, offset, start_date, blocked)


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


def read_schedule(window: Fields, *, strict: bool) -> Recurrence | None:
    """Read the one kind in `schedule`; None after noting what is wrong with it."""
    schedule = window.under("schedule")
    if schedule is None:
        return None
    kinds = schedule.present()
    reader = _READERS.get(kinds[0]) if len(kinds) == 1 else None
    if reader is None:
        # An unknown kind beside a known one could change what the known one means.
        rule = f"must have exactly one of {', '.join(_READERS)}"
        window.refuse("schedule", " and ".join(kinds) or "none", rule)
        return None
    known, read = reader
    kind = schedule.under(kinds[0])
    if kind is None:
        return None
    if strict:
        kind.refuse_unknown(known)
    return read(kind)


def write_schedule(recurrence: Recurrence) -> dict[str, object]:
    """Write the `schedule` object."""
    match recurrence:
        case Daily(days):
            return {"daily": {"intervalDays": days}}
        case Weekly(weeks, weekday):
            return {"weekly": {"intervalWeeks": weeks, "dayOfWeek": weekday.value}}
        case AbsoluteMonthly(months, day):
            return {"absoluteMonthly": {"intervalMonths": months, "dayOfMonth": day}}
        case RelativeMonthly(months, index, weekday):
            return {
                "relativeMonthly": {
                    "intervalMonths": months,
                    "weekIndex": index.value,
                    "dayOfWeek": weekday.value,
                }
            }
        case _:
            assert_never(recurrence)


def _one_of[E: StrEnum](names: type[E]) -> Callable[[object], E]:
    # The spec's unions are open and compare without case; what is not known cannot be planned.
    by_name = {name.lower(): name for name in names}

    def parse(value: object) -> E:
        found = by_name.get(text(value).lower())
        if found is None:
            raise BrokenRule(f"must be one of {', '.join(names)}")
        return found

    return parse


parse_weekday = _one_of(Weekday)
"""Read a day of the week in any case; raises BrokenRule."""

parse_week_index = _one_of(WeekIndex)
"""Read a week index in any case; raises BrokenRule."""


def _daily(kind: Fields) -> Recurrence | None:
    days = kind.required("intervalDays", INTERVAL_DAYS)
    return Daily(days) if days else None


def _weekly(kind: Fields) -> Recurrence | None:
    weeks = kind.required("intervalWeeks", INTERVAL_WEEKS)
    weekday = kind.required("dayOfWeek", parse_weekday)
    return Weekly(weeks, weekday) if weeks and weekday else None


def _absolute_monthly(kind: Fields) -> Recurrence | None:
    months = kind.required("intervalMonths", INTERVAL_MONTHS)
    day = kind.required("dayOfMonth", DAY_OF_MONTH)
    return AbsoluteMonthly(months, day) if months and day else None


def _relative_monthly(kind: Fields) -> Recurrence | None:
    months = kind.required("intervalMonths", INTERVAL_MONTHS)
    index = kind.required("weekIndex", parse_week_index)
    weekday = kind.required("dayOfWeek", parse_weekday)
    return RelativeMonthly(months, index, weekday) if months and index and weekday else None


_READERS: dict[str, tuple[tuple[str, ...], Callable[[Fields], Recurrence | None]]] = {
    "daily": (("intervalDays",), _daily),
    "weekly": (("intervalWeeks", "dayOfWeek"), _weekly),
    "absoluteMonthly": (("intervalMonths", "dayOfMonth"), _absolute_monthly),
    "relativeMonthly": (("intervalMonths", "weekIndex", "dayOfWeek"), _relative_monthly),
}
