"""Karpenter's cron: what parses, what does not, and when it hits next."""

import json
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TypedDict

import pytest
from cronsim import CronSim
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.domain.budgets.activity import active_minutes
from shared.domain.budgets.budget import Budget, Nodes
from shared.domain.budgets.cron import parse_cron
from shared.domain.budgets.minutes import Calendar
from shared.domain.vocabulary.fields import BrokenRule
from tests.unit.domain.strategies import instants


class Answer(TypedDict, total=False):
    schedule: str
    at: str
    minutes: int
    refused: bool
    next: str | None
    active: bool


# What robfig/cron v3.0.1 itself answered, compiled and asked on 2026-11-27: does it parse, when is
# the next hit after `at`, and does one come within `minutes` before `at` (Karpenter's IsActive)?
ROBFIG: list[Answer] = json.loads((Path(__file__).parent / "robfig.json").read_text())
PARSED = [answer for answer in ROBFIG if "refused" not in answer]


def test_what_robfigs_cron_refuses_is_refused_and_nothing_else() -> None:
    """Of 420 schedules, traps and random ones, exactly those parse that parse in Karpenter."""
    refused = set()
    for answer in ROBFIG:
        try:
            parse_cron(answer["schedule"])
        except BrokenRule:
            refused.add(answer["schedule"])
    assert refused == {answer["schedule"] for answer in ROBFIG if "refused" in answer}
    assert 100 < len(refused) < len(PARSED)


def test_the_next_hit_is_that_of_robfigs_cron() -> None:
    """To the second, after instants with seconds too, and none where robfig finds none."""
    for answer in PARSED:
        found = parse_cron(answer["schedule"]).next_after(datetime.fromisoformat(answer["at"]))
        expected = answer["next"] and datetime.fromisoformat(answer["next"])
        assert found == expected, answer


def test_a_budget_is_active_when_karpenter_says_so() -> None:
    """By Karpenter's own question to robfig's cron, dates that never come included."""
    for answer in PARSED:
        at = datetime.fromisoformat(answer["at"])
        calendar = Calendar(at.date(), 1)
        length = timedelta(minutes=answer["minutes"])
        minutes = active_minutes(Budget(Nodes(0), None, answer["schedule"], length), calendar)
        assert bool(minutes >> calendar.number(at) & 1) == answer["active"], answer


@pytest.mark.parametrize(
    ("schedule", "rule"),
    [
        ("0 0 * * 7", "day of week '7' is not within 0 to 6"),
        ("0 0 * * sat-sun", "day of week 'sat-sun' ends before it starts"),
        ("0 0 * * 1-7", "day of week '1-7' is not within 0 to 6"),
        ("CRON_TZ=UTC 0 0 * * *", "must have 5 fields, not 6"),
        ("@reboot", "must be one of @yearly"),
        ("@every 1h", "must be one of @yearly"),
        ("0 0 L * *", "day of month 'L' holds something that is no number and no name"),
        ("0 0 0 * *", "day of month '0' is not within 1 to 31"),
        ("*/0 * * * *", "minute '*/0' has a step of 0"),
        ("1-2-3 * * * *", "minute '1-2-3' has more than one hyphen"),
        ("1/2/3 * * * *", "minute '1/2/3' has more than one slash"),
        ("", "must have 5 fields, not 0"),
    ],
)
def test_a_schedule_that_karpenter_cannot_parse_is_refused_with_its_rule(
    schedule: str, rule: str
) -> None:
    """The rule names the field and what is written there."""
    with pytest.raises(BrokenRule, match=re.escape(rule)):
        parse_cron(schedule)


@pytest.mark.parametrize(
    ("schedule", "days"),
    [
        ("0 0 1 * 1", [1, 2, 9, 16, 23, 30]),  # OR
        ("0 0 * * 1", [2, 9, 16, 23, 30]),
        ("0 0 1 * *", [1]),
        ("0 0 */10 * 1", [1, 2, 9, 11, 16, 21, 23, 30]),  # a step restricts: OR
        ("0 0 */1 * 1", [2, 9, 16, 23, 30]),  # a step of 1 does not
        ("0 0 1-31 * 1", list(range(1, 31))),  # a full range does
        ("0 0 ? * 1", [2, 9, 16, 23, 30]),
        ("0 0 , * 1", [2, 9, 16, 23, 30]),  # an empty list restricts: OR
        ("0 0 , * *", []),
    ],
)
def test_day_of_month_and_day_of_week_are_joined_as_karpenter_joins_them(
    schedule: str, days: list[int]
) -> None:
    """In November 2026, whose second day is a Monday: by OR once both are restricted."""
    cron = parse_cron(schedule)
    november = Calendar(datetime(2026, 11, 1, tzinfo=UTC).date(), 30)
    assert [day.day for day in november.dates() if cron.is_on(day)] == days


def lists(low: int, high: int) -> st.SearchStrategy[str]:
    """Make up the text of a field in the part of the dialect that every cron shares."""
    number = st.integers(low, high)
    pair = st.tuples(number, number).map(lambda ends: f"{min(ends)}-{max(ends)}")
    return st.lists(number.map(str) | pair, min_size=1, max_size=3).map(",".join)


plain_schedules = st.tuples(
    lists(0, 59),
    lists(0, 23) | st.just("*"),
    lists(1, 28) | st.just("*"),
    lists(1, 12) | st.just("*"),
    lists(0, 6) | st.just("*"),
).map(" ".join)


@settings(max_examples=150)
@given(plain_schedules, instants)
def test_the_next_hit_is_that_of_another_cron(schedule: str, at: datetime) -> None:
    """For plain schedules a well-known second implementation gives the same instant."""
    assert parse_cron(schedule).next_after(at) == next(CronSim(schedule, at))


@settings(max_examples=200)
@given(st.text(alphabet="0123456789*/-,?@ sunmonMON\t", max_size=30))
def test_any_text_is_read_or_refused(schedule: str) -> None:
    """Nothing but BrokenRule is raised, and what parses can be asked for its next hit."""
    try:
        cron = parse_cron(schedule)
    except BrokenRule:
        return
    cron.next_after(datetime(2026, 11, 27, tzinfo=UTC))
