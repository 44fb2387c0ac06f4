"""NodePools read as Kubernetes writes them, and what their schema refuses."""

import re
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.domain.budgets.budget import DEFAULT_BUDGETS, parse_schedule
from shared.domain.budgets.checking.checks import check
from shared.domain.budgets.checking.findings import CODES, Code
from shared.domain.budgets.checking.pools import objects_in, pools_in, read_pool
from shared.domain.budgets.checking.view import Question
from shared.domain.vocabulary.fields import BrokenRule
from shared.domain.vocabulary.invalid import InvalidInput
from tests.unit.domain.budgets.pools import NOW, SUNDAYS, Json, node_pool, pool_of
from tests.unit.domain.strategies import json_values


def test_a_pool_that_names_no_budgets_has_the_default() -> None:
    """Ten per cent; an empty list is not the same."""
    assert pool_of(None).budgets == DEFAULT_BUDGETS
    assert pool_of([]).budgets == ()
    assert read_pool({"kind": "NodePool", "spec": {}}).budgets == DEFAULT_BUDGETS


def test_a_list_of_kubectl_is_its_pools() -> None:
    """Lists within lists too; what is no NodePool is left to others."""
    body: Json = {
        "kind": "List",
        "items": [
            node_pool(None, name="a"),
            {"kind": "List", "items": [node_pool([], name="b")]},
            {"kind": "Deployment"},
        ],
    }
    assert [pool.name for pool in pools_in(list(objects_in(body)))] == ["a", "b"]


def test_lists_in_lists_without_end() -> None:
    """More of them than Python has frames for are read like any other."""
    body: Json = node_pool(None, name="a")
    for _ in range(20_000):
        body = {"kind": "List", "items": [body]}
    assert [pool.name for pool in pools_in(list(objects_in(body)))] == ["a"]


@given(st.text(alphabet="a@ \t\n\x1f", max_size=14))
def test_which_schedules_the_schema_lets_through(written: str) -> None:
    """Those that its pattern is found in, as Go's regular expressions read it."""
    pattern = r"^@daily|.+\s.+\s.+\s.+\s.+\Z"
    found = re.search(pattern, written, re.ASCII) is not None
    assert is_let_through(written) is found


@pytest.mark.parametrize("written", [" " * 4000 + "\n\n", "a " * 4000 + "\n", "a\n" * 4000 + "\n"])
def test_a_long_schedule_is_refused_at_once(written: str) -> None:
    """One budget of one pool does not keep the check, and all that runs beside it, for minutes."""
    began = time.process_time()
    assert not is_let_through(written)
    assert time.process_time() - began < 1


def is_let_through(written: str) -> bool:
    try:
        parse_schedule(written)
    except BrokenRule:
        return False
    return True


@pytest.mark.parametrize("counted", [True, False, -1, 0, 1.5, "1k", "\u0663", None, {}])
def test_what_is_no_number_of_nodes(counted: object) -> None:
    """A pool whose status has no number of nodes says nothing of how many there are."""
    assert read_pool({"kind": "NodePool", "status": {"nodes": counted}}).nodes is None


def test_a_part_of_a_pool_is_a_pool() -> None:
    """As patches and the budgets that naptime makes are; nothing is said of its expiry."""
    (pool,) = pools_in([{"spec": {"disruption": {"budgets": [{"nodes": "1"}]}}}])
    assert (pool.name, pool.expire_after) == ("(unnamed)", None)
    assert [each.code.value for each in check(pool, Question(NOW))] == []


@pytest.mark.parametrize(
    ("body", "rule"),
    [
        ({"kind": "Deployment"}, "items 'Deployment': must hold at least one NodePool"),
        ({}, "items 'None': must hold at least one NodePool"),
        ({"items": []}, "items 'null': must hold at least one NodePool"),
        ({"items": {}}, "items 'an object': must be a list"),
        ({"items": [node_pool(None), 7]}, r"items\[1\] '7': must be an object"),
    ],
)
def test_a_text_without_pools_is_refused(body: Json, rule: str) -> None:
    """With what is there instead."""
    with pytest.raises(InvalidInput, match=rule):
        pools_in(list(objects_in(body)))


