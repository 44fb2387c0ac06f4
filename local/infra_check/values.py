"""What a template comes to, as ARM's own engine has worked it out: JSON, read by paths."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

INFRA = Path(__file__).parents[2] / "infra"

type Value = str | int | bool | list["Value"] | dict[str, "Value"] | None
"""JSON; what is known at run time only stays text, `[reference(…)]`."""


@dataclass(frozen=True, slots=True)
class Finding:
    """Something wrong: where, and what."""

    where: str
    what: str

    def __str__(self) -> str:
        """Give it as compilers do."""
        return f"{self.where}: {self.what}"


@dataclass(frozen=True, slots=True)
class Placed:
    """One resource of a snapshot; `kind` is its type without the version."""

    where: str
    kind: str
    body: Value


type Snapshots = Mapping[str, list[Placed]]
"""What each set of parameters deploys, by the name of its file."""


def read_snapshots(infra: Path = INFRA) -> dict[str, list[Placed]]:
    """Read every committed snapshot."""
    return {
        path.name.removesuffix(".snapshot.json"): _read(path)
        for path in sorted((infra / "snapshots").glob("*.snapshot.json"))
    }


def _read(path: Path) -> list[Placed]:
    read = json.loads(path.read_text(encoding="utf-8"))
    name = path.name.removesuffix(".snapshot.json")
    return [
        Placed(f"{name}: {one['id'].rpartition('/providers/')[2]}", one["type"], one)
        for one in read["predictedResources"]
    ]


def read_compiled(name: str, infra: Path = INFRA) -> dict[str, Value]:
    """Read a compiled template: `main`, `watch` or `events`."""
    path = infra / "compiled" / f"{name}.json"
    compiled: dict[str, Value] = json.loads(path.read_text(encoding="utf-8"))
    return compiled


def at(value: Value, path: str) -> Value:
    """Give what is at `a.b.0.c` of a value; None where there is nothing."""
    for part in path.split(".") if path else ():
        if isinstance(value, dict) and part in value:
            value = value[part]
        elif isinstance(value, list) and part.isdigit() and int(part) < len(value):
            value = value[int(part)]
        else:
            return None
    return value


def shown(value: Value) -> str:
    """Give a text, or what is there instead of one."""
    return "<absent>" if value is None else str(value)


def strings_in(value: Value) -> list[str]:
    """Give every text of a list."""
    return [each for each in value if isinstance(each, str)] if isinstance(value, list) else []


def of_kind(resources: list[Placed], kind: str) -> list[Value]:
    """Give the bodies of one type."""
    return [one.body for one in resources if one.kind == kind]
