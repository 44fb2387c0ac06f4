"""Budgets that let nodes roll in a window and nowhere else.

Budgets only restrict, and where none is active there is no limit. So "only in the window" is
written as a rate that always counts, and blocks that count outside the window: from its end to its
next start. A weekly window is one block. For a monthly one every day is blocked but for the
window's hours, and these hours are blocked on all other days: "not the first Sunday" is "not from
the 1st to the 7th, or no Sunday", which is how Karpenter's cron joins the two.
"""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from itertools import takewhile

from msgspec import Struct

from shared.domain.budgets.budget import MOST_BUDGETS, Budget, DisruptionReason, Nodes
from shared.domain.budgets.minutes import MINUTES_PER_DAY, Stretch
from shared.domain.budgets.regular import Days, Rhythm, rhythm_of
from shared.domain.vocabulary.instants import to_text
from shared.domain.vocabulary.invalid import InvalidInput
from shared.domain.window.window import MaintenanceWindow, Occurrence

LONGEST_DATED = timedelta(days=364)
"""A cron cannot name a year: a dated block comes back on the same date of the next one. The first
may have begun a day ago, with an occurrence that is still to end."""

TEN_PER_CENT = Nodes(10, percent=True)

_MINUTE = timedelta(minutes=1)
_MINUTES_PER_HOUR = 60
_DAYS_PER_WEEK = 7
_MINUTES_PER_WEEK = _DAYS_PER_WEEK * MINUTES_PER_DAY
_LONGEST_MONTH = 31


class BudgetWish(Struct, frozen=True):
    """What budgets are asked for.

    `rate` is how many nodes may go at once, at any time; `reasons` are those that are blocked
    outside the window; `close_early` is how long before the window's end the block begins, so that
    what has started ends in time; `until` is the end of a list with dates, None for one without.
    """

    rate: Nodes = TEN_PER_CENT
    reasons: tuple[DisruptionReason, ...] = (DisruptionReason.DRIFTED,)
    close_early: timedelta = timedelta()
    until: datetime | None = None

    def __post_init__(self) -> None:
        if self.rate.is_none:
            raise InvalidInput.because("nodes", str(self.rate), "must let at least one node go")
        if not self.reasons:
            raise InvalidInput.because("reasons", None, "must name at least one reason")


class Generated(Struct, frozen=True):
    """Budgets for a window, and how far they are from it.

    `lets_in` says in sentences when nodes may roll though the window is closed; `until` is when
    the list has to be made anew, None if it holds for good.
    """

    budgets: tuple[Budget, ...]
    lets_in: tuple[str, ...] = ()
    until: datetime | None = None


def generate(window: MaintenanceWindow, wish: BudgetWish, now: datetime) -> Generated:
    """Make budgets that are open when a window is; `now` decides which of its dates are to come.

    Raises InvalidInput where the wish does not go with the window.
    """
    rhythm = rhythm_of(window, now)
    length = _length(window, wish)
    regular = (Budget(wish.rate), *blocks(rhythm, length, wish.reasons))
    if wish.until is None or not rhythm.lets_in:
        return Generated(regular, rhythm.lets_in)
    if window.ambiguity:
        rule = f"needs a window whose days are certain: {window.ambiguity}"
        raise InvalidInput.because("until", to_text(wish.until), rule)
    dated = _dated_blocks(window, rhythm, wish, now)
    return Generated((*regular, *_as_many_as_fit(dated, len(regular), wish)), (), wish.until)


def generate_longer(
    window: MaintenanceWindow, wish: BudgetWish, longer: timedelta, now: datetime
) -> Generated:
    """Make budgets that stay open for longer than a window, without dates.

    Raises InvalidInput where that is not possible.
    """
    rhythm = rhythm_of(window, now)
    length = _length(window, wish) + longer
    if rhythm.days.of_month is not None and length // _MINUTE > MINUTES_PER_DAY:
        rule = "takes windows of a day of the month that are at most a day long together"
        raise InvalidInput.because("superset", None, rule)
    budgets = (Budget(wish.rate), *blocks(rhythm, length, wish.reasons))
    lets_in = f"Nodes may roll for {longer // _MINUTE} minutes before or after the window's hours."
    return Generated(budgets, (lets_in, *rhythm.lets_in))