@pytest.mark.parametrize(
    ("budgets", "index", "message"),
    [
        ("none", None, "budgets 'none' must be a list."),
        ([{"nodes": "1"}] * 51, None, "budgets 'a list' must have at most 50 items, not 51."),
        (["10%"], 0, "budget '10%' must be an object."),
        ([{"nodes": "110%"}], 0, 'nodes \'110%\' must be text like "3" or "10%", at most 100%.'),
        ([{"nodes": True}], 0, "nodes 'true' must be text."),
        ([{"nodes": "1"}, {"nodes": 1.5}], 1, "nodes '1.5' must be text."),
        (
            [{"nodes": "1", "schedule": "0 5 * * 0"}],
            0,
            "duration 'null' is required: schedule and duration go together.",
        ),
        (
            [{"nodes": "1", "duration": "4h"}],
            0,
            "schedule 'null' is required: schedule and duration go together.",
        ),
        (
            [{"nodes": "1", "schedule": "0 5 * *", "duration": "4h"}],
            0,
            "schedule '0 5 * *' must be a cron of five fields, or @daily and the like.",
        ),
        (
            [{"nodes": "1", "schedule": "@every 1h", "duration": "4h"}],
            0,
            "schedule '@every 1h' must be a cron of five fields, or @daily and the like.",
        ),
        (
            [{"nodes": "1", "schedule": "0 5 * * 0", "duration": "2d"}],
            0,
            "duration '2d' must be hours and minutes, like 4h or 1h30m: no days, no seconds.",
        ),
        (
            [{"nodes": "1", "reasons": ["Drift"]}],
            0,
            "reasons 'Drift' must be one of Drifted, Underutilized, Empty.",
        ),
        ([{"nodes": "1", "reasons": "Drifted"}], 0, "reasons 'Drifted' must be a list."),
        (
            [{"nodes": "1", "reasons": ["Empty", "Empty"]}],
            0,
            "reasons 'a list' must not name a reason twice.",
        ),
        ([{"nodes": "1", "cron": "x"}], 0, "cron 'x' is not a known field."),
    ],
)
def test_what_the_schema_refuses_is_a_finding(
    budgets: object, index: int | None, message: str
) -> None:
    """With the budget, the field, its value and the rule; the pool is not looked at further."""
    body: Json = {"kind": "NodePool", "spec": {"disruption": {"budgets": budgets}}}
    (refused,) = check(read_pool(body), Question(NOW, SUNDAYS))
    assert (refused.code, refused.budget, refused.message) == (Code.REFUSED, index, message)


def test_what_the_schema_lets_through_is_for_karpenter_to_refuse() -> None:
    """The pattern of a schedule is wider than Karpenter's cron, on purpose or not."""
    for schedule in ("@dailyx", "@weekly 5", "x 0 0 * * 7", "@every 1 2 3 4"):
        pool = pool_of([{"nodes": "1", "schedule": schedule, "duration": "1h"}])
        (finding,) = check(pool, Question(NOW, SUNDAYS))
        assert finding.code is Code.INVALID_CRON, schedule


def test_every_code_says_what_it_means_and_what_to_do() -> None:
    """And no other does."""
    assert list(CODES) == list(Code)
    assert all(text.meaning.endswith(".") and text.you_can.endswith(".") for text in CODES.values())


@settings(max_examples=40)
@given(json_values)
def test_any_json_in_the_place_of_budgets_is_read(value: object) -> None:
    """Nothing is raised, whatever is there; each finding is one line."""
    body: Json = {"kind": "NodePool", "spec": {"disruption": {"budgets": value}}, "status": value}
    for finding in check(read_pool(body), Question(NOW, SUNDAYS)):
        assert finding.message.isprintable()


@settings(max_examples=40)
@given(json_values)
def test_any_json_in_the_place_of_a_pool_is_read(value: object) -> None:
    """As none, or as one with defaults."""
    for body in ({"kind": "NodePool", "spec": value}, {"kind": "NodePool", "metadata": value}):
        assert pools_in([body])
