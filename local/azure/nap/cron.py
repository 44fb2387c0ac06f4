"""When a schedule of Karpenter's hits: robfig/cron v3.0.1 as ParseStandard reads it, in UTC.

Sunday is 0, ranges do not wrap, and a day counts by date or by day of the week once neither is a
star. A search ends after the fifth following year without a hit.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

_WHITE = "[^\\S\x1c-\x1f]"
_SHORT = {
    "@yearly": "0 0 1 1 *",
    "@annually": "0 0 1 1 *",
    "@monthly": "0 0 1 * *",
    "@weekly": "0 0 * * 0",
    "@daily": "0 0 * * *",
    "@midnight": "0 0 * * *",
    "@hourly": "0 * * * *",
}
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_DAYS = ("sun", "mon", "tue", "wed", "thu", "fri", "sat")
_FIELDS: Sequence[tuple[range, Sequence[str]]] = (
    (range(60), ()),
    (range(24), ()),
    (range(1, 32), ()),
    (range(1, 13), _MONTHS),
    (range(7), _DAYS),
)
_ITEM = re.compile(r"(?P<low>[^/-]+)(?:-(?P<high>[^/-]*))?(?:/(?P<step>\+?0*[0-9]{1,19}))?")
# A star's second half is never read, whatever it is.
_STAR = re.compile(r"[*?](?:-[^/]*)?(?:/(?P<step>\+?0*[0-9]{1,19}))?")
_MOST = 2**63 - 1


@dataclass(frozen=True, slots=True)
class Schedule:
    """What each field names; `either` says that a day counts by its date or by its weekday."""

    fields: tuple[frozenset[int], ...]
    either: bool

    def next_hit(self, after: datetime) -> datetime | None:
        """Find the first hit after an instant; None if the search ends without one."""
        last = (after + timedelta(seconds=1)).year + 5
        for hit in self._hits(after, last):
            if hit > after:
                return hit
        return None

    def _hits(self, after: datetime, last: int) -> Iterator[datetime]:
        minutes, hours, *_ = self.fields
        day = after.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
        while day.year <= last:
            if self._is_on(day):
                for hour in sorted(hours):
                    for minute in sorted(minutes):
                        yield day.replace(hour=hour, minute=minute)
            day += timedelta(days=1)

    def _is_on(self, day: datetime) -> bool:
        *_, days, months, weekdays = self.fields
        both = (day.day in days, day.isoweekday() % 7 in weekdays)
        return day.month in months and (any(both) if self.either else all(both))


def schedule_of(text: str) -> Schedule | None:
    """Read a schedule; None where Karpenter cannot."""
    text = re.sub(f"^{_WHITE}+|{_WHITE}+$", "", text)
    words = re.split(f"{_WHITE}+", _SHORT.get(text, text))
    if len(words) != len(_FIELDS):
        return None
    fields, stars = [], []
    for word, (numbers, names) in zip(words, _FIELDS, strict=True):
        read = [_item(item, numbers, names) for item in word.split(",") if item]
        if any(item is None for item in read):
            return None
        found = [item for item in read if item is not None]
        fields.append(frozenset(number for item, _ in found for number in item))
        stars.append(any(star for _, star in found))
    return Schedule(tuple(fields), either=not stars[2] and not stars[4])


def _item(text: str, numbers: range, names: Sequence[str]) -> tuple[range, bool] | None:
    """Give the numbers that an item of a list names, and whether it is a star."""
    if found := _STAR.fullmatch(text):
        step = int(found["step"] or 1)
        return (numbers[:: min(step, 100)], step == 1) if 0 < step <= _MOST else None
    found = _ITEM.fullmatch(text)
    if found is None:
        return None
    low = _number(found["low"], numbers, names)
    high = low if found["high"] is None else _number(found["high"], numbers, names)
    step = int(found["step"] or 1)
    if found["step"] and found["high"] is None:
        high = numbers[-1]
    if low is None or high is None or not 0 < step <= _MOST:
        return None
    if low not in numbers or high not in numbers or low > high:
        return None
    return range(low, high + 1, step), False


def _number(text: str, numbers: range, names: Sequence[str]) -> int | None:
    if text.lower() in names:
        return numbers[names.index(text.lower())]
    return int(text) if re.fullmatch(r"\+?0*[0-9]{1,4}", text) else None
