"""Named windows: the wall clock of a zone, spread within the outer bound, written in time."""

from collections import Counter
from datetime import UTC, datetime, time, timedelta, timezone
from functools import cache
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.domain.policy.windows import STEP, NamedWindow, most_spread
from shared.domain.policy.zones import changed_at, offset_at, parse_zone, wall_clock, zone_names
from shared.domain.vocabulary.fields import BrokenRule
from shared.domain.vocabulary.ids import ClusterId
from shared.domain.window.recurrence import Daily, Weekday, Weekly
from tests.clusters import SUBSCRIPTION

LEAD = timedelta(minutes=40)
BERLIN = parse_zone("Europe/Berlin")
SUNDAY = NamedWindow("w", Weekly(1, Weekday.SUNDAY), time(2), 6, BERLIN, timedelta(hours=2))
FIRST, LAST = datetime(2026, 1, 1, tzinfo=UTC), datetime(2030, 1, 1, tzinfo=UTC)

zones = st.sampled_from(sorted(zone_names())).map(parse_zone) | st.integers(-48, 56).map(
    lambda quarters: timezone(quarters * STEP)
)
recurrences = st.just(Daily(1)) | st.builds(Weekly, st.just(1), st.sampled_from(Weekday))
starts = st.times().map(lambda moment: moment.replace(second=0, microsecond=0))
windows = st.integers(4, 20).flatmap(
    lambda hours: st.builds(
        NamedWindow,
        st.just("w"),
        recurrences,
        starts,
        st.just(hours),
        zones,
        st.integers(0, most_spread(hours) // STEP).map(lambda steps: steps * STEP),
    )
)
nows = st.datetimes(FIRST.replace(tzinfo=None), LAST.replace(tzinfo=None), timezones=st.just(UTC))


def some_cluster(number: int = 1) -> ClusterId:
    """Give one of many clusters."""
    return ClusterId.of(SUBSCRIPTION, "rg", f"aks-{number}")


def check(window: NamedWindow, number: int, now: datetime) -> None:
    """Check what would be written at an instant against the zone's own wall clock."""
    planned = window.planned(some_cluster(number), now, LEAD)
    first = planned.next_start(now)
    assert first is not None
    assert first.start >= now + LEAD
    shift = _shift(window, planned.start_time)
    assert timedelta() <= shift <= window.spread
    expected = min(start for start in _wall_clock_starts(window, shift, now) if start >= now + LEAD)
    assert first.start == expected
    assert planned.duration_hours * timedelta(hours=1) + window.spread <= timedelta(
        hours=window.hours
    )
    # It never opens before that, not even in part: nothing is active that overlaps the lead.
    assert next(planned.occurrences(now)).start == first.start


def _shift(window: NamedWindow, start: time) -> timedelta:
    minutes = (start.hour - window.start.hour) * 60 + start.minute - window.start.minute
    return timedelta(minutes=minutes % (24 * 60))


def _wall_clock_starts(window: NamedWindow, shift: timedelta, now: datetime) -> list[datetime]:
    found = []
    for days in range(-2, 11):
        day = datetime.combine((now + timedelta(days=days)).date(), window.start)
        if isinstance(window.on, Daily) or day.strftime("%A") == window.on.day_of_week:
            found.append((day + shift).replace(tzinfo=window.zone).astimezone(UTC))
    return found


@given(windows, st.integers(0, 10**6), nows)
def test_what_is_written_starts_by_the_wall_clock(
    window: NamedWindow, number: int, now: datetime
) -> None:
    """The first start is the first wall clock time that is far enough ahead."""
    check(window, number, now)


@pytest.mark.parametrize("weekday", Weekday)
def test_every_zone_over_four_years(weekday: Weekday) -> None:
    """In every zone, around every change of its clocks, and every 50 days between."""
    for name in sorted(zone_names()):
        window = NamedWindow("w", Weekly(1, weekday), time(2, 30), 4, parse_zone(name))
        for now in (*_around_changes(name), *_every(timedelta(days=180))):
            check(window, 1, now)


def test_a_daily_window_around_every_change() -> None:
    """The offset is that of the first start, also where the clocks change before it."""
    for name in sorted(zone_names()):
        window = NamedWindow("w", Daily(1), time(2, 30), 4, parse_zone(name))
        for change in _around_changes(name):
            for hours in (-30, -26, -24, -3, -1, 1, 22):
                check(window, 1, change + timedelta(hours=hours))


def _every(step: timedelta) -> list[datetime]:
    return [FIRST + step * number for number in range((LAST - FIRST) // step)]


@cache
def _around_changes(name: str) -> list[datetime]:
    """Give the days on which a zone's offset changes, of the four years, by weeks."""
    zone, week = parse_zone(name), timedelta(days=7)
    found = [at for at in _every(week) if offset_at(zone, at) != offset_at(zone, at + week)]
    changes = [changed_at(zone, offset_at(zone, at), at + week) for at in found]
    return [change for change in changes if change]


def test_starts_lie_within_the_spread() -> None:
    """Four hundred clusters have starts in steps of fifteen minutes over two hours, evenly."""
    counted = Counter(
        SUNDAY.planned(some_cluster(number), FIRST, LEAD).start_time for number in range(900)
    )
    assert len(counted) == 9
    assert all(60 < clusters < 140 for clusters in counted.values())
    assert SUNDAY.hours_each == 4


def test_the_casing_of_an_id_makes_no_difference() -> None:
    """The same cluster has the same start, however its id is written."""
    upper = ClusterId.parse(str(some_cluster(7)).upper())
    assert SUNDAY.planned(upper, FIRST, LEAD) == SUNDAY.planned(some_cluster(7), FIRST, LEAD)


@pytest.mark.parametrize("number", range(40))
def test_the_day_moves_along(number: int) -> None:
    """A start that the spread moves over midnight is on the following day of the week."""
    late = NamedWindow("w", Weekly(1, Weekday.SATURDAY), time(23), 10, UTC, timedelta(hours=6))
    planned = late.planned(some_cluster(number), FIRST, LEAD)
    over = planned.start_time < time(23)
    assert planned.recurrence == Weekly(1, Weekday.SUNDAY if over else Weekday.SATURDAY)


def test_a_time_that_the_clocks_leave_out() -> None:
    """Where 02:30 does not come, the window opens half an hour after the change all the same."""
    window = NamedWindow("w", Weekly(1, Weekday.SUNDAY), time(2, 30), 4, BERLIN)
    planned = window.planned(some_cluster(), datetime(2027, 3, 27, tzinfo=UTC), LEAD)
    first = planned.next_start(datetime(2027, 3, 27, tzinfo=UTC))
    assert first is not None
    assert first.start == datetime(2027, 3, 28, 1, 30, tzinfo=UTC)
    assert planned.utc_offset == timedelta(hours=1)


def test_the_day_before_a_change() -> None:
    """A daily window is written with tomorrow's offset, and does not open an hour late today."""
    window = NamedWindow("w", Daily(1), time(22), 4, BERLIN)
    # At 21:55 of the evening before the clocks go back, today's start is too near.
    now = datetime(2026, 10, 24, 19, 55, tzinfo=UTC)
    planned = window.planned(some_cluster(), now, LEAD)
    assert planned.utc_offset == timedelta(hours=1)
    assert str(planned.start_date) == "2026-10-25"


@pytest.mark.parametrize(
    ("now", "since"),
    [
        (datetime(2027, 3, 20, tzinfo=UTC), None),
        (datetime(2027, 3, 22, tzinfo=UTC), datetime(2027, 3, 28, 1, tzinfo=UTC)),
        (datetime(2027, 6, 1, tzinfo=UTC), datetime(2027, 3, 28, 1, tzinfo=UTC)),
        (datetime(2027, 11, 1, tzinfo=UTC), None),
    ],
)
def test_an_offset_goes_stale_with_the_clocks(now: datetime, since: datetime | None) -> None:
    """What was written in winter is an hour late from the change on, until winter comes again."""
    window = NamedWindow("w", Weekly(1, Weekday.SUNDAY), time(4), 4, BERLIN)
    written = window.planned(some_cluster(), datetime(2027, 1, 5, tzinfo=UTC), LEAD)
    assert window.stale_since(some_cluster(), written, now) == since


def test_a_fixed_offset_never_goes_stale() -> None:
    """Without a zone there is no clock that changes."""
    window = NamedWindow("w", Daily(1), time(1), 4, timezone(timedelta(hours=1)))
    written = window.planned(some_cluster(), FIRST, LEAD)
    assert window.stale_since(some_cluster(), written, FIRST) is None
    assert window.zone_name == "UTC+01:00"
    assert SUNDAY.zone_name == "Europe/Berlin"


def test_an_offset_that_a_zone_never_had() -> None:
    """Somebody else's offset has no time at which it went stale."""
    assert changed_at(BERLIN, timedelta(hours=5), FIRST) is None


def test_the_outer_bound() -> None:
    """The bound that is open now, or else the next one."""
    open_now = datetime(2027, 1, 3, 6, 59, tzinfo=UTC)
    assert SUNDAY.bound(open_now).start == datetime(2027, 1, 3, 1, tzinfo=UTC)
    assert SUNDAY.bound(open_now + timedelta(minutes=1)).start.day == 10


def test_an_hour_that_comes_twice() -> None:
    """Where clocks go back, the first of the two is meant."""
    assert wall_clock(BERLIN, datetime(2026, 10, 25, 2, 30)) == datetime(  # noqa: DTZ001 - local
        2026, 10, 25, 0, 30, tzinfo=UTC
    )


@pytest.mark.parametrize("name", ["", "Berlin", "EUROPE/BERLIN", "../zones", "zones", 5, None])
def test_an_unknown_zone_is_refused(name: object) -> None:
    """A name that is none is refused, and no other file is ever opened."""
    with pytest.raises(BrokenRule):
        parse_zone(name)


def test_zones_come_from_the_package() -> None:
    """The pinned data counts, whatever the machine has."""
    assert isinstance(parse_zone("Europe/Berlin"), ZoneInfo)
    assert len(zone_names()) > 500
