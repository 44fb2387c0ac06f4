"""Starts spread over clusters: the same for the same cluster, even, and never beyond the spread."""

from collections import Counter
from datetime import UTC, datetime, time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.domain.deciding.decision import Action, Desired
from shared.domain.deciding.observed import observe_cluster
from shared.domain.deciding.policy import decide
from shared.domain.vocabulary.ids import ClusterId
from shared.domain.window.recurrence import Daily, Weekday, Weekly
from shared.domain.window.starts import spread_window
from shared.domain.window.window import MaintenanceWindow
from tests.clusters import SUBSCRIPTION, cluster

NOW = datetime(2026, 11, 17, tzinfo=UTC)
SUNDAY = MaintenanceWindow(Weekly(1, Weekday.SUNDAY), time(1), 4)
LATE = MaintenanceWindow(Weekly(1, Weekday.SATURDAY), time(23), 4)
STEP = timedelta(minutes=15)


def some_cluster(number: int) -> ClusterId:
    """Give one of many clusters."""
    return ClusterId.of(SUBSCRIPTION, "rg", f"aks-{number}")


def shift(window: MaintenanceWindow, spread: timedelta, number: int) -> timedelta:
    """Say how much later a cluster's next start is than the window's own."""
    spread_out = spread_window(window, spread, some_cluster(number))
    plain = window.next_start(NOW)
    assert plain
    shifted = spread_out.next_start(plain.start)
    assert shifted
    return shifted.start - plain.start


def test_no_spread_is_the_window_itself() -> None:
    """By default what is written is what the operator reads in the settings."""
    assert spread_window(SUNDAY, timedelta(), some_cluster(1)) == SUNDAY


@given(number=st.integers(0, 10**9), steps=st.integers(0, 96))
def test_never_beyond_the_spread(number: int, steps: int) -> None:
    """A start comes at most the spread later, in steps of 15 minutes, over midnight as well."""
    for window in (SUNDAY, LATE):
        later = shift(window, steps * STEP, number)
        assert timedelta() <= later <= steps * STEP
        assert later % STEP == timedelta()


def test_evenly() -> None:
    """Ten thousand clusters over four hours: every quarter of an hour gets its share."""
    shifts = Counter(shift(SUNDAY, timedelta(hours=4), number) for number in range(10_000))
    assert len(shifts) == 17
    share = 10_000 / 17
    assert all(0.8 * share < clusters < 1.2 * share for clusters in shifts.values())


def test_the_casing_of_an_id_makes_no_difference() -> None:
    """The same cluster has the same start, however its id is written."""
    spread = timedelta(days=1)
    upper = ClusterId.parse(str(some_cluster(7)).upper())
    assert spread_window(SUNDAY, spread, upper) == spread_window(SUNDAY, spread, some_cluster(7))


@pytest.mark.parametrize("number", range(40))
def test_the_day_moves_along(number: int) -> None:
    """A start that moves over midnight is on the following day of the week."""
    spread_out = spread_window(LATE, timedelta(hours=6), some_cluster(number))
    recurrence = spread_out.recurrence
    assert isinstance(recurrence, Weekly)
    over = spread_out.start_time < time(23)
    assert recurrence.day_of_week is (Weekday.SUNDAY if over else Weekday.SATURDAY)


def test_a_daily_window_stays_daily() -> None:
    """A daily window has another start, and no day to move."""
    daily = MaintenanceWindow(Daily(1), time(23), 4)
    assert spread_window(daily, timedelta(hours=6), some_cluster(3)).recurrence == Daily(1)


def test_what_is_written_is_spread() -> None:
    """The decision for a cluster without a schedule has the cluster's own start."""
    desired = Desired(SUNDAY, spread=timedelta(hours=6))
    observed = observe_cluster(cluster("aks-3"))
    decision = decide(observed, (), desired, NOW)
    assert decision.action is Action.CREATE
    assert decision.window == desired.window_for(observed.id)
