"""What would stop the deployment, looked for before anything is made."""

from __future__ import annotations

import re
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence

from infra.deploying.azure import Azure, text_at, without_case
from infra.deploying.installation import Installation
from infra.deploying.package import missing
from infra.deploying.refusals import CallFailed, DeploymentStopped, Finding
from infra.deploying.topics import system_topics

_NAME = re.compile(r"[a-z][a-z0-9-]{1,14}[a-z0-9]")
_GUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
PYTHON = "3.13"
AT_HOME = (
    *("Microsoft.App", "Microsoft.EventGrid", "Microsoft.Insights", "Microsoft.ManagedIdentity"),
    *("Microsoft.OperationalInsights", "Microsoft.Storage", "Microsoft.Web"),
)
"""Resource providers of naptime's own subscription."""
WATCHED = ("Microsoft.EventGrid", "Microsoft.Insights")
"""Resource providers of each watched subscription."""
NEEDED_AT_HOME = (
    *(
        "Microsoft.Resources/deployments/write",
        "Microsoft.Resources/subscriptions/resourceGroups/write",
    ),
    *("Microsoft.Authorization/roleAssignments/write", "Microsoft.EventGrid/topics/write"),
    *(
        "Microsoft.Insights/components/write",
        "Microsoft.ManagedIdentity/userAssignedIdentities/write",
    ),
    *("Microsoft.OperationalInsights/workspaces/write", "Microsoft.Storage/storageAccounts/write"),
    *("Microsoft.Web/sites/write", "Microsoft.Web/sites/host/listkeys/action"),
)
NEEDED_WATCHED = (
    *(
        "Microsoft.Resources/deployments/write",
        "Microsoft.Resources/subscriptions/resourceGroups/write",
    ),
    *(
        "Microsoft.Authorization/roleDefinitions/write",
        "Microsoft.Authorization/roleAssignments/write",
    ),
    *("Microsoft.EventGrid/systemTopics/write", "Microsoft.Insights/metricAlerts/write"),
    "Microsoft.EventGrid/systemTopics/eventSubscriptions/write",
)
NEEDED_FOR_NOTIFICATIONS = (
    "Microsoft.ResourceNotifications/systemTopics/subscribeToResources/action",
)
NEEDED_FOR_EVENTS = (
    "Microsoft.Resources/deployments/write",
    "Microsoft.EventGrid/systemTopics/eventSubscriptions/write",
)


def preflight(one: Installation, azd_tenant: Callable[[], str] | None = None) -> None:
    """Look for everything that would stop the deployment. Raises DeploymentStopped with all of it.

    `azd_tenant` gives the tenant that azd is signed in to, empty where it is not.
    """
    findings = list(find(one, azd_tenant))
    if findings:
        told = "\n".join(f"- {finding}" for finding in findings)
        many = "1 finding" if len(findings) == 1 else f"{len(findings)} findings"
        raise DeploymentStopped(f"{many}, and nothing was made:\n{told}")
    if not one.azure.dry_run:
        print("  nothing stands in the way", flush=True)


def find(one: Installation, azd_tenant: Callable[[], str] | None = None) -> Iterator[Finding]:
    """Give each finding; what Azure has to be asked for only where somebody is signed in."""
    yield from _wrong_names(one)
    if one.azure.dry_run:
        one.azure.run("account", "show")
        return
    if azd_tenant is None and not one.package.exists():
        yield Finding(f"There is no package. {missing(one.package)}.", "Then run this again.")
    signed_in = yield from _signed_in(one.azure, azd_tenant)
    if not signed_in:
        return
    if one.location:
        yield from _runtime(one)
    for subscription in dict.fromkeys([one.home, *_subscriptions(one)]):
        yield from _subscription(one, subscription)
    yield from _topics(one)


def _subscriptions(one: Installation) -> list[str]:
    return [each.lower() for each in one.watched if _GUID.fullmatch(each)]


def _wrong_names(one: Installation) -> Iterator[Finding]:
    if not _NAME.fullmatch(one.name):
        yield Finding(
            f"{one.name!r} is no name for Event Grid and App Service, though azd takes it.",
            "Take 3 to 16 lower-case letters, digits and hyphens, a letter first, no hyphen last:"
            " --name, or a new `azd env`.",
        )
    if not one.location:
        yield Finding("No region was named.", "Name one: --location westeurope, or AZURE_LOCATION.")
    for each in one.watched:
        if not _GUID.fullmatch(each):
            yield Finding(
                f"NAPTIME_SUBSCRIPTIONS: {each!r} is not the id of a subscription.",
                "Give the ids of `az account list`, with commas between them.",
            )
    lower = [each.lower() for each in one.watched]
    for each in sorted({each for each in lower if lower.count(each) > 1}):
        yield Finding(f"NAPTIME_SUBSCRIPTIONS: {each} is there twice.", "Name it once.")


