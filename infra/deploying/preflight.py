"""What would stop the deployment, looked for before anything is made."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence

from infra.deploying.azure import Azure, text_at, who_is_not_known, without_case
from infra.deploying.given import is_id, watched_ids, wrong_names, wrong_options, wrong_package
from infra.deploying.installation import GROUP_API, Installation
from infra.deploying.parameters import plain_location
from infra.deploying.refusals import CallFailed, DeploymentStopped, Finding
from infra.deploying.topics import (
    NOTIFICATIONS,
    SystemTopic,
    former_installations,
    installation_of,
    system_topics,
)

PYTHON = "3.13"
OLDEST_AZ = [2, 70]
AT_HOME = (
    *("Microsoft.App", "Microsoft.EventGrid", "Microsoft.Insights", "Microsoft.ManagedIdentity"),
    *("Microsoft.OperationalInsights", "Microsoft.Storage", "Microsoft.Web"),
)
"""Resource providers of naptime's own subscription."""
WATCHED = ("Microsoft.EventGrid", "Microsoft.Insights")
"""Resource providers of each watched subscription."""
OWN_IDENTITY = ("Microsoft.ManagedIdentity",)
"""And one more, where each gets an identity."""
_REGISTERED = {"Registered", "Registering"}
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
    findings: list[Finding] = []
    try:
        for finding in find(one, azd_tenant):
            findings.append(finding)  # noqa: PERF402 - what was found before a refusal is kept
    except CallFailed as failure:
        findings.append(
            Finding(f"Azure let nobody look further: {failure}", "Then run this again.")
        )
    if findings:
        told = "\n".join(f"- {finding}" for finding in findings)
        many = "1 finding" if len(findings) == 1 else f"{len(findings)} findings"
        raise DeploymentStopped(f"{many}, and nothing was made:\n{told}")
    if not one.azure.dry_run:
        print("  nothing stands in the way", flush=True)


def find(one: Installation, azd_tenant: Callable[[], str] | None = None) -> Iterator[Finding]:
    """Give each finding; what Azure has to be asked for only where somebody is signed in."""
    wrong = list(wrong_names(one))
    yield from wrong
    yield from wrong_options(one)
    if not one.location:
        yield Finding("No region was named.", "Name one: --location westeurope, or AZURE_LOCATION.")
    if one.azure.dry_run:
        one.azure.run("account", "show")
        return
    if azd_tenant is None:
        yield from wrong_package(one)
    signed_in = yield from _signed_in(one, azd_tenant)
    if not signed_in:
        return
    yield from _version(one.azure)
    if one.location:
        yield from _runtime(one)
    if not wrong:
        yield from _group(one)
    for subscription in dict.fromkeys(filter(is_id, [one.home, *watched_ids(one)])):
        yield from _subscription(one, subscription)
    yield from _topics(one)


def _signed_in(
    one: Installation, azd_tenant: Callable[[], str] | None
) -> Generator[Finding, None, bool]:
    try:
        account = one.azure.run("account", "show")
        if elsewhere := is_id(one.home) and one.in_another_tenant():
            yield Finding(f"{elsewhere}.", f"Run `az account set --subscription {one.home}`.")
            return False
    except CallFailed as failure:
        yield Finding(
            f"{who_is_not_known(failure)}.", "Run `az login`; azd's own login is another one."
        )
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


def _version(azure: Azure) -> Iterator[Finding]:
    version = text_at(azure.run("version", quiet=True), "azure-cli")
    numbers = [int(each) for each in re.findall(r"\d+", version)]
    if numbers and numbers < OLDEST_AZ:
        yield Finding(
            f"az is {version}; this takes {'.'.join(map(str, OLDEST_AZ))} or later.",
            "Run `az upgrade`, or take a cloud shell.",
        )


def _group(one: Installation) -> Iterator[Finding]:
    """Look at a group of that name: azd names those of other products alike."""
    found = _unless_hidden(one.azure, f"{one.group}?api-version={GROUP_API}")
    there = plain_location(text_at(found, "location"))
    if there and one.location and there != one.location:
        yield Finding(
            f"rg-{one.name} is in {there} already, and a group stays where it is.",
            f"Deploy to {there}, `remove` it first, or take another --name.",
        )
    elif found is not None and not installation_of(one) and (others := _others(one)):
        yield Finding(
            f"rg-{one.name} is somebody else's: it holds no naptime, but {others[0]}.",
            "Take another --name: what is in the group goes with it when naptime is removed.",
        )


def _others(one: Installation) -> list[str]:
    """Name what is in the group, unless a deployment of naptime stopped early there."""
    listed = one.azure.every(f"{one.group}/resources?api-version=2021-04-01")
    names = {text_at(each, "name"): text_at(each, "id") for each in listed}
    if f"id-{one.name}-package" in names:
        return []
    first = {f"id-{one.name}", f"id-{one.name}-events", f"log-{one.name}", f"appi-{one.name}"}
    return [found for name, found in names.items() if name not in first]


