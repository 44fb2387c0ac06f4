"""When a run has to come by itself because a zone's clocks change: pure, of a policy and a time."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

from shared.domain.policy.choose import Policy
from shared.domain.policy.windows import STEP, NamedWindow

_A_WEEK, _HOUR = timedelta(days=8), timedelta(hours=1)


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
    """Give the next start (UTC) of a cluster whose offset is not that of its start before.

    None where no cluster's is, and while all of those are open.
    """
    if not isinstance(window.zone, ZoneInfo):
        return None
    shifts = (number * STEP for number in range(window.spread // STEP + 1))
    found = (_next_of(window, shift, now) for shift in shifts)
    return min((start for start in found if start), default=None)


def _next_of(window: NamedWindow, shift: timedelta, now: datetime) -> datetime | None:
    """Find that the clocks change between two starts, the latter of which is the next (UTC)."""
    pairs = pairwise(window.starts(shift, now - _A_WEEK))
    (local, last), (then, start) = next(pair for pair in pairs if pair[1][1] > now)
    # A cluster that is open now is not to be changed yet.
    is_open = last + window.hours_each * _HOUR > now
    return None if is_open or then - local == start - last else start
