"""Budgets made for a window are open when it is, and closed when it is not."""

import re
from copy import replace
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.domain.budgets.activity import activity
from shared.domain.budgets.budget import MOST_BUDGETS, DisruptionReason, Nodes
from shared.domain.budgets.making.asked import read_until
from shared.domain.budgets.making.generate import BudgetWish, Generated, generate
from shared.domain.budgets.making.seasons import for_all_seasons, seasons_of
from shared.domain.budgets.minutes import Calendar
from shared.domain.vocabulary.invalid import InvalidInput
from shared.domain.window.recurrence import (
    AbsoluteMonthly,
    Daily,
    Recurrence,
    RelativeMonthly,
    Weekday,
    WeekIndex,
    Weekly,
)
from shared.domain.window.starts import possible_occurrences
from shared.domain.window.window import DateSpan, MaintenanceWindow
from tests.unit.domain.budgets.by_the_minute import by_the_minute, midnight
from tests.unit.domain.strategies import plain_windows, settings_windows, windows

NOW = datetime(2026, 11, 27, 16, tzinfo=UTC)
SUNDAYS = MaintenanceWindow(Weekly(1, Weekday.SUNDAY), time(1), 4)
FIRST_SUNDAY = RelativeMonthly(1, WeekIndex.FIRST, Weekday.SUNDAY)
LAST_SUNDAY = RelativeMonthly(1, WeekIndex.LAST, Weekday.SUNDAY)
NONE_MAY_GO = Nodes(0)
THIRTEEN_MONTHS = 396


def blocks_of(made: Generated) -> list[tuple[object, object]]:
    """Give the cron and the duration of every block, after a look at the rate."""
    rate, *blocks = (budget.to_json() for budget in made.budgets)
    assert rate == {"nodes": "10%"}
    assert all((block["nodes"], block["reasons"]) == ("0", ["Drifted"]) for block in blocks)
    return [(block["schedule"], block["duration"]) for block in blocks]


def window_of(recurrence: Recurrence, start: str, offset: str, hours: int) -> MaintenanceWindow:
    """Make a window from text."""
    sign = -1 if offset[0] == "-" else 1
    local = time.fromisoformat(offset[1:])
    utc_offset = sign * timedelta(hours=local.hour, minutes=local.minute)
    return MaintenanceWindow(recurrence, time.fromisoformat(start), hours, utc_offset)


@pytest.mark.parametrize(
    ("window", "expected"),
    [
        (window_of(Weekly(1, Weekday.SUNDAY), "01:00", "+00:00", 4), [("0 5 * * 0", "164h")]),
        (window_of(Weekly(1, Weekday.SUNDAY), "01:00", "+05:30", 4), [("30 23 * * 6", "164h")]),
        (window_of(Weekly(1, Weekday.SATURDAY), "22:00", "-08:00", 6), [("0 12 * * 0", "162h")]),
        (window_of(Daily(1), "01:00", "+00:00", 4), [("0 5 * * *", "20h")]),
        (window_of(Daily(1), "01:00", "+00:00", 24), []),
        (
            window_of(FIRST_SUNDAY, "01:00", "+00:00", 4),
            [("0 5 * * *", "20h"), ("0 1 8-31 * 1,2,3,4,5,6", "4h")],
        ),
        (
            window_of(AbsoluteMonthly(1, 15), "01:00", "+00:00", 4),
            [("0 5 * * *", "20h"), ("0 1 1-14,16-31 * *", "4h")],
        ),
        (
            window_of(AbsoluteMonthly(1, 1), "01:00", "-01:00", 24),
            [("0 2 2-31 * *", "24h")],
        ),
        # The UTC day is another one, and still the same day of each month.
        (
            window_of(AbsoluteMonthly(1, 15), "01:00", "+05:30", 4),
            [("30 23 * * *", "20h"), ("30 19 1-13,15-31 * *", "4h")],
        ),
        (
            window_of(RelativeMonthly(1, WeekIndex.SECOND, Weekday.SUNDAY), "01:00", "+05:30", 4),
            [("30 23 * * *", "20h"), ("30 19 1-6,14-31 * 0,1,2,3,4,5", "4h")],
        ),
    ],
)
def test_a_window_that_cron_can_name_has_exact_budgets(
    window: MaintenanceWindow, expected: list[tuple[object, object]]
) -> None:
    """From the window's end in UTC to its next start, for good, without a word of warning."""
    made = generate(window, BudgetWish(), NOW)
    assert blocks_of(made) == expected
    assert (made.lets_in, made.until) == ((), None)


