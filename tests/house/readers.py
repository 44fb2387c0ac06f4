"""What the app defines and what reads it: methods by name, which errs on the side of reading."""

import ast
from collections.abc import Iterable, Iterator
from functools import cache

from tests.house.source import AROUND, Module, app, imports, modules

_KINDS_WITH_OPEN_MEMBERS = frozenset({"StrEnum", "Enum", "IntEnum", "TypedDict", "Protocol"})


def unread() -> list[str]:
    """List the constants, functions and methods of the app that nothing but tests reads."""
    readers = (*app(), *modules(*AROUND))
    attributes = {name for module in readers for name in _attributes(module)}
    imported = {name for module in readers for name in imports(module)}
    return sorted(
        f"{module.path}: {owner}{name}"
        for module in app()
        for owner, name in _defined_in(module)
        if name not in attributes
        and (owner or (f"{module.name}.{name}" not in imported and name not in _loaded(module)))
    )


def _attributes(module: Module) -> Iterator[str]:
    for node in ast.walk(module.tree):
        if isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Load):
            yield node.attr


@cache
def _loaded(module: Module) -> frozenset[str]:
    nodes = ast.walk(module.tree)
    return frozenset(
        each.id for each in nodes if isinstance(each, ast.Name) and isinstance(each.ctx, ast.Load)
    )


def _defined_in(module: Module) -> Iterator[tuple[str, str]]:
    for node in module.tree.body:
        if isinstance(node, ast.ClassDef):
            yield from ((f"{node.name}.", name) for name in _methods(node))
        else:
            yield from (("", name) for name in _named_by(node))


def _named_by(node: ast.stmt) -> Iterator[str]:
    match node:
        case ast.Assign(targets=targets):
            yield from (each.id for each in targets if isinstance(each, ast.Name))
        case ast.AnnAssign(target=ast.Name(id=name)):
            yield name
        case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name):
            if not node.decorator_list:
                yield name
        case _:
            return


def _methods(node: ast.ClassDef) -> Iterator[str]:
    if _bases(node.bases) & _KINDS_WITH_OPEN_MEMBERS:
        return
    functions = (
        each for each in node.body if isinstance(each, ast.FunctionDef | ast.AsyncFunctionDef)
    )
    yield from (each.name for each in functions if not each.name.startswith("__"))


def _bases(bases: Iterable[ast.expr]) -> frozenset[str]:
    return frozenset(ast.unparse(each).partition("[")[0].rpartition(".")[2] for each in bases)
