"""When node auto-provisioning picks up a new node image: not before, possible, certain by.

Every 5 minutes Karpenter compares, by a list of images that it keeps for 72 hours, and takes what
is new if the window is open then; without a window, at any hour (Azure/karpenter-provider-azure,
nodeclass/status/images.go and imagefamily/nodeimage.go). When the list was fetched is not known, so
there is a time in which the image may come, and one by which it must have.
"""

from collections.abc import Iterator
from copy import replace
from datetime import datetime, timedelta

from msgspec import Struct

from shared.domain.deciding.observed import NODE_OS_SCHEDULE, ObservedSchedule
from shared.domain.images.channels import Channels
from shared.domain.window.starts import MINIMUM_LEAD
from shared.domain.window.window import MaintenanceWindow, Occurrence

RECONCILE_EVERY = timedelta(minutes=5)
LIST_KEPT = timedelta(hours=72)
_NODE_OS_CHANNELS_OFF = ("none", "unmanaged")


class Visible(Struct, frozen=True):
    """When an image became visible: not before one instant, and by another."""

    not_before: datetime
    by: datetime


class AnyTime(Struct, frozen=True):
    """Nothing holds the image back: it comes at any hour from `not_before` to `certain_by`, UTC.

    Both are None where no image has been seen: then whatever comes comes at any hour.
    """

    not_before: datetime | None
    certain_by: datetime | None
    why: str


class InWindow(Struct, frozen=True):
    """The image comes within an occurrence of the window; instants in UTC.

    `possible` is the occurrence, open now or next, in which it may come, from when the image is
    there on; None once `certain_by`, the end of the first occurrence that it cannot miss, is past.
    That is None where every occurrence may yet be cut or dropped. An occurrence on the start date
    counts as one that can be missed once it is near: nobody knows when on that day the window was
    written.
    """

    not_before: datetime
    possible: Occurrence | None
    certain_by: datetime | None
    utc_offset: timedelta


class Unknown(Struct, frozen=True):
    """No source tells when the image comes; `why` is a sentence."""

    why: str


type PickUp = AnyTime | InWindow | Unknown


class Forecast(Struct, frozen=True):
    """What is to be expected of an image, and what limits it."""

    pick_up: PickUp
    notes: tuple[str, ...]


def forecast(
    cluster: Channels,
    schedule: ObservedSchedule | None,
    visible_since: datetime,
    now: datetime,
    not_visible_at: datetime | None = None,
) -> Forecast:
    """Say when an image is picked up, if the schedule stays as it is; instants are aware.

    No schedule means that none has the name. The image was visible at `visible_since`; from when
    on is known only so far that it was not at `not_visible_at` (None: from then on). So what comes
    not before counts from the one, and what must have come from the other.
    """
    visible = Visible(not_visible_at or visible_since, visible_since)
    pick_up = _pick_up(schedule, visible, now)
    window = schedule.window if schedule and isinstance(pick_up, InWindow) else None
    notes = (
        _start_note(window, visible.not_before),
        _os_note(cluster, window),
        _patch_note(cluster),
    )
    return Forecast(pick_up, tuple(note for note in notes if note))


def forecast_of_none(cluster: Channels, schedule: ObservedSchedule | None, why: str) -> Forecast:
    """Say what is known without an image; `why` is a sentence that says why there is none."""
    open_why = _why_open(schedule)
    pick_up = AnyTime(None, None, open_why) if open_why else Unknown(why)
    note = _patch_note(cluster)
    return Forecast(pick_up, (note,) if note else ())


def _why_open(schedule: ObservedSchedule | None) -> str | None:
    """Say why nothing holds images back; None if a window does, or may."""
    if schedule is None:
        return f"No configuration is named {NODE_OS_SCHEDULE}."
    if schedule == ObservedSchedule():
        return f"{NODE_OS_SCHEDULE} has no maintenance window; perhaps it links to a shared one."
    return None


def _pick_up(schedule: ObservedSchedule | None, visible: Visible, now: datetime) -> PickUp:
    if why := _why_open(schedule):
        return _any_time(why, visible, now)
    if schedule is None or schedule.window is None:
        problem = schedule.unreadable if schedule else None
        return Unknown(f"The maintenance window cannot be understood: {problem}.")
    if schedule.window.ambiguity:
        return Unknown(schedule.window.ambiguity)
    return _in_window(schedule.window, visible, now)


def _any_time(why: str, visible: Visible, now: datetime) -> AnyTime:
    # A window that was taken away only now may have held the image back until now.
    certain_by = max(visible.by + LIST_KEPT, now) + RECONCILE_EVERY
    return AnyTime(visible.not_before, certain_by, why)


def _in_window(window: MaintenanceWindow, visible: Visible, now: datetime) -> InWindow | Unknown:
    first = next(window.occurrences(visible.not_before), None)
    coming = next(window.occurrences(max(now, visible.not_before)), None)
    certain = next(_certain(window, visible.by, now), None)
    if first is None or (coming is None and certain is None):
        return Unknown("The window has no occurrence any more.")
    is_over = certain is not None and certain.end <= now
    return InWindow(
        not_before=max(first.start, visible.not_before),
        possible=None if is_over or coming is None else _from(visible.not_before, coming),
        certain_by=certain.end if certain else None,
        utc_offset=window.utc_offset,
    )


def _certain(
    window: MaintenanceWindow, visible_since: datetime, now: datetime
) -> Iterator[Occurrence]:
    """Yield the occurrences in which Karpenter must compare by a list that has the image."""
    listed = visible_since + LIST_KEPT + RECONCILE_EVERY
    return (
        found
        for found in window.occurrences(listed)
        if found.certain and _is_in_force(window, found, now)
    )


def _is_in_force(window: MaintenanceWindow, occurrence: Occurrence, now: datetime) -> bool:
    """Say whether the window was surely written in time for an occurrence.

    On its start date it may have been written within the occurrence, or too shortly before it.
    """
    if window.start_date is None or occurrence.start >= now + MINIMUM_LEAD:
        return True
    return window.local_date(occurrence.start) > window.start_date


def _from(instant: datetime, occurrence: Occurrence) -> Occurrence:
    return replace(occurrence, start=max(instant, occurrence.start))


def _start_note(window: MaintenanceWindow | None, visible_since: datetime) -> str | None:
    # ARM makes the start date the day of the write, unless it is given one ahead.
    if window is None or window.start_date is None:
        return None
    if window.start_date < window.local_date(visible_since):
        return None
    return (
        f"The window counts from {window.start_date} on: until it was in force, the image may have "
        "come at any hour."
    )


def _os_note(cluster: Channels, window: MaintenanceWindow | None) -> str | None:
    channel = cluster.node_os_channel
    if window is None or channel is None or channel.lower() not in _NODE_OS_CHANNELS_OFF:
        return None
    return f"The node OS upgrade channel is {channel}; whether the window counts is unknown."


def _patch_note(cluster: Channels) -> str | None:
    # Azure/karpenter-provider-azure#1439: managed node auto-provisioning takes no security patches.
    if (cluster.node_os_channel or "").lower() != "securitypatch":
        return None
    return (
        f"The node OS upgrade channel is {cluster.node_os_channel}, which node auto-provisioning "
        "does not follow: its nodes get no patches between node images."
    )
