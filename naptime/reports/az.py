"""The `az` commands that do or show the same as naptime does."""

import shlex
from typing import Final, assert_never

from shared.domain.deciding.observed import NODE_OS_SCHEDULE
from shared.domain.vocabulary.ids import ClusterId
from shared.domain.window.recurrence import (
    AbsoluteMonthly,
    Daily,
    Recurrence,
    RelativeMonthly,
    Weekly,
)
from shared.domain.window.text import offset_text
from shared.domain.window.window import MaintenanceWindow

_COMMAND: Final = "az aks maintenanceconfiguration"


def az_show(cluster_id: ClusterId, name: str = NODE_OS_SCHEDULE) -> str:
    """Write the command that shows the schedule."""
    return shlex.join([*_COMMAND.split(), "show", *_of(cluster_id, name)])


def az_add(cluster_id: ClusterId, window: MaintenanceWindow) -> str:
    """Write the command that creates the schedule with this window."""
    words = [*_COMMAND.split(), "add", *_of(cluster_id, NODE_OS_SCHEDULE)]
    words += _schedule(window.recurrence)
    words += ["--start-time", f"{window.start_time:%H:%M}"]
    words += ["--duration", str(window.duration_hours)]
    # One word: az would take -08:00 for the name of an option.
    words.append(f"--utc-offset={offset_text(window.utc_offset)}")
    if window.start_date:
        words += ["--start-date", window.start_date.isoformat()]
    return shlex.join(words)


def _of(cluster_id: ClusterId, name: str) -> list[str]:
    return [
        *("--subscription", cluster_id.subscription_id),
        *("-g", cluster_id.resource_group, "--cluster-name", cluster_id.name),
        *("-n", name),
    ]


def _schedule(recurrence: Recurrence) -> list[str]:
    match recurrence:
        case Daily(days):
            return ["--schedule-type", "Daily", "--interval-days", str(days)]
        case Weekly(weeks, day):
            interval = ["--interval-weeks", str(weeks)]
            return ["--schedule-type", "Weekly", "--day-of-week", day.value, *interval]
        case AbsoluteMonthly(months, day_of_month):
            on = ["--day-of-month", str(day_of_month)]
            interval = ["--interval-months", str(months)]
            return ["--schedule-type", "AbsoluteMonthly", *on, *interval]
        case RelativeMonthly(months, index, day):
            on = ["--week-index", index.value, "--day-of-week", day.value]
            interval = ["--interval-months", str(months)]
            return ["--schedule-type", "RelativeMonthly", *on, *interval]
        case _:
            assert_never(recurrence)
