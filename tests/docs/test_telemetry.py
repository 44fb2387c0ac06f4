"""docs/telemetry.md says what the code sends, and every line that the code writes is in it."""

import ast
import logging
from pathlib import Path

from shared.domain.deciding.outcome import OutcomeKind
from shared.domain.vocabulary.reasons import Cause
from shared.reconcile.fleet.mind import Mended
from shared.telemetry import custom_events, lines
from shared.telemetry.custom_events import EVENTS
from shared.telemetry.figures import METRICS
from shared.telemetry.lines import LINES, RUNS_MENDED
from shared.telemetry.log import BugLine, Event, Line
from tests.docs.pages import ROOT, page, rows

PAGE = page("telemetry.md")


def listed(names: tuple[str, ...]) -> str:
    """Write a list of names as the page does."""
    return ", ".join(f"`{name}`" for name in names) or "none"


def named_level(level: object) -> str:
    """Write the level as the page does: where it varies, what it says of when is in the text."""
    return logging.getLevelName(level).lower() if isinstance(level, int) else "varies"


def test_every_line_has_its_row() -> None:
    """The table of log lines is the code's own, in its order."""
    expected = [
        [
            f"`{line.what}`",
            named_level(line.level),
            f"`{line.table}`",
            line.when,
            listed(line.facts),
        ]
        for line in LINES
    ]
    assert rows("lines", PAGE) == expected


def test_every_event_has_its_row() -> None:
    """The table of custom events is the code's own, in its order."""
    expected = [[f"`{event.name}`", event.when, listed(event.facts)] for event in EVENTS]
    assert rows("events", PAGE) == expected


def test_every_metric_has_its_row() -> None:
    """The table of metrics is the code's own, in its order."""
    expected = [
        [f"`{one.name}`", one.kind.value, f"`{one.unit}`", one.meaning, listed(one.dimensions)]
        for one in METRICS
    ]
    assert rows("metrics", PAGE) == expected


def test_the_values_of_dimensions_are_named() -> None:
    """Whoever writes a query finds every outcome and every cause on the page."""
    missing = [value for value in (*OutcomeKind, *Cause) if f"`{value}`" not in PAGE]
    assert missing == []


def test_no_metric_is_about_one_cluster() -> None:
    """A dimension with a value per cluster would be a series per cluster."""
    dimensions = {name for one in METRICS for name in one.dimensions}
    assert dimensions <= {"state", "outcome", "reason", "cause", "scope", "why"}


def used(path: Path) -> set[str]:
    """Find the symbols in capitals that one module calls `log` or `send` on, or hands on."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    names = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
    return names | {node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute)}


MODULES = sorted(
    path
    for folder in ("functions", "shared")
    for path in ROOT.glob(f"{folder}/**/*.py")
    if path.name not in {"lines.py", "custom_events.py"}
)


def test_every_symbol_is_written() -> None:
    """No row is of a line or an event that nothing in the app writes."""
    symbols = {
        name
        for module in (lines, custom_events)
        for name, value in vars(module).items()
        if isinstance(value, Line | BugLine | Event)
    }
    assert len(symbols) > len(LINES)
    assert symbols <= set().union(*map(used, MODULES))


def test_the_log_is_written_by_symbols_alone() -> None:
    """Nothing in the app has a logger of its own: its lines would be in no table."""
    loggers = {path.name for path in MODULES if "getLogger" in path.read_text(encoding="utf-8")}
    assert loggers == {"log.py"}


def test_all_that_minding_counts_is_in_the_table() -> None:
    """Whatever `mind_runs` puts right is a fact of its line, under its own name."""
    assert RUNS_MENDED.facts == Mended.__struct_fields__