def _runtime(one: Installation) -> Iterator[Finding]:
    try:
        asked = ("--location", one.location, "--runtime", "python")
        given = one.azure.run("functionapp", "list-flexconsumption-runtimes", *asked, quiet=True)
    except CallFailed as failure:
        yield Finding(
            f"Whether {one.location} offers the Flex Consumption plan is not known: {failure}",
            "`az functionapp list-flexconsumption-locations` names the regions that do.",
        )
        return
    offered = given if isinstance(given, list) else []
    if not offered:
        yield Finding(
            f"{one.location} does not offer the Flex Consumption plan.",
            "`az functionapp list-flexconsumption-locations` names the regions that do.",
        )
    elif PYTHON not in {text_at(each, "version") for each in offered}:
        yield Finding(
            f"{one.location} does not offer Python {PYTHON} on the Flex Consumption plan.",
            "Take another region; the clusters may be anywhere.",
        )


def _subscription(one: Installation, subscription: str) -> Iterator[Finding]:
    path = f"/subscriptions/{subscription}"
    found = _unless_hidden(one.azure, f"{path}?api-version=2022-12-01")
    if found is None:
        yield Finding(
            f"The subscription {subscription} is not there, or not yours to see.",
            "Ask its owner for access, or leave it out.",
        )
        return
    if text_at(found, "state").lower() in {"disabled", "warned", "deleted"}:
        yield Finding(
            f"The subscription {subscription} is {text_at(found, 'state')}: it can only be read.",
            "Have it enabled, or leave it out.",
        )
    at_home, is_watched = subscription == one.home, subscription in watched_ids(one)
    from_here = one.parameters.get("watchFromHere") is not False
    watched = (*WATCHED, *(OWN_IDENTITY if _has_own_identity(one) else ()))
    for namespace in sorted({*(AT_HOME if at_home else ()), *(watched if is_watched else ())}):
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


def _unless_hidden(azure: Azure, path: str) -> dict[str, object] | None:
    try:
        return azure.get(path)
    except CallFailed as failure:
        if failure.is_hidden:
            return None
        raise


def _has_own_identity(one: Installation) -> bool:
    return (
        one.parameters.get("watchFromHere") is not False
        and one.parameters.get("identityPerSubscription") is True
    )


def _notifies(one: Installation) -> bool:
    return one.parameters.get("watchResourceNotifications") is True


def _provider(azure: Azure, subscription: str, namespace: str) -> Iterator[Finding]:
    path = f"/subscriptions/{subscription}/providers/{namespace}?api-version=2021-04-01"
    found = _unless_hidden(azure, path)
    # Whoever may write event subscriptions alone may not see providers.
    if found is not None and text_at(found, "registrationState") not in _REGISTERED:
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
    ours = installation_of(one)
    if _notifies(one):
        yield from _topics_of_notifications(one, ours)
    there = system_topics(one.azure, watched_ids(one))
    strange = [each for each in there if not each.installation or each.installation != ours]
    gone = former_installations(one) if strange and not ours else []
    named = one.parameters.get("existingSystemTopics")
    given = [str(each) for each in named] if isinstance(named, list) else []
    shared = {each.lower().partition("/resourcegroups/")[0] for each in given}
    left = [each for each in strange if each.installation in gone]
    for topic in left:
        yield Finding(
            f"{topic.subscription} has a topic of an installation of this name whose group is"
            " gone.",
            "The step `remove` takes what is left of it; then run this again.",
        )
    others = [
        each
        for each in strange
        if each not in left and f"/subscriptions/{each.subscription}" not in shared
    ]
    # All of them in one value: whoever copies it sets the variable once.
    value = json.dumps([*given, *(each.id for each in others)])
    for topic in others:
        yield Finding(
            f"{topic.subscription} has a system topic already, and Event Grid allows one.",
            f"Share it: NAPTIME_EXISTING_SYSTEM_TOPICS='{value}'.",
        )
    for each in given:
        yield from _wrong_topic(each, there)


def _wrong_topic(given: str, there: Sequence[SystemTopic]) -> Iterator[Finding]:
    subscription = given.partition("/subscriptions/")[2].partition("/")[0]
    theirs = [each.id for each in there if each.subscription == subscription.lower()]
    if given.lower() not in {each.lower() for each in theirs}:
        yield Finding(
            f"NAPTIME_EXISTING_SYSTEM_TOPICS: {given} is no system topic of a watched"
            " subscription.",
            f"It has {', '.join(theirs)}." if theirs else "Leave it out.",
        )


def _topics_of_notifications(one: Installation, ours: str) -> Iterator[Finding]:
    for topic in system_topics(one.azure, watched_ids(one), NOTIFICATIONS):
        if not topic.installation or topic.installation != ours:
            yield Finding(
                f"{topic.subscription} has a topic of resource notifications already, {topic.id},"
                " and Event Grid allows one.",
                "Leave out NAPTIME_RESOURCE_NOTIFICATIONS: they say the same again.",
            )
