"""JSON from outside: read strictly, with every problem noted, or loosely, whatever it holds."""

import json
import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from typing import NoReturn, cast

from shared.domain.vocabulary import instants
from shared.domain.vocabulary.invalid import Problem

BYTE_ORDER_MARK = "\ufeff"
"""PowerShell 5 and editors on Windows write it before the text."""


class BrokenRule(ValueError):
    """A value breaks a rule; str() is the rule, without the value."""


class Fields:
    """One JSON object at a path, and the problems found in it so far.

    A parser takes the raw JSON value and gives what it means, or raises BrokenRule. A field that
    is null counts as absent.
    """

    def __init__(self, body: Mapping[str, object], path: str, problems: list[Problem]) -> None:
        self.body = body
        self._path = path
        self.problems = problems

    def required[T](self, name: str, parse: Callable[[object], T]) -> T | None:
        """Give the parsed field, or None after noting what is wrong with it."""
        if self.body.get(name) is None:
            self.refuse(name, None, "is required")
            return None
        return self.optional(name, parse)

    def optional[T](self, name: str, parse: Callable[[object], T]) -> T | None:
        """Give the parsed field, or None if it is absent or after noting what is wrong."""
        value = self.body.get(name)
        return None if value is None else self.parsed(name, value, parse)

    def raw(self, name: str) -> object:
        """Give a field's value as it came; None if it is absent."""
        return self.body.get(name)

    def parsed[T](self, name: str, value: object, parse: Callable[[object], T]) -> T | None:
        """Parse a value found under a name such as `list[0]`; None after noting what is wrong."""
        try:
            return parse(value)
        except BrokenRule as error:
            self.refuse(name, value, str(error))
            return None

    def loose[T](self, name: str, parse: Callable[[object], T]) -> T | None:
        """Give the parsed field, or None without a note if it is absent or wrong."""
        value = self.body.get(name)
        try:
            return None if value is None else parse(value)
        except BrokenRule:
            return None

    def loose_under(self, name: str) -> "Fields":
        """Open the object in a field; an empty one, without a note, if there is none."""
        return Fields(object_in(self.body, name), self._at(name), self.problems)

    def under(self, name: str) -> "Fields | None":
        """Open the object in a field, whose problems join these; None if there is none."""
        return self.item(name, self.body.get(name))

    def optional_under(self, name: str) -> "Fields | None":
        """Open the object in a field; None if it is absent, or after noting that it is none."""
        value = self.body.get(name)
        return None if value is None else self.item(name, value)

    def item(self, name: str, value: object) -> "Fields | None":
        """Open an object found under a name such as `list[0]`; None if it is not an object."""
        if isinstance(value, Mapping):
            body = cast("Mapping[str, object]", value)
            return Fields(body, self._at(name), self.problems)
        self.refuse(name, value, "is required" if value is None else "must be an object")
        return None

    def present(self) -> list[str]:
        """Name the fields that are there and not null."""
        return [str(name) for name, value in self.body.items() if value is not None]

    def refuse_unknown(self, known: Iterable[str]) -> None:
        """Note a problem for each field that is there and not known."""
        for name in self.present():
            if name not in known:
                self.refuse(name, self.body.get(name), "is not a known field")

    def refuse(self, name: str, value: object, rule: str) -> None:
        """Note that a field breaks a rule."""
        self.problems.append(Problem.of(self._at(name), value, rule))

    def _at(self, name: str) -> str:
        return ".".join(part for part in (self._path, name) if part)


def items(value: object) -> Sequence[object]:
    if not isinstance(value, list | tuple):
        raise BrokenRule("must be a list")
    return cast("Sequence[object]", value)


def text(value: object) -> str:
    """Take a string that is not empty."""
    if not isinstance(value, str) or not value:
        raise BrokenRule("must be a string that is not empty")
    return value


def whole_number(lowest: int, highest: int) -> Callable[[object], int]:
    """Make a parser of whole numbers in a range, both ends included; true is not 1."""

    def parse(value: object) -> int:
        if type(value) is not int or not lowest <= value <= highest:
            raise BrokenRule(f"must be a whole number from {lowest} to {highest}")
        return value

    return parse


def exactly(expected: str) -> Callable[[object], str]:
    """Make a parser of one text, in any casing."""

    def parse(value: object) -> str:
        if text(value).lower() != expected.lower():
            raise BrokenRule(f"must be {expected}")
        return expected

    return parse


def an_instant(value: object) -> datetime:
    """Read an ISO 8601 instant; raises BrokenRule."""
    try:
        return instants.from_text(text(value))
    except (ValueError, OverflowError) as error:
        # The first and the last day of the calendar have no UTC in some offsets.
        raise BrokenRule("must be an ISO 8601 instant with Z or an offset") from error


def an_object(value: object) -> Mapping[str, object]:
    """Take a JSON object; raises BrokenRule."""
    if not isinstance(value, Mapping):
        raise BrokenRule("must be an object")
    return cast("Mapping[str, object]", value)


def object_or_empty(value: object) -> Mapping[str, object]:
    """Read an object loosely: whatever is none is an empty one."""
    return cast("Mapping[str, object]", value) if isinstance(value, Mapping) else {}


def object_in(body: Mapping[str, object], name: str) -> Mapping[str, object]:
    """Read a member that should be an object loosely."""
    return object_or_empty(body.get(name))


def text_in(body: Mapping[str, object], name: str) -> str | None:
    """Read a member that should be a text loosely: whatever is none is None."""
    value = body.get(name)
    return value if isinstance(value, str) else None


class NotStrictJson(ValueError):
    """The text is not one JSON object that every reader would read alike; str() is the rule."""


def parse_object(text: str, max_bytes: int) -> dict[str, object]:
    """Parse one JSON object of at most `max_bytes` in UTF-8; raises NotStrictJson, nothing else.

    A byte order mark before it is passed over (RFC 8259, section 8.1). Duplicate keys, NaN and
    infinities, lone surrogates and nesting beyond the parser's depth are refused: readers differ
    on them (RFC 8259, sections 4, 6 and 8.2).
    """
    if not _fits(text, max_bytes):
        raise NotStrictJson(f"must be well-formed text of at most {max_bytes} bytes")
    try:
        value = _loads(text.removeprefix(BYTE_ORDER_MARK))
    except NotStrictJson:
        raise
    except (ValueError, RecursionError) as error:
        # ValueError also covers numbers of more digits than Python converts.
        raise NotStrictJson("must be one JSON object") from error
    if not isinstance(value, dict):
        raise NotStrictJson("must be one JSON object")
    return value


def _loads(text: str) -> object:
    value: object = json.loads(
        text,
        object_pairs_hook=_without_duplicates,
        parse_constant=_not_a_number,
        parse_float=_finite,
    )
    if "\\ud" in text.lower():
        # Escapes can make half of a surrogate pair, which no encoding of the value can hold.
        json.dumps(value, ensure_ascii=False).encode()
    return value


def _fits(text: str, max_bytes: int) -> bool:
    try:
        return len(text) <= max_bytes and len(text.encode()) <= max_bytes
    except UnicodeEncodeError:
        return False


def _without_duplicates(pairs: list[tuple[str, object]]) -> dict[str, object]:
    value = dict(pairs)
    if len(value) != len(pairs):
        raise NotStrictJson("must not have the same key twice in one object")
    return value


def _not_a_number(_: str) -> NoReturn:
    raise NotStrictJson("must not have NaN or Infinity")


def _finite(digits: str) -> float:
    number = float(digits)
    if not math.isfinite(number):
        raise NotStrictJson("must not have numbers beyond the range of a double")
    return number
