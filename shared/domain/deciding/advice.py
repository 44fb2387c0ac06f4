"""Advice on a person's wish: what naptime advises against, what to know, what would do.

What AKS would refuse is an InvalidWindow, which nothing overrides. What is advised against is
refused unless the wish is forced; the person may know better. A warning is only said.
"""

from collections.abc import Callable, Sequence
from copy import replace
from dataclasses import dataclass, field
from datetime import datetime
from typing import TypedDict

from msgspec import Struct

from shared.domain.deciding import checks
from shared.domain.deciding.checks import LOOK_AHEAD, Situation
from shared.domain.deciding.decision import Action, Decision, Desired, Finding
from shared.domain.deciding.observed import ObservedCluster, ObservedConfiguration, ObservedSchedule
from shared.domain.deciding.policy import SCREENS
from shared.domain.policy.choose import Choice
from shared.domain.vocabulary.instants import to_text
from shared.domain.vocabulary.invalid import InvalidWindow
from shared.domain.vocabulary.reasons import Reason
from shared.domain.window.body import write_window
from shared.domain.window.starts import past_start_date, plan_start, possible_occurrences
from shared.domain.window.window import MaintenanceWindow


@dataclass(frozen=True, slots=True)
class Wished:
    """A wished window and its cluster, as both are at `now`; `observed` is the node OS schedule."""

    cluster: ObservedCluster
    observed: ObservedConfiguration | None
    window: MaintenanceWindow
    desired: Desired
    now: datetime
    before: Situation = field(init=False)
    """The cluster with the schedule that it has."""
    after: Situation = field(init=False)
    """The cluster with the schedule that is asked for."""

    def __post_init__(self) -> None:
        there = self.observed.schedule if self.observed else None
        choice = self.desired.policy.choose(self.cluster, self.now)
        before = Situation(self.cluster, there, self.desired, self.now, choice)
        object.__setattr__(self, "before", before)
        object.__setattr__(self, "after", replace(before, schedule=ObservedSchedule(self.window)))

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


def window_in_use(wished: Wished) -> Finding | None:
    """Find that the present window is open, or starts before the new one could be known."""
    if wished.before.window is None:
        return None
    found = next(possible_occurrences(wished.before.window, wished.now), None)
    if found is None or found.start >= wished.now + wished.desired.margin:
        return None
    may = "may be" if wished.before.window.ambiguity else "is"
    state = "open" if found.start <= wished.now else f"about to open, at {to_text(found.start)}"
    message = f"The present window {may} {state}; until {to_text(found.end)} a change could end it."
    return Finding(Reason.WINDOW_OPEN, message)


def opens_at_once(wished: Wished) -> Finding | None:
    """Find that the window that is asked for would be open as soon as it is written."""
    found = next(possible_occurrences(wished.window, wished.now), None)
    if found is None or found.start > wished.now:
        return None
    message = f"The new window would be open at once, since {to_text(found.start)}."
    return Finding(Reason.WINDOW_OPEN, message)


def starts_too_soon(wished: Wished) -> Finding | None:
    """Find that the next start is nearer than the lead time and the attempt's own time-out."""
    soonest = wished.now + wished.desired.horizon
    starts = (found.start for found in possible_occurrences(wished.window, wished.now))
    coming = next((start for start in starts if start > wished.now), None)
    if coming is None or coming >= soonest:
        return None
    message = f"The next start, {to_text(coming)}, is before {to_text(soonest)}: AKS may miss it."
    return Finding(Reason.START_TOO_SOON, message)


REQUESTED = Finding(Reason.REQUESTED, "A person asked for this schedule.")


class OfferJson(TypedDict):
    """A body that is accepted if it is sent at `sendAt`, and the start that it makes; in UTC."""

    earliestAcceptableStart: str
    sendAt: str
    body: dict[str, object]


class Offer(Struct, frozen=True):
    """A window that raises no advice if it is sent at `send_at`, and its first start; in UTC."""

    send_at: datetime
    window: MaintenanceWindow
    start: datetime

    def to_json(self) -> OfferJson:
        """Give it as the HTTP API shows it."""
        return {
            "earliestAcceptableStart": to_text(self.start),
            "sendAt": to_text(self.send_at),
            "body": {"maintenanceWindow": write_window(self.window)},
        }


