"""What is wrong with a pool's budgets, and that nothing is wrong with those that naptime makes."""

from copy import replace
from datetime import date, time, timedelta

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from shared.domain.budgets.checking.checks import check
from shared.domain.budgets.checking.pools import read_pool
from shared.domain.budgets.checking.spoken import length_text
from shared.domain.budgets.checking.view import Question
from shared.domain.budgets.making.generate import LONGEST_DATED, BudgetWish, generate
from shared.domain.window.recurrence import (
    AbsoluteMonthly,
    Daily,
    Weekday,
    Weekly,
)
from shared.domain.window.window import DateSpan, MaintenanceWindow
from tests.unit.domain.budgets.pools import (
    BLOCK_OTHERWISE,
    EARLY_MORNINGS,
    GRADUAL,
    INVERTED,
    MIDDAY,
    MIDDAYS,
    NOW,
    OVERLAPPING,
    SAT_SUN,
    SATURDAY_NIGHTS,
    SATURDAYS,
    SUNDAYS,
    WEEKEND_ONLY,
    Json,
    node_pool,
    pool_of,
    written,
)
from tests.unit.domain.strategies import plain_windows, windows

RATE: Json = {"nodes": "10%"}
SUNDAY_BLOCK: Json = {"nodes": "0", "schedule": "0 5 * * 0", "duration": "164h"}
GOOD = [RATE, SUNDAY_BLOCK]
HALF_DAYS: list[Json] = [
    {"nodes": "0", "schedule": f"0 {hour} * * *", "duration": "12h"} for hour in (0, 12)
]
# The weekly budget that is made for it is active throughout the next two days, and then is not.
NOT_YET_STARTED = MaintenanceWindow(
    Daily(1), time(), duration_hours=17, utc_offset=timedelta(), start_date=date(2027, 1, 1)
)
LATELY_CLOSED = MaintenanceWindow(
    Weekly(1, Weekday.MONDAY),
    time(),
    duration_hours=4,
    utc_offset=timedelta(),
    not_allowed_dates=(DateSpan(date(2026, 4, 1), date(2026, 11, 27)),),
)


def found(budgets: list[Json] | None, question: Question) -> list[tuple[str, int | None]]:
    """Give the codes of what is wrong, each with the place of its budget."""
    return [(each.code.value, each.budget) for each in check(pool_of(budgets), question)]


def told(budgets: list[Json] | None, question: Question) -> dict[str, str]:
    """Give the sentences by their codes."""
    return {each.code.value: each.message for each in check(pool_of(budgets), question)}


@pytest.mark.parametrize(
    ("budgets", "window", "verdict"),
    [
        pytest.param(
            WEEKEND_ONLY, SATURDAYS, [("BudgetNeverOpen", 1)], id="AKS docs, weekend only"
        ),
        pytest.param(
            BLOCK_OTHERWISE,
            SATURDAYS,
            [("BudgetUnlimitedOutside", None), ("BudgetOpenOutside", None)],
            id="AKS blog 2026-07-28, block otherwise",
        ),
        pytest.param(
            GRADUAL,
            EARLY_MORNINGS,
            [("BudgetInverted", 0), ("BudgetInverted", 1), ("BudgetUnlimitedOutside", None)],
            id="AKS docs, gradual rollout",
        ),
        pytest.param(
            INVERTED,
            SATURDAY_NIGHTS,
            [("BudgetInverted", 0), ("BudgetUnlimitedOutside", None), ("BudgetNoRate", None)],
            id="Azure/karpenter-provider-azure#1188",
        ),
        pytest.param(
            MIDDAY,
            MIDDAYS,
            [("BudgetInverted", 0), ("BudgetUnlimitedOutside", None), ("BudgetNoRate", None)],
            id="aws/karpenter-provider-aws#8290",
        ),
        pytest.param(
            OVERLAPPING, None, [("BudgetNoRate", None)], id="aws/karpenter-provider-aws#7842"
        ),
        pytest.param(
            SAT_SUN, SUNDAYS, [("BudgetInvalidCron", 0)], id="kubernetes-sigs/karpenter#1866"
        ),
    ],
)
def test_published_examples_get_their_verdicts(
    budgets: list[Json], window: MaintenanceWindow | None, verdict: list[tuple[str, int | None]]
) -> None:
    """Each with 20 nodes, beside the window that its author had in mind."""
    assert found(budgets, Question(NOW, window, nodes=20)) == verdict


