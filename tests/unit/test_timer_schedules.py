"""Timers' schedules: what Azure wakes an app for is taken, everything else is refused by name."""

from pathlib import Path
from runpy import run_path

import pytest

from shared.domain.errors import InvalidSetting
from shared.settings import read_settings
from shared.timer_schedules import TIMERS, timer_schedule
from tests.clusters import SUBSCRIPTION

ROOT = Path(__file__).parents[2]
SWEEP = "NAPTIME_SWEEP_SCHEDULE"


@pytest.mark.parametrize(
    "written",
    [
        *TIMERS.values(),
        "0 0 2 * * *",
        "  0   0 2 * * *  ",
        "*/30 * * * * *",
        "0 0 8-18/2 * * MON-FRI",
        "0 0 8-18/2 * * monday-Friday",
        "0,30 5 0 1,15 JAN-mar *",
        "0 0 0 29 2 *",
        "0 0 0 29 February *",
        "0 0 0 31 1-2 *",
        "0 0 22-6 * * FRI-MON",
        "*/0 0 0 * * *",
        "5/10 0 0 * * Su",
    ],
)
def test_what_azure_wakes_the_app_for(written: str) -> None:
    """Six fields of numbers, names, lists, ranges and steps."""
    assert timer_schedule({SWEEP: written}, SWEEP) == written.strip()


@pytest.mark.parametrize(
    ("written", "named"),
    [
        ("*/5 * * * *", "has 5"),
        ("0 0 * * * * *", "has 7"),
        ("01:00:00", "has 1"),
        ("%SWEEP%", "has 1"),
        ("hourly", "has 1"),
        ("0 0 2 ? * *", "'?'"),
        ("0 0 2 * * ?", "'?'"),
        ("0 0 2 L * *", "'L'"),
        ("0 0 2 * * 1#2", "'1#2'"),
        ("0 0 2 * * 7", "day of the week from 0 to 6"),
        ("0 0 24 * * *", "hour from 0 to 23"),
        ("60 0 2 * * *", "second from 0 to 59"),
        ("0 0 2 0 * *", "day of the month from 1 to 31"),
        ("0 0 2 * 13 *", "month from 1 to 12"),
        ("0 0 2 * * Mondayx", "'Mondayx'"),
        ("0 0 2 * * MON-", "''"),
        ("0 0 -2 * * *", "''"),
        ("0 0 2, * * *", "''"),
        ("0 0 2/ * * *", "'2/'"),
        ("0 0 */x * * *", "'*/x'"),
        ("0 0 */-1 * * *", "'*/-1'"),
        ("0 0 ٣ * * *", "'٣'"),
        ("0 0 0 31 2 *", "never fire"),
        ("0 0 0 30,31 feb *", "never fire"),
        ("0 0 0 31 4,6,9,11 *", "never fire"),
    ],
)
def test_what_azure_would_never_wake_the_app_for(written: str, named: str) -> None:
    """The error names the variable, its value and what is wrong with it."""
    with pytest.raises(InvalidSetting) as refused:
        timer_schedule({SWEEP: written}, SWEEP)
    (problem,) = refused.value.problems
    assert (problem.field, problem.value) == (SWEEP, written)
    assert named in problem.rule


@pytest.mark.parametrize("name", TIMERS)
def test_each_timer_is_checked_with_all_settings(name: str) -> None:
    """A schedule that is wrong is as wrong as any other setting."""
    environment = {
        "NAPTIME_SUBSCRIPTIONS": SUBSCRIPTION,
        "AzureWebJobsStorage": "UseDevelopmentStorage=true",
    }
    read_settings({**environment, name: " "})
    with pytest.raises(InvalidSetting, match=name):
        read_settings({**environment, name: "*/5 * * * *"})


def test_the_app_does_not_load_with_a_timer_that_never_fires(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Where the host would read a schedule, it is refused with the variable's name."""
    monkeypatch.setenv(SWEEP, "*/5 * * * *")
    with pytest.raises(InvalidSetting, match=SWEEP):
        run_path(str(ROOT / "functions" / "timers.py"))
