"""The `schedule` object of a maintenance window: one of four kinds, read and written."""

from collections.abc import Callable
from enum import StrEnum
from typing import assert_never

from shared.domain.fields import BrokenRule, Fields, text
from shared.domain.recurrence import (
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
