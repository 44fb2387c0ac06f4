"""One week of a pool beside the window: as stretches of time, and as two lines of blocks."""

from collections.abc import Iterable, Iterator, Sequence
from copy import replace
from datetime import UTC, datetime, time, timedelta, timezone
from itertools import groupby
from typing import TypedDict

from msgspec import Struct

from shared.domain.budgets.activity import Level, State, activity
from shared.domain.budgets.budget import Budget, DisruptionReason
from shared.domain.budgets.checking.view import stretches_of
from shared.domain.budgets.minutes import Calendar, Minutes, Stretch
from shared.domain.budgets.regular import rhythm_of
from shared.domain.vocabulary.instants import in_utc, to_text
from shared.domain.window.text import offset_text
from shared.domain.window.window import MaintenanceWindow

_ONE_DAY = timedelta(days=1)
_WEEK = timedelta(weeks=1)
_CELLS = (24, 12, 8)
_NAME_COLUMN = 8
_DAY_NAMES = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_BLOCKS = {State.CLOSED: "·", State.LIMITED: "▒", State.UNLIMITED: "█"}
MOST_SEGMENTS = 336
"""One for each half hour: what changes more often is cut off as JSON, and says so."""

_CHANGES = "▚"
LEGEND = "window: █ open · closed   budgets: · none ▒ at a rate █ no limit   ▚ changes"


class SegmentJson(TypedDict):
    """A stretch of the week, in UTC and in the window's own time (null without a window).

    `limits` are the budgets that count, the lowest of them as many nodes as may go at once.
    """

    start: str
    end: str
    startLocal: str | None
    endLocal: str | None
    state: str
    limits: list[str]
    windowOpen: bool | None


class Segment(Struct, frozen=True):
    """A stretch in which nothing changes; `window_open` is None without a window."""

    level: Level
    window_open: bool | None


class Week(Struct, frozen=True):
    """A week of a pool from a Monday at midnight on, by a fixed offset.

    As JSON it has `MOST_SEGMENTS` at most.
    """

    start: datetime
    utc_offset: timedelta
    segments: tuple[Segment, ...]
    window: MaintenanceWindow | None

    def to_json(self) -> list[SegmentJson]:
        return [self._segment_json(each) for each in self.segments[:MOST_SEGMENTS]]

    def lines(self, columns: int) -> list[str]:
        """Draw it in so many columns: with a cell for each hour where there is room."""
        room = columns - _NAME_COLUMN - len(_DAY_NAMES)
        fitting = (cells for cells in _CELLS if cells * len(_DAY_NAMES) <= room)
        return self.drawn(next(fitting, _CELLS[-1]))

    def drawn(self, cells_per_day: int) -> list[str]:
        """Draw it as three lines: the days, the window, the budgets.

        A cell in which something changes says so. Divisors of 24 look best.
        """
        lines = [[name.ljust(cells_per_day)[:cells_per_day] for name in _DAY_NAMES], [], []]
        for day in range(len(_DAY_NAMES)):
            cells = list(self._cells(day, cells_per_day))
            lines[1].append("".join(_window_block(cell) for cell in cells))
            lines[2].append("".join(_budget_block(cell) for cell in cells))
        place = offset_text(self.utc_offset) if self.utc_offset else "UTC"
        names = (place, "window", "budgets")
        return [
            f"{name:7} {' '.join(line)}".rstrip() for name, line in zip(names, lines, strict=True)
        ]

    def _cells(self, day: int, cells_per_day: int) -> Iterator[list[Segment]]:
        length = _ONE_DAY / cells_per_day
        for number in range(cells_per_day):
            start = self.start + day * _ONE_DAY + number * length
            yield [
                each
                for each in self.segments
                if each.level.stretch.start < start + length and each.level.stretch.end > start
            ]

    def _segment_json(self, segment: Segment) -> SegmentJson:
        level = segment.level
        return {
            "start": to_text(level.stretch.start),
            "end": to_text(level.stretch.end),
            "startLocal": self._local(level.stretch.start),
            "endLocal": self._local(level.stretch.end),
            "state": level.state.value,
            "limits": [str(limit) for limit in level.limits],
            "windowOpen": segment.window_open,
        }

    def _local(self, instant: datetime) -> str | None:
        if self.window is None:
            return None
        return instant.astimezone(timezone(self.window.utc_offset)).isoformat()


def week_of(
    budgets: Sequence[Budget],
    window: MaintenanceWindow | None,
    now: datetime,
    utc_offset: timedelta = timedelta(),
) -> Week:
    """Look at the week in which a window opens next, the present one without a window.

    It starts on a Monday at midnight by the offset.
    """
    stretch = _week(window, now, utc_offset)
    # Two days more, so that every offset is within.
    calendar = Calendar(stretch.start.date(), 9)
    opened = 0 if window is None else calendar.within_any(_openings(window, now, calendar))
    active = activity(budgets, DisruptionReason.DRIFTED, calendar)
    segments = (
        Segment(level, None if window is None else _is_in(level, opened, calendar))
        for level in active.levels(stretch, opened)
    )
    return Week(stretch.start, utc_offset, tuple(_joined(segments)), window)


def _joined(segments: Iterable[Segment]) -> Iterator[Segment]:
    """Join those that follow each other and differ in nothing."""
    for _, same in groupby(segments, lambda each: (each.level.limits, each.window_open)):
        first, *others = same
        last = others[-1] if others else first
        stretch = Stretch(first.level.stretch.start, last.level.stretch.end)
        yield replace(first, level=replace(first.level, stretch=stretch))


def _week(window: MaintenanceWindow | None, now: datetime, utc_offset: timedelta) -> Stretch:
    first = now
    if window is not None:
        found = next(rhythm_of(window, now).window.occurrences(now), None)
        first = found.start if found else now
    local = max(first, now).astimezone(timezone(utc_offset))
    monday = local.date() - local.weekday() * _ONE_DAY
    start = datetime.combine(monday, time(), timezone(utc_offset)).astimezone(UTC)
    return Stretch(start, start + _WEEK)


def _openings(window: MaintenanceWindow, now: datetime, calendar: Calendar) -> Iterator[Stretch]:
    undated = rhythm_of(window, now).window
    return stretches_of(undated if window.ambiguity else window, calendar)


def _is_in(level: Level, minutes: Minutes, calendar: Calendar) -> bool:
    return bool(minutes >> calendar.number(in_utc(level.stretch.start)) & 1)


def _window_block(cell: list[Segment]) -> str:
    open_or_not = {bool(each.window_open) for each in cell}
    if len(open_or_not) > 1:
        return _CHANGES
    return "█" if True in open_or_not else "·"


def _budget_block(cell: list[Segment]) -> str:
    states = {each.level.state for each in cell}
    return _CHANGES if len(states) > 1 else _BLOCKS[states.pop()]