class Advice(Struct, frozen=True):
    """What is to be done with a wish, and everything that is to be said about it."""

    decision: Decision
    against: tuple[Finding, ...] = ()
    warnings: tuple[Finding, ...] = ()
    offer: Offer | None = None
    """What would do instead, if something is advised against that a start date can answer."""


def advise(wished: Wished) -> Advice:
    """Advise on a wish; the answer holds for its `now` only. Raises InvalidWindow."""
    warnings = _found(WARNINGS, wished)
    if wished.changes_nothing:
        finding = Finding(Reason.UP_TO_DATE, "This schedule is in place already.")
        return Advice(_decision(Action.LEAVE, (finding, *warnings), wished), (), warnings)
    _refuse_past_start_date(wished)
    against = _found(AGAINST, wished)
    action = Action.UPDATE if wished.observed else Action.CREATE
    about_window = _found(ABOUT_WINDOW, wished)
    decision = _decision(action, (REQUESTED, *about_window, *warnings), wished)
    return Advice(decision, against, warnings, _offer(wished) if against else None)


type Check = Callable[[Wished], Finding | None]


def _of_cluster(
    check: Callable[[ObservedCluster, Desired, Choice], Finding | None],
) -> Check:
    return lambda wished: check(wished.cluster, wished.desired, wished.before.choice)


def _before(check: Callable[[Situation], Finding | None]) -> Check:
    return lambda wished: check(wished.before)


def _after(check: Callable[[Situation], Finding | None]) -> Check:
    return lambda wished: check(wished.after)


ABOUT_WINDOW: tuple[Check, ...] = (
    _after(checks.inactive_until),
    _after(checks.blocked_by_not_allowed_dates),
    _after(checks.interval_ambiguous),
)
"""What stays wrong with the window after it is written."""

AGAINST: tuple[Check, ...] = (
    *(_of_cluster(check) for check in SCREENS),
    window_in_use,
    opens_at_once,
    starts_too_soon,
    *ABOUT_WINDOW,
    # What naptime would never overwrite: a link, or fields that are newer than it.
    _before(checks.schedule_not_explicit),
    _before(checks.window_unreadable),
)
"""What refuses a wish that is not forced; the first one gives the reason."""

WARNINGS: tuple[Check, ...] = (
    _after(checks.longer_than_weekly),
    _after(checks.node_os_channel_off),
)
"""What is only said."""


def _found(checks: Sequence[Check], wished: Wished) -> tuple[Finding, ...]:
    return tuple(finding for check in checks if (finding := check(wished)))


def _decision(action: Action, findings: tuple[Finding, ...], wished: Wished) -> Decision:
    return Decision(action, findings, wished.window, wished.before.choice)


def _refuse_past_start_date(wished: Wished) -> None:
    window = wished.window
    problem = past_start_date(window.start_date, window.utc_offset, wished.now)
    if problem:
        raise InvalidWindow([problem])


def _offer(wished: Wished) -> Offer | None:
    """Find when to send what: the start date that was asked for if it will do, or the first."""
    send_at = _quiet_from(wished)
    if send_at is None or wished.window.ambiguity:
        return None
    for window in (wished.window, replace(wished.window, start_date=None)):
        planned = plan_start(window, send_at, wished.desired.horizon)
        start = planned.next_start(send_at)
        if start and not _found(AGAINST, replace(wished, window=planned, now=send_at)):
            return Offer(send_at, planned, start.start)
    return None


def _quiet_from(wished: Wished) -> datetime | None:
    """Find from when on the present window is neither open nor about to be; None if not soon."""
    quiet = wished.now
    if wished.before.window is None:
        return quiet
    for found in possible_occurrences(wished.before.window, wished.now):
        if found.start >= quiet + wished.desired.margin:
            return quiet
        if found.end > wished.now + LOOK_AHEAD:
            return None
        quiet = max(quiet, found.end)
    return quiet
