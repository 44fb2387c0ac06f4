"""Policies of one window, for the tests that are not about policies."""

from datetime import timezone

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
