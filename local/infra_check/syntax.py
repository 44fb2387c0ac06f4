"""Bicep files as declarations: what each declares, and the syntax node of its value."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

import tree_sitter_bicep
from tree_sitter import Language, Node, Parser

INFRA = Path(__file__).parents[2] / "infra"
_PARSER = Parser(Language(tree_sitter_bicep.language()))
_UNREADABLE = {"spread_expression", "import_statement", "import_with_statement"}


class Kind(StrEnum):
    """What a declaration declares; the values are the grammar's own names."""

    PARAMETER = "parameter_declaration"
    VARIABLE = "variable_declaration"
    OUTPUT = "output_declaration"
    RESOURCE = "resource_declaration"
    MODULE = "module_declaration"


@dataclass(frozen=True, slots=True)
class Finding:
    """Something wrong: where (`path:line`), and what."""

    where: str
    what: str

    def __str__(self) -> str:
        """Give it as compilers do."""
        return f"{self.where}: {self.what}"


@dataclass(frozen=True, slots=True)
class Declaration:
    """One declaration; `literal` is a resource's `type@version`, a module's path, or a type."""

    kind: Kind
    name: str
    line: int
    literal: str
    value: Node | None
    existing: bool
    decorators: tuple[Node, ...]

    def decorator(self, name: str) -> Node | None:
        """Give the arguments of one of its decorators."""
        for call in self.decorators:
            function = call.child_by_field_name("function")
            if function is not None and text(function) == name:
                return call.child_by_field_name("arguments")
        return None


@dataclass(frozen=True, slots=True)
class BicepFile:
    """One file; `name` is its path below infra/."""

    name: str
    target_scope: str
    declarations: tuple[Declaration, ...]
    findings: tuple[Finding, ...] = field(default=())

    def of(self, kind: Kind) -> tuple[Declaration, ...]:
        """Give its declarations of one kind."""
        return tuple(each for each in self.declarations if each.kind is kind)

    @property
    def resources(self) -> tuple[Declaration, ...]:
        """Give its resources."""
        return self.of(Kind.RESOURCE)

    @property
    def parameters(self) -> dict[str, Declaration]:
        """Give its parameters by name."""
        return {each.name: each for each in self.of(Kind.PARAMETER)}


def text(node: Node) -> str:
    """Give the source of a node."""
    return (node.text or b"").decode()


def parse_folder(folder: Path) -> dict[str, BicepFile]:
    """Parse every file below a folder, by its path there."""
    paths = sorted(folder.rglob("*.bicep"))
    names = [path.relative_to(folder).as_posix() for path in paths]
    return {n: parse(n, p.read_text(encoding="utf-8")) for n, p in zip(names, paths, strict=True)}


def parse(name: str, source: str) -> BicepFile:
    """Parse one file; what the grammar cannot read is a finding, not an error."""
    root = _PARSER.parse(source.encode()).root_node
    scope, declared, waiting = "resourceGroup", [], []
    for node in root.named_children:
        match node.type:
            case "target_scope_assignment":
                scope = text(node.named_children[-1]).strip("'")
            case "decorators":
                waiting = [decorator.named_children[0] for decorator in node.named_children]
            case kind if kind in set(Kind):
                declared.append(_declaration(node, tuple(waiting)))
                waiting = []
            case _:
                pass
    return BicepFile(name, scope, tuple(declared), tuple(_unreadable(name, root)))


def _unreadable(name: str, node: Node) -> Iterator[Finding]:
    if node.is_error or node.is_missing or node.type in _UNREADABLE:
        where = f"{name}:{node.start_point.row + 1}"
        yield Finding(where, f"cannot be parsed: {text(node)[:40]!r}")
        return
    for child in node.children:
        yield from _unreadable(name, child)


def _declaration(node: Node, decorators: tuple[Node, ...]) -> Declaration:
    kind = Kind(node.type)
    parts = node.named_children
    literal = parts[1] if len(parts) > 1 and kind is not Kind.VARIABLE else None
    equals = [number for number, child in enumerate(node.children) if child.type == "="]
    value = node.children[equals[0] + 1] if equals and equals[0] + 1 < node.child_count else None
    return Declaration(
        kind=kind,
        name=text(parts[0]) if parts else "",
        line=node.start_point.row + 1,
        literal=text(literal).strip("'") if literal is not None else "",
        value=value,
        existing=any(child.type == "existing" for child in node.children),
        decorators=decorators,
    )
