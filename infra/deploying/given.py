"""What was given, looked at before Azure is asked: names go into paths and into commands."""

from __future__ import annotations

import difflib
import ipaddress
import json
import re
from collections.abc import Iterable, Iterator

from infra.deploying.installation import Installation
from infra.deploying.package import functions_of
from infra.deploying.parameters import compiled, variables
from infra.deploying.refusals import DeploymentStopped, Finding

_NAME = re.compile(r"[a-z][a-z0-9-]{1,14}[a-z0-9]")
_GUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
_REGION = re.compile(r"[a-z0-9]*")


def wrong_names(one: Installation) -> Iterator[Finding]:
    """Give what no step can use: a name, a region, ids of subscriptions."""
    if not _NAME.fullmatch(one.name):
        yield Finding(
            f"{one.name!r} is no name for Event Grid and App Service, though azd takes it.",
            "Take 3 to 16 lower-case letters, digits and hyphens, a letter first, no hyphen last:"
            " --name, or a new `azd env`.",
        )
    if not _REGION.fullmatch(one.location):
        yield Finding(
            f"{one.location!r} is no region.", "Take a name of `az account list-locations`."
        )
    if not one.azure.dry_run and not is_id(one.home):
        yield Finding(
            f"{one.home!r} is not the id of a subscription.",
            "Give an id of `az account list`: --subscription, or AZURE_SUBSCRIPTION_ID.",
        )
    for each in one.watched:
        if not _is_left_open(one, each) and not is_id(each):
            yield Finding(
                f"NAPTIME_SUBSCRIPTIONS: {each!r} is not the id of a subscription.",
                "Give the ids of `az account list`, with commas between them.",
            )
    lower = [each.lower() for each in one.watched]
    for each in sorted({each for each in lower if lower.count(each) > 1}):
        yield Finding(f"NAPTIME_SUBSCRIPTIONS: {each} is there twice.", "Name it once.")


def _is_left_open(one: Installation, subscription: str) -> bool:
    """Tell whether a dry run has not asked az for its own subscription, which is the default."""
    return one.azure.dry_run and subscription.lower() == one.home


def is_id(text: str) -> bool:
    """Tell whether a text is the id of a subscription."""
    return _GUID.fullmatch(text) is not None


def watched_ids(one: Installation) -> list[str]:
    """Give the ids of the watched subscriptions that are such, in lower case."""
    return [each.lower() for each in one.watched if is_id(each)]


def wrong_package(one: Installation) -> Iterator[Finding]:
    """Give what is wrong with the package, before anything is made for it."""
    try:
        functions_of(one.package)
    except DeploymentStopped as reason:
        yield Finding(f"There is no package. {reason}.", "Then run this again.")


def wrong_options(one: Installation) -> Iterator[Finding]:
    """Give the options that do not go together."""
    for each in one.unread:
        yield Finding(
            f"{each} is no variable of a deployment, so nobody would read it.",
            f"A setting of naptime goes into NAPTIME_SETTINGS='[\"{each}=…\"]'; the variables are"
            " in infra/main.parameters.json.",
        )
    yield from _wrong_addresses(one)
    access = one.parameters.get("storagePublicAccess")
    if access not in {"Enabled", "Disabled"}:
        yield Finding(
            f"NAPTIME_STORAGE_PUBLIC_ACCESS: {access!r} is neither Enabled nor Disabled.",
            "Write it so, capitals included.",
        )
    if access == "Disabled" and not one.parameters.get("subnetId"):
        yield Finding(
            "NAPTIME_STORAGE_PUBLIC_ACCESS=Disabled leaves the app no way to its storage.",
            "Give NAPTIME_SUBNET_ID as well, or leave it Enabled: keys are off in both cases.",
        )


def _wrong_addresses(one: Installation) -> Iterator[Finding]:
    for each in _texts(one, "allowedIpRanges"):
        if not _is_range(each):
            yield Finding(
                f"NAPTIME_ALLOWED_IP_RANGES: {each!r} is no range of addresses.",
                "Write it like 203.0.113.0/24, one address like 203.0.113.7/32.",
            )
    for each in _texts(one, "alertEmails"):
        if not re.fullmatch(r"[^@\s]+@[^@\s]+", each):
            yield Finding(
                f"NAPTIME_ALERT_EMAILS: {each!r} is no address.", "Write it like a@example.com."
            )
    client = str(one.parameters.get("entraClientId") or "")
    for variable, value in (
        *((("NAPTIME_ENTRA_CLIENT_ID", client),) if client else ()),
        *(
            ("NAPTIME_ENTRA_ALLOWED_PRINCIPALS", each)
            for each in _texts(one, "entraAllowedPrincipals")
        ),
    ):
        if not is_id(value):
            yield Finding(
                f"{variable}: {value!r} is no id of Entra ID.",
                "Give the client id of the registration, or object ids of principals.",
            )


def _texts(one: Installation, parameter: str) -> list[str]:
    given = one.parameters.get(parameter)
    return [str(each) for each in given] if isinstance(given, list) else []


def _is_range(text: str) -> bool:
    try:
        ipaddress.ip_network(text, strict=False)
    except ValueError:
        return False
    return "/" in text


def unread(environment: Iterable[str]) -> list[str]:
    """Name variables that are set for nothing: settings of the app, and near misses."""
    read = variables()
    settings = json.dumps(compiled("main").get("variables"))
    return [
        each
        for each in sorted(environment)
        if each.startswith("NAPTIME_")
        and each not in read
        and (f'"{each}"' in settings or difflib.get_close_matches(each, read, cutoff=0.92))
    ]
