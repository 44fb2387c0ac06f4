"""Drift of what naptime wrote: found field by field, changed only where nothing is lost by it."""

from collections.abc import Iterator
from copy import replace
from datetime import UTC, date, datetime, time, timedelta, timezone

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.domain.deciding.own.drift import LONGEST_WITHOUT, Drift, Owned, back_to, drift_of
from shared.domain.deciding.written import Author, Written, canonical
from shared.domain.policy.windows import NamedWindow
from shared.domain.policy.zones import parse_zone
from shared.domain.window.recurrence import Daily, Weekday, Weekly
from shared.domain.window.starts import MINIMUM_LEAD
from shared.domain.window.window import DateSpan, MaintenanceWindow
from tests.unit.domain.policy.test_windows import nows, some_cluster, windows

LEAD = timedelta(minutes=40)
MARGIN = MINIMUM_LEAD + timedelta(seconds=30)
BERLIN = parse_zone("Europe/Berlin")
HALF_AN_HOUR = timedelta(minutes=30)

SUNDAY = NamedWindow("w", Weekly(1, Weekday.SUNDAY), time(2), 4, BERLIN)
WEDNESDAY = NamedWindow("w", Weekly(1, Weekday.WEDNESDAY), time(22), 4, BERLIN)
TUESDAY = NamedWindow("w", Weekly(1, Weekday.TUESDAY), time(22), 4, BERLIN)
NIGHTLY = NamedWindow("w", Daily(1), time(1), 20, BERLIN)


def owned(
    window: MaintenanceWindow, at: datetime, now: datetime, opened: datetime | None = None
) -> Owned:
    """Make what naptime wrote at an instant, as it is seen at another."""
    written = Written(canonical(window, at), at, Author.NAPTIME, opened=opened)
    return Owned(some_cluster(), written, window, now, LEAD, MARGIN)


def written_by(rule: NamedWindow, at: datetime, now: datetime) -> Owned:
    """Make what naptime wrote by a rule."""
    return owned(rule.planned(some_cluster(), at, LEAD), at, now)


def drift(rule: NamedWindow, at: datetime, now: datetime, wanted: NamedWindow) -> Drift:
    """Find the drift that there is."""
    found = drift_of(written_by(rule, at, now), wanted)
    assert found
    return found


FRIDAY = datetime(2026, 11, 27, 16, tzinfo=UTC)


def test_what_is_as_it_was_written_has_not_drifted() -> None:
    """A schedule that the policy still wants is left alone, whenever one looks."""
    for days in range(100):
        now = FRIDAY + timedelta(days=days, hours=days % 24)
        assert drift_of(written_by(SUNDAY, FRIDAY, now), SUNDAY) is None


def test_every_field_that_differs_is_named_with_both_values() -> None:
    """Another day, hour, length and zone are four changes; the start date is none."""
    other = NamedWindow("w", Weekly(1, Weekday.MONDAY), time(3), 6, timezone(timedelta(hours=2)))
    found = drift(SUNDAY, FRIDAY, FRIDAY, other)
    assert [change.to_json() for change in found.changes] == [
        {
            "path": "maintenanceWindow.schedule.weekly.dayOfWeek",
            "observed": "Sunday",
            "desired": "Monday",
        },
        {"path": "maintenanceWindow.durationHours", "observed": 4, "desired": 6},
        {"path": "maintenanceWindow.utcOffset", "observed": "+01:00", "desired": "+02:00"},
        {"path": "maintenanceWindow.startTime", "observed": "02:00", "desired": "03:00"},
    ]
    assert not found.clocks


# Sunday's window of the default example: 2026-11-29 01:00Z to 05:00Z.
WAITS = [
    ("two days before", datetime(2026, 11, 27, 16, tzinfo=UTC), None),
    ("31 minutes before", datetime(2026, 11, 29, 0, 29, tzinfo=UTC), None),
    ("30 minutes before", datetime(2026, 11, 29, 0, 30, tzinfo=UTC), "2026-11-29T05:00:00Z"),
    ("as it opens", datetime(2026, 11, 29, 1, tzinfo=UTC), "2026-11-29T05:00:00Z"),
    ("a minute before its end", datetime(2026, 11, 29, 4, 59, tzinfo=UTC), "2026-11-29T05:00:00Z"),
    ("at its end", datetime(2026, 11, 29, 5, tzinfo=UTC), None),
]


