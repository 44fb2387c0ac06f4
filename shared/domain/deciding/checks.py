"""Checks on the node OS schedule, and on the cluster alone: each finds one thing, or nothing."""

from copy import replace
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from itertools import islice

from shared.domain.deciding.decision import Desired, Finding
from shared.domain.deciding.observed import (
    NODE_OS_SCHEDULE,
    ObservedCluster,
    ObservedConfiguration,
    ObservedSchedule,
)
from shared.domain.deciding.own.drift import Drift
from shared.domain.deciding.written import Written
from shared.domain.policy.choose import Choice, Leave, ReportOnly
from shared.domain.vocabulary.reasons import Reason
from shared.domain.window.recurrence import AbsoluteMonthly, RelativeMonthly, Weekly
from shared.domain.window.window import MaintenanceWindow

LOOK_AHEAD = timedelta(weeks=4)
"""How far the not-allowed dates are looked at; two occurrences at least."""

FAR_AHEAD = timedelta(days=7)
"""A start date later than this is far ahead: a weekly window without it would have come."""

_CHANNELS_OFF = ("none", "unmanaged")


@dataclass(frozen=True, slots=True)
class Situation:
    """All that a check looks at; no schedule means that none has the name.

    `written` is what naptime wrote last, as far as it knows.
    """

    cluster: ObservedCluster
    schedule: ObservedSchedule | None
    desired: Desired
    now: datetime
    choice: Choice
    """What the policy wants for the cluster at `now`."""
    auto_upgrade: ObservedConfiguration | None = None
    """What holds back Kubernetes upgrades; None: no configuration has the name."""
    written: Written | None = None
    last: MaintenanceWindow | None = None
    """The explicit schedule that was seen last, unless a person has deleted it through naptime."""
    drift: Drift | None = field(init=False)
    """How naptime's own schedule differs from that, found once; None where it does not."""

    def __post_init__(self) -> None:
        found = (self.cluster.id, self.choice.use, self.written, self.window, self.now)
        object.__setattr__(self, "drift", self.desired.drift(*found) if self.is_owned else None)

    @property
    def is_owned(self) -> bool:
        """Whether the schedule is naptime's own, and holds nothing that naptime does not write."""
        return bool(self.written and self.schedule and self.written.owns(self.schedule, self.now))

    @property
    def planned(self) -> MaintenanceWindow | None:
        """The window as it would be written now; None where none is to be written."""
        return self.choice.planned(self.cluster.id, self.now, self.desired.horizon)

    @property
    def window(self) -> MaintenanceWindow | None:
        """The observed window, if there is one that can be read."""
        return self.schedule.window if self.schedule else None

    @property
    def plain_window(self) -> MaintenanceWindow | None:
        """The observed window, if it is known when it occurs."""
        return None if self.window is None or self.window.ambiguity else self.window


def report_only(situation: Situation) -> Finding | None:
    """Find that a schedule is missing, of a cluster that a rule only has looked at."""
    if situation.schedule is not None or not isinstance(situation.choice.use, ReportOnly):
        return None
    message = f"No configuration is named {NODE_OS_SCHEDULE}; rule '{situation.choice.rule}' says"
    return Finding(Reason.REPORT_ONLY, f"{message} to report it only.")


def schedule_missing(situation: Situation) -> Finding | None:
    """Find that no configuration has the name."""
    if situation.schedule is not None:
        return None
    return Finding(Reason.SCHEDULE_MISSING, f"No configuration is named {NODE_OS_SCHEDULE}.")


def schedule_not_explicit(situation: Situation) -> Finding | None:
    """Find that the schedule has no maintenance window of its own."""
    if situation.schedule != ObservedSchedule():
        return None
    message = f"{NODE_OS_SCHEDULE} has no maintenance window; perhaps it links to a shared one."
    return Finding(Reason.SCHEDULE_NOT_EXPLICIT, message)


def window_unreadable(situation: Situation) -> Finding | None:
    """Find that the maintenance window cannot be understood."""
    if situation.schedule is None or situation.schedule.unreadable is None:
        return None
    message = f"The maintenance window cannot be understood: {situation.schedule.unreadable}."
    return Finding(Reason.WINDOW_UNREADABLE, message)


def inactive_until(situation: Situation) -> Finding | None:
    """Find that the start date holds back an occurrence that would have been in time.

    What naptime writes is never found: it only holds back what came within the horizon of its
    own attempt, so up to the day after `now` + horizon.
    """
    window = situation.window
    if window is None or window.start_date is None:
        return None
    if not (_is_far_ahead(window.start_date, situation) or _held_back(situation)):
        return None
    message = f"The window is not active before its start date, {window.start_date}."
    return Finding(Reason.INACTIVE_UNTIL, message)


def blocked_by_not_allowed_dates(situation: Situation) -> Finding | None:
    """Find that all occurrences of the coming weeks start on not-allowed dates."""
    window = situation.plain_window
    if window is None or not window.not_allowed_dates or not _all_blocked(window, situation.now):
        return None
    message = "The not-allowed dates block every occurrence of the coming weeks."
    return Finding(Reason.BLOCKED_BY_NOT_ALLOWED_DATES, message)


