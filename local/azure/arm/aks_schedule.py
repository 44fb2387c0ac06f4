"""When a stored maintenance window starts next, by the simulator's own reading of the rules.

Where the sources leave more than one reading (an interval above 1, Azure/AKS#5720; days that short
months lack), nothing is computed and the note says so.
"""

from calendar import monthrange
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, time, timedelta

from local.azure.arm.aks_rules import WEEK_INDEXES, WEEKDAYS, offset_of
from local.azure.arm.errors import AzureRefusal
from local.azure.json_values import JsonObject, as_list, as_object, as_text, whole_number
from local.azure.replies import WindowStart

_DAY = timedelta(days=1)
_WEEK = 7
_LAST = "Last"
_SHORTEST_MONTH = 28
# A recurrence with interval 1 comes back within 31 days; blocked spans are jumped over.
_SEARCHED_DAYS = 70


def next_start(properties: JsonObject, instant: datetime) -> WindowStart:
    """Find the first occurrence that ends after the instant: it may be open already."""
    window = as_object(properties.get("maintenanceWindow"))
    if not window:
        return WindowStart(None, note="it has no maintenance window")
    try:
        return _Window(window).next_after(instant)
    except (ValueError, AzureRefusal, OverflowError) as error:
        return WindowStart(None, note=f"it cannot be computed: {error}")


class _Window:
    def __init__(self, window: JsonObject) -> None:
        self.note, self.matches = _recurrence(as_object(window.get("schedule")))
        self.time = time.fromisoformat(as_text(window.get("startTime")))
        self.duration = timedelta(hours=whole_number(window.get("durationHours")) or 0)
        self.offset = offset_of(as_text(window.get("utcOffset")) or "+00:00")
        self.first_date = date.fromisoformat(as_text(window.get("startDate")) or "0001-01-01")
        self.blocked = [
            (
                date.fromisoformat(as_text(as_object(span).get("start"))),
                date.fromisoformat(as_text(as_object(span).get("end"))),
            )
            for span in as_list(window.get("notAllowedDates"))
        ]

    def next_after(self, instant: datetime) -> WindowStart:
        if self.note:
            return WindowStart(None, note=self.note)
        for day in self._open_days(instant):
            start = datetime.combine(day, self.time, UTC) - self.offset
            if start + self.duration > instant:
                end = start + self.duration
                return WindowStart(start, end, certain=not self._reaches_blocked(day))
        return WindowStart(None, note="notAllowedDates leave no occurrence")

    def _open_days(self, instant: datetime) -> Iterator[date]:
        local_today = (instant.astimezone(UTC) + self.offset).date()
        day = max(self.first_date, local_today - 2 * _DAY)
        searched = 0
        while searched < _SEARCHED_DAYS:
            blocked_until = self._blocked_until(day)
            if blocked_until is not None:
                day, searched = blocked_until + _DAY, 0
                continue
            if self.matches(day):
                yield day
            day += _DAY
            searched += 1

    def _blocked_until(self, day: date) -> date | None:
        # The end date of a blocked span belongs to it, in the window's own offset (REST spec).
        return next((end for start, end in self.blocked if start <= day <= end), None)

    def _reaches_blocked(self, day: date) -> bool:
        last_moment = datetime.combine(day, self.time, UTC) + self.duration - timedelta.resolution
        return any(day < start <= last_moment.date() for start, _ in self.blocked)


def _recurrence(schedule: JsonObject) -> tuple[str, Callable[[date], bool]]:
    """Give the note where there is no single reading, otherwise the test of a date."""
    if len(schedule) != 1:
        return "it has no schedule, or several", _never
    kind, value = next(iter(schedule.items()))
    fields = as_object(value)
    interval = next((whole_number(fields[key]) for key in fields if "interval" in key), None)
    day_of_month = whole_number(fields.get("dayOfMonth")) or 0
    if interval != 1:
        return f"{kind}: where an interval of {interval} is counted from is not known", _never
    if day_of_month > _SHORTEST_MONTH:
        return f"what day {day_of_month} means in a shorter month is not known", _never
    return "", _date_test(kind, fields, day_of_month)


def _date_test(kind: str, fields: JsonObject, day_of_month: int) -> Callable[[date], bool]:
    day_of_week = as_text(fields.get("dayOfWeek"))
    week_index = as_text(fields.get("weekIndex"))
    match kind:
        case "daily":
            return lambda _: True
        case "weekly":
            return lambda day: WEEKDAYS[day.weekday()] == day_of_week
        case "absoluteMonthly":
            return lambda day: day.day == day_of_month
        case "relativeMonthly":
            return lambda day: (
                WEEKDAYS[day.weekday()] == day_of_week and week_index in _week_indexes(day)
            )
        case _:
            return _never


def _week_indexes(day: date) -> set[str]:
    """Name the place of a weekday within its month: the nth of its kind, and perhaps the last."""
    indexes = set()
    ordinal = (day.day - 1) // _WEEK
    if WEEK_INDEXES[ordinal] != _LAST:
        indexes.add(WEEK_INDEXES[ordinal])
    if day.day + _WEEK > monthrange(day.year, day.month)[1]:
        indexes.add(_LAST)
    return indexes


def _never(_: date) -> bool:
    return False