@pytest.mark.parametrize(
    ("window", "blocks", "sentence"),
    [
        (
            window_of(Weekly(2, Weekday.MONDAY), "01:00", "+00:00", 4),
            [("0 5 * * 1", "164h")],
            (
                "intervalWeeks is 2: from which day it is counted is not documented. "
                "So nodes may roll on every Monday, at the window's hours."
            ),
        ),
        (
            window_of(Daily(3), "01:00", "+00:00", 4),
            [("0 5 * * *", "20h")],
            (
                "intervalDays is 3: from which day it is counted is not documented. "
                "So nodes may roll on every day, at the window's hours."
            ),
        ),
        (
            window_of(AbsoluteMonthly(5, 3), "01:00", "+00:00", 4),
            [("0 5 * * *", "20h"), ("0 1 1-2,4-31 * *", "4h")],
            (
                "intervalMonths is 5: from which day it is counted is not documented. "
                "So nodes may roll on day 3 of every month, at the window's hours."
            ),
        ),
        (
            window_of(AbsoluteMonthly(1, 31), "01:00", "+00:00", 4),
            [("0 5 * * *", "20h")],
            (
                "dayOfMonth is 31: what happens in shorter months is not documented. "
                "So nodes may roll on every day, at the window's hours."
            ),
        ),
        (
            window_of(LAST_SUNDAY, "01:00", "+00:00", 4),
            [("0 5 * * 0", "164h")],
            (
                "A budget's cron cannot name the last Sunday of a month. "
                "So nodes may roll on every Sunday, at the window's hours."
            ),
        ),
        (
            window_of(AbsoluteMonthly(1, 1), "01:00", "+05:30", 4),
            [("30 23 * * *", "20h")],
            (
                "A budget's cron cannot name days of a month that are other days in UTC "
                "(offset +05:30). So nodes may roll on every day, at the window's hours."
            ),
        ),
        (
            replace(SUNDAYS, start_date=date(2027, 2, 1)),
            [("0 5 * * 0", "164h")],
            "Nodes may roll at its hours before the start date too, 2027-02-01.",
        ),
        (
            replace(
                SUNDAYS,
                not_allowed_dates=(
                    DateSpan(date(2020, 1, 1), date(2020, 1, 1)),
                    DateSpan(date(2026, 12, 20), date(2027, 1, 3)),
                    DateSpan(date(2027, 4, 4), date(2027, 4, 4)),
                ),
            ),
            [("0 5 * * 0", "164h")],
            (
                "Nodes may roll at its hours on not-allowed dates too: "
                "2026-12-20 to 2027-01-03, 2027-04-04."
            ),
        ),
    ],
)
def test_what_cron_cannot_name_is_wider_and_says_so(
    window: MaintenanceWindow, blocks: list[tuple[object, object]], sentence: str
) -> None:
    """The narrowest rhythm that has the window in it, and what else it lets in, in a sentence."""
    made = generate(window, BudgetWish(), NOW)
    assert blocks_of(made) == blocks
    assert made.lets_in == (sentence,)


def openings(
    window: MaintenanceWindow, start: datetime, days: int, early: timedelta = timedelta()
) -> set[datetime]:
    """Give the minutes in which a window may be open within so many days."""
    end = start + timedelta(days=days)
    found: set[datetime] = set()
    for each in possible_occurrences(window, start):
        if each.start >= end:
            break
        length = (each.end - early - each.start) // timedelta(minutes=1)
        found.update(each.start + timedelta(minutes=number) for number in range(length))
    return found


