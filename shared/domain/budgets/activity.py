"""When budgets are active, and what they let through together.

A budget is active at t if its schedule hits at some h with h <= t < h + duration; where no hit
comes within five years, Karpenter takes it as active (`IsActive`, `BuildDisruptionBudgetMapping`;
kubernetes-sigs/karpenter 2266468). Active budgets restrict, the tightest counts; where none is
active there is no limit. One schedule that does not parse blocks its whole pool, for every reason.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta
from enum import StrEnum
from functools import reduce
from itertools import pairwise
from operator import or_
from typing import Self

from msgspec import Struct

from shared.domain.budgets.budget import Budget, DisruptionReason, Nodes
from shared.domain.budgets.cron import SEARCHED_YEARS
from shared.domain.budgets.minutes import (
    MINUTES_PER_DAY,
    Calendar,
    Minutes,
    Stretch,
    from_days,
    lasting,
)

_MINUTE = timedelta(minutes=1)
# A search that starts this long ago has found a hit by now, or found none: active either way.
_SURELY_ACTIVE = timedelta(days=366 * (SEARCHED_YEARS + 1))


class State(StrEnum):
    """What may happen to a pool's nodes: none may go, so many at once may, or all of them."""

    CLOSED = "closed"
    LIMITED = "limited"
    UNLIMITED = "unlimited"


class Level(Struct, frozen=True):
    """A stretch of time in which the same limits count.

    `limits` are those that matter: the lowest number and the lowest percentage, if there are any.
    """

    stretch: Stretch
    state: State
    limits: tuple[Nodes, ...] = ()

    def at_most(self, pool: int) -> int:
        """Give how many of a pool's nodes may go at once."""
        return min((pool, *(limit.of(pool) for limit in self.limits)))


class Activity(Struct, frozen=True):
    """What the budgets of a pool let through over a calendar, for one reason.

    `by_limit` has the minutes of each limit that counts anywhere; a limit of 100 % counts nowhere.
    In the minutes that are `closed` no node may go, in those that are `unlimited` all may.
    """

    calendar: Calendar
    by_limit: tuple[tuple[Nodes, Minutes], ...]
    closed: Minutes
    unlimited: Minutes

    @classmethod
    def of(cls, calendar: Calendar, by_limit: Mapping[Nodes, Minutes]) -> Self:
        """Join the minutes of limits."""
        closed = reduce(or_, (found for limit, found in by_limit.items() if limit.is_none), 0)
        limited = reduce(or_, by_limit.values(), 0)
        unlimited = calendar.all & ~limited
        return cls(calendar, tuple(sorted(by_limit.items())), closed, unlimited)

    @property
    def open(self) -> Minutes:
        """The minutes in which at least one node may go."""
        return self.calendar.all & ~self.closed

    def levels(self, within: Stretch, also: Minutes = 0) -> Iterator[Level]:
        """Yield what counts over a stretch of time, in order.

        It is cut at the edges of another set of minutes as well.
        """
        start, end = self.calendar.number(within.start), self.calendar.number(within.end)
        whole = (1 << end - start) - 1
        parts = [(limit, minutes >> start & whole) for limit, minutes in self.by_limit]
        cuts = {0, end - start}.union(*(_edges(part, whole) for _, part in parts))
        for first, last, limits in _runs(parts, sorted(cuts | _edges(also >> start, whole))):
            stretch = Stretch(
                self.calendar.instant(start + first), self.calendar.instant(start + last)
            )
            yield Level(stretch, _state(limits), limits)


def activity(budgets: Sequence[Budget], reason: DisruptionReason, calendar: Calendar) -> Activity:
    """Compute what a pool's budgets let through."""
    if any(budget.cron_problem for budget in budgets):
        return Activity.of(calendar, {Nodes(0): calendar.all})
    minutes = [active_minutes(budget, calendar) for budget in budgets]
    return together(budgets, minutes, reason, calendar)


def together(
    budgets: Sequence[Budget],
    minutes: Sequence[Minutes],
    reason: DisruptionReason,
    calendar: Calendar,
) -> Activity:
    """Join budgets whose minutes are known."""
    by_limit: dict[Nodes, Minutes] = {}
    for budget, active in zip(budgets, minutes, strict=True):
        if budget.counts_for(reason) and not budget.nodes.is_all:
            by_limit[budget.nodes] = by_limit.get(budget.nodes, 0) | active
    return Activity.of(calendar, by_limit)


def active_minutes(budget: Budget, calendar: Calendar) -> Minutes:
    """Give the minutes in which a budget is active; raises BrokenRule if its cron does not parse.

    Exact but for schedules that hit on 29 February only, between 2096 and 2104: Karpenter's search
    ends before the hit then, and takes the budget as active.
    """
    cron = budget.cron
    if cron is None or budget.duration >= _SURELY_ACTIVE:
        return calendar.all
    if cron.next_after(calendar.start - budget.duration) is None:
        return calendar.all
    length = budget.duration // _MINUTE
    lead = -(-length // MINUTES_PER_DAY)
    hits = from_days(
        (cron.is_on(day) for day in calendar.earlier(lead).dates()), cron.minutes_of_day
    )
    return lasting(hits, length) >> lead * MINUTES_PER_DAY & calendar.all


def _edges(minutes: Minutes, whole: Minutes) -> set[int]:
    changes = (minutes ^ minutes << 1) & whole
    return {number for number, bit in enumerate(f"{changes:b}"[::-1]) if bit == "1"}


def _runs(
    parts: Sequence[tuple[Nodes, Minutes]], cuts: Sequence[int]
) -> Iterator[tuple[int, int, tuple[Nodes, ...]]]:
    for first, last in pairwise(cuts):
        active = [limit for limit, minutes in parts if minutes >> first & 1]
        number = next((each for each in active if not each.percent), None)
        percentage = next((each for each in active if each.percent), None)
        yield first, last, tuple(each for each in (number, percentage) if each is not None)


def _state(limits: tuple[Nodes, ...]) -> State:
    if any(limit.is_none for limit in limits):
        return State.CLOSED
    return State.LIMITED if limits else State.UNLIMITED
