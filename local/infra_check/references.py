"""What a resource or a module will answer with, as far as its type or its outputs tell."""

from collections.abc import Mapping

from local.infra_check.syntax import BicepFile, Declaration, Kind
from local.infra_check.type_data import known_types
from local.infra_check.values import Unknown

type Folder = Mapping[str, BicepFile]
type Path = tuple[str, ...]


def answered(to: Declaration, path: Path, folder: Folder) -> Unknown | None:
    """Give what will be at a path of a resource or module; None if there is no such path."""
    kind = _of_module(to, path, folder) if to.kind is Kind.MODULE else _of_resource(to, path)
    return None if kind is None else Unknown(kind, f"<{to.name}.{'.'.join(path)}>")


def _of_resource(to: Declaration, path: Path) -> str | None:
    known = known_types().get(to.literal)
    return known.kind_at(path) if known else ""


def _of_module(to: Declaration, path: Path, folder: Folder) -> str | None:
    file = folder.get(to.literal) or folder.get(f"modules/{to.literal}")
    outputs = {each.name: each.literal for each in file.of(Kind.OUTPUT)} if file else {}
    match path:
        case ("outputs", name):
            return outputs.get(name)
        case ("name",):
            return "string"
        case _:
            return None
