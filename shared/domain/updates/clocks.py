"""When a run has to come by itself because a zone's clocks change: pure, of a policy and a time."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from shared.domain.policy.choose import Policy
from shared.domain.policy.windows import STEP, NamedWindow
from shared.domain.policy.zones import offset_at

_A_WEEK = timedelta(days=8)


def windows_to_change(policy: Policy, now: datetime) -> Iterator[str]:
    """Name each window between whose last opening and next the clocks of its zone change.

    With that next opening, so that a name comes once for each change. Nothing where the policy
    does not say that owned schedules are kept right.
    """
    if not policy.updates.owned:
        return
    for window in policy.windows.values():
        start = next_at_another_offset(window, now)
        if start is not None:
            yield f"{window.name}|{start:%Y%m%dT%H%M%SZ}"


def next_at_another_offset(window: NamedWindow, now: datetime) -> datetime | None:
    """Give the next opening of an outer bound (UTC) if its clocks are not those of the one before.

    None while the window is open, and where both have the same.
    """
    coming = window.bound(now)
    if not isinstance(window.zone, ZoneInfo) or coming.start <= now:
        return None
    before = window.bound(now - _A_WEEK)
    while (later := window.bound(before.end)).end <= now:
        before = later
    return coming.start if _differ(window, before.start, coming.start) else None


def _differ(window: NamedWindow, before: datetime, coming: datetime) -> bool:
    """Say whether a cluster that starts anywhere in the spread has another offset than before."""
    shifts = (number * STEP for number in range(window.spread // STEP + 1))
    zone = window.zone
    return any(offset_at(zone, before + each) != offset_at(zone, coming + each) for each in shifts)
