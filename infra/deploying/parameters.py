"""The parameters of main.bicep, from the environment: main.parameters.json names the variables.

azd fills that file in by itself; this does the same for people who come with `az`, so that there is
one list of variables.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path

from infra.deploying.refusals import DeploymentStopped

INFRA = Path(__file__).resolve().parents[1]
_VARIABLE = re.compile(r"\$\{(\w+)(?:=(.*))?\}")


def filled_in(text: str, environment: Mapping[str, str]) -> str:
    """Give the variable of `${NAME=default}`; empty is as good as unset, and a default another.

    What a variable holds is taken as it is, even where it looks like the name of one.
    """
    found = _VARIABLE.fullmatch(text)
    if found is None:
        return text
    return environment.get(found[1]) or filled_in(found[2] or "", environment)


def compiled(template: str) -> dict[str, dict[str, dict[str, object]]]:
    """Read a compiled template: `main`, `watch` or `events`."""
    path = INFRA / "compiled" / f"{template}.json"
    read: dict[str, dict[str, dict[str, object]]] = json.loads(path.read_text(encoding="utf-8"))
    return read


def variables() -> set[str]:
    """Name the variables that main.parameters.json reads."""
    text = (INFRA / "main.parameters.json").read_text(encoding="utf-8")
    return set(re.findall(r"\$\{(\w+)", text))


def read_parameters(environment: Mapping[str, str]) -> dict[str, object]:
    """Give each parameter that main.parameters.json names, as its type in main.bicep says.

    Raises DeploymentStopped, naming the variable, where a value is not of that type.
    """
    types = {name: one.get("type") for name, one in compiled("main")["parameters"].items()}
    given = json.loads((INFRA / "main.parameters.json").read_text(encoding="utf-8"))["parameters"]
    read = {
        name: _typed(one["value"], filled_in(one["value"], environment), str(types.get(name)))
        # azd takes a value that somebody has written there in the place of a variable.
        if isinstance(one["value"], str)
        else one["value"]
        for name, one in given.items()
    }
    return {**read, "location": plain_location(str(read["location"]))}


def plain_location(location: str) -> str:
    """Write a region as Azure does: `West Europe` is the same one, but not the same text."""
    return "".join(location.split()).lower()


_MEANT = {
    "bool": (bool, "true or false"),
    "int": (int, "a whole number"),
    "array": (list, 'a JSON list of texts, such as ["a", "b"]'),
}


def _typed(template: str, text: str, kind: str) -> object:
    if kind not in _MEANT:
        return text
    python, meant = _MEANT[kind]
    try:
        value = json.loads(text.lower() if kind == "bool" else text)
    except ValueError:
        value = None
    if type(value) is not python or (isinstance(value, list) and not _are_texts(value)):
        found = _VARIABLE.fullmatch(template)
        named = found[1] if found else template
        raise DeploymentStopped(f"{named} must be {meant}, not {text!r}")
    return value


def _are_texts(value: list[object]) -> bool:
    return all(isinstance(each, str) for each in value)


def as_file(parameters: Mapping[str, object]) -> str:
    """Write parameters as a file for `az deployment … --parameters @file`."""
    schema = "https://schema.management.azure.com/schemas/2019-04-01/deploymentParameters.json#"
    values = {name: {"value": value} for name, value in parameters.items()}
    document = {"$schema": schema, "contentVersion": "1.0.0.0", "parameters": values}
    return json.dumps(document, indent=2) + "\n"
