"""The counts of the house: how large, how many, and what belongs to whom."""

import ast
import tomllib
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from graphlib import CycleError, TopologicalSorter

import pytest

from tests.house.readers import unread
from tests.house.source import (
    APP,
    AROUND,
    ROOT,
    Module,
    app,
    definitions,
    import_graph,
    modules,
)

MOST_FILES, MOST_LINES, MOST_OF_A_FUNCTION = 12, 250, 40
ORDERS = {
    "shared.domain": [
        "fleet",
        "images | messages | budgets",
        "updates",
        "deciding",
        "window",
        "vocabulary",
    ],
    "shared.reconcile": ["shown", "images", "fleet", "cluster", "ground"],
}
# What is still to be mended. The lists may only become shorter.
FULL_FOLDERS: set[str] = set()
LONG_MODULES: set[str] = set()
NAMED_TWICE: set[str] = set()
UNREAD: set[str] = set()
# Rooms whose users are still to come.
UNDER_WAY: tuple[str, ...] = ()
# The pages of docs/ are kept in step with these by their tests.
READ_BY_THE_DOCS = {
    "shared/telemetry/custom_events.py: EVENTS",
    "shared/telemetry/figures.py: METRICS",
    "shared/telemetry/lines.py: LINES",
}


def everything() -> tuple[Module, ...]:
    return modules(*APP, *AROUND)


def test_a_folder_holds_twelve_files_at_most() -> None:
    """A folder of the app has twelve modules at most, besides what makes it a package."""
    files = (each.path for each in app() if each.path.name != "__init__.py")
    counts = Counter(str(each.parent) for each in files)
    assert counts
    assert {name for name, count in counts.items() if count > MOST_FILES} == set()


def test_a_module_has_250_lines_at_most() -> None:
    """No module of the app, nor of what runs it here, is longer than 250 lines."""
    long = {str(each.path) for each in everything() if each.lines > MOST_LINES}
    assert long <= LONG_MODULES


def test_a_function_has_40_lines_at_most() -> None:
    """No function of the app, nor of what runs it here, is longer than forty lines."""
    assert [
        f"{module.path}: {each.name}"
        for module in everything()
        for each in definitions(module)
        if not isinstance(each, ast.ClassDef) and _length(each) > MOST_OF_A_FUNCTION
    ] == []


def _length(node: ast.stmt) -> int:
    return (node.end_lineno or node.lineno) - node.lineno + 1


def test_no_class_is_named_twice() -> None:
    """No two modules of the app have a class of the same name."""
    places: dict[str, set[str]] = defaultdict(set)
    for module in app():
        for node in module.tree.body:
            if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
                places[node.name].add(str(module.path))
    assert places
    assert {name for name, found in places.items() if len(found) > 1} <= NAMED_TWICE


def test_no_import_runs_in_a_circle() -> None:
    """No module of the app imports itself through others, for types alone neither."""
    graph = import_graph(app())
    assert any(graph.values())
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        pytest.fail(" -> ".join(error.args[1]))


def contracts() -> Iterator[Mapping[str, object]]:
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    yield from settings["tool"]["importlinter"]["contracts"]


@pytest.mark.parametrize("container", ORDERS)
def test_the_order_between_subjects_is_a_contract(container: str) -> None:
    """The subjects of the domain and of the use cases have one order, with no folder left out."""
    (contract,) = [each for each in contracts() if each.get("containers") == [container]]
    assert (contract["type"], contract["exhaustive"]) == ("layers", True)
    layers = contract["layers"]
    assert isinstance(layers, list)
    assert [each for each in layers if each in ORDERS[container]] == ORDERS[container]
    rooms = {name.strip() for each in layers for name in str(each).split("|")}
    place = ROOT.joinpath(*container.split("."))
    there = {each.stem for each in place.iterdir() if each.name[0] not in "_."}
    assert there == rooms


def test_nothing_is_kept_for_tests_alone() -> None:
    """No constant, function or method of the app is read by tests alone."""
    found = {each for each in unread() if not each.startswith(UNDER_WAY)}
    assert found <= UNREAD | READ_BY_THE_DOCS
    assert found >= READ_BY_THE_DOCS
