"""The app's own source as trees: what the counts of the house are taken from."""

import ast
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[2]
APP = ("function_app.py", "functions", "naptime", "shared")
"""What is deployed, or is installed for the command line."""
AROUND = ("local",)
"""What runs and checks the app; it may read what the app has, as no test does."""

type Definition = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef


@dataclass(frozen=True, slots=True)
class Module:
    """One file: its path from the root, and what is in it."""

    path: Path
    tree: ast.Module
    lines: int

    @property
    def name(self) -> str:
        """The dotted name by which others import it."""
        parts = self.path.with_suffix("").parts
        return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def _files(tops: tuple[str, ...]) -> Iterator[Path]:
    for top in tops:
        place = ROOT / top
        if place.is_file():
            yield place
        for folder, below, names in place.walk():
            below[:] = sorted(set(below) - {"node_modules", "__pycache__"})
            yield from (folder / name for name in sorted(names) if name.endswith(".py"))


@cache
def modules(*tops: str) -> tuple[Module, ...]:
    """Read every module below the given folders."""
    return tuple(_module(each) for each in _files(tops))


def _module(file: Path) -> Module:
    text = file.read_text(encoding="utf-8")
    return Module(file.relative_to(ROOT), ast.parse(text), len(text.splitlines()))


def app() -> tuple[Module, ...]:
    """Give the modules of the app."""
    return modules(*APP)


def definitions(module: Module) -> Iterator[Definition]:
    """Go through every function and class, nested ones included."""
    for node in ast.walk(module.tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            yield node


def imports(module: Module) -> frozenset[str]:
    """Name everything that a module imports, wherever in it, by dotted name."""
    found: set[str] = set()
    for node in ast.walk(module.tree):
        if isinstance(node, ast.Import):
            found.update(each.name for each in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            found.add(node.module)
            found.update(f"{node.module}.{each.name}" for each in node.names)
    return frozenset(found)


def import_graph(among: tuple[Module, ...]) -> Mapping[str, frozenset[str]]:
    """Say which of some modules imports which others of them."""
    known = {each.name for each in among}
    return {each.name: imports(each) & known - {each.name} for each in among}
