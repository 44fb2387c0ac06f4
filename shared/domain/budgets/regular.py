"""The rhythm of a window, as far as budgets in UTC can keep it.

Budgets know days of the week and days of the month, in UTC. They know no intervals above 1, no last
weekday of a month, no dates of one year. Where a window has one of these, its rhythm is the
narrowest one that has every occurrence of the window, and a sentence says what else it lets in.
"""

from collections.abc import Iterator
from copy import replace
from datetime import datetime, timedelta
from typing import assert_never

from msgspec import Struct

from shared.domain.budgets.minutes import MINUTES_PER_DAY
from shared.domain.window.recurrence import (
    AbsoluteMonthly,
    Daily,
    Recurrence,
    RelativeMonthly,
    Weekday,
    WeekIndex,
    Weekly,
)
from shared.domain.window.text import offset_text
from shared.domain.window.window import DateSpan, MaintenanceWindow

_MINUTE = timedelta(minutes=1)
_MINUTES_PER_HOUR = 60
_DAYS_PER_WEEK = 7
_SHORTEST_MONTH = 28
_SPANS_NAMED = 3

type _NotEveryDay = Weekly | AbsoluteMonthly | RelativeMonthly


class Days(Struct, frozen=True):
    """On which days in UTC a rhythm starts; None for a field that does not matter. Sunday is 0."""

    of_week: int | None = None
    of_month: range | None = None


class Rhythm(Struct, frozen=True):
    """A window without its dates, and the UTC days and minute of the day on which it starts.

    `lets_in` says in sentences what the window itself does not have.
    """

    window: MaintenanceWindow
    days: Days
    minute: int
    lets_in: tuple[str, ...]


def rhythm_of(window: MaintenanceWindow, now: datetime) -> Rhythm:
    """Find the narrowest rhythm that has every occurrence of a window from `now` on."""
    local = window.start_time.hour * _MINUTES_PER_HOUR + window.start_time.minute
    shift, minute = divmod(local - window.utc_offset // _MINUTE, MINUTES_PER_DAY)
    wider, days = _narrowest(window.recurrence, shift)
    undated = replace(window, recurrence=wider, start_date=None, not_allowed_dates=())
    lets_in = (*_other_days(window, wider), *_dates(window, now))
    return Rhythm(undated, days, minute, lets_in)


def _narrowest(recurrence: Recurrence, shift: int) -> tuple[Recurrence, Days]:
    for wider in _wider(recurrence):
        # Day 29 may be 28 in UTC, which every month has; in a short month nobody knows the day.
        days = None if wider.ambiguity else _days(wider, shift)
        if days is not None:
            return wider, days
    return Daily(1), Days()


def _wider(recurrence: Recurrence) -> Iterator[_NotEveryDay]:
    """Yield recurrences that have every day of one and not every day, the narrowest first."""
    match recurrence:
        case Daily():
            pass
        case Weekly(_, weekday):
            yield Weekly(1, weekday)
        case AbsoluteMonthly(_, day):
            yield AbsoluteMonthly(1, day)
        case RelativeMonthly(_, index, weekday):
            yield RelativeMonthly(1, index, weekday)
            yield Weekly(1, weekday)
        case _:
            assert_never(recurrence)


def _days(recurrence: _NotEveryDay, shift: int) -> Days | None:
    """Give the UTC days of a recurrence whose local day is `shift` days off, if cron has them."""
    match recurrence:
        case Weekly(_, weekday):
            return Days(of_week=_weekday(weekday, shift))
        case AbsoluteMonthly(_, day):
            return _in_every_month(range(day + shift, day + shift + 1), None)
        case RelativeMonthly(_, index, weekday):
            if index is WeekIndex.LAST:
                return None
            first = list(WeekIndex).index(index) * _DAYS_PER_WEEK + 1 + shift
            return _in_every_month(range(first, first + _DAYS_PER_WEEK), _weekday(weekday, shift))
        case _:
            assert_never(recurrence)


def _in_every_month(days: range, of_week: int | None) -> Days | None:
    if days.start < 1 or days.stop - 1 > _SHORTEST_MONTH:
        return None
    return Days(of_week, days)


def _weekday(weekday: Weekday, shift: int) -> int:
    return (list(Weekday).index(weekday) + 1 + shift) % _DAYS_PER_WEEK


def _other_days(window: MaintenanceWindow, wider: Recurrence) -> Iterator[str]:
    if window.ambiguity:
        yield f"{window.ambiguity} {_open_on(wider)}"
    elif wider != window.recurrence:
        why = _cannot_be_named(window)
        yield f"A budget's cron cannot name {why}. {_open_on(wider)}"


def _cannot_be_named(window: MaintenanceWindow) -> str:
    recurrence = window.recurrence
    if isinstance(recurrence, RelativeMonthly) and recurrence.week_index is WeekIndex.LAST:
        return f"the last {recurrence.day_of_week} of a month"
    return f"days of a month that are other days in UTC (offset {offset_text(window.utc_offset)})"


def _open_on(recurrence: Recurrence) -> str:
    match recurrence:
        case Daily():
            days = "every day"
        case Weekly(_, weekday):
            days = f"every {weekday}"
        case AbsoluteMonthly(_, day):
            days = f"day {day} of every month"
        case RelativeMonthly(_, index, weekday):
            days = f"the {index.lower()} {weekday} of every month"
        case _:
            assert_never(recurrence)
    return f"So nodes may roll on {days}, at the window's hours."


def _dates(window: MaintenanceWindow, now: datetime) -> Iterator[str]:
    today = window.local_date(now)
    if window.start_date and window.start_date > today:
        yield f"Nodes may roll at its hours before the start date too, {window.start_date}."
    spans = [span for span in window.not_allowed_dates if span.end >= today]
    if spans:
        named = ", ".join(map(_span, spans[:_SPANS_NAMED]))
        more = f" and {len(spans) - _SPANS_NAMED} more" if len(spans) > _SPANS_NAMED else ""
        yield f"Nodes may roll at its hours on not-allowed dates too: {named}{more}."


def _span(span: DateSpan) -> str:
    return str(span.start) if span.start == span.end else f"{span.start} to {span.end}"
