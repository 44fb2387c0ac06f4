"""Policies of one window, for the tests that are not about policies."""

from datetime import timedelta, timezone

from shared.clients.clock import SystemClock
from shared.domain.policy.choose import Policy
from shared.domain.policy.windows import NamedWindow
from shared.domain.window.recurrence import Daily, Weekly
from shared.domain.window.window import MaintenanceWindow


def always(window: MaintenanceWindow) -> Policy:
    """Make the policy that gives every cluster this window, which is plain daily or weekly."""
    on = window.recurrence
    if not isinstance(on, Daily | Weekly):
        raise TypeError(f"a policy has no window that is {on}")
    zone = timezone(window.utc_offset)
    return Policy.of_one(
        NamedWindow("settings", on, window.start_time, window.duration_hours, zone)
    )


def weekday(days: int) -> str:
    """Name the day of the week so many days ahead: no window may be open, or about to be."""
    return f"{SystemClock().now() + timedelta(days=days):%A}"


def owning(day: str, update: str = "") -> str:
    """Give a policy that has everything in one window, and keeps what naptime wrote right."""
    window = f'[windows.one]\non = "{day}"\nstart = "12:00"\nhours = 4\nzone = "UTC"\n'
    rule = '[[rules]]\nname = "everything"\nwindow = "one"\n'
    return f'version = 1\n{window}{rule}[update]\nschedules = "owned"\n{update}'
