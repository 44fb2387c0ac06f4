"""What naptime wrote, and whether it is still there: by the record, at an instant."""

from copy import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given

from shared.domain.deciding.decision import Decision, Desired
from shared.domain.deciding.observed import ObservedConfiguration, ObservedSchedule
from shared.domain.deciding.own.standing import Standing
from shared.domain.deciding.policy import decide
from shared.domain.deciding.written import Author, Written, canonical, made_by
from shared.domain.policy.choose import Policy
from shared.domain.policy.windows import NamedWindow
from shared.domain.vocabulary.invalid import InvalidWindow
from shared.domain.vocabulary.reasons import Reason
from shared.domain.vocabulary.rows import Row
from shared.domain.window.body import read_window, write_window
from shared.domain.window.recurrence import Weekday, Weekly
from shared.domain.window.window import MaintenanceWindow
from tests.unit.domain.examples import SUNDAYS, at, cluster, configuration
from tests.unit.domain.strategies import windows

NOW = at("2026-11-22 12:00")
THEIRS = MaintenanceWindow(Weekly(1, Weekday.FRIDAY), at("2026-11-22 03:00").time(), 4)
BERLIN = ZoneInfo("Europe/Berlin")
WINTER, SUMMER = datetime(2027, 1, 5, tzinfo=UTC), datetime(2027, 6, 1, tzinfo=UTC)


def record(window: MaintenanceWindow, by: Author = Author.NAPTIME) -> Written:
    """Give the record of a write a day ago."""
    return Written(canonical(window, NOW), NOW - timedelta(days=1), by, "weekend", "0123")


def decided(
    seen: MaintenanceWindow,
    written: Written | None,
    now: datetime = NOW,
    policy: Policy | None = None,
) -> Decision:
    """Decide for a cluster whose schedule is seen."""
    there = ObservedConfiguration("aksManagedNodeOSUpgradeSchedule", write_properties(seen))
    desired = Desired(policy) if policy else DESIRED
    return decide(cluster(), [there], desired, now, Standing(written))


def write_properties(window: MaintenanceWindow) -> dict[str, object]:
    """Give the properties of a configuration that has a window."""
    return {"maintenanceWindow": write_window(window)}


ZONED = NamedWindow("weekend", Weekly(1, Weekday.SUNDAY), at("2026-11-22 02:00").time(), 4, BERLIN)
DESIRED = Desired(Policy.of_one(ZONED))


@given(windows)
def test_a_record_is_read_as_it_was_written(window: MaintenanceWindow) -> None:
    """As a row and as JSON, whatever the window; what was let go is one certain write."""
    written = record(window)
    row = Row("p", "k", written.to_values(), "")
    assert Written.of(row) == written
    assert Written.from_json(written.to_json()) == written
    let_go = replace(row, values={**row.values, "letGo": written.at})
    assert Written.of(let_go) == replace(written, let_go=True)
    earlier = replace(row, values={**row.values, "letGo": written.at - timedelta(days=9)})
    assert Written.of(earlier) == written


def test_a_day_that_passes_changes_nothing() -> None:
    """A not-allowed date that was still to come at the write, and has passed: it is the same."""
    holidays = [{"start": "2026-12-24", "end": "2026-12-26"}]
    window = read_window({**write_window(SUNDAYS), "notAllowedDates": holidays})
    later = at("2027-01-10 12:00")
    for by in Author:
        assert record(window, by).is_still(window, later)
        assert record(window, by).is_still(replace(window, not_allowed_dates=()), later)
        assert not record(window, by).is_still(THEIRS, later)


@pytest.mark.parametrize(
    ("by", "said"),
    [
        (Author.NAPTIME, "naptime, 2026-11-21"),
        (Author.PERSON, "a person through naptime"),
        (Author.ADOPTED, "naptime, which took it over, 2026-11-21"),
        (Author.RESTORED, "somebody else; naptime gave it back, 2026-11-21"),
    ],
)
def test_who_made_a_schedule(by: Author, said: str) -> None:
    """It is said of what is still there as it was written; what was changed is somebody else's."""
    assert made_by(record(SUNDAYS, by), SUNDAYS, NOW) == said
    assert made_by(record(SUNDAYS, by), THEIRS, NOW) == "somebody else"
    assert made_by(None, SUNDAYS, NOW) == "somebody else"
    assert made_by(record(SUNDAYS, by), None, NOW) is None


