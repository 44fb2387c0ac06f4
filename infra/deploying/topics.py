"""The system topics that subscriptions have already, as Resource Graph knows them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from infra.deploying.azure import Azure, text_at, without_case
from infra.deploying.installation import DEPLOYMENT_API, Installation

_HASH = re.compile("[a-z0-9]{13}")
_ACCOUNT = re.compile(f"stnap({_HASH.pattern})")
GRAPH = "/providers/Microsoft.ResourceGraph/resources?api-version=2022-10-01"
CLUSTERS = "microsoft.resources.subscriptions"
NOTIFICATIONS = "microsoft.resourcenotifications.resources"
"""Types of topics; Event Grid allows one of each for a subscription."""
_QUERY = (
    "resources | where type =~ 'microsoft.eventgrid/systemtopics'"
    " and properties.topicType =~ '{kind}'"
    " | project id, subscriptionId, installation = tostring(tags['naptime-installation']),"
    " name = tostring(tags['azd-env-name'])"
)
OF_AN_INSTALLATION = (
    "resourcecontainers | where type =~ 'microsoft.resources/subscriptions/resourcegroups'"
    " and tags['naptime-installation'] =~ '{installation}' | project id, subscriptionId"
)

OF_ITS_ROLES = (
    "authorizationresources | where type =~ 'microsoft.authorization/roledefinitions'"
    " and properties.roleName startswith 'naptime {name} {installation} ('"
    " | project roleName = tostring(properties.roleName)"
)


@dataclass(frozen=True)
class SystemTopic:
    """A topic of a subscription; `installation` is empty where naptime made it not."""

    id: str
    subscription: str
    installation: str


def system_topics(
    azure: Azure, subscriptions: Sequence[str], kind: str = CLUSTERS
) -> list[SystemTopic]:
    """Ask for the topics of some subscriptions."""
    return [
        SystemTopic(
            text_at(row, "id"),
            text_at(row, "subscriptionId").lower(),
            text_at(row, "installation"),
        )
        for row in ask_graph(azure, _QUERY.replace("{kind}", kind), subscriptions)
    ]


def ask_graph(azure: Azure, query: str, subscriptions: Sequence[str]) -> list[dict[str, object]]:
    """Ask Resource Graph; no subscriptions means all that the caller sees."""
    body: dict[str, object] = {"query": query, "options": {"resultFormat": "objectArray"}}
    if subscriptions:
        body["subscriptions"] = list(subscriptions)
    given = azure.rest("post", GRAPH, body, quiet=True)
    rows = without_case(given).get("data") if isinstance(given, dict) else []
    return [row for row in rows if isinstance(row, dict)] if isinstance(rows, list) else []


def installation_of(one: Installation) -> str:
    """Give what tells this installation apart; empty where nothing of it is made.

    The storage account carries it in its name, and is made before anything in another subscription.
    """
    path = f"{one.group}/resources?api-version=2021-04-01"
    for each in one.azure.every(path):
        found = _ACCOUNT.fullmatch(text_at(each, "name"))
        if found and text_at(each, "type").lower() == "microsoft.storage/storageaccounts":
            return found[1]
    return ""


def former_installations(one: Installation) -> list[str]:
    """Give what told earlier installations of this name apart, though their group may be gone.

    The history of the subscription keeps the outputs of what was deployed.
    """
    path = f"/subscriptions/{one.home}/providers/Microsoft.Resources/deployments"
    found = [
        text_at(each, "properties", "outputs", "installation", "value")
        for each in one.azure.every(f"{path}?api-version={DEPLOYMENT_API}")
        if text_at(each, "properties", "outputs", "AZURE_RESOURCE_GROUP", "value")
        == f"rg-{one.name}"
    ]
    return [each for each in dict.fromkeys(found) if _HASH.fullmatch(each)]
