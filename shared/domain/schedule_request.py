"""A person's request for a schedule, and what can be wrong with when its window comes."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from shared.domain.decision import Desired, Finding
from shared.domain.instants import to_text
from shared.domain.lead_time import MINIMUM_LEAD
from shared.domain.observed import ObservedCluster, ObservedConfiguration, ObservedSchedule
from shared.domain.possible_occurrences import possible_occurrences
from shared.domain.reasons import Reason
from shared.domain.schedule_checks import Situation
from shared.domain.window import MaintenanceWindow


@dataclass(frozen=True, slots=True)
class Request:
    """A window for a cluster, as both are at `now` (aware); `observed` is the node OS schedule."""

    cluster: ObservedCluster
    observed: ObservedConfiguration | None
    window: MaintenanceWindow
    desired: Desired
    now: datetime

    @property
    def before(self) -> Situation:
        """The cluster with the schedule that it has."""
        schedule = self.observed.schedule if self.observed else None
        return Situation(self.cluster, schedule, self.desired, self.now)

    @property
    def after(self) -> Situation:
        """The cluster with the schedule that is asked for."""
        return Situation(self.cluster, ObservedSchedule(self.window), self.desired, self.now)

    @property
    def changes_nothing(self) -> bool:
        """Say whether the very same window is there already."""
        window = self.before.window
        return window is not None and same_effect(self.window, window, self.now)


def same_effect(wanted: MaintenanceWindow, observed: MaintenanceWindow, now: datetime) -> bool:
    """Say whether writing `wanted` would change nothing but what ARM fills in by itself."""
    if replace(wanted, start_date=None) != replace(observed, start_date=None):
        return False
    if wanted.start_date or observed.start_date is None:
        return wanted.start_date == observed.start_date
    today = wanted.local_date(now)
    # ARM would make it today, and from there an interval above 1 would be counted anew.
    return observed.start_date == today if wanted.ambiguity else observed.start_date <= today


def window_in_use(request: Request) -> Finding | None:
    """Find that the present window is open, or starts before the new one could be known."""
    if request.before.window is None:
        return None
    found = next(possible_occurrences(request.before.window, request.now), None)
    if found is None or found.start >= request.now + margin_before(request.desired):
        return None
    may = "may be" if request.before.window.ambiguity else "is"
    state = "open" if found.start <= request.now else f"about to open, at {to_text(found.start)}"
    message = f"The present window {may} {state}; until {to_text(found.end)} a change could end it."
    return Finding(Reason.WINDOW_OPEN, message)


def opens_at_once(request: Request) -> Finding | None:
    """Find that the window that is asked for would be open as soon as it is written."""
    found = next(possible_occurrences(request.window, request.now), None)
    if found is None or found.start > request.now:
        return None
    message = f"The new window would be open at once, since {to_text(found.start)}."
    return Finding(Reason.WINDOW_OPEN, message)


def starts_too_soon(request: Request) -> Finding | None:
    """Find that the next start is nearer than the lead time and the attempt's own time-out."""
    soonest = request.now + request.desired.horizon
    for found in possible_occurrences(request.window, request.now):
        if found.start >= soonest:
            return None
        if found.start > request.now:
            message = (
                f"The next start, {to_text(found.start)}, is before {to_text(soonest)}: "
                "AKS may miss it."
            )
            return Finding(Reason.START_TOO_SOON, message)
    return None


def margin_before(desired: Desired) -> timedelta:
    """Give how long before its start a window may be changed at the latest."""
    return MINIMUM_LEAD + desired.attempt_timeout