def blocks(
    rhythm: Rhythm, length: timedelta, reasons: tuple[DisruptionReason, ...]
) -> Iterator[Budget]:
    """Yield the blocks that leave a rhythm open for a length of time from each of its starts.

    A length above a day is possible for weekly rhythms only; a daily one is open at all times then.
    """
    minutes = length // _MINUTE
    days, start = rhythm.days, rhythm.minute
    if days.of_week is not None and days.of_month is None:
        end = (days.of_week * MINUTES_PER_DAY + start + minutes) % _MINUTES_PER_WEEK
        weekday, end = divmod(end, MINUTES_PER_DAY)
        yield _block(reasons, end, f"* * {weekday}", _MINUTES_PER_WEEK - minutes)
        return
    if minutes < MINUTES_PER_DAY:
        end = (start + minutes) % MINUTES_PER_DAY
        yield _block(reasons, end, "* * *", MINUTES_PER_DAY - minutes)
    if days.of_month is not None:
        yield _block(reasons, start, _other_days(days, days.of_month), minutes)


def _length(window: MaintenanceWindow, wish: BudgetWish) -> timedelta:
    length = timedelta(hours=window.duration_hours) - wish.close_early
    if length < _MINUTE or wish.close_early < timedelta():
        rule = f"must be less than the window's {window.duration_hours} hours"
        raise InvalidInput.because("closeEarlyMinutes", wish.close_early // _MINUTE, rule)
    return length


def _block(
    reasons: tuple[DisruptionReason, ...], minute_of_day: int, days: str, minutes: int
) -> Budget:
    hour, minute = divmod(minute_of_day, _MINUTES_PER_HOUR)
    return Budget(Nodes(0), reasons, f"{minute} {hour} {days}", minutes * _MINUTE)


def _other_days(days: Days, of_month: range) -> str:
    before = _range(1, of_month.start - 1)
    after = _range(of_month.stop, _LONGEST_MONTH)
    others = ",".join(part for part in (before, after) if part)
    if days.of_week is None:
        return f"{others} * *"
    weekdays = [str(day) for day in range(_DAYS_PER_WEEK) if day != days.of_week]
    return f"{others} * {','.join(weekdays)}"


def _range(first: int, last: int) -> str:
    if first > last:
        return ""
    return str(first) if first == last else f"{first}-{last}"


def _dated_blocks(
    window: MaintenanceWindow, rhythm: Rhythm, wish: BudgetWish, now: datetime
) -> Iterator[Stretch]:
    """Yield the time from the first to the last of each run of occurrences of the rhythm alone."""
    until = _checked(wish.until, now)
    real = {each.start for each in _until(window.occurrences(now), until)}
    run: list[Occurrence] = []
    for each in _until(rhythm.window.occurrences(now), until):
        if each.start not in real:
            run.append(each)
        elif run:
            yield Stretch(run[0].start, run[-1].end)
            run = []
    if run:
        yield Stretch(run[0].start, min(run[-1].end, until))


def _until(occurrences: Iterator[Occurrence], until: datetime) -> Iterator[Occurrence]:
    return takewhile(lambda each: each.start < until, occurrences)


def _checked(until: datetime | None, now: datetime) -> datetime:
    if until is None or not now < until <= now + LONGEST_DATED:
        rule = f"must be after now and within {LONGEST_DATED.days} days: a cron names no year"
        raise InvalidInput.because("until", until and to_text(until), rule)
    return until


def _as_many_as_fit(stretches: Iterator[Stretch], there: int, wish: BudgetWish) -> Sequence[Budget]:
    """Write dated blocks; raises InvalidInput with the latest end for which they fit."""
    dated: list[Budget] = []
    for stretch in stretches:
        if there + len(dated) == MOST_BUDGETS:
            latest = to_text(stretch.start)
            rule = f"must be {latest} at the latest: a NodePool takes {MOST_BUDGETS} budgets"
            raise InvalidInput.because("until", wish.until and to_text(wish.until), rule)
        start = stretch.start
        minute = start.hour * _MINUTES_PER_HOUR + start.minute
        days = f"{start.day} {start.month} *"
        dated.append(_block(wish.reasons, minute, days, stretch.length // _MINUTE))
    return dated
