"""Expressions of ARM templates, `[concat('a', parameters('b'))]`, as trees.

MicrosoftDocs "Syntax and expressions in ARM templates": a text is an expression if it begins with
`[` and ends with `]`; `[[` is a bracket; a quote in a text is doubled.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

_TOKEN = re.compile(
    r"\s*(?:(?P<text>'(?:[^']|'')*')|(?P<number>-?\d+)|(?P<name>[A-Za-z_]\w*)|(?P<sign>[()\[\],.]))"
)


@dataclass(frozen=True, slots=True)
class Literal:
    """A text or a number."""

    value: str | int


@dataclass(frozen=True, slots=True)
class Function:
    """A call; its arguments are not worked out yet."""

    name: str
    arguments: tuple["Expression", ...]


@dataclass(frozen=True, slots=True)
class Member:
    """`of.key` or `of[key]`."""

    of: "Expression"
    key: "Expression"


type Expression = Literal | Function | Member


class TemplateIsInvalidError(ValueError):
    """A template that ARM would refuse; says what it does not like."""


def is_expression(text: str) -> bool:
    """Tell an expression from a plain text."""
    return text.startswith("[") and text.endswith("]") and not text.startswith("[[")


def parsed(text: str) -> Expression:
    """Parse an expression with its brackets."""
    reader = _Reader(list(_tokens(text[1:-1])))
    expression = reader.expression()
    if reader.tokens:
        raise TemplateIsInvalidError(f"there is more than one expression in {text}")
    return expression


def _tokens(text: str) -> Iterator[tuple[str, str]]:
    at = 0
    while at < len(text.rstrip()):
        found = _TOKEN.match(text, at)
        if found is None or found.lastgroup is None:
            raise TemplateIsInvalidError(f"{text[at:]!r} cannot be read")
        yield found.lastgroup, found[found.lastgroup]
        at = found.end()


@dataclass(slots=True)
class _Reader:
    tokens: list[tuple[str, str]]

    def expression(self) -> Expression:
        kind, text = self._take()
        match kind:
            case "text":
                found: Expression = Literal(text[1:-1].replace("''", "'"))
            case "number":
                found = Literal(int(text))
            case "name":
                found = Function(text, self._arguments())
            case _:
                raise TemplateIsInvalidError(f"{text!r} is not expected here")
        return self._members(found)

    def _arguments(self) -> tuple[Expression, ...]:
        self._expect("(")
        if self._next_is(")"):
            self._take()
            return ()
        arguments = [self.expression()]
        while self._next_is(","):
            self._take()
            arguments.append(self.expression())
        self._expect(")")
        return tuple(arguments)

    def _members(self, found: Expression) -> Expression:
        while self._next_is(".") or self._next_is("["):
            if self._take()[1] == ".":
                found = Member(found, Literal(self._take()[1]))
            else:
                found = Member(found, self.expression())
                self._expect("]")
        return found

    def _next_is(self, sign: str) -> bool:
        return bool(self.tokens) and self.tokens[0] == ("sign", sign)

    def _take(self) -> tuple[str, str]:
        if not self.tokens:
            raise TemplateIsInvalidError("an expression ends too early")
        return self.tokens.pop(0)

    def _expect(self, sign: str) -> None:
        if self._take() != ("sign", sign):
            raise TemplateIsInvalidError(f"{sign!r} is missing")