def open_minutes(made: Generated, start: datetime, days: int) -> set[datetime]:
    """Give the minutes in which a node may go, by brute force."""
    return {
        at
        for at, limits in by_the_minute(made.budgets, start, days * 1440)
        if NONE_MAY_GO not in limits
    }


def within(minutes: set[datetime], start: datetime, days: int) -> set[datetime]:
    """Cut to so many days."""
    return {at for at in minutes if start <= at < start + timedelta(days=days)}


@settings(max_examples=10)
@given(settings_windows, st.integers(0, 239))
def test_for_a_week_of_minutes_nodes_may_go_in_the_window_and_at_no_other_time(
    window: MaintenanceWindow, early: int
) -> None:
    """By brute force, for any daily or weekly window, closed early or not."""
    closed = timedelta(minutes=early)
    made = generate(window, BudgetWish(close_early=closed), NOW)
    monday = midnight(2026, 11, 30)
    expected = within(openings(window, monday, 7, closed), monday, 7)
    assert open_minutes(made, monday, 7) == expected


@pytest.mark.parametrize(
    "window",
    [
        window_of(RelativeMonthly(1, WeekIndex.FOURTH, Weekday.SATURDAY), "22:30", "-00:30", 9),
        window_of(AbsoluteMonthly(1, 28), "20:00", "+09:30", 24),
    ],
    ids=["the fourth Saturday, over midnight", "the 28th, all day, the same day in UTC"],
)
def test_for_thirteen_months_of_minutes_a_monthly_window_is_exact(
    window: MaintenanceWindow,
) -> None:
    """By brute force, over every length of month that there is."""
    made = generate(window, BudgetWish(), NOW)
    start = midnight(2027, 12, 1)  # with 29 February
    expected = within(openings(window, start, THIRTEEN_MONTHS), start, THIRTEEN_MONTHS)
    assert made.lets_in == ()
    assert open_minutes(made, start, THIRTEEN_MONTHS) == expected


@pytest.mark.campaign
@settings(max_examples=40)
@given(plain_windows)
def test_for_thirteen_months_of_minutes_any_window_is_within_its_budgets(
    window: MaintenanceWindow,
) -> None:
    """By brute force: open whenever the window is, and where nothing is said, never otherwise."""
    made = generate(window, BudgetWish(), NOW)
    start = midnight(2026, 11, 28)
    opened = open_minutes(made, start, THIRTEEN_MONTHS)
    expected = within(openings(window, start, THIRTEEN_MONTHS), start, THIRTEEN_MONTHS)
    assert opened >= expected
    assert made.lets_in or opened == expected


@settings(max_examples=60)
@given(windows)
def test_budgets_are_open_whenever_any_window_is(window: MaintenanceWindow) -> None:
    """Over four hundred days: nothing of a window is blocked, and the rate always counts."""
    made = generate(window, BudgetWish(), NOW)
    calendar = Calendar(NOW.date(), 400)
    active = activity(made.budgets, DisruptionReason.DRIFTED, calendar)
    for each in possible_occurrences(window, NOW):
        if each.start >= calendar.end:
            break
        assert not active.closed & calendar.within(each.start, each.end)
    assert not active.unlimited


@settings(max_examples=40)
@given(plain_windows, st.integers(1, 300))
def test_a_list_with_dates_is_exact_until_its_end(window: MaintenanceWindow, days: int) -> None:
    """From now to its end nodes may go in the window's occurrences and at no other time."""
    until = NOW + timedelta(days=days)
    made = generate(window, BudgetWish(until=until), NOW)
    calendar = Calendar(NOW.date(), days + 1)
    looked_at = calendar.within(NOW, until)
    expected = 0
    for each in window.occurrences(NOW):
        if each.start >= until:
            break
        expected |= calendar.within(each.start, each.end)
    active = activity(made.budgets, DisruptionReason.DRIFTED, calendar)
    assert active.open & looked_at == expected & looked_at
    assert made.lets_in == ()
    assert len(made.budgets) <= MOST_BUDGETS


