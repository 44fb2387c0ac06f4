"""When budgets are active, and what they let through together."""

import itertools
from datetime import datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.domain.budgets.activity import Activity, State, active_minutes, activity
from shared.domain.budgets.budget import (
    Budget,
    DisruptionReason,
    Nodes,
    duration_text,
    parse_duration,
)
from shared.domain.budgets.minutes import (
    Calendar,
    Stretch,
    count,
    from_days,
    lasting,
)
from shared.domain.vocabulary.fields import BrokenRule
from tests.unit.domain.budgets.by_the_minute import by_the_minute, midnight

DRIFTED = DisruptionReason.DRIFTED
WEEK = Calendar(midnight(2026, 11, 30).date(), 7)


def at(day: int, hour: int, minute: int = 0) -> datetime:
    """Give an instant of the week that starts on Monday 30 November 2026."""
    return WEEK.start + timedelta(days=day, hours=hour, minutes=minute)


def active(schedule: str, hours: float) -> list[tuple[datetime, datetime]]:
    """Give when a budget is active in that week."""
    budget = Budget(Nodes(1), None, schedule, timedelta(hours=hours))
    return [(each.start, each.end) for each in WEEK.stretches(active_minutes(budget, WEEK))]


@pytest.mark.parametrize(
    ("schedule", "hours", "expected"),
    [
        ("0 3 * * sat", 2, [(at(5, 3), at(5, 5))]),
        # Overlapping hits are one stretch: Karpenter looks back for as long as the budget lasts.
        ("0 7-13 * * 1", 7, [(at(0, 7), at(0, 20))]),
        # From the week before, and into the next.
        ("0 12 * * 0", 24, [(at(0, 0), at(0, 12)), (at(6, 12), at(7, 0))]),
        ("0 5 * * 0", 164, [(at(0, 0), at(6, 1)), (at(6, 5), at(7, 0))]),
        ("0 5 * * 0", 168, [(at(0, 0), at(7, 0))]),
        ("0 0 1 12 *", 1, [(at(1, 0), at(1, 1))]),
        ("0 0 1 12 2", 1, [(at(1, 0), at(1, 1))]),
        ("0 0 1 11 *", 24 * 40, [(at(0, 0), at(7, 0))]),
        ("0 0 30 2 *", 1, [(at(0, 0), at(7, 0))]),  # no hit within five years: always
        ("0 0 * * *", 0, []),
        ("0 0 29 2 *", 1, []),
        ("0 0 29 2 *", 24 * 365 * 7, [(at(0, 0), at(7, 0))]),
    ],
)
def test_a_budget_is_active_from_each_hit_for_its_duration(
    schedule: str, hours: float, expected: list[tuple[datetime, datetime]]
) -> None:
    """The hit's minute is in, the minute at which the duration is over is not."""
    assert active(schedule, hours) == expected


def together(*budgets: Budget, reason: DisruptionReason = DRIFTED) -> Activity:
    """Look at the week."""
    return activity(budgets, reason, WEEK)


def test_the_tightest_of_the_active_budgets_counts() -> None:
    """And none of those that are not active, or are for other reasons."""
    found = together(
        Budget(Nodes(10, percent=True)),
        Budget(Nodes(1), (DRIFTED,), "0 0 * * 2", timedelta(hours=24)),
        Budget(Nodes(0), (DisruptionReason.EMPTY,)),
        Budget(Nodes(0), ()),
    )
    levels = list(found.levels(Stretch(WEEK.start, WEEK.end)))
    assert [(each.stretch.start, each.at_most(50)) for each in levels] == [
        (at(0, 0), 5),
        (at(1, 0), 1),
        (at(2, 0), 5),
    ]
    assert {each.state for each in levels} == {State.LIMITED}
    assert levels[1].at_most(0) == 0


def test_without_an_active_budget_there_is_no_limit() -> None:
    """All nodes may go at once; a limit of all of them is none either."""
    for found in (together(), together(Budget(Nodes(100, percent=True)))):
        (level,) = found.levels(Stretch(at(1, 0), at(2, 0)))
        assert (level.state, level.at_most(7)) == (State.UNLIMITED, 7)
        assert (found.unlimited, found.closed) == (WEEK.all, 0)


def test_a_schedule_that_does_not_parse_blocks_the_pool_for_every_reason() -> None:
    """Also for the reasons that its budget does not name."""
    broken = Budget(Nodes(5), (DisruptionReason.EMPTY,), "0 0 * * 7", timedelta(hours=1))
    for reason in DisruptionReason:
        assert together(Budget(Nodes(5)), broken, reason=reason).closed == WEEK.all


