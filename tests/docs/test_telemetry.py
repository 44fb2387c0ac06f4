"""docs/telemetry.md says what the code sends, and every line that the code writes is in it."""

import ast
import re
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path

import pytest

from shared.domain.deciding.outcome import OutcomeKind
from shared.domain.vocabulary.reasons import Cause
from shared.reconcile.fleet.mind import Mended
from shared.telemetry import names
from tests.docs.test_readme import ROOT

PAGE = (ROOT / "docs" / "telemetry.md").read_text(encoding="utf-8")


def rows(name: str) -> list[list[str]]:
    """Give the rows of the table between two markers, without its head."""
    found = re.search(rf"<!-- {name}\b.*?-->\n(.*?)<!-- /{name} -->", PAGE, re.DOTALL)
    assert found, f"docs/telemetry.md has no part {name}"
    lines = [line for line in found[1].splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines[2:]]


def listed(names: tuple[str, ...]) -> str:
    """Write a list of names as the page does."""
    return ", ".join(f"`{name}`" for name in names) or "none"


def test_every_line_has_its_row() -> None:
    """The table of log lines is the code's own, in its order."""
    expected = [[f"`{line.what}`", line.when, listed(line.facts)] for line in names.LINES]
    assert rows("lines") == expected


def test_every_event_has_its_row() -> None:
    """The table of custom events is the code's own, in its order."""
    expected = [[f"`{event.name}`", event.when, listed(event.facts)] for event in names.EVENTS]
    assert rows("events") == expected


def test_every_metric_has_its_row() -> None:
    """The table of metrics is the code's own, in its order."""
    expected = [
        [f"`{one.name}`", one.kind.value, f"`{one.unit}`", one.meaning, listed(one.dimensions)]
        for one in names.METRICS
    ]
    assert rows("metrics") == expected


def test_the_values_of_dimensions_are_named() -> None:
    """Whoever writes a query finds every outcome and every cause on the page."""
    missing = [value for value in (*OutcomeKind, *Cause) if f"`{value}`" not in PAGE]
    assert missing == []


def test_no_metric_is_about_one_cluster() -> None:
    """A dimension with a value per cluster would be a series per cluster."""
    dimensions = {name for one in names.METRICS for name in one.dimensions}
    assert dimensions <= {"state", "outcome", "reason", "cause", "scope"}


def written_lines(path: Path) -> Iterator[str]:
    """Find the literal first words of the calls of `log_facts` in one module."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        called = isinstance(node, ast.Call) and getattr(node.func, "id", "") == "log_facts"
        if called and isinstance(node, ast.Call):
            for each in ast.walk(node.args[1]):
                if isinstance(each, ast.Constant) and isinstance(each.value, str):
                    yield each.value


MODULES = sorted(
    path for folder in ("functions", "shared") for path in ROOT.glob(f"{folder}/**/*.py")
)


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(ROOT)))
def test_no_line_is_written_that_is_not_in_the_table(path: Path) -> None:
    """A line that is not in the table has no row that people could look it up in."""
    known = {line.what for line in names.LINES}
    assert set(written_lines(path)) <= known


def test_all_that_minding_counts_is_in_the_table() -> None:
    """Whatever `mind_runs` puts right is a fact of its line, under its own name."""
    assert names.RUNS_MENDED.facts == tuple(each.name for each in fields(Mended))


def test_lines_are_found() -> None:
    """The test above looks at something."""
    assert {what for path in MODULES for what in written_lines(path)} >= {"event refused"}
