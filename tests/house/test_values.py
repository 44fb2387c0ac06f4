"""What the app's classes of values are made by: msgspec in C, for making one is most of a start."""

import ast
from collections.abc import Iterator

from tests.house.source import Module, app, definitions, imports, modules

BEYOND_STRUCT = frozenset({"compare", "hash", "init", "repr"})
"""What dataclasses can do with a field, and msgspec cannot."""
OF_MSGSPEC = frozenset(
    {"msgspec.Struct", "msgspec.field", "msgspec.structs", "msgspec.structs.force_setattr"}
)


def _classes(module: Module) -> Iterator[ast.ClassDef]:
    return (each for each in definitions(module) if isinstance(each, ast.ClassDef))


def _name(node: ast.expr) -> str:
    return ast.unparse(node.func if isinstance(node, ast.Call) else node)


def _fields(found: ast.ClassDef) -> Iterator[ast.Call]:
    """Give the calls of `field` in the body of a class."""
    values = (node.value for node in found.body if isinstance(node, ast.AnnAssign))
    return (each for each in values if isinstance(each, ast.Call) and _name(each) == "field")


def _needs_a_dataclass(found: ast.ClassDef) -> bool:
    return any(each.arg in BEYOND_STRUCT for field in _fields(found) for each in field.keywords)


def test_a_dataclass_is_what_a_struct_cannot_be() -> None:
    """A class of the app is a dataclass only where a field is derived, or not compared or shown."""
    needless = [
        f"{module.name}.{found.name}"
        for module in app()
        for found in _classes(module)
        if any(_name(each) == "dataclass" for each in found.decorator_list)
        and not _needs_a_dataclass(found)
    ]
    assert needless == []


def test_a_struct_has_no_field_of_dataclasses() -> None:
    """No Struct has a `field` of dataclasses, which msgspec would take for the default itself."""
    mistaken = [
        f"{module.name}.{found.name}"
        for module in app()
        if "dataclasses.field" in imports(module)
        for found in _classes(module)
        if any(_name(base) == "Struct" for base in found.bases) and any(_fields(found))
    ]
    assert mistaken == []


def test_the_domain_decodes_nothing() -> None:
    """Of msgspec the domain has the classes of its values, and reads nobody's JSON with it."""
    taken = {
        name
        for module in modules("shared/domain")
        for name in imports(module)
        if name.startswith("msgspec.")
    }
    assert taken == OF_MSGSPEC