@pytest.mark.parametrize(("name", "now", "until"), WAITS)
def test_an_open_window_is_not_changed(name: str, now: datetime, until: str | None) -> None:
    """While it is open, or opens within half an hour, a change waits for its end."""
    assert name
    monday = NamedWindow("w", Weekly(1, Weekday.MONDAY), time(2), 4, BERLIN)
    shown = drift(SUNDAY, FRIDAY - timedelta(days=30), now, monday).to_json()
    assert shown.get("waitsUntil") == until


def test_an_opening_is_not_given_up_for_one_a_week_later() -> None:
    """On Tuesday night a change from Wednesday to Tuesday would leave 13 days without any."""
    tuesday_night = datetime(2026, 12, 1, 21, tzinfo=UTC)
    found = drift(WEDNESDAY, FRIDAY - timedelta(days=30), tuesday_night, TUESDAY)
    assert found.wait
    assert found.wait.until == datetime(2026, 12, 3, 1, tzinfo=UTC)
    after = drift(WEDNESDAY, FRIDAY - timedelta(days=30), found.wait.until, TUESDAY)
    assert after.wait is None
    first = after.window.next_start(found.wait.until)
    assert first
    assert first.start == datetime(2026, 12, 8, 21, tzinfo=UTC)


def test_what_was_written_just_now_has_not_opened_yet() -> None:
    """Openings before the schedule was written were another's: two changes in a row lose nothing.

    On Monday a Sunday schedule became one for Monday, which opens in a week. To make it one for
    Sunday again is fine; to make it one for the Monday night after the next is not.
    """
    monday = datetime(2026, 11, 30, 12, tzinfo=UTC)
    sunday_opened = datetime(2026, 11, 29, 5, tzinfo=UTC)
    mondays = NamedWindow("w", Weekly(1, Weekday.MONDAY), time(2), 4, BERLIN)
    changed = mondays.planned(some_cluster(), monday, LEAD)
    seen = owned(changed, monday, monday + timedelta(hours=1), opened=sunday_opened)
    assert seen.last_opened == sunday_opened
    later = replace(seen, now=datetime(2026, 12, 6, 23, 30, tzinfo=UTC))
    back = drift_of(later, NamedWindow("w", Weekly(1, Weekday.SUNDAY), time(0), 4, BERLIN))
    assert back
    assert back.wait
    assert back.wait.until == datetime(2026, 12, 7, 5, tzinfo=UTC)


def test_another_zone_is_a_change_of_the_policy() -> None:
    """Berlin and Athens differ by an hour in every season, and no clock has changed for that."""
    athens = replace(SUNDAY, zone=parse_zone("Europe/Athens"))
    for at in (FRIDAY, datetime(2027, 7, 1, tzinfo=UTC)):
        found = drift(SUNDAY, at, at + timedelta(hours=1), athens)
        assert not found.clocks
    fixed = replace(SUNDAY, zone=timezone(timedelta(hours=2)))
    assert not drift(SUNDAY, FRIDAY, FRIDAY, fixed).clocks


SPRING, AUTUMN = datetime(2027, 3, 28, 1, tzinfo=UTC), datetime(2026, 10, 25, 1, tzinfo=UTC)


@pytest.mark.parametrize("flip", [SPRING, AUTUMN])
@pytest.mark.parametrize("rule", [SUNDAY, WEDNESDAY, NIGHTLY])
def test_the_clocks_change_between_two_openings(rule: NamedWindow, flip: datetime) -> None:
    """Between the last opening at the old offset and the first at the new one, and not before.

    With a look every half hour every opening is at its wall clock time, and none is lost.
    """
    begin, end = flip - timedelta(days=15), flip + timedelta(days=15)
    opened, flips = openings_kept_right(rule, begin, end, HALF_AN_HOUR)
    assert opened == wall_clock_openings(rule, begin, end)
    assert len(flips) == 1