@pytest.mark.parametrize(
    ("text", "of_three", "of_twenty"),
    [("10%", 1, 2), ("0", 0, 0), ("0%", 0, 0), ("34%", 2, 7), ("100%", 3, 20), ("007", 7, 7)],
)
def test_a_percentage_is_rounded_up(text: str, of_three: int, of_twenty: int) -> None:
    """Like Kubernetes' own."""
    nodes = Nodes.parse(text)
    assert (nodes.of(3), nodes.of(20)) == (of_three, of_twenty)


@pytest.mark.parametrize("text", ["", "-1", "101%", "10 %", "1.5", "%", "1" * 19, "٣", "10%\n"])
def test_nodes_that_the_schema_refuses_are_refused(text: str) -> None:
    """With the rule."""
    with pytest.raises(BrokenRule, match="must be text like"):
        Nodes.parse(text)


@pytest.mark.parametrize(
    ("text", "minutes"),
    [("4h", 240), ("90m", 90), ("1h30m", 90), ("4h0s", 240), ("4h0m0s", 240), ("0h", 0)],
)
def test_a_duration_is_hours_and_minutes(text: str, minutes: int) -> None:
    """With the seconds that Go writes, if they are none."""
    assert parse_duration(text) == timedelta(minutes=minutes)


@pytest.mark.parametrize(
    "text", ["", "0s", "1d", "30s", "4h30s", "30m4h", "4", "h", "1h 30m", "9999999999h", "2562048h"]
)
def test_a_duration_that_the_schema_refuses_is_refused(text: str) -> None:
    """No days and no seconds, and nothing that Go cannot hold."""
    with pytest.raises(BrokenRule, match="must be"):
        parse_duration(text)


@given(st.integers(0, 10_000_000))
def test_a_duration_reads_back_as_it_was_written(minutes: int) -> None:
    """Whatever it is."""
    assert parse_duration(duration_text(timedelta(minutes=minutes))) == timedelta(minutes=minutes)


field = st.sampled_from(["*", "0", "5", "1-3", "0,6", "2,4-5"])
some_budgets = st.builds(
    Budget,
    st.sampled_from([Nodes(0), Nodes(1), Nodes(10, percent=True)]),
    st.sampled_from([None, (DRIFTED,), (DisruptionReason.EMPTY,)]),
    st.tuples(
        st.sampled_from(["0", "30", "5,59"]),
        st.sampled_from(["0", "*", "7-13", "23"]),
        st.sampled_from(["*", "1-3", "2,5", "30"]),
        st.sampled_from(["*", "11", "12"]),
        field,
    ).map(" ".join),
    st.integers(0, 12_000).map(lambda minutes: timedelta(minutes=minutes)),
)


@settings(max_examples=25)
@given(st.lists(some_budgets, max_size=3))
def test_budgets_together_are_what_they_are_minute_by_minute(budgets: list[Budget]) -> None:
    """Against the slow walk over every minute of the week."""
    found = activity(budgets, DRIFTED, WEEK)
    for number, (_, limits) in enumerate(by_the_minute(budgets, WEEK.start, 7 * 1440)):
        there = {limit for limit, minutes in found.by_limit if minutes >> number & 1}
        assert there == limits, number


@given(st.sets(st.integers(0, 2879), max_size=20), st.integers(0, 4000))
def test_minutes_that_last_cover_what_follows_them(numbers: set[int], length: int) -> None:
    """As a set of numbers would."""
    minutes = sum(1 << number for number in numbers)
    covered = (
        {number + more for number in numbers for more in range(length)}
        if len(numbers) < 30
        else None
    )
    if covered is not None:
        assert lasting(minutes, length) == sum(1 << number for number in covered)
    assert lasting(minutes, 1) == minutes


@given(st.lists(st.booleans(), max_size=5), st.sets(st.integers(0, 1439), max_size=20))
def test_days_and_minutes_make_a_set_that_reads_back(days: list[bool], hits: set[int]) -> None:
    """As stretches, whose time is that of the set."""
    calendar = Calendar(WEEK.first, len(days))
    minutes = from_days(days, hits)
    stretches = list(calendar.stretches(minutes))
    assert calendar.within_any(stretches) == minutes
    assert sum((each.length for each in stretches), timedelta()) == count(minutes)
    assert count(minutes) == timedelta(minutes=sum(days) * len(hits))
    assert all(a.end < b.start for a, b in itertools.pairwise(stretches))


def test_instants_outside_a_calendar_are_its_ends() -> None:
    """So that what reaches out of it is cut."""
    long_before, long_after = midnight(2020, 1, 1), midnight(2030, 1, 1)
    assert WEEK.within(long_before, long_after) == WEEK.all
    assert WEEK.within(WEEK.end, WEEK.start) == 0
