"""What must hold of infra/ whatever the compiler says: no keys, no wildcards, nothing public.

Each rule names a type and a path in its body. A type that no snapshot has any more is a finding
too: a rule that looks at nothing would pass for ever.
"""

import json
import re
from collections.abc import Iterator

from local.infra_check.body_checks import BODY_CHECKS
from local.infra_check.policy_tables import (
    ACCOUNT,
    ASSIGNMENT,
    DEAD_LETTERS,
    MUST_BE,
    NOT_ON_FLEX,
    ROLES,
    SETTINGS,
    SITE,
)
from local.infra_check.values import Finding, Placed, Snapshots, Value, at, of_kind, shown

_GUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
_SECRETS = re.compile(
    r"listKeys|listAccountSas|listCredentials|securestring|AccountKey=|SharedAccess"
)


def check_policies(snapshots: Snapshots, templates: dict[str, dict[str, Value]]) -> list[Finding]:
    """Give every policy that is broken."""
    resources = [one for each in snapshots.values() for one in each]
    found = [finding for one in resources for finding in _broken(one)]
    absent = sorted((MUST_BE.keys() | BODY_CHECKS.keys()) - {one.kind for one in resources})
    found += [Finding("infra", f"there is no {kind}, and policies about it") for kind in absent]
    names = {shown(at(one.body, "name")) for one in resources if one.kind.startswith(ACCOUNT)}
    if not any(name.endswith(f"/{DEAD_LETTERS}") for name in names):
        found.append(Finding("infra", f"there is no container {DEAD_LETTERS}"))
    for name, each in snapshots.items():
        found += _wrong_settings(name, each)
        found += _dead_letters_nowhere(name, each)
    return [*found, *_wrong_roles(resources), *_secrets(templates), *_wrong_defaults(templates)]


def _broken(one: Placed) -> Iterator[Finding]:
    for path, wanted in MUST_BE.get(one.kind, {}).items():
        if at(one.body, path) != wanted:
            yield Finding(one.where, f"{path} must be {wanted!r}, not {shown(at(one.body, path))}")
    check = BODY_CHECKS.get(one.kind)
    yield from (Finding(one.where, what) for what in check(one.body)) if check else ()


def app_settings(resources: list[Placed]) -> dict[str, Value]:
    """Give every app setting that a snapshot deploys: naptime's own, and the platform's."""
    for body in of_kind(resources, f"{SITE}/config"):
        settings = at(body, "properties")
        if shown(at(body, "name")).endswith("/appsettings") and isinstance(settings, dict):
            return settings
    return {}


def _wrong_settings(name: str, resources: list[Placed]) -> Iterator[Finding]:
    settings = app_settings(resources)
    if not settings and of_kind(resources, SITE):
        yield Finding(name, "the app has no settings")
    if not settings:
        return
    for each in sorted(settings.keys() & NOT_ON_FLEX):
        yield Finding(name, f"the Flex Consumption plan does not take the setting {each}")
    for each, wanted in SETTINGS.items():
        if settings.get(each) != wanted:
            yield Finding(
                name, f"the setting {each} must be {wanted!r}, not {shown(settings.get(each))!r}"
            )
    if "AzureWebJobsStorage" in settings:
        yield Finding(name, "AzureWebJobsStorage would be a connection string with a key")


def _dead_letters_nowhere(name: str, resources: list[Placed]) -> Iterator[Finding]:
    """Find roles of Event Grid's identity on another container than that of dead letters."""
    for one in resources:
        scope = shown(at(one.body, "id"))
        if one.kind == ASSIGNMENT and "/containers/" in scope:
            container = scope.partition("/containers/")[2].partition("/")[0]
            if container not in {DEAD_LETTERS, "deployments"}:
                yield Finding(name, f"a role on the container {container}, which nothing needs")


def _wrong_roles(resources: list[Placed]) -> Iterator[Finding]:
    known = set(ROLES.values())
    own = {
        shown(at(one.body, "id")).rpartition("/")[2]
        for one in resources
        if one.kind.endswith("/roleDefinitions")
    }
    for one in resources:
        if one.kind == ASSIGNMENT:
            role = shown(at(one.body, "properties.roleDefinitionId")).rpartition("/")[2]
            if role not in known | own:
                yield Finding(one.where, f"{role} is not the role of anything here")


def _secrets(templates: dict[str, dict[str, Value]]) -> Iterator[Finding]:
    """Find what asks for a key, or would hand one over."""
    for name, template in templates.items():
        for found in sorted(set(_SECRETS.findall(json.dumps(template)))):
            yield Finding(f"compiled/{name}.json", f"{found}: naptime deploys without keys")


def _wrong_defaults(templates: dict[str, dict[str, Value]]) -> Iterator[Finding]:
    """Find options that watch.bicep or events.bicep, deployed alone, default to something else."""
    main = templates["main"]
    for name in ("watch", "events"):
        parameters = at(templates[name], "parameters")
        for each in parameters if isinstance(parameters, dict) else ():
            ours, theirs = (
                at(template, f"parameters.{each}.defaultValue")
                for template in (templates[name], main)
            )
            # A default that follows another parameter is main.bicep's own business.
            if None in (ours, theirs) or str(theirs).startswith("["):
                continue
            if ours != theirs:
                what = f"{each} has another default than in main.bicep"
                yield Finding(f"{name}.bicep", what)
