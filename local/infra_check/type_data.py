"""Microsoft's type data: types.json, which `make infra-types` renews, and types_by_hand.json."""

import difflib
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from local.infra_check.values import Choice, Unknown, Value, kind_of, shown

type Properties = Mapping[str, list[str]]
"""`{name: [type, flags, limits]}`, where what is empty at the end is left out."""

_PRIMITIVES = {"string", "int", "bool", "object", "any"}
_FOLDER = Path(__file__).parent


@dataclass(frozen=True, slots=True)
class ResourceType:
    """One `type@version`, with the types that its body is made of."""

    scopes: str
    body: str
    types: Mapping[str, Mapping[str, object]]

    def check(self, value: Value, kind: str, where: str) -> Iterator[str]:
        """Say what is wrong with a value for a type: `string`, `A | B`, `Name`, `Name[]`."""
        match value:
            case Choice():
                for option in value.options:
                    yield from self.check(option, kind, where)
            case None:
                return
            case _ if kind.endswith("[]"):
                yield from self._check_list(value, kind[:-2], where)
            case _ if kind in self.types:
                yield from self._check_object(value, kind, where)
            case _:
                yield from _check_plain(value, kind.split(" | "), where)

    def _check_list(self, value: Value, kind: str, where: str) -> Iterator[str]:
        if isinstance(value, list):
            for number, each in enumerate(value):
                yield from self.check(each, kind, f"{where}[{number}]")
        elif kind_of(value) not in {"array", ""}:
            yield f"{where} must be an array, not {kind_of(value)}"

    def _check_object(self, value: Value, kind: str, where: str) -> Iterator[str]:
        if not isinstance(value, dict):
            if kind_of(value) not in {"object", ""}:
                yield f"{where} must be an object, not {kind_of(value)}"
            return
        properties, additional = self._shape(kind, value)
        if properties is None:
            key = self.types[kind]["discriminator"]
            given = shown(value.get(str(key), ""))
            yield f"{where}.{key} must be one of {_listed(self._elements(kind))}, not {given!r}"
            return
        for name, each in value.items():
            yield from self._check_property(name, each, properties, additional, where)
        for name, described in properties.items():
            if _has(described, "Required") and name not in value:
                yield f"{where}.{name} is required"

    def _check_property(
        self, name: str, value: Value, known: Properties, additional: str | None, where: str
    ) -> Iterator[str]:
        path = f"{where}.{name}"
        if name not in known:
            if additional is None:
                yield f"{path} is not known{_meant(name, known)}"
            else:
                yield from self.check(value, additional, path)
        elif _has(known[name], "ReadOnly"):
            yield f"{path} is read-only"
        else:
            yield from self.check(value, known[name][0], path)
            yield from _beyond(value, known[name][2] if len(known[name]) > 2 else "", path)  # noqa: PLR2004 - the limits

    def _elements(self, kind: str) -> Mapping[str, Properties]:
        return self.types[kind]["elements"]  # type: ignore[return-value]  # as snapshot.py writes it

    def _shape(self, kind: str, value: Mapping[str, Value]) -> tuple[Properties | None, str | None]:
        definition = self.types[kind]
        if "discriminator" not in definition:
            return definition["properties"], definition.get("additional")  # type: ignore[return-value]  # as snapshot.py writes it
        given = value.get(str(definition["discriminator"]))
        element = self._elements(kind).get(given) if isinstance(given, str) else None
        return (None if element is None else {**definition["base"], **element}), None  # type: ignore[dict-item]  # as snapshot.py writes it

    def kind_at(self, path: tuple[str, ...]) -> str | None:
        """Give the Bicep type of what Azure answers at a path; None where it answers nothing."""
        kind = self.body
        for part in path:
            definition = self.types.get(kind)
            if definition is None or "discriminator" in definition:
                return ""
            known: Properties = definition["properties"]  # type: ignore[assignment]  # as snapshot.py writes it
            if part not in known:
                return None
            kind = known[part][0]
        return _bicep_kind(kind, self.types)


def _bicep_kind(kind: str, types: Mapping[str, object]) -> str:
    if kind.endswith("[]"):
        return "array"
    if kind in types:
        return "object"
    return "" if kind == "any" else kind if kind in _PRIMITIVES else "string"


def _has(described: list[str], flag: str) -> bool:
    return len(described) > 1 and flag in described[1]


def _listed(names: Mapping[str, object]) -> str:
    return ", ".join(sorted(names))


def _meant(name: str, known: Properties) -> str:
    lower = {each.lower(): each for each in known}
    near = difflib.get_close_matches(name.lower(), lower, 1)
    return f"; {lower[near[0]]}?" if near else ""


def _check_plain(value: Value, kinds: list[str], where: str) -> Iterator[str]:
    literals = [kind for kind in kinds if kind not in _PRIMITIVES]
    if "any" in kinds:
        return
    wanted = "string" if literals else kinds[0]
    given = kind_of(value)
    if given not in {wanted, ""}:
        yield f"{where} must be {wanted}, not {given}"
    elif literals and isinstance(value, str) and value not in literals:
        yield f"{where} must be one of {', '.join(literals)}, not {value!r}"


def _beyond(value: Value, limits: str, where: str) -> Iterator[str]:
    if isinstance(value, Unknown | Choice) or not limits:
        return
    size = value if isinstance(value, int) else len(value) if isinstance(value, str) else None
    for bound, number in re.findall(r"(min|max)(?:Value|Length): (\d+)", limits):
        low = bound == "min"
        if size is not None and (size < int(number) if low else size > int(number)):
            yield f"{where} must be {'at least' if low else 'at most'} {number}, not {value!r}"


@cache
def known_types() -> Mapping[str, ResourceType]:
    """Read both files: `type@version` to type."""
    found: dict[str, ResourceType] = {}
    for name in ("types.json", "types_by_hand.json"):
        raw = json.loads((_FOLDER / name).read_text(encoding="utf-8"))["resources"]
        found |= {named: ResourceType(**each) for named, each in raw.items()}
    return found
