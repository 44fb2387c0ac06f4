"""A pool over the time that the checks look at, beside the window that it should keep to."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import takewhile

from msgspec import Struct

from shared.domain.budgets.activity import Activity, active_minutes, together
from shared.domain.budgets.budget import Budget, DisruptionReason
from shared.domain.budgets.checking.pools import Pool
from shared.domain.budgets.checking.spoken import Spoken
from shared.domain.budgets.minutes import Calendar, Minutes, Stretch
from shared.domain.budgets.regular import rhythm_of
from shared.domain.vocabulary.instants import to_text
from shared.domain.vocabulary.invalid import InvalidInput
from shared.domain.window.recurrence import Daily, Weekly
from shared.domain.window.starts import possible_occurrences
from shared.domain.window.window import MaintenanceWindow

WEEKS = timedelta(weeks=5)
MONTHS = timedelta(days=400)

_ALL_DAYS, _ALL_MONTHS = frozenset(range(1, 32)), frozenset(range(1, 13))


class Question(Struct, frozen=True):
    """What pools are held against, and from when to when.

    Without a window, only what is wrong in itself is found. `nodes` is how many a pool has, where
    its own status does not say it; `per_node` is how long it takes until a node is replaced and its
    pods are gone; `until` is the end of budgets with dates.
    """

    now: datetime
    window: MaintenanceWindow | None = None
    kubernetes_window: MaintenanceWindow | None = None
    nodes: int | None = None
    per_node: timedelta = timedelta(minutes=15)
    until: datetime | None = None

    def __post_init__(self) -> None:
        if self.until is not None and not self.now < self.until <= self.now + MONTHS:
            rule = f"must be after now and within {MONTHS.days} days"
            raise InvalidInput.because("until", to_text(self.until), rule)


class View(Struct, frozen=True):
    """A pool over a calendar, as the checks see it.

    `by_budget` has the minutes in which each of its budgets is active, `looked_at` those that
    count, `expected` those in which the window may be open, all of them without a window;
    `occurrences` are the window's own.
    """

    question: Question
    pool: Pool
    calendar: Calendar
    by_budget: tuple[Minutes, ...]
    activity: Activity
    looked_at: Minutes
    expected: Minutes
    occurrences: tuple[Stretch, ...]
    spoken: Spoken

    @property
    def outside(self) -> Minutes:
        """The minutes that count in which the window is not open."""
        return self.looked_at & ~self.expected

    @property
    def has_openings(self) -> bool:
        """Whether there is anything to be open for: a list with dates may end before it."""
        return self.question.window is None or bool(self.occurrences)

    def is_always_active(self, index: int) -> bool:
        """Whether a budget never pauses, in more than a year; the calendar may be of two days."""
        if self.by_budget[index] != self.calendar.all:
            return False
        long = Calendar(self.calendar.first, MONTHS.days)
        return active_minutes(self.pool.budgets[index], long) == long.all

    @property
    def nodes(self) -> int | None:
        """How many nodes the pool has, if anybody says."""
        return self.question.nodes or self.pool.nodes


def view_of(pool: Pool, question: Question) -> View:
    """Look at a pool whose budgets can be read."""
    calendar, weekly = _calendar(pool, question)
    end = question.until or calendar.end
    looked_at = calendar.within(question.now, end)
    expected: Minutes = calendar.all
    occurrences: tuple[Stretch, ...] = ()
    if question.window is not None:
        rhythm = rhythm_of(question.window, question.now)
        expected = calendar.within_any(stretches_of(rhythm.window, calendar))
        occurrences = tuple(
            each
            for each in stretches_of(question.window, calendar)
            if question.now <= each.start < end
        )
    by_budget = tuple(active_minutes(budget, calendar) for budget in pool.budgets)
    active = together(pool.budgets, by_budget, DisruptionReason.DRIFTED, calendar)
    return View(
        question,
        pool,
        calendar,
        by_budget,
        active,
        looked_at,
        expected & looked_at,
        occurrences,
        Spoken(calendar, looked_at, weekly=weekly),
    )


def _calendar(pool: Pool, question: Question) -> tuple[Calendar, bool]:
    """Give the days to look at, and whether one week of them is like another."""
    weekly = question.until is None and all(map(_is_weekly, pool.budgets))
    for window in (question.window, question.kubernetes_window):
        weekly = weekly and (window is None or _repeats_weekly(window))
    end = question.until or question.now + (WEEKS if weekly else MONTHS)
    first = question.now.date()
    return Calendar(first, (end.date() - first).days + 1), weekly


def _is_weekly(budget: Budget) -> bool:
    cron = budget.cron
    if cron is None:
        return True
    return cron.days.numbers == _ALL_DAYS and cron.months.numbers == _ALL_MONTHS


def _repeats_weekly(window: MaintenanceWindow) -> bool:
    if window.not_allowed_dates or window.start_date:
        return False
    return isinstance(window.recurrence, Daily | Weekly)


def stretches_of(window: MaintenanceWindow, calendar: Calendar) -> Iterator[Stretch]:
    """Give when a window may be open within a calendar, in any reading of it."""
    found = possible_occurrences(window, calendar.start)
    coming = takewhile(lambda each: each.start < calendar.end, found)
    return (Stretch(each.start, each.end) for each in coming)