def test_a_flip_that_was_missed_costs_one_opening_its_hour_and_no_opening() -> None:
    """Where nobody looked in time, one opening is an hour late, and the next is right again."""
    seen = written_by(SUNDAY, FRIDAY, SPRING + timedelta(minutes=10))
    late = drift_of(seen, SUNDAY)
    assert late
    assert late.clocks
    assert late.wait
    assert late.wait.until == datetime(2027, 3, 28, 5, tzinfo=UTC)
    mended = drift_of(replace(seen, now=late.wait.until), SUNDAY)
    assert mended
    assert mended.wait is None
    first = mended.window.next_start(late.wait.until)
    assert first
    assert first.start == datetime(2027, 4, 4, 0, tzinfo=UTC)


def test_a_start_at_the_old_hour_is_not_given_up_for_tomorrow() -> None:
    """When the start that the clocks now want has passed, the one at the old hour is waited for."""
    rule = NamedWindow("w", Daily(1), time(3), 4, BERLIN)
    between = datetime(2027, 3, 28, 1, 25, tzinfo=UTC)
    found = drift(rule, FRIDAY, between, rule)
    assert found.clocks
    assert found.wait
    assert found.wait.why == "the opening at 2027-03-28T02:00:00Z would be lost."
    assert found.wait.until == datetime(2027, 3, 28, 6, tzinfo=UTC)


def test_of_a_window_whose_days_are_not_certain_no_opening_counts() -> None:
    """Nobody knows in which week it opens: only what was on record before it has happened."""
    opened = FRIDAY - timedelta(days=9)
    window = MaintenanceWindow(Weekly(2, Weekday.SUNDAY), time(1), 4)
    seen = owned(window, FRIDAY, FRIDAY + timedelta(days=20), opened=opened)
    assert seen.last_opened == opened
    assert replace(seen, written=replace(seen.written, opened=None)).last_opened == FRIDAY


def test_a_window_that_never_opens_is_changed_at_once() -> None:
    """Where not-allowed dates leave no opening there is none to wait for, and none that counts."""
    window = SUNDAY.planned(some_cluster(), FRIDAY, LEAD)
    never = replace(window, not_allowed_dates=(DateSpan(date(2026, 1, 1), date.max),))
    found = drift_of(owned(never, FRIDAY, FRIDAY), SUNDAY)
    assert found
    assert found.wait is None
    assert owned(never, FRIDAY, FRIDAY + timedelta(days=20)).last_opened == FRIDAY


def test_a_last_opening_is_waited_out() -> None:
    """Where not-allowed dates leave no other opening, the change waits for the end of this one."""
    window = SUNDAY.planned(some_cluster(), FRIDAY, LEAD)
    last = replace(window, not_allowed_dates=(DateSpan(date(2026, 11, 30), date.max),))
    found = drift_of(owned(last, FRIDAY, datetime(2026, 11, 29, 2, tzinfo=UTC)), WEDNESDAY)
    assert found
    assert found.wait
    assert found.wait.until == datetime(2026, 11, 29, 5, tzinfo=UTC)


def test_what_is_there_already_is_not_put_back() -> None:
    """Putting back the very window that is there, or one that never opens, changes nothing."""
    seen = written_by(SUNDAY, FRIDAY, FRIDAY)
    assert back_to(seen, seen.window) is None
    never = DateSpan(date(2026, 1, 1), date.max)
    assert back_to(seen, replace(seen.window, not_allowed_dates=(never,))) is None


@settings(max_examples=40)
@given(rule=windows, now=nows, minutes=st.integers(7, 90), number=st.integers(0, 1))
def test_clocks_cost_no_opening_in_any_zone(
    rule: NamedWindow, now: datetime, minutes: int, number: int
) -> None:
    """In every zone, whatever its clocks do: what is changed for them starts in time and is right.

    And with looks that come often enough, no opening is lost or more than eight days away.
    """
    end = now + timedelta(days=9 + number)
    seen = written_by(rule, now, now)
    last = now
    for at in looks(now, end, timedelta(minutes=minutes * 10)):
        seen = replace(seen, now=at)
        found = drift_of(seen, rule)
        if found is None or found.wait:
            continue
        assert found.clocks
        seen = changed(seen, found)
        assert next(seen.window.occurrences(at)).start >= at + LEAD
        coming = seen.window.next_start(at)
        assert coming
        assert coming.start - last <= LONGEST_WITHOUT


