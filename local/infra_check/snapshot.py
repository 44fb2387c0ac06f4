"""`make infra-types`: renew types.json, Microsoft's type data for the resources that infra/ uses.

It comes from `azmcp bicepschema get` of the Azure MCP server (PyPI: msmcp-azure, MIT licence),
which holds it and needs no network. 62 MB, so nothing else needs it: what it says is committed. It
knows one version of each type, and four types of Microsoft.Insights not at all: types_by_hand.json.
"""

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import cast

from local.infra_check.syntax import INFRA, parse_folder

type Json = dict[str, object]

PACKAGE = "msmcp-azure==3.0.0"
FOLDER = Path(__file__).parent
TOOL = FOLDER.parents[1] / "build" / "azmcp"
_NAME = re.compile(r"[A-Za-z0-9_/.-]+")


def _installed() -> Path:
    program = TOOL / "msmcp_azure" / "bin" / "azmcp"
    if not program.exists():
        pip = (sys.executable, "-m", "pip", "install", "--quiet", "--no-deps")
        subprocess.run([*pip, "--target", str(TOOL), PACKAGE], check=True)  # noqa: S603 - a fixed command
    program.chmod(0o755)
    return program


def _ask(program: Path, resource_type: str) -> list[Json]:
    answer = subprocess.run(  # noqa: S603 - a fixed program and a name of a type
        [str(program), "bicepschema", "get", "--resource-type", resource_type],
        check=True,
        capture_output=True,
        env={**os.environ, "AZURE_MCP_COLLECT_TELEMETRY": "false"},
    )
    return cast("list[Json]", json.loads(answer.stdout)["results"]["BicepSchemaResult"])


def _properties(listed: object) -> Json:
    """Give `{name: [type, flags, limits]}`, with what is empty at the end left out."""
    found: Json = {}
    for each in cast("list[dict[str, str]]", listed):
        flags = [flag for flag in ("Required", "ReadOnly") if flag in each.get("flags", "")]
        limits = each.get("modifiers", "").replace("sensitive", "")
        described = [each["type"], " ".join(flags), limits]
        while not described[-1]:
            described.pop()
        found[each["name"]] = described
    return found


def _definition(raw: Json) -> Json:
    """Give one type: an object, or one that a property tells apart from its siblings."""
    if raw["$type"] != "DiscriminatedObject":
        more = {"additional": raw["additionalPropertiesType"]} if _open(raw) else {}
        return {"properties": _properties(raw["properties"]), **more}
    key = str(raw["discriminator"])
    elements = [_properties(each["properties"]) for each in cast("list[Json]", raw["elements"])]
    return {
        "discriminator": key,
        "base": _properties(raw["baseProperties"]),
        "elements": {str(cast("list[str]", each[key])[0]): each for each in elements},
    }


def _open(raw: Json) -> bool:
    return bool(raw.get("additionalPropertiesType"))


def _named_in(definition: object) -> Iterator[str]:
    """Find every word of a definition that may be the name of a type."""
    yield from _NAME.findall(json.dumps(definition))


def _reachable(name: str, types: dict[str, Json]) -> dict[str, Json]:
    found: dict[str, Json] = {}
    waiting = [name]
    while waiting:
        current = waiting.pop()
        if current in types and current not in found:
            found[current] = types[current]
            waiting.extend(_named_in(types[current]))
    return dict(sorted(found.items()))


def _resource(answer: list[Json]) -> tuple[str, Json]:
    resource = answer[0]
    named = str(resource["name"])
    body = named.partition("@")[0]
    types = {
        str(raw["name"]): _definition(raw) for raw in answer[1:] if "Object" in str(raw["$type"])
    }
    types[body] = _definition(cast("Json", resource["bodyType"]))
    scopes = str(resource["writableScopes"])
    return named, {"scopes": scopes, "body": body, "types": _reachable(body, types)}


def _written(resources: Json) -> str:
    """Write a line per type, so that a renewal can be read as a difference."""
    lines = ['{"source": ' + json.dumps(PACKAGE) + ', "resources": {']
    for number, (named, raw) in enumerate(resources.items()):
        resource = cast("dict[str, dict[str, object]]", raw)
        head = json.dumps({key: resource[key] for key in ("scopes", "body")})
        types = [f"{json.dumps(k)}: {json.dumps(v)}" for k, v in resource["types"].items()]
        body = head[:-1] + ', "types": {\n' + ",\n".join(types) + "}}"
        lines.append(f"{',' * bool(number)}{json.dumps(named)}: {body}")
    return "\n".join([*lines, "}}", ""])


def main() -> None:
    """Ask for every type in use that is not kept by hand, and write types.json."""
    by_hand = json.loads((FOLDER / "types_by_hand.json").read_text(encoding="utf-8"))["resources"]
    used = {each.literal for file in parse_folder(INFRA).values() for each in file.resources}
    program = _installed()
    wanted = sorted({named.partition("@")[0] for named in used - set(by_hand)})
    resources: Json = dict(_resource(_ask(program, resource_type)) for resource_type in wanted)
    (FOLDER / "types.json").write_text(_written(resources), encoding="utf-8")
    missing = sorted(used - set(by_hand) - set(resources))
    print(f"{len(resources)} types; not found as written: {missing}")


if __name__ == "__main__":
    main()