def test_what_somebody_changed_is_let_go() -> None:
    """It is said beside what was decided, which stays the same, with when naptime wrote it."""
    written = record(SUNDAYS)
    decision = decided(THEIRS, written)
    assert (decision.reason, decision.lets_go) == (Reason.UP_TO_DATE, written.at)
    assert decision.findings[-1].reason is Reason.SCHEDULE_LET_GO
    assert "2026-11-21" in decision.findings[-1].message
    assert not decision.writes


@pytest.mark.parametrize(
    "written",
    [
        None,
        record(THEIRS),
        record(SUNDAYS, Author.PERSON),
        replace(record(SUNDAYS), let_go=True),
    ],
    ids=["never written", "unchanged", "a person's", "let go before"],
)
def test_what_is_not_let_go(written: Written | None) -> None:
    """What naptime never wrote, what is as it was, a person's, and what was let go before."""
    decision = decided(THEIRS, written)
    assert decision.lets_go is None
    found = {finding.reason for finding in decision.findings}
    assert Reason.SCHEDULE_LET_GO not in found
    assert found <= {Reason.UP_TO_DATE, Reason.OUTDATED}


def test_a_link_is_a_change_and_what_cannot_be_read_is_none_for_certain() -> None:
    """A window that is gone was linked away; of one with new fields nobody knows who it was."""
    written = record(SUNDAYS)
    assert written.is_changed(ObservedSchedule(), NOW)
    unreadable = ObservedSchedule(unreadable=InvalidWindow.because("durationHours", 2, "is short"))
    assert not written.is_changed(unreadable, NOW)
    linked = decide(cluster(), [configuration(None)], DESIRED, NOW, Standing(written))
    assert (linked.reason, linked.lets_go) == (Reason.SCHEDULE_NOT_EXPLICIT, written.at)


def test_a_missing_schedule_is_written_anew() -> None:
    """Where nothing is there, nothing was changed: it is created as ever."""
    decision = decide(cluster(), [], DESIRED, NOW, Standing(record(SUNDAYS)))
    assert (decision.reason, decision.lets_go) == (Reason.SCHEDULE_MISSING, None)


def test_what_was_let_go_is_never_ours_again() -> None:
    """Changed back to the letter, it is still somebody else's."""
    let_go = replace(record(SUNDAYS), let_go=True)
    assert let_go.is_still(SUNDAYS, NOW)
    assert not let_go.is_owned(SUNDAYS, NOW)
    assert made_by(let_go, SUNDAYS, NOW) == "somebody else"


def test_an_offset_that_is_stale_is_found() -> None:
    """It says since when, where it opens now, and what to do; it is what the outcome is for."""
    window = ZONED.planned(cluster().id, WINTER, timedelta(minutes=40))
    written = Written(canonical(window, WINTER), WINTER, Author.NAPTIME)
    assert decided(window, written, WINTER).reason is Reason.UP_TO_DATE
    decision = decided(window, written, SUMMER)
    assert decision.reason is Reason.OFFSET_STALE
    assert decision.finding.message == (
        "Since 2027-03-28T01:00:00Z the clocks of Europe/Berlin are not at +01:00, which the"
        " schedule keeps: it opens at 03:00 there, not at 02:00. Delete it, and naptime writes it"
        " with the offset of now."
    )
    assert not decision.writes


@pytest.mark.parametrize("by", [None, Author.PERSON])
def test_only_an_owned_offset_is_stale(by: Author | None) -> None:
    """A person's offset is a person's wish, and so is one of a schedule nobody knows."""
    window = ZONED.planned(cluster().id, WINTER, timedelta(minutes=40))
    written = Written(canonical(window, WINTER), WINTER, by) if by else None
    assert decided(window, written, SUMMER).reason is Reason.UP_TO_DATE


def test_another_window_is_no_stale_offset() -> None:
    """Where the policy wants another hour by now, the clocks are not what is to be told of."""
    window = ZONED.planned(cluster().id, WINTER, timedelta(minutes=40))
    written = Written(canonical(window, WINTER), WINTER, Author.NAPTIME)
    later = replace(ZONED, start=at("2026-11-22 04:00").time())
    decision = decided(window, written, SUMMER, Policy.of_one(later))
    assert [finding.reason for finding in decision.findings] == [Reason.OUTDATED]