@settings(max_examples=60)
@given(before=windows, wanted=windows, now=nows, days=st.integers(0, 15))
def test_no_change_leaves_eight_days_without_an_opening(
    before: NamedWindow, wanted: NamedWindow, now: datetime, days: int
) -> None:
    """Whatever a policy becomes, and whenever: the next opening is within eight days of the last.

    It is at least the lead time ahead, and comes as soon as the rule and the lead time let it.
    """
    seen = written_by(before, now - timedelta(days=days), now)
    for at in looks(now, now + timedelta(days=9), timedelta(hours=1)):
        seen = replace(seen, now=at)
        found = drift_of(seen, wanted)
        if found is None:
            break
        if found.wait:
            assert at < found.wait.until
            continue
        coming = next(found.window.occurrences(at))
        _, soonest = wanted.coming(some_cluster(), at + LEAD)
        assert at + LEAD <= coming.start == soonest
        old = next(seen.window.occurrences(at))
        assert old.start >= at + MARGIN
        assert coming.start <= max(seen.last_opened + LONGEST_WITHOUT, old.start)
        assert drift_of(changed(seen, found), wanted) is None
        return
    assert drift_of(seen, wanted) is None or _never_closes_for_long(before)


@settings(max_examples=30)
@given(before=windows, wanted=windows, now=nows)
def test_what_was_changed_can_be_put_back(
    before: NamedWindow, wanted: NamedWindow, now: datetime
) -> None:
    """Putting back is the same change the other way, and is held to the same."""
    seen = written_by(before, now, now)
    found = drift_of(seen, wanted)
    if found is None:
        return
    after = changed(replace(seen, now=now), found)
    back = back_to(after, before.planned(some_cluster(), now, LEAD))
    assert back
    assert (back.before, back.after) == (found.after, found.before)


def _never_closes_for_long(rule: NamedWindow) -> bool:
    """Say whether the window is open but for an hour of every day, or all the time."""
    return isinstance(rule.on, Daily) and rule.hours_each > 22


def looks(now: datetime, end: datetime, every: timedelta) -> Iterator[datetime]:
    """Give when somebody looks."""
    while now < end:
        yield now
        now += every


def changed(seen: Owned, found: Drift) -> Owned:
    """Write what is wanted."""
    written = Written(found.after, seen.now, Author.NAPTIME, opened=seen.last_opened)
    return replace(seen, window=found.window, written=written)


def openings_kept_right(
    rule: NamedWindow, begin: datetime, end: datetime, every: timedelta
) -> tuple[list[datetime], list[datetime]]:
    """Look again and again, and give the openings that there were, and when something changed."""
    seen = written_by(rule, begin, begin)
    opened, flips = list[datetime](), list[datetime]()
    for at in looks(begin, end, every):
        opened += starts_between(seen.window, at - every, at)
        seen = replace(seen, now=at)
        found = drift_of(seen, rule)
        if found and not found.wait:
            assert found.clocks
            seen, flips = changed(seen, found), [*flips, at]
    return opened, flips


def starts_between(window: MaintenanceWindow, begin: datetime, end: datetime) -> list[datetime]:
    """Give the starts in a stretch of time."""
    found = list[datetime]()
    for each in window.occurrences(begin):
        if each.start >= end:
            return found
        found += [each.start] if each.start >= begin else []
    return found


def wall_clock_openings(rule: NamedWindow, begin: datetime, end: datetime) -> list[datetime]:
    """Give the starts by the zone's own clock, from the lead time on."""
    found, after = list[datetime](), begin + LEAD
    while True:
        _, start = rule.coming(some_cluster(), after)
        if start >= end - HALF_AN_HOUR:
            return found
        found.append(start)
        after = start + timedelta(seconds=1)
