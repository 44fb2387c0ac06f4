"""docs/windows-and-nodes.md shows what the code makes and finds, word by word."""

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TypedDict

import pytest
import yaml
from cronsim import CronSim

from shared.domain.budgets.checking.findings import CODES
from tests.docs.budget_examples import EXAMPLES

PAGE = (Path(__file__).parents[2] / "docs/windows-and-nodes.md").read_text(encoding="utf-8")
BLOCK = re.compile(r"<!-- example: ([a-z-]+) -->\n```(?:yaml|text)\n(.*?)```\n", re.DOTALL)
SHOWN = dict(BLOCK.findall(PAGE))


class WrittenBudget(TypedDict, total=False):
    nodes: str
    reasons: list[str]
    schedule: str
    duration: str


def test_every_example_is_shown() -> None:
    """Each once, and no other."""
    assert [name for name, _ in BLOCK.findall(PAGE)] == list(EXAMPLES)


@pytest.mark.parametrize("name", EXAMPLES)
def test_an_example_is_what_the_code_writes(name: str) -> None:
    """To the letter, so that a page that lags behind fails the build."""
    assert SHOWN[name] == EXAMPLES[name]


def test_every_code_has_its_row() -> None:
    """The table of findings is the code's own, in its order."""
    table = PAGE.partition("<!-- codes")[2].partition("<!-- /codes -->")[0]
    rows = re.findall(r"^\| `(\w+)` \| (.*?) \| (.*?) \|$", table, re.MULTILINE)
    assert rows == [(code.value, text.meaning, text.you_can) for code, text in CODES.items()]


def is_active(budget: WrittenBudget, at: datetime) -> bool:
    """Evaluate a budget as Karpenter does: some hit h of the cron with h <= at < h + duration."""
    if "schedule" not in budget:
        return True
    duration = timedelta(hours=int(budget["duration"].removesuffix("h")))
    return next(CronSim(budget["schedule"], at - duration)) <= at


def test_the_budgets_open_in_the_window_and_nowhere_else() -> None:
    """Minute by minute for two weeks: drift starts in the window, at the rate, never outside."""
    rate, block = yaml.safe_load(SHOWN["made-sunday"])["spec"]["disruption"]["budgets"]
    assert (rate, block["nodes"], block["reasons"]) == ({"nodes": "10%"}, "0", ["Drifted"])
    monday = datetime(2026, 11, 16, tzinfo=UTC)
    for minute in range(14 * 24 * 60):
        at = monday + timedelta(minutes=minute)
        in_window = at.weekday() == 6 and 1 <= at.hour < 5
        assert is_active(rate, at)
        assert is_active(block, at) is not in_window, at
