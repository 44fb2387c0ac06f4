"""What a check comes to, for people and for programs."""

from datetime import timedelta

from shared.domain.budgets.checking.report import report
from shared.domain.budgets.checking.timeline import MOST_SEGMENTS
from shared.domain.budgets.checking.view import Question
from shared.domain.window.recurrence import AbsoluteMonthly
from shared.domain.window.window import MaintenanceWindow
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
    assert (found.findings, list(found.lines(80))[-1]) == (3, "2 NodePools, 3 findings")


def test_a_pool_without_findings_is_listed() -> None:
    """So that silence is no answer."""
    lines = list(report([node_pool(None)], Question(NOW, nodes=20)).lines(80))
    assert lines[0] == "NodePool default, 20 nodes"
    assert "  nothing is wrong" in lines
    assert lines[-1] == "1 NodePool, 0 findings"


def test_no_line_is_longer_than_the_terminal() -> None:
    """At 80 columns, with every kind of thing to say."""
    broken: list[Json] = [{"nodes": "0", "schedule": "0 0 * * sat-sun", "duration": "24h"}]
    objects = [node_pool(WEEKEND_ONLY, expire_after=None), node_pool(broken), node_pool([])]
    window = MaintenanceWindow(AbsoluteMonthly(2, 31), SUNDAYS.start_time, 4)
    lines = list(report(objects, Question(NOW, window, nodes=3)).lines(80))
    assert max(map(len, lines)) <= 80
    assert any(
        line.startswith("note: intervalMonths is 2") or "dayOfMonth" in line for line in lines
    )


def test_a_pool_that_is_refused_has_no_week() -> None:
    """What it would mean is not guessed."""
    (pool,) = report([node_pool([{"nodes": "all"}])], Question(NOW, SUNDAYS)).to_json()["pools"]
    assert (pool["week"], pool["findings"][0]["code"]) == ([], "BudgetRefused")


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
