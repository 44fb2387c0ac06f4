"""What must hold of infra/ whatever the compiler says: no keys, no wildcards, nothing public.

Each rule names a type and a path in its body. A type that no file has any more is a finding too: a
rule that looks at nothing would pass for ever.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from local.infra_check.check import Folder
from local.infra_check.evaluate import Evaluation
from local.infra_check.policy_tables import (
    ALERT,
    DEFINITION,
    KNOWN_ACTIONS,
    MUST_BE,
    NOT_ON_FLEX,
    ROLES,
    WINDOWS,
)
from local.infra_check.syntax import Finding, Kind
from local.infra_check.values import Value, at, options_of, shown, strings_in

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
    absent = sorted((MUST_BE.keys() | CHECKS.keys()) - {one.kind for one in resources})
    found += [Finding("infra", f"there is no {kind}, and policies about it") for kind in absent]
    return found + list(_wrong_settings(folder)) + list(_wrong_roles(folder))


def _broken(one: Placed) -> Iterator[Finding]:
    for path, wanted in MUST_BE.get(one.kind, {}).items():
        if at(one.body, path) != wanted:
            yield Finding(one.where, f"{path} must be {wanted!r}, not {shown(at(one.body, path))}")
    check = CHECKS.get(one.kind)
    yield from (Finding(one.where, what) for what in check(one.body)) if check else ()


def _wrong_definition(body: Value) -> Iterator[str]:
    for action in strings_in(at(body, "properties.permissions.0.actions")):
        if action not in KNOWN_ACTIONS:
            yield f"{action} is no action that naptime may have"


def _wrong_subscription(body: Value) -> Iterator[str]:
    retry = at(body, "properties.retryPolicy")
    for name, most in (("maxDeliveryAttempts", 30), ("eventTimeToLiveInMinutes", 1440)):
        given = at(retry, name)
        if not isinstance(given, int) or not 1 <= given <= most:
            yield f"retryPolicy.{name} must be 1 to {most}, not {shown(given)}"
    filters = at(body, "properties.filter.advancedFilters")
    listed = filters if isinstance(filters, list) else []
    values = [value for each in listed for value in strings_in(at(each, "values"))]
    # Event Grid's own limits: 25 filters, 25 values in all of them, 512 characters each.
    if len(listed) > 25 or len(values) > 25 or any(len(value) > 512 for value in values):  # noqa: PLR2004 - as above
        yield "advancedFilters are more than Event Grid takes"
    if not strings_in(at(body, "properties.filter.includedEventTypes")):
        yield "filter.includedEventTypes must name the types"
    kept = at(body, "properties.deadLetterWithResourceIdentity")
    containers = [
        at(one, "deadLetterDestination.properties.blobContainerName") for one in options_of(kept)
    ]
    if "deadletters" not in containers:
        yield "deadLetterWithResourceIdentity must keep dead letters in the container deadletters"


def _wrong_alert(body: Value) -> Iterator[str]:
    query = shown(at(body, "properties.criteria.allOf.0.query")).strip()
    if not query.startswith(("AppEvents\n", "AppMetrics\n", "AppTraces\n")):
        yield "an alert must be on events, metrics or log lines: spans are sampled"
    window = shown(at(body, "properties.windowSize"))
    if window not in WINDOWS:
        yield f"windowSize {window} is none that log alerts take"


CHECKS: dict[str, Callable[[Value], Iterator[str]]] = {
    DEFINITION: _wrong_definition,
    "Microsoft.EventGrid/topics/eventSubscriptions": _wrong_subscription,
    "Microsoft.EventGrid/systemTopics/eventSubscriptions": _wrong_subscription,
    ALERT: _wrong_alert,
}


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
    if "AzureWebJobsStorage" in app_settings(folder):
        yield Finding("infra", "AzureWebJobsStorage would be a connection string with a key")


def _wrong_roles(folder: Folder) -> Iterator[Finding]:
    for file in folder.values():
        for each in file.of(Kind.VARIABLE):
            value = Evaluation(file, folder).value(each.value) if each.value is not None else None
            for name, guid in value.items() if isinstance(value, dict) else ():
                if isinstance(guid, str) and _GUID.fullmatch(guid) and ROLES.get(name) != guid:
                    yield Finding(f"{file.name}:{each.line}", f"{guid} is not the role {name}")
