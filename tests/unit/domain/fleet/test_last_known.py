"""What is remembered of a cluster, in its row: written and read again, also by later versions."""

from copy import replace
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.domain.deciding.last_outcome import schedule_from_text, schedule_to_text
from shared.domain.deciding.observed import ObservedSchedule, SeenSchedule
from shared.domain.fleet.last_known import LastKnown, Remembered
from shared.domain.images.channels import KnownCluster
from shared.domain.vocabulary.invalid import InvalidWindow, Problem
from shared.domain.vocabulary.rows import Row, Values
from shared.domain.window.window import DateSpan
from shared.reconcile.shown.known_json import known_json
from tests.unit.domain.deciding.test_outcome import CREATED
from tests.unit.domain.examples import SUNDAYS, at, cluster
from tests.unit.domain.strategies import windows

NOW = at("2026-11-22 12:00")
SEEN = replace(
    CREATED,
    cluster=cluster(
        autoUpgradeProfile={"upgradeChannel": "stable", "nodeOSUpgradeChannel": "None"},
        nodeResourceGroup="MC_rg_Aks_westeurope",
    ),
    schedule=SeenSchedule(ObservedSchedule(SUNDAYS)),
    auto_upgrade=SeenSchedule(None),
)


def row(values: Values) -> Row:
    """Give a row with these values."""
    return Row("p", "known:k", values, "")


def test_what_was_seen_is_remembered() -> None:
    """Channels, node resource group and schedule are in the row, beside the outcome."""
    assert SEEN.schedule
    known = Remembered.of(row(LastKnown(SEEN, NOW, NOW).to_values()))
    text = schedule_to_text(SEEN.schedule)
    assert known.forecast_needs == KnownCluster("None", "stable", text, "null", cluster().sku)
    assert known.node_resource_group == "mc_rg_aks_westeurope"
    assert known.location == "westeurope"
    assert known.explicit


def test_what_is_no_more_is_forgotten_and_what_was_not_seen_is_kept() -> None:
    """A channel that was turned off goes; an outcome without a look leaves all as it was."""
    before = LastKnown(SEEN, NOW, NOW).to_values()
    bare = replace(SEEN, cluster=cluster(autoUpgradeProfile={}), schedule=SeenSchedule(None))
    after = Remembered.of(row({**before, **LastKnown(bare, NOW, NOW).to_values()}))
    assert after.node_resource_group == ""
    assert after.forecast_needs == KnownCluster(None, None, "null", "null", cluster().sku)
    unread = replace(SEEN, cluster=None, schedule=None, auto_upgrade=None)
    kept = Remembered.of(row({**before, **LastKnown(unread, NOW, NOW).to_values()}))
    assert kept.forecast_needs == Remembered.of(row(before)).forecast_needs


def test_a_row_of_an_earlier_version_is_read() -> None:
    """A row without the newer values says that nothing is known of them."""
    newer = ("nodeGroup", "nodeOS", "upgrade", "schedule", "autoUpgrade", "sku")
    values = LastKnown(SEEN, NOW, NOW).to_values()
    old = Remembered.of(row({name: values[name] for name in values if name not in newer}))
    assert (old.node_resource_group, old.image_age) == ("", None)
    assert old.forecast_needs == KnownCluster(None, None, "")
    shown = known_json(old, [], None)
    assert shown["reason"] == "ScheduleMissing"
    assert shown["imageAge"] is None


@pytest.mark.parametrize(
    ("spans", "kept"), [(100, {"dates", "schedule"}), (400, {"schedule"}), (900, set())]
)
def test_what_has_no_end_is_left_out_where_there_is_no_room(spans: int, kept: set[str]) -> None:
    """A property of a table takes 32,768 characters; a window's not-allowed dates any number."""
    days = [date(2027, 1, 1) + timedelta(days=2 * number) for number in range(spans)]
    window = replace(SUNDAYS, not_allowed_dates=tuple(DateSpan(day, day) for day in days))
    schedule = SeenSchedule(ObservedSchedule(window))
    outcome = replace(SEEN, window=window, schedule=schedule)
    values = LastKnown(outcome, NOW, NOW).to_values()
    assert ("notAllowedDates" in str(values["lastOutcome"])) == ("dates" in kept)
    assert bool(values["schedule"]) == ("schedule" in kept)
    assert all(len(str(value)) < 32_768 for value in values.values())
    assert Remembered.of(Row("p", "k", values, "")).last_outcome["outcome"] == "Created"


@given(st.none() | st.just(ObservedSchedule()) | windows.map(ObservedSchedule))
def test_a_schedule_reads_back_equal(schedule: ObservedSchedule | None) -> None:
    """None, one without a window, and any window: what is written down is what was seen."""
    seen = SeenSchedule(schedule)
    assert schedule_from_text(schedule_to_text(seen)) == seen


def test_an_unreadable_schedule_reads_back() -> None:
    """Why a window cannot be understood is kept."""
    error = InvalidWindow([Problem("startTime", "x", "is odd")])
    found = schedule_from_text(schedule_to_text(SeenSchedule(ObservedSchedule(unreadable=error))))
    assert found
    assert found.schedule
    assert str(found.schedule.unreadable) == str(error)


@pytest.mark.parametrize("text", [""])
def test_nothing_was_seen(text: str) -> None:
    """An empty text is no schedule that was seen, not one that is missing."""
    assert schedule_from_text(text) is None