def test_the_verdicts_say_when_and_how_long() -> None:
    """In UTC, with the time that it makes in a week."""
    weekend = told(WEEKEND_ONLY, Question(NOW, SATURDAYS))
    assert weekend["BudgetNeverOpen"].endswith("Budget 1 blocks at all times.")
    blog = told(BLOCK_OTHERWISE, Question(NOW, SATURDAYS))
    assert "Monday 17:00 to Tuesday 09:00 UTC" in blog["BudgetUnlimitedOutside"]
    assert "(80 h a week)" in blog["BudgetUnlimitedOutside"]
    gradual = told(GRADUAL, Question(NOW, EARLY_MORNINGS))
    assert "every day from 08:00 to 02:00 UTC (126 h" in gradual["BudgetUnlimitedOutside"]
    inverted = told(INVERTED, Question(NOW, SATURDAY_NIGHTS))
    assert "Saturday 07:00 to Saturday 03:00 UTC (164 h" in inverted["BudgetUnlimitedOutside"]
    midday = told(MIDDAY, Question(NOW))
    assert "every day from 15:00 to 12:00 UTC (147 h" in midday["BudgetNoRate"]
    overlapping = told(OVERLAPPING, Question(NOW))
    assert "every day from 20:00 to 07:00 UTC" in overlapping["BudgetNoRate"]
    other_reasons = told([{"nodes": "1", "reasons": ["Empty"]}], Question(NOW))
    assert other_reasons["BudgetNoRate"].endswith("go at once: at all times.")
    sat_sun = told(SAT_SUN, Question(NOW, SUNDAYS))
    assert "'0 0 * * sat-sun': day of week 'sat-sun'" in sat_sun["BudgetInvalidCron"]


@pytest.mark.parametrize(
    ("budgets", "window", "verdict"),
    [
        (GOOD, SUNDAYS, []),
        (GOOD, None, []),
        (None, None, []),
        (None, SUNDAYS, [("BudgetOpenOutside", None)]),
        ([], SUNDAYS, [("BudgetUnlimitedOutside", None), ("BudgetNoRate", None)]),
        ([], None, [("BudgetNoRate", None)]),
        ([SUNDAY_BLOCK], SUNDAYS, [("BudgetNoRate", None)]),
        ([{"nodes": "100%"}, SUNDAY_BLOCK], SUNDAYS, [("BudgetNoRate", None)]),
        ([RATE, {"nodes": "0%"}], SUNDAYS, [("BudgetNeverOpen", 1)]),
        ([RATE, *HALF_DAYS], SUNDAYS, [("BudgetNeverOpen", None)]),
        (
            [{"nodes": "0", "reasons": ["Empty"]}, *INVERTED],
            SATURDAY_NIGHTS,
            [("BudgetInverted", 1), ("BudgetUnlimitedOutside", None), ("BudgetNoRate", None)],
        ),
        ([RATE, {"nodes": "0", "reasons": ["Empty"]}, SUNDAY_BLOCK], SUNDAYS, []),
        ([RATE, {"nodes": "0", "reasons": []}, SUNDAY_BLOCK], SUNDAYS, []),
        (
            [RATE, {"nodes": "0", "schedule": "0 5 * * 0", "duration": "168h"}],
            SUNDAYS,
            [("BudgetAlwaysActive", 1), ("BudgetNeverOpen", 1)],
        ),
        (
            [*GOOD, {"nodes": "3", "schedule": "0 * * * *", "duration": "60m"}],
            SUNDAYS,
            [("BudgetAlwaysActive", 2)],
        ),
        (
            [*GOOD, {"nodes": "3", "schedule": "0 0 30 2 *", "duration": "60m"}],
            SUNDAYS,
            [("BudgetNeverHits", 2)],
        ),
        (
            [*GOOD, {"nodes": "0", "schedule": "0 0 * * ,", "duration": "60m"}],
            SUNDAYS,
            [("BudgetNeverHits", 2), ("BudgetNeverOpen", 2)],
        ),
        (
            [*GOOD, {"nodes": "0", "schedule": "0 0 * * *", "duration": "0h"}],
            SUNDAYS,
            [("BudgetNeverHits", 2)],
        ),
        (
            [RATE, {"nodes": "0", "schedule": "0 6 * * 2", "duration": "164h"}],
            SUNDAYS,
            [("BudgetOpenOutside", None), ("BudgetOpensLate", None)],
        ),
        (
            [RATE, {"nodes": "0", "reasons": ["Empty"], "schedule": "0 0 * * 7", "duration": "1h"}],
            SUNDAYS,
            [("BudgetInvalidCron", 1)],
        ),
        (
            [RATE, {"nodes": "0", "schedule": "0 5 * * 0", "duration": "165h"}],
            SUNDAYS,
            [],  # open for an hour less
        ),
        (
            [RATE, {"nodes": "0", "schedule": "0 5 * * 0", "duration": "163h"}],
            SUNDAYS,
            [("BudgetOpenOutside", None)],
        ),
    ],
)
def test_each_thing_that_can_be_wrong_is_found_at_its_budget(
    budgets: list[Json] | None,
    window: MaintenanceWindow | None,
    verdict: list[tuple[str, int | None]],
) -> None:
    """And nothing else is."""
    assert found(budgets, Question(NOW, window)) == verdict


