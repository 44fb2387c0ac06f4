"""The policy for a person's schedule: what naptime advises against, what to know, what would do.

What AKS would refuse is an InvalidWindow, which nothing overrides. Advice refuses the request
unless it is forced; the person may know better. A warning is only said.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TypedDict

from shared.domain import schedule_checks
from shared.domain.decision import Action, Decision, Desired, Finding
from shared.domain.errors import InvalidWindow
from shared.domain.instants import to_text
from shared.domain.lead_time import plan_start
from shared.domain.observed import ObservedCluster
from shared.domain.policy import SCREENS
from shared.domain.possible_occurrences import possible_occurrences
from shared.domain.reasons import Reason
from shared.domain.requested_window import past_start_date
from shared.domain.schedule_checks import LOOK_AHEAD, Situation
from shared.domain.schedule_request import (
    Request,
    margin_before,
    opens_at_once,
    starts_too_soon,
    window_in_use,
)
from shared.domain.window import MaintenanceWindow

REQUESTED = Finding(Reason.REQUESTED, "A person asked for this schedule.")


class OfferJson(TypedDict):
    """A body that is accepted if it is sent at `sendAt`, and the start that it makes; in UTC."""

    earliestAcceptableStart: str
    sendAt: str
    body: dict[str, object]


@dataclass(frozen=True, slots=True)
class Offer:
    """A window that raises no advice if it is sent at `send_at`, and its first start; in UTC."""

    send_at: datetime
    window: MaintenanceWindow
    start: datetime

    def to_json(self) -> OfferJson:
        """Give it as the HTTP API shows it."""
        return {
            "earliestAcceptableStart": to_text(self.start),
            "sendAt": to_text(self.send_at),
            "body": {"maintenanceWindow": self.window.to_arm()},
        }


@dataclass(frozen=True, slots=True)
class Judgement:
    """What is to be done with a request, and everything that is to be said about it."""

    decision: Decision
    advice: tuple[Finding, ...] = ()
    warnings: tuple[Finding, ...] = ()
    offer: Offer | None = None
    """What would do instead, if there is advice and a start date can answer it."""


def judge(request: Request) -> Judgement:
    """Judge a request; the answer holds for its `now` only. Raises InvalidWindow."""
    warnings = _found(WARNINGS, request)
    if request.changes_nothing:
        finding = Finding(Reason.UP_TO_DATE, "This schedule is in place already.")
        return Judgement(_decision(Action.LEAVE, (finding, *warnings), request), (), warnings)
    _refuse_past_start_date(request)
    advice = _found(ADVICE, request)
    action = Action.UPDATE if request.observed else Action.CREATE
    about_window = _found(ABOUT_WINDOW, request)
    decision = _decision(action, (REQUESTED, *about_window, *warnings), request)
    return Judgement(decision, advice, warnings, _offer(request) if advice else None)


type Check = Callable[[Request], Finding | None]


def _of_cluster(check: Callable[[ObservedCluster, Desired], Finding | None]) -> Check:
    return lambda request: check(request.cluster, request.desired)


def _before(check: Callable[[Situation], Finding | None]) -> Check:
    return lambda request: check(request.before)


def _after(check: Callable[[Situation], Finding | None]) -> Check:
    return lambda request: check(request.after)


ABOUT_WINDOW: tuple[Check, ...] = (
    _after(schedule_checks.inactive_until),
    _after(schedule_checks.blocked_by_not_allowed_dates),
    _after(schedule_checks.interval_ambiguous),
)
"""What stays wrong with the window after it is written."""

ADVICE: tuple[Check, ...] = (
    *(_of_cluster(check) for check in SCREENS),
    window_in_use,
    opens_at_once,
    starts_too_soon,
    *ABOUT_WINDOW,
    # What naptime would never overwrite: a link, or fields that are newer than it.
    _before(schedule_checks.schedule_not_explicit),
    _before(schedule_checks.window_unreadable),
)
"""What refuses a request that is not forced; the first one gives the reason."""

WARNINGS: tuple[Check, ...] = (
    _after(schedule_checks.longer_than_weekly),
    _after(schedule_checks.node_os_channel_off),
)
"""What is only said."""


def _found(checks: Sequence[Check], request: Request) -> tuple[Finding, ...]:
    return tuple(finding for check in checks if (finding := check(request)))


def _decision(action: Action, findings: tuple[Finding, ...], request: Request) -> Decision:
    return Decision(action, findings, request.window)


def _refuse_past_start_date(request: Request) -> None:
    problems = past_start_date({"maintenanceWindow": request.window.to_arm()}, request.now)
    if problems:
        raise InvalidWindow(problems)


def _offer(request: Request) -> Offer | None:
    """Find when to send what: the start date that was asked for if it will do, or the first."""
    send_at = _quiet_from(request)
    if send_at is None or request.window.ambiguity:
        return None
    for window in (request.window, replace(request.window, start_date=None)):
        planned = plan_start(window, send_at, request.desired.horizon)
        start = planned.next_start(send_at)
        if start and not _found(ADVICE, replace(request, window=planned, now=send_at)):
            return Offer(send_at, planned, start.start)
    return None


def _quiet_from(request: Request) -> datetime | None:
    """Find from when on the present window is neither open nor about to be; None if not soon."""
    quiet = request.now
    if request.before.window is None:
        return quiet
    for found in possible_occurrences(request.before.window, request.now):
        if found.start >= quiet + margin_before(request.desired):
            return quiet
        if found.end > request.now + LOOK_AHEAD:
            return None
        quiet = max(quiet, found.end)
    return quiet
