"""The `az` command that does the same as naptime would."""

import shlex
from copy import replace
from datetime import date, timedelta

import pytest

from naptime.reports.az import az_add, az_show
from shared.domain.vocabulary.ids import ClusterId
from shared.domain.window.recurrence import (
    AbsoluteMonthly,
    Daily,
    Recurrence,
    RelativeMonthly,
    Weekday,
    WeekIndex,
    Weekly,
)
from tests.clusters import SUBSCRIPTION, cluster_id
from tests.service_world import SUNDAY_NIGHT


@pytest.mark.parametrize(
    ("recurrence", "words"),
    [
        (Daily(2), "--schedule-type Daily --interval-days 2"),
        (
            Weekly(1, Weekday.SUNDAY),
            "--schedule-type Weekly --day-of-week Sunday --interval-weeks 1",
        ),
        (
            AbsoluteMonthly(3, 15),
            "--schedule-type AbsoluteMonthly --day-of-month 15 --interval-months 3",
        ),
        (
            RelativeMonthly(1, WeekIndex.LAST, Weekday.FRIDAY),
            (
                "--schedule-type RelativeMonthly --week-index Last --day-of-week Friday"
                " --interval-months 1"
            ),
        ),
    ],
)
def test_every_recurrence(recurrence: Recurrence, words: str) -> None:
    """Each recurrence has the options that az asks for."""
    window = replace(SUNDAY_NIGHT, recurrence=recurrence, utc_offset=timedelta(hours=-8))
    command = az_add(cluster_id(), replace(window, start_date=date(2026, 12, 1)))
    assert command == (
        f"az aks maintenanceconfiguration add --subscription {SUBSCRIPTION} -g rg-1"
        f" --cluster-name aks-1 -n aksManagedNodeOSUpgradeSchedule {words} --start-time 01:00"
        " --duration 4 --utc-offset=-08:00 --start-date 2026-12-01"
    )


def test_a_shell_takes_it_as_it_is() -> None:
    """What a shell would take for its own is quoted."""
    odd = ClusterId.of(SUBSCRIPTION, "rg-(x)", "aks-1")
    words = shlex.split(az_show(odd, "AKSManagedNodeOSUpgradeSchedule"))
    assert words[words.index("-g") + 1] == "rg-(x)"
    assert words[-1] == "AKSManagedNodeOSUpgradeSchedule"