def longer_than_weekly(situation: Situation) -> Finding | None:
    """Find that the window comes less than once a week."""
    match situation.window and situation.window.recurrence:
        case Weekly(interval_weeks=weeks) if weeks > 1:
            message = f"The window comes every {weeks} weeks only."
        case AbsoluteMonthly() | RelativeMonthly():
            message = "The window comes monthly at most."
        case _:
            return None
    return Finding(Reason.LONGER_THAN_WEEKLY, message)


def interval_ambiguous(situation: Situation) -> Finding | None:
    """Find that the documentation leaves open when the window occurs."""
    if situation.window is None or situation.window.ambiguity is None:
        return None
    return Finding(Reason.INTERVAL_AMBIGUOUS, situation.window.ambiguity)


def node_os_channel_off(situation: Situation) -> Finding | None:
    """Find that the cluster's node OS upgrade channel is None or Unmanaged.

    A channel that ARM does not name is no finding: nothing is known of it.
    """
    channel = situation.cluster.node_os_channel
    if channel is None or channel.lower() not in _CHANNELS_OFF:
        return None
    message = f"The node OS upgrade channel is {channel}; whether the window counts is unknown."
    return Finding(Reason.NODE_OS_CHANNEL_OFF, message)


def window_tag_unknown(situation: Situation) -> Finding | None:
    """Find that the cluster's tag names a window that is not in the policy."""
    name = situation.choice.unknown_tag
    if name is None:
        return None
    message = f"The tag names the window '{name}', which the policy does not have: rules decide."
    return Finding(Reason.WINDOW_TAG_UNKNOWN, message)


def exemption_expired(situation: Situation) -> Finding | None:
    """Find that the cluster was exempt, and is not any more."""
    leave = situation.choice.expired
    if leave is None:
        return None
    message = f"The exemption ended on {leave.until} ({leave.owner}: {leave.reason})."
    return Finding(Reason.EXEMPTION_EXPIRED, message)


def up_to_date(_: Situation) -> Finding:
    """Say that nothing is wrong."""
    return Finding(Reason.UP_TO_DATE, "An explicit node OS schedule is in place.")


def _is_far_ahead(start_date: date, situation: Situation) -> bool:
    window = situation.window
    horizon = situation.now + situation.desired.horizon
    return window is not None and start_date > window.local_date(horizon) + FAR_AHEAD


def _held_back(situation: Situation) -> bool:
    window = situation.plain_window
    if window is None or window.start_date is None:
        return False
    first = replace(window, start_date=None).next_start(situation.now + situation.desired.horizon)
    return first is not None and window.local_date(first.start) < window.start_date


def _all_blocked(window: MaintenanceWindow, now: datetime) -> bool:
    coming = list(islice(replace(window, not_allowed_dates=()).occurrences(now), 2))
    allowed = next(window.occurrences(now), None)
    if allowed is None:
        return bool(coming)
    return allowed.start >= now + LOOK_AHEAD and allowed.start > coming[-1].start


_OPT_OUT = ("naptime", "off")


def not_auto_provisioned(cluster: ObservedCluster, _: Desired, __: Choice) -> Finding | None:
    """Find that the cluster has no node auto-provisioning."""
    if cluster.auto_provisioning:
        return None
    return Finding(Reason.NOT_AUTO_PROVISIONED, "The cluster does not have node auto-provisioning.")


def excluded(cluster: ObservedCluster, desired: Desired, _: Choice) -> Finding | None:
    """Find that a tag or the settings exclude the cluster."""
    # A blank at an end is seen by nobody who looks at a tag.
    tags = {(key.strip().lower(), value.strip().lower()) for key, value in cluster.tags.items()}
    if _OPT_OUT in tags:
        return Finding(Reason.EXCLUDED, "The tag naptime=off excludes the cluster.")
    if any(scope.covers(cluster.id) for scope in desired.excluded):
        return Finding(Reason.EXCLUDED, "The setting NAPTIME_EXCLUDE names the cluster.")
    return None


def exempt(_: ObservedCluster, __: Desired, choice: Choice) -> Finding | None:
    """Find that a rule exempts the cluster, until a day that has not passed."""
    match choice.use:
        case Leave(until, owner, reason):
            message = f"Rule '{choice.rule}' exempts the cluster until {until} ({owner}: {reason})."
            return Finding(Reason.EXEMPT, message)
        case _:
            return None


def deleting(cluster: ObservedCluster, _: Desired, __: Choice) -> Finding | None:
    """Find that the cluster is being deleted."""
    if cluster.provisioning_state.lower() != "deleting":
        return None
    return Finding(Reason.CLUSTER_DELETING, "The cluster is being deleted.")


def creating(cluster: ObservedCluster, _: Desired, __: Choice) -> Finding | None:
    """Find that the cluster is still being created."""
    if cluster.provisioning_state.lower() != "creating":
        return None
    return Finding(Reason.CLUSTER_CREATING, "The cluster is still being created.")