def _signed_in(
    azure: Azure, azd_tenant: Callable[[], str] | None
) -> Generator[Finding, None, bool]:
    try:
        account = azure.run("account", "show")
    except CallFailed:
        yield Finding("az is not signed in.", "Run `az login`; azd's own login is another one.")
        return False
    tenant = text_at(account, "tenantId")
    if azd_tenant is None:
        return True
    theirs = azd_tenant()
    if not theirs:
        yield Finding("azd is not signed in.", f"Run `azd auth login --tenant-id {tenant}`.")
    elif theirs.lower() != tenant.lower():
        yield Finding(
            f"az is signed in to the tenant {tenant}, azd to {theirs}.",
            f"Run `az login --tenant {theirs}`, or `azd auth login --tenant-id {tenant}`.",
        )
    return True


def _runtime(one: Installation) -> Iterator[Finding]:
    offered = _listed(
        one.azure,
        "list-flexconsumption-runtimes",
        *("--location", one.location, "--runtime", "python"),
    )
    if offered is None:
        yield Finding(
            f"{one.location} does not offer the Flex Consumption plan.",
            "`az functionapp list-flexconsumption-locations` names the regions that do.",
        )
    elif PYTHON not in {text_at(each, "version") for each in offered}:
        yield Finding(
            f"{one.location} does not offer Python {PYTHON} on the Flex Consumption plan.",
            "Take another region; the clusters may be anywhere.",
        )


def _listed(azure: Azure, *arguments: str) -> list[object] | None:
    try:
        given = azure.run("functionapp", *arguments, quiet=True)
    except CallFailed:
        return None
    return given if isinstance(given, list) and given else None


def _subscription(one: Installation, subscription: str) -> Iterator[Finding]:
    path = f"/subscriptions/{subscription}"
    if one.azure.get(f"{path}?api-version=2022-12-01") is None:
        yield Finding(
            f"The subscription {subscription} is not there, or not yours to see.",
            "Ask its owner for access, or leave it out.",
        )
        return
    at_home, is_watched = subscription == one.home, subscription in _subscriptions(one)
    from_here = one.parameters.get("watchFromHere") is not False
    for namespace in sorted({*(AT_HOME if at_home else ()), *(WATCHED if is_watched else ())}):
        yield from _provider(one.azure, subscription, namespace)
    needed = dict.fromkeys(
        [
            *(NEEDED_AT_HOME if at_home else ()),
            *((NEEDED_WATCHED if from_here else NEEDED_FOR_EVENTS) if is_watched else ()),
            *(NEEDED_FOR_NOTIFICATIONS if is_watched and _notifies(one) else ()),
        ]
    )
    permissions = f"{path}/providers/Microsoft.Authorization/permissions?api-version=2022-04-01"
    given = [without_case(each) for each in one.azure.every(permissions)]
    lacking = [action for action in needed if not _may(given, action)]
    if lacking:
        yield Finding(
            f"You may not do everything that this takes in {subscription}: {', '.join(lacking)}.",
            "Ask for Owner there, or for the roles of docs/deploy.md; with"
            " NAPTIME_WATCH_FROM_HERE=false its owner deploys watch.bicep instead.",
        )


def _notifies(one: Installation) -> bool:
    return one.parameters.get("watchResourceNotifications") is True


def _provider(azure: Azure, subscription: str, namespace: str) -> Iterator[Finding]:
    path = f"/subscriptions/{subscription}/providers/{namespace}?api-version=2021-04-01"
    state = text_at(azure.get(path), "registrationState")
    if state not in {"Registered", "Registering"}:
        yield Finding(
            f"{namespace} is not registered in {subscription}.",
            f"az provider register --namespace {namespace} --subscription {subscription}",
        )


def _may(given: Sequence[Mapping[str, object]], action: str) -> bool:
    return any(
        _matches(action, each.get("actions")) and not _matches(action, each.get("notactions"))
        for each in given
    )


def _matches(action: str, patterns: object) -> bool:
    """Compare as Azure does: `*` stands for any characters, case does not count."""
    listed = patterns if isinstance(patterns, list) else []
    return any(
        re.fullmatch(re.escape(str(each)).replace(r"\*", ".*"), action, re.IGNORECASE)
        for each in listed
    )


def _topics(one: Installation) -> Iterator[Finding]:
    if one.parameters.get("watchFromHere") is False:
        return
    named = one.parameters.get("existingSystemTopics")
    given = [str(each) for each in named] if isinstance(named, list) else []
    there = system_topics(one.azure, _subscriptions(one))
    for subscription in _subscriptions(one):
        theirs = [each for each in there if each.subscription == subscription]
        mine = [each for each in given if f"/subscriptions/{subscription}/" in each.lower()]
        for topic in theirs:
            if not mine and not topic.is_of(one):
                yield Finding(
                    f"{subscription} has a system topic already, and Event Grid allows one.",
                    f"Share it: NAPTIME_EXISTING_SYSTEM_TOPICS='[\"{topic.id}\"]'"
                    " (or --existing-system-topic).",
                )
        for each in mine:
            if each.lower() not in {topic.id.lower() for topic in theirs}:
                yield Finding(
                    f"NAPTIME_EXISTING_SYSTEM_TOPICS: {each} is no system topic of {subscription}.",
                    f"It has {', '.join(topic.id for topic in theirs)}."
                    if theirs
                    else "Leave it out.",
                )