def test_a_list_with_dates_blocks_what_is_not_allowed() -> None:
    """Two blocked spans are two dated blocks, beside the one for the week."""
    spans = (
        DateSpan(date(2026, 12, 20), date(2027, 1, 3)),
        DateSpan(date(2027, 3, 1), date(2027, 3, 9)),
    )
    until = datetime(2027, 6, 1, tzinfo=UTC)
    made = generate(replace(SUNDAYS, not_allowed_dates=spans), BudgetWish(until=until), NOW)
    assert blocks_of(made) == [
        ("0 5 * * 0", "164h"),
        ("0 1 20 12 *", "340h"),
        ("0 1 7 3 *", "4h"),
    ]
    assert made.until == until


def test_a_list_without_need_of_dates_has_none() -> None:
    """The end that was asked for is not one then."""
    made = generate(SUNDAYS, BudgetWish(until=NOW + timedelta(days=9)), NOW)
    assert (blocks_of(made), made.until) == ([("0 5 * * 0", "164h")], None)


@pytest.mark.parametrize(
    ("text", "until"),
    [
        (None, None),
        ("2027-06-01", datetime(2027, 6, 1, tzinfo=UTC)),
        ("2027-06-01T02:00:00+02:00", datetime(2027, 6, 1, tzinfo=UTC)),
        ("2027-06-01T00:00:00", "must have an offset, or Z"),
        ("2027-02-30", "must be a date, or an instant"),
        ("soon", "must be a date, or an instant"),
        # In UTC it is in the year 10,000.
        ("9999-12-31T23:00:00-05:00", "must be a date, or an instant"),
    ],
)
def test_the_end_of_a_list_with_dates(text: str | None, until: datetime | str | None) -> None:
    """A day, or an instant with its offset; what is neither is refused, whatever its year."""
    if isinstance(until, str):
        with pytest.raises(InvalidInput, match=f"until '{re.escape(text or '')}': {until}"):
            read_until(text)
    else:
        assert read_until(text) == until


@pytest.mark.parametrize(
    ("recurrence", "until", "rule"),
    [
        (Weekly(2, Weekday.MONDAY), "2027-01-01", "until .* a window whose days are certain"),
        (AbsoluteMonthly(1, 31), "2027-01-01", "until .* a window whose days are certain"),
        (LAST_SUNDAY, "2026-11-27", "until .*: must be after now and within 364 days"),
        (LAST_SUNDAY, "2027-11-27", "until .*: must be after now and within 364 days"),
    ],
)
def test_an_end_that_does_not_go_with_the_window_is_refused(
    recurrence: Recurrence, until: str, rule: str
) -> None:
    """With the field and the rule."""
    ends = datetime.fromisoformat(until).replace(tzinfo=UTC)
    with pytest.raises(InvalidInput, match=rule):
        generate(replace(SUNDAYS, recurrence=recurrence), BudgetWish(until=ends), NOW)


def test_a_list_that_is_too_long_is_refused_with_the_end_that_would_do() -> None:
    """Fifty budgets are all that a NodePool takes."""
    every_other = tuple(
        DateSpan(day, day)
        for day in (date(2026, 12, 1) + timedelta(days=n) for n in range(0, 200, 2))
    )
    daily = MaintenanceWindow(Daily(1), time(1), 4, not_allowed_dates=every_other)
    until = datetime(2027, 6, 1, tzinfo=UTC)
    with pytest.raises(InvalidInput, match="must be 2027-03-07T01:00:00Z at the latest"):
        generate(daily, BudgetWish(until=until), NOW)
    latest = datetime(2027, 3, 7, 1, tzinfo=UTC)
    assert len(generate(daily, BudgetWish(until=latest), NOW).budgets) == MOST_BUDGETS


