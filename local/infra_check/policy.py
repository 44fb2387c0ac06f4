"""What must hold of infra/ whatever the compiler says: no keys, no wildcards, nothing public.

Each rule names a type and a path in its body. A type that no file has any more is a finding too: a
rule that looks at nothing would pass for ever.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from local.infra_check.body_checks import BODY_CHECKS
from local.infra_check.check import Folder
from local.infra_check.evaluate import Evaluation
from local.infra_check.policy_tables import (
    ACCOUNT,
    DEAD_LETTERS,
    MUST_BE,
    NOT_ON_FLEX,
    ROLES,
    SETTINGS,
)
from local.infra_check.syntax import Finding, Kind
from local.infra_check.values import Value, at, shown

_GUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Placed:
    """One resource as a file would deploy it; `kind` is its type without the version."""

    where: str
    kind: str
    body: Value


def placed(folder: Folder) -> list[Placed]:
    """Give every resource that is made, a loop's one by one where its turns are known."""
    return [
        Placed(f"{file.name}:{each.line}", each.literal.partition("@")[0], body)
        for file in folder.values()
        if not file.findings
        for each in file.resources
        if not each.existing
        for body in Evaluation(file, folder).bodies(each)
    ]


def check_policies(folder: Folder, resources: list[Placed]) -> list[Finding]:
    """Give every policy that is broken; `resources` is what `placed` says of the folder."""
    found = [finding for one in resources for finding in _broken(one)]
    absent = sorted((MUST_BE.keys() | BODY_CHECKS.keys()) - {one.kind for one in resources})
    found += [Finding("infra", f"there is no {kind}, and policies about it") for kind in absent]
    names = {shown(at(one.body, "name")) for one in resources if one.kind.startswith(ACCOUNT)}
    if DEAD_LETTERS not in names:
        found.append(Finding("infra", f"there is no container {DEAD_LETTERS}"))
    more = (_wrong_settings(folder), _wrong_roles(folder), _wrong_defaults(folder))
    return found + [finding for each in more for finding in each]


def _wrong_defaults(folder: Folder) -> Iterator[Finding]:
    """Find options that watch.bicep or events.bicep, deployed alone, default to something else."""
    main = folder["main.bicep"]
    for name in ("watch.bicep", "events.bicep"):
        for each in folder[name].parameters.values():
            twin = main.parameters.get(each.name)
            if twin is None or each.value is None or twin.value is None:
                continue
            if Evaluation(main, folder).value(twin.value) != Evaluation(folder[name], folder).value(
                each.value
            ):
                what = f"{each.name} has another default than in main.bicep"
                yield Finding(f"{name}:{each.line}", what)


def _broken(one: Placed) -> Iterator[Finding]:
    for path, wanted in MUST_BE.get(one.kind, {}).items():
        if at(one.body, path) != wanted:
            yield Finding(one.where, f"{path} must be {wanted!r}, not {shown(at(one.body, path))}")
    check = BODY_CHECKS.get(one.kind)
    yield from (Finding(one.where, what) for what in check(one.body)) if check else ()


def app_settings(folder: Folder) -> dict[str, Value]:
    """Give every app setting that is deployed: naptime's own, and the platform's."""
    found: dict[str, Value] = {}
    for file, names in (
        ("main.bicep", ("defaultSettings", "derivedSettings")),
        ("modules/function-app.bicep", ("platformSettings",)),
    ):
        for each in folder[file].of(Kind.VARIABLE):
            if each.name in names and each.value is not None:
                value = Evaluation(folder[file], folder).value(each.value)
                found |= value if isinstance(value, dict) else {}
    return found


def _wrong_settings(folder: Folder) -> Iterator[Finding]:
    for name in sorted(app_settings(folder).keys() & NOT_ON_FLEX):
        yield Finding("infra", f"the Flex Consumption plan does not take the setting {name}")
    for name, wanted in SETTINGS.items():
        given = shown(app_settings(folder).get(name))
        if given != wanted:
            yield Finding("infra", f"the setting {name} must be {wanted!r}, not {given!r}")
    if "AzureWebJobsStorage" in app_settings(folder):
        yield Finding("infra", "AzureWebJobsStorage would be a connection string with a key")


def _wrong_roles(folder: Folder) -> Iterator[Finding]:
    for file in folder.values():
        for each in file.of(Kind.VARIABLE):
            value = Evaluation(file, folder).value(each.value) if each.value is not None else None
            for name, guid in value.items() if isinstance(value, dict) else ():
                if isinstance(guid, str) and _GUID.fullmatch(guid) and ROLES.get(name) != guid:
                    yield Finding(f"{file.name}:{each.line}", f"{guid} is not the role {name}")
