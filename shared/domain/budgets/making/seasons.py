"""A window that keeps to the clock of a place: budgets know UTC only, so each hour has its own.

ARM knows fixed offsets only, so such a window is written anew when the clocks change, and so have
its budgets to be. One for both hours is possible: it is open from the earlier start to the later
end.
"""

from collections.abc import Iterator
from copy import replace
from datetime import datetime, timedelta, tzinfo

from msgspec import Struct

from shared.domain.budgets.making.generate import BudgetWish, Generated, generate, generate_longer
from shared.domain.policy.zones import changed_at, offset_at
from shared.domain.vocabulary.instants import in_utc
from shared.domain.vocabulary.invalid import InvalidInput
from shared.domain.window.text import offset_text
from shared.domain.window.window import MaintenanceWindow

AHEAD = timedelta(days=366)
"""How far changes of the clock are looked for."""

_ONE_DAY = timedelta(days=1)


class Season(Struct, frozen=True):
    """Budgets for the time in which a place has one offset: from `since` to before `until`.

    Both in UTC; None at the first is now, None at the last is beyond what was looked for.
    """

    utc_offset: timedelta
    since: datetime | None
    until: datetime | None
    generated: Generated


def seasons_of(
    window: MaintenanceWindow, wish: BudgetWish, zone: tzinfo, now: datetime
) -> list[Season]:
    """Make budgets for each offset that a place has in the coming year, the present one first.

    Raises InvalidInput where the window's offset is none of the place's.
    """
    changes = list(_changes(zone, now))
    offsets = [offset_at(zone, now), *(offset_at(zone, change) for change in changes)]
    _check(window, offsets)
    starts, ends = [None, *changes], [*changes, None]
    return [
        Season(
            offset, since, until, generate(replace(window, utc_offset=offset), wish, since or now)
        )
        for offset, since, until in zip(offsets, starts, ends, strict=True)
    ]


def for_all_seasons(
    window: MaintenanceWindow, wish: BudgetWish, zone: tzinfo, now: datetime
) -> Generated:
    """Make one list of budgets that is open at the window's hours by any clock of the year.

    Raises InvalidInput where the window's offset is none of the place's, and where there is no such
    list.
    """
    offsets = [offset_at(zone, now), *(offset_at(zone, change) for change in _changes(zone, now))]
    _check(window, offsets)
    earliest = replace(window, utc_offset=max(offsets))
    return generate_longer(earliest, wish, max(offsets) - min(offsets), now)


def _check(window: MaintenanceWindow, offsets: list[timedelta]) -> None:
    if window.utc_offset not in offsets:
        known = " and ".join(sorted({offset_text(offset) for offset in offsets}))
        rule = f"has the offsets {known}, and the window has {offset_text(window.utc_offset)}"
        raise InvalidInput.because("zone", None, rule)


def _changes(zone: tzinfo, now: datetime) -> Iterator[datetime]:
    """Yield the instants, in UTC, at which a place's offset changes."""
    before = in_utc(now)
    end = before + AHEAD
    while before < end:
        after = before + _ONE_DAY
        change = changed_at(zone, offset_at(zone, before), after)
        if change is not None:
            yield change
        before = after