@pytest.mark.parametrize(
    ("nodes", "minutes", "verdict"),
    [
        (1, 15, ["BudgetRoundsUp"]),
        (3, 15, ["BudgetRoundsUp"]),
        (9, 15, ["BudgetRoundsUp"]),
        (10, 15, []),
        (160, 15, []),  # ten waves of a tenth
        (160, 24, []),
        (160, 25, ["RolloutDoesNotFit"]),
        (100, 241, ["RolloutDoesNotFit"]),
    ],
)
def test_the_number_of_nodes_decides_what_a_rate_is(
    nodes: int, minutes: int, verdict: list[str]
) -> None:
    """Ten per cent of three nodes is one; and four hours are so many waves."""
    question = Question(NOW, SUNDAYS, nodes=nodes, per_node=timedelta(minutes=minutes))
    assert [code for code, _ in found(GOOD, question)] == verdict


def test_a_roll_that_does_not_fit_says_how_far_it_comes() -> None:
    """One node at a time, ten minutes each: 24 of 100 in four hours."""
    budgets: list[Json] = [{"nodes": "1"}, SUNDAY_BLOCK]
    question = Question(NOW, SUNDAYS, nodes=100, per_node=timedelta(minutes=10))
    assert told(budgets, question)["RolloutDoesNotFit"] == (
        "In the window from Sunday 2026-11-29 01:00 UTC 24 of 100 nodes are replaced, "
        "at 10 min each."
    )


def test_the_number_of_nodes_may_come_from_the_pool_itself() -> None:
    """By its status, the older form of it too; what is asked for comes first."""
    body = node_pool(GOOD) | {"status": {"nodes": 3}}
    older = node_pool(GOOD) | {"status": {"resources": {"nodes": "3"}}}
    for each in (body, older):
        assert [f.message for f in check(read_pool(each), Question(NOW, SUNDAYS))] == [
            "10% of 3 nodes is rounded up to 1: 33 % of it."
        ]
        assert check(read_pool(each), Question(NOW, SUNDAYS, nodes=10)) == []


def test_a_pool_that_opens_on_another_day_says_when() -> None:
    """The window's start, and when the pool opens after it."""
    budgets: list[Json] = [RATE, {"nodes": "0", "schedule": "0 6 * * 2", "duration": "164h"}]
    assert told(budgets, Question(NOW, SUNDAYS))["BudgetOpensLate"] == (
        "The window opens at Sunday 2026-11-29 01:00 UTC, the pool at Tuesday 2026-12-01 02:00 UTC."
    )


def test_kubernetes_upgrades_outside_the_open_time_are_found() -> None:
    """Nodes stay behind the control plane until the pool opens; within it nothing is said."""
    tuesdays = MaintenanceWindow(Weekly(1, Weekday.TUESDAY), time(1), 4)
    apart = told(GOOD, Question(NOW, SUNDAYS, kubernetes_window=tuesdays))
    assert apart == {
        "KubernetesWindowOutside": (
            "Kubernetes may be upgraded from Tuesday 2026-12-01 01:00 UTC, and the pool is closed "
            "then: its nodes follow when it opens (2026-12-06 01:00 UTC)."
        )
    }
    assert found(GOOD, Question(NOW, SUNDAYS, kubernetes_window=SUNDAYS)) == []
    assert found(None, Question(NOW, kubernetes_window=tuesdays)) == []


