"""What a check comes to."""

from copy import replace
from datetime import timedelta

from shared.domain.budgets.checking.report import report
from shared.domain.budgets.checking.timeline import MOST_SEGMENTS
from shared.domain.budgets.checking.view import Question
from tests.unit.domain.budgets.pools import NOW, SUNDAYS, WEEKEND_ONLY, Json, node_pool
from tests.unit.domain.budgets.test_pdbs import WEB, deployment, pdb


def test_every_pool_has_its_week_and_its_findings() -> None:
    """In the order of the list, with the pod disruption budgets after them."""
    objects = [
        node_pool(WEEKEND_ONLY, name="weekend"),
        pdb("web", WEB, minAvailable=1),
        node_pool(None, name="plain"),
        deployment("web", 1),
    ]
    found = report(objects, Question(NOW, SUNDAYS))
    shown = found.to_json()
    assert [each["name"] for each in shown["pools"]] == ["weekend", "plain"]
    assert [each["findings"][0]["code"] for each in shown["pools"]] == [
        "BudgetNeverOpen",
        "BudgetOpenOutside",
    ]
    assert [each["code"] for each in shown["podDisruptionBudgets"]] == ["PodsNeverEvicted"]
    assert found.findings == 3


def test_a_window_with_an_offset_is_drawn_twice() -> None:
    """In UTC, and in the window's own time; a window in UTC once."""
    tokyo = replace(SUNDAYS, utc_offset=timedelta(hours=9))
    (pool,) = report([node_pool(None)], Question(NOW, tokyo)).pools
    assert [line[:7].strip() for line in pool.drawn(80)] == [
        *("UTC", "window", "budgets", "+09:00", "window", "budgets"),
    ]
    (pool,) = report([node_pool(None)], Question(NOW, SUNDAYS)).pools
    assert len(pool.drawn(80)) == 3


def test_a_pool_that_is_refused_has_no_week() -> None:
    """What it would mean is not guessed."""
    (pool,) = report([node_pool([{"nodes": "all"}])], Question(NOW, SUNDAYS)).pools
    assert (pool.to_json()["week"], pool.drawn(80)) == ([], [])
    assert pool.to_json()["findings"][0]["code"] == "BudgetRefused"


def test_a_week_that_changes_all_the_time_is_cut_and_says_so() -> None:
    """Every other minute is more than anybody reads."""
    restless: list[Json] = [{"nodes": "1", "schedule": "*/2 * * * *", "duration": "1m"}]
    found = report([node_pool(restless)], Question(NOW, SUNDAYS)).to_json()
    assert len(found["pools"][0]["week"]) == MOST_SEGMENTS
    assert found["notes"] == [
        "The week of NodePool default changes 10080 times; as JSON it has the first 336 stretches."
    ]


def test_an_end_is_after_now() -> None:
    """A list with dates that is over is held against nothing."""
    assert report([node_pool(None)], Question(NOW, until=NOW + timedelta(days=1))).findings == 0
