"""Faults that nobody thought up: every name, text, number and flag of infra/, changed by rule."""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

import tree_sitter_bicep
from tree_sitter import Language, Node, Parser

from local.infra_check.syntax import INFRA

_PARSER = Parser(Language(tree_sitter_bicep.language()))


class Rule(StrEnum):
    """How a place is changed."""

    MISSPELT_PROPERTY = "a property's name misspelt"
    LOST_PROPERTY = "a property left out"
    MISSPELT_NAME = "a name that is referred to misspelt"
    MISSPELT_MEMBER = "a member of something misspelt"
    MISSPELT_TEXT = "a text without variables misspelt"
    FLIPPED = "true for false, false for true"
    NUMBER = "a number a thousand times as large"
    OTHER_TYPE = "a flag or number written as text"


@dataclass(frozen=True, slots=True)
class Mutant:
    """One file with one place changed."""

    rule: Rule
    file: str
    line: int
    source: str


def mutants() -> Iterator[Mutant]:
    """Give every mutant of every file."""
    for path in sorted(INFRA.rglob("*.bicep")):
        name, source = path.relative_to(INFRA).as_posix(), path.read_bytes()
        for node in _every(_PARSER.parse(source).root_node):
            for rule, new in _changes(node):
                changed = source[: node.start_byte] + new.encode() + source[node.end_byte :]
                yield Mutant(rule, name, node.start_point.row + 1, changed.decode())


def _every(node: Node) -> Iterator[Node]:
    if node.type != "decorators":
        yield node
        for child in node.children:
            yield from _every(child)


def _misspelt(text: str) -> str:
    """Swap the first two letters that differ, or double the only one."""
    for at in range(len(text) - 1):
        if text[at] != text[at + 1] and text[at : at + 2].isalpha():
            return f"{text[:at]}{text[at + 1]}{text[at]}{text[at + 2 :]}"
    return text * 2


def _changes(node: Node) -> Iterator[tuple[Rule, str]]:
    text, parent = (node.text or b"").decode(), node.parent
    within = parent.type if parent is not None else ""
    match node.type:
        case "object_property":
            yield Rule.LOST_PROPERTY, ""
        case "identifier" if within == "object_property" and _is_key(node):
            yield Rule.MISSPELT_PROPERTY, _misspelt(text)
        case "identifier" if not within.endswith("_declaration"):
            yield Rule.MISSPELT_NAME, _misspelt(text)
        case "property_identifier":
            yield Rule.MISSPELT_MEMBER, _misspelt(text)
        case "string" if text.startswith("'") and _is_plain(node):
            yield Rule.MISSPELT_TEXT, _misspelt(text)
        case "boolean":
            yield Rule.FLIPPED, "false" if text == "true" else "true"
            yield Rule.OTHER_TYPE, f"'{text}'"
        case "number":
            yield Rule.NUMBER, f"{text}000"
            yield Rule.OTHER_TYPE, f"'{text}'"
        case _:
            pass


def _is_key(node: Node) -> bool:
    return node.parent is not None and node.parent.children[0] == node


def _is_plain(node: Node) -> bool:
    plain = not any(child.type == "interpolation" for child in node.children)
    return plain and len(node.text or b"") > len("''") + 1