@pytest.mark.parametrize("minutes", [-1, 240, 10_000])
def test_a_window_cannot_be_closed_before_it_opens(minutes: int) -> None:
    """Nor may it stay open for longer this way."""
    with pytest.raises(InvalidInput, match=f"closeEarlyMinutes '{minutes}': must be"):
        generate(SUNDAYS, BudgetWish(close_early=timedelta(minutes=minutes)), NOW)


def test_a_wish_for_nothing_is_refused() -> None:
    """A rate of none would never let a node go, and a block for no reason blocks nothing."""
    with pytest.raises(InvalidInput, match="nodes '0%': must let at least one node go"):
        BudgetWish(rate=Nodes(0, percent=True))
    with pytest.raises(InvalidInput, match="reasons 'null': must name at least one reason"):
        BudgetWish(reasons=())


BERLIN = ZoneInfo("Europe/Berlin")
SUNDAYS_IN_BERLIN = replace(SUNDAYS, utc_offset=timedelta(hours=1))


def test_a_place_has_a_list_for_each_of_its_offsets() -> None:
    """With the instants at which its clocks change."""
    seasons = seasons_of(SUNDAYS_IN_BERLIN, BudgetWish(), BERLIN, NOW)
    spring, autumn = (
        datetime(2027, 3, 28, 1, tzinfo=UTC),
        datetime(2027, 10, 31, 1, tzinfo=UTC),
    )
    assert [(each.since, each.until) for each in seasons] == [
        (None, spring),
        (spring, autumn),
        (autumn, None),
    ]
    assert [blocks_of(each.generated) for each in seasons] == [
        [("0 4 * * 0", "164h")],
        [("0 3 * * 0", "164h")],
        [("0 4 * * 0", "164h")],
    ]


def test_a_place_without_summer_time_has_one_list() -> None:
    """For good."""
    window = replace(SUNDAYS, utc_offset=timedelta(hours=5, minutes=30))
    (season,) = seasons_of(window, BudgetWish(), ZoneInfo("Asia/Kolkata"), NOW)
    assert (season.since, season.until) == (None, None)


@settings(max_examples=30)
@given(
    settings_windows, st.sampled_from(["Europe/Berlin", "America/New_York", "Australia/Lord_Howe"])
)
def test_one_list_for_all_seasons_is_open_at_either_hour(
    window: MaintenanceWindow, place: str
) -> None:
    """And closed for all but the hour between them."""
    zone = ZoneInfo(place)
    offsets = {
        NOW.astimezone(zone).utcoffset(),
        (NOW + timedelta(days=180)).astimezone(zone).utcoffset(),
    }
    both = [replace(window, utc_offset=offset) for offset in offsets if offset is not None]
    made = for_all_seasons(both[0], BudgetWish(), zone, NOW)
    calendar = Calendar(midnight(2027, 1, 4).date(), 7)
    active = activity(made.budgets, DisruptionReason.DRIFTED, calendar)
    opened = [at for each in both for at in openings(each, calendar.start, 7)]
    first, last = calendar.start, calendar.end
    expected = 0
    for at in opened:
        if first <= at < last:
            expected |= 1 << calendar.number(at)
    assert active.open & expected == expected
    assert (active.open & ~expected).bit_count() == 0


def test_a_window_of_another_place_is_refused() -> None:
    """With the offsets that the place has."""
    with pytest.raises(InvalidInput, match=r"zone 'null': has the offsets \+01:00 and \+02:00"):
        seasons_of(replace(SUNDAYS, utc_offset=timedelta(hours=3)), BudgetWish(), BERLIN, NOW)


def test_a_day_of_the_month_that_is_open_all_day_has_no_list_for_all_seasons() -> None:
    """Twenty-five hours would be open on the next day too; closed an hour early it is possible."""
    window = window_of(AbsoluteMonthly(1, 15), "12:00", "+01:00", 24)
    with pytest.raises(InvalidInput, match="superset"):
        for_all_seasons(window, BudgetWish(), BERLIN, NOW)
    made = for_all_seasons(window, BudgetWish(close_early=timedelta(hours=1)), BERLIN, NOW)
    assert blocks_of(made) == [("0 10 1-14,16-31 * *", "24h")]