@pytest.mark.parametrize(
    ("expire_after", "verdict"),
    [("Never", []), ("720h", ["ExpiryIgnoresBudgets"]), (None, ["ExpiryIgnoresBudgets"])],
)
def test_expiry_heeds_no_budget(expire_after: str | None, verdict: list[str]) -> None:
    """Unless it is Never; left out it is thirty days."""
    pool = read_pool(node_pool(GOOD, expire_after=expire_after))
    assert [each.code.value for each in check(pool, Question(NOW, SUNDAYS))] == verdict


def test_expiry_at_its_old_place_is_not_read() -> None:
    """So the pool has the default, which is found as well."""
    body: Json = {
        "kind": "NodePool",
        "spec": {"disruption": {"budgets": GOOD, "expireAfter": "Never"}, "template": {"spec": {}}},
    }
    codes = [each.code.value for each in check(read_pool(body), Question(NOW, SUNDAYS))]
    assert codes == ["ExpiryIgnoresBudgets", "ExpiryAtOldPlace"]


def test_a_number_of_nodes_that_is_not_text_is_found_and_understood() -> None:
    """The schema refuses it; what it means is plain, so the rest is looked at."""
    budgets: list[Json] = [RATE, {"nodes": 0}]
    assert found(budgets, Question(NOW, SUNDAYS)) == [
        ("BudgetNeverOpen", 1),
        ("NodesNotText", 1),
    ]


def test_a_monthly_window_is_looked_at_for_more_than_a_year() -> None:
    """With dates instead of days of the week."""
    monthly = replace(SUNDAYS, recurrence=AbsoluteMonthly(1, 15))
    made = written(generate(monthly, BudgetWish(), NOW).budgets)
    assert check(made, Question(NOW, monthly)) == []
    weekly = told(GOOD, Question(NOW, monthly))
    assert "2026-11-29 01:00 to 05:00 UTC" in weekly["BudgetOpenOutside"]
    assert "in 401 days" in weekly["BudgetOpenOutside"]
    assert "BudgetOpensLate" in weekly


@settings(max_examples=60)
@given(windows, st.integers(0, 239))
def test_budgets_made_for_any_window_pass(window: MaintenanceWindow, early: int) -> None:
    """Written as a NodePool has them, read again and held against the window: no finding."""
    made = generate(window, BudgetWish(close_early=timedelta(minutes=early)), NOW)
    assert check(written(made.budgets), Question(NOW, window)) == []


@settings(max_examples=15)
@given(plain_windows, st.integers(2, LONGEST_DATED.days))
@example(LATELY_CLOSED, 2)
@example(NOT_YET_STARTED, LONGEST_DATED.days)
def test_budgets_with_dates_pass_until_their_end(window: MaintenanceWindow, days: int) -> None:
    """For what is left of them."""
    until = NOW + timedelta(days=days)
    made = generate(window, BudgetWish(until=until), NOW)
    assert check(written(made.budgets), Question(NOW, window, until=made.until)) == []


def test_budgets_with_dates_are_found_after_their_end() -> None:
    """A cron names no year: the dates come back, and block what they should not."""
    frozen = DateSpan(date(2026, 12, 20), date(2027, 1, 3))
    window = replace(SUNDAYS, not_allowed_dates=(frozen,))
    made = generate(window, BudgetWish(until=NOW + timedelta(days=360)), NOW)
    assert made.until is not None
    later = check(written(made.budgets), Question(made.until, window))
    assert [each.code.value for each in later] == ["BudgetOpensLate"]
    assert "The window opens at Sunday 2027-12-26 01:00 UTC" in later[0].message


@pytest.mark.parametrize(
    ("length", "said"),
    [
        (timedelta(minutes=90), "90 min"),
        (timedelta(hours=164, minutes=30), "164.5 h"),
        (timedelta(hours=2_562_047), "2562047 h"),
    ],
)
def test_how_long_a_length_of_time_is(length: timedelta, said: str) -> None:
    """In digits, however long a budget may be."""
    assert length_text(length) == said
