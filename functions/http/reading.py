"""Requests read into their structs: strictly, and with every problem at once.

One rule holds for path, query, headers and body: a field is read by its own type, and what is
wrong with it is said with its name, its value and the rule.
"""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from enum import StrEnum
from typing import get_args
from urllib.parse import parse_qsl, urlsplit

import azure.functions as func
import msgspec
from msgspec.structs import FieldInfo

from functions.http.parts import BODY_LIMIT, Part, TextBody, without_none
from functions.http.problems import BodyTooLarge, NotJson
from shared.domain.vocabulary.fields import NotStrictJson, parse_object
from shared.domain.vocabulary.invalid import InvalidInput, Problem
from shared.domain.vocabulary.plain_text import one_line

DEEPEST = 16
"""Levels of objects and lists in a body; a maintenance window has five."""

FORM = "application/x-www-form-urlencoded"
KEY = "code"
"""The query parameter that holds a function key; it is the host's own."""


def read_path[T: Part](request: func.HttpRequest, kind: type[T]) -> T:
    """Read the parameters of the path; raise `InvalidInput`."""
    return _read(kind, request.route_params, strict=False)


def read_query[T: Part](request: func.HttpRequest, kind: type[T]) -> T:
    """Read the query; raise `InvalidInput`, also for what is not known."""
    given = {name: value for name, value in request.params.items() if name.lower() != KEY}
    if problems := [*_lost_by_the_host(request.url)]:
        raise InvalidInput(problems)
    return _read(kind, given, strict=False)


def _lost_by_the_host(url: str) -> Iterator[Problem]:
    """Name the parameters without a value, and those given twice.

    The host leaves out the former and joins the latter with commas: a script whose variable is
    empty would be shown everything instead of nothing.
    """
    pairs = parse_qsl(urlsplit(url).query, keep_blank_values=True)
    times = Counter(name.lower() for name, _ in pairs)
    for name, value in pairs:
        if name.lower() != KEY and times[name.lower()] > 1:
            yield Problem.of(one_line(name), value, "must be given once")
        elif name.lower() != KEY and not value:
            yield Problem.of(one_line(name), value, "must not be empty; leave it out instead")


def read_headers[T: Part](request: func.HttpRequest, kind: type[T]) -> T:
    """Read the headers that a route knows, and leave the others alone."""
    known = {field.encode_name for field in msgspec.structs.fields(kind)}
    given = {name: request.headers[name] for name in known if name in request.headers}
    return _read(kind, given, strict=False)


def read_body[T: Part](request: func.HttpRequest, kind: type[T]) -> T:
    """Read a JSON body; raise `InvalidInput`, `BodyTooLarge` or `NotJson`."""
    body = request.get_body()
    if len(body) > BODY_LIMIT:
        raise BodyTooLarge
    if issubclass(kind, TextBody):
        return _read(kind, {"text": _text(body)}, strict=True)
    media_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    # Without a type it may be anything (RFC 9110 8.3), and JSON is all that this API knows. The
    # type of forms is what curl says of any body unless told otherwise (curl.1, --data).
    if not re.fullmatch(rf"(application/([a-z0-9.+-]+\+)?json|{FORM})?", media_type):
        raise NotJson(media_type)
    return _read(kind, _parsed(body), strict=True)


def _text(body: bytes) -> str:
    try:
        return body.decode()
    except UnicodeDecodeError as error:
        raise InvalidInput.because("body", None, "must be text in UTF-8") from error


def _parsed(body: bytes) -> dict[str, object]:
    try:
        parsed = parse_object(_text(body), BODY_LIMIT)
    except NotStrictJson as error:
        shown = body[:100].decode("utf-8", "replace")
        raise InvalidInput.because("body", shown, str(error)) from error
    if _nests_too_deep(parsed):
        raise InvalidInput.because("body", parsed, f"must not nest deeper than {DEEPEST}")
    return parsed


def _nests_too_deep(value: object) -> bool:
    """Say whether there are more levels than any body of this API has use for."""
    level = [value]
    for _ in range(DEEPEST):
        level = [inner for outer in level for inner in _inside(outer)]
    return bool(level)


def _inside(value: object) -> Iterable[object]:
    match value:
        case dict():
            return value.values()
        case list():
            return value
        case _:
            return ()


def _read[T: Part](kind: type[T], given: Mapping[str, object], *, strict: bool) -> T:
    problems: list[Problem] = []
    fields = {field.encode_name: field for field in msgspec.structs.fields(kind)}
    values = {}
    for name, field in fields.items():
        if name in given:
            try:
                values[field.name] = _value(field, given[name], strict=strict)
            except msgspec.ValidationError as error:
                problems.append(_problem(field, given[name], str(error)))
        elif field.required:
            problems.append(Problem.of(name, None, "is required"))
    problems += _unknown(given, tuple(fields))
    if problems:
        raise InvalidInput(problems)
    read = kind(**values)
    read.check()
    return read


def _unknown(given: Mapping[str, object], known: tuple[str, ...]) -> Iterator[Problem]:
    rule = f"is not known here; known are {', '.join(known)}" if known else "is not known here"
    for name, value in given.items():
        if name not in known:
            yield Problem.of(one_line(name), value, rule)


def _value(field: FieldInfo, given: object, *, strict: bool) -> object:
    """Read one value; the words of a list are found whatever their case outside a body."""
    if not strict and isinstance(given, str):
        for word in _words(field):
            if word.lower() == given.lower():
                given = word
    # Outside JSON there is no null; msgspec would read the word "null" as one.
    kind = field.type if strict else without_none(field.type)
    return msgspec.convert(given, kind, strict=strict)


def _words(field: FieldInfo) -> list[str]:
    """Name the values of an enumeration; none where the field is something else."""
    kinds = (field.type, *get_args(field.type))
    return [
        word.value
        for kind in kinds
        if isinstance(kind, type) and issubclass(kind, StrEnum)
        for word in kind
    ]


def _problem(field: FieldInfo, value: object, message: str) -> Problem:
    """Say it in our words: msgspec says ``Expected `int` <= 500 - at `$[...]` ``."""
    rule, _, place = message.partition(" - at `$")
    name = field.encode_name
    if isinstance(value, list) and (item := re.match(r"\[(\d+)\]", place)):
        name, value = f"{name}{item[0]}", value[int(item[1])]
    if words := _words(field):
        rule = f"must be one of {', '.join(words)}"
    rule = re.sub(r"^Expected (.*?)(?:, got (.*))?$", _must_be, rule)
    return Problem.of(name, value, rule)


def _must_be(found: re.Match[str]) -> str:
    return f"must be {found[1]}" + (f", not {found[2]}" if found[2] else "")
