"""ASP.NET Core's route templates, as Functions use them: case does not matter, first match wins."""

import re
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Self
from urllib.parse import unquote

_TOKEN: Final = re.compile(
    r"\{(?P<all>\*{0,2})(?P<name>[^{}:=?*]+)(?P<constraints>(?::[^{}:=?()]+(?:\([^)]*\))?)*)"
    r"(?:=(?P<default>[^{}]*))?(?P<optional>\?)?\}"
)
_CONSTRAINT: Final = re.compile(r":([^:()]+)(?:\(([^)]*)\))?")


class InvalidRoute(Exception):
    """A route template that ASP.NET Core would refuse, or a constraint that this host lacks."""


def _is(convert: Callable[[str], object]) -> Callable[[str, str], bool]:
    def check(value: str, _argument: str) -> bool:
        try:
            convert(value)
        except ValueError:
            return False
        return True

    return check


def _bounds(argument: str) -> tuple[int, int]:
    low, comma, high = argument.partition(",")
    return int(low), int(high if comma else low)


_CHECKS: Final[Mapping[str, Callable[[str, str], bool]]] = {
    "int": lambda value, _: (
        bool(re.fullmatch(r"[+-]?\d+", value)) and -(2**31) <= int(value) < 2**31
    ),
    "long": lambda value, _: bool(re.fullmatch(r"[+-]?\d+", value)) and abs(int(value)) < 2**63,
    "bool": lambda value, _: value.lower() in ("true", "false"),
    "guid": _is(uuid.UUID),
    "datetime": _is(datetime.fromisoformat),
    "decimal": _is(float),
    "double": _is(float),
    "float": _is(float),
    "alpha": lambda value, _: value.isascii() and value.isalpha(),
    "required": lambda value, _: bool(value),
    "length": lambda value, argument: _bounds(argument)[0] <= len(value) <= _bounds(argument)[1],
    "minlength": lambda value, argument: len(value) >= int(argument),
    "maxlength": lambda value, argument: len(value) <= int(argument),
    "min": lambda value, argument: _is(int)(value, "") and int(value) >= int(argument),
    "max": lambda value, argument: _is(int)(value, "") and int(value) <= int(argument),
    "range": lambda value, argument: (
        _is(int)(value, "") and _bounds(argument)[0] <= int(value) <= _bounds(argument)[1]
    ),
    "regex": lambda value, argument: bool(re.search(argument, value, re.IGNORECASE)),
}


@dataclass(frozen=True, slots=True)
class Parameter:
    """A parameter of a template; `constraints` are names with their arguments."""

    name: str
    constraints: tuple[tuple[str, str], ...]
    default: str | None

    def accepts(self, value: str) -> bool:
        """Tell whether a value satisfies every constraint."""
        return all(_CHECKS[name](value, argument) for name, argument in self.constraints)


@dataclass(frozen=True, slots=True)
class Route:
    """A template that paths can be matched against."""

    template: str
    parameters: tuple[Parameter, ...]
    pattern: re.Pattern[str]

    @classmethod
    def parse(cls, template: str) -> Self:
        """Read a template; InvalidRoute if it has an unknown constraint or a wrong brace."""
        parameters: list[Parameter] = []
        segments = [part for part in template.strip("/").split("/") if part]
        pattern = "".join(_segment(template, part, parameters) for part in segments)
        return cls(template, tuple(parameters), re.compile(pattern, re.IGNORECASE))

    def match(self, path: str) -> Mapping[str, str] | None:
        """Give the parameters of a still encoded path, None where it does not match.

        An optional parameter that the path lacks is left out, unless it has a default.
        """
        found = self.pattern.fullmatch(_decoded(path))
        if found is None:
            return None
        pairs = zip(self.parameters, found.groups(), strict=True)
        values = {one.name: one.default if text is None else text for one, text in pairs}
        present = {name: value for name, value in values.items() if value is not None}
        fit = all(p.accepts(present[p.name]) for p in self.parameters if p.name in present)
        return present if fit else None


def _decoded(path: str) -> str:
    # An encoded slash stays encoded, so that it cannot end a segment (ASP.NET Core's PathString).
    parts = re.split(r"%2[Ff]", path.rstrip("/"))
    return "%2F".join(unquote(part) for part in parts)


def _segment(template: str, segment: str, parameters: list[Parameter]) -> str:
    pieces: list[str] = []
    end = 0
    whole = _TOKEN.fullmatch(segment)
    if whole:
        return _whole_segment(template, whole, parameters)
    for token in _TOKEN.finditer(segment):
        pieces += [_literal(template, segment[end : token.start()]), "([^/]+?)"]
        parameters.append(_parameter(template, token))
        end = token.end()
    return "/" + "".join([*pieces, _literal(template, segment[end:])])


def _whole_segment(template: str, token: re.Match[str], parameters: list[Parameter]) -> str:
    parameter = _parameter(template, token)
    parameters.append(parameter)
    if token["all"]:
        return "(?:/(.*))?"
    can_be_absent = token["optional"] or parameter.default is not None
    return "(?:/([^/]+))?" if can_be_absent else "/([^/]+)"


def _literal(template: str, text: str) -> str:
    if "{" in text or "}" in text:
        raise InvalidRoute(f"{template!r} has a wrong parameter")
    return re.escape(text)


def _parameter(template: str, token: re.Match[str]) -> Parameter:
    constraints = tuple(
        (name.lower(), argument or "") for name, argument in _constraints(token["constraints"])
    )
    unknown = [name for name, _ in constraints if name not in _CHECKS]
    if unknown:
        raise InvalidRoute(f"{template!r} has the unknown constraint {unknown[0]!r}")
    return Parameter(token["name"], constraints, token["default"])


def _constraints(text: str) -> Sequence[tuple[str, str]]:
    return [(match[1], match[2]) for match in _CONSTRAINT.finditer(text)]
