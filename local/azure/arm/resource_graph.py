"""Azure Resource Graph, for a few queries: machines that NAP made, clusters, clusters with NAP.

Nothing of the query language is interpreted. A query that is one of `QUERIES`, but for white space,
is answered; every other one is refused as one that cannot be parsed. Paging, answer and errors:
MicrosoftDocs "Working with large Azure resource data sets" and public recordings (2020 to 2025).
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from http import HTTPStatus
from uuid import uuid4

from local.azure.arm.bodies import cluster_id
from local.azure.arm.clusters import Cluster
from local.azure.arm.pages import read_token, skip_token
from local.azure.arm.roles import READ_MACHINES
from local.azure.arm.route import CLUSTERS
from local.azure.arm.subscription_calls import compact
from local.azure.arm.visits import Visit
from local.azure.entra.tokens import is_guid
from local.azure.json_values import JsonObject, as_list, as_object, as_text, iso, whole_number
from local.azure.nap.machines import Machine
from local.azure.replies import Reply

QUERY = """
resources
| where type =~ 'microsoft.compute/virtualmachines'
| where isnotempty(tags['karpenter.sh_nodepool'])
| extend reference = properties.storageProfile.imageReference
| project id, subscriptionId, resourceGroup, location,
    nodePool = tostring(tags['karpenter.sh_nodepool']),
    created = tostring(properties.timeCreated),
    image = coalesce(tostring(reference.id), tostring(reference.communityGalleryImageId))
| order by id asc
"""
CLUSTERS_QUERY = """
resources
| where type =~ 'microsoft.containerservice/managedclusters'
| project id, name, subscriptionId, resourceGroup, location, tags,
    mode = tostring(properties.nodeProvisioningProfile.mode)
| order by id asc
"""
NAP_QUERY = """
resources
| where type =~ 'microsoft.containerservice/managedclusters'
| where tostring(properties.nodeProvisioningProfile.mode) =~ 'Auto'
| project id, name, subscriptionId, resourceGroup, location, tags,
    state = tostring(properties.provisioningState),
    power = tostring(properties.powerState.code),
    nodeResourceGroup = tostring(properties.nodeResourceGroup),
    osChannel = tostring(properties.autoUpgradeProfile.nodeOSUpgradeChannel)
| order by id asc
"""
_TAG = "karpenter.sh_nodepool"
_USUAL_PAGE, _LARGEST_PAGE = 100, 1000


class _QueryRefusedError(Exception):
    """A request that Resource Graph does not take; the code of its detail, and the detail."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


def query_resources(visit: Visit) -> Reply:
    """Answer a query, a page at a time; what the caller may not see is just not there."""
    try:
        return _answer(visit, visit.json_object())
    except _QueryRefusedError as error:
        return _refused(visit, error)


def _answer(visit: Visit, request: JsonObject) -> Reply:
    rows_of = _ROWS.get(" ".join(as_text(request.get("query")).split()))
    if rows_of is None:
        raise _QueryRefusedError(
            "InvalidQuery",
            "Query is invalid. Please refer to the documentation for the Azure Resource Graph"
            " service and fix the error before retrying. (The simulator knows three queries only.)",
        )
    options = as_object(request.get("options"))
    size, after = _page_size(options), _skipped_to(options)
    found = list(rows_of(visit, _subscriptions(visit, request)))
    found.sort(key=lambda each: as_text(each["id"]))
    rest = [each for each in found if as_text(each["id"]) > after]
    page = rest[:size]
    answer: JsonObject = {
        "totalRecords": len(found),
        "count": len(page),
        "data": page,
        "facets": [],
        "resultTruncated": "false",
    }
    if len(rest) > size:
        answer["$skipToken"] = skip_token(as_text(page[-1]["id"]))
    return compact(answer)


def _subscriptions(visit: Visit, request: JsonObject) -> Iterable[str]:
    if request.get("subscriptions") is None:
        return list(visit.state.subscriptions)
    given = [as_text(each) for each in as_list(request["subscriptions"])]
    if not given or not all(map(is_guid, given)):
        raise _QueryRefusedError("InvalidSubscriptions", "Subscription ids have to be valid GUIDs.")
    return {each.lower() for each in given}


def _page_size(options: JsonObject) -> int:
    if options.get("resultFormat", "objectArray") != "objectArray":
        raise _QueryRefusedError("InvalidOptions", "resultFormat must be objectArray here.")
    size = whole_number(options.get("$top", _USUAL_PAGE))
    if size is None or not 1 <= size <= _LARGEST_PAGE:
        message = f"The value of $top must be from 1 to {_LARGEST_PAGE}."
        raise _QueryRefusedError("InvalidOptions", message)
    return size


def _skipped_to(options: JsonObject) -> str:
    try:
        return read_token(as_text(options.get("$skipToken")))
    except ValueError as error:
        raise _QueryRefusedError("InvalidSkipToken", "The $skipToken is invalid.") from error


def _machines(visit: Visit, subscriptions: Iterable[str]) -> Iterator[JsonObject]:
    if visit.roles.allows(visit.caller, READ_MACHINES, visit.now):
        yield from (_row(each) for each in _all_machines(visit, subscriptions) if _tag(each))


def _clusters(visit: Visit, subscriptions: Iterable[str]) -> Iterator[JsonObject]:
    for cluster in _all_clusters(visit, subscriptions):
        profile = as_object(cluster.properties.get("nodeProvisioningProfile"))
        yield {**_named(cluster), "mode": as_text(profile.get("mode"))}


def _clusters_with_nap(visit: Visit, subscriptions: Iterable[str]) -> Iterator[JsonObject]:
    for cluster in _all_clusters(visit, subscriptions):
        if cluster.has_nap:
            upgrades = as_object(cluster.properties.get("autoUpgradeProfile"))
            power = as_object(cluster.properties.get("powerState"))
            yield {
                **_named(cluster),
                "state": cluster.provisioning_state,
                "power": as_text(power.get("code")),
                "nodeResourceGroup": as_text(cluster.properties.get("nodeResourceGroup")),
                "osChannel": as_text(upgrades.get("nodeOSUpgradeChannel")),
            }


def _all_clusters(visit: Visit, subscriptions: Iterable[str]) -> Iterator[Cluster]:
    if not visit.roles.allows(visit.caller, f"{CLUSTERS}/read", visit.now):
        return
    for key in subscriptions:
        known = visit.state.subscriptions.get(key)
        if known is not None:
            yield from visit.state.clusters_at(known, visit.now - visit.stale).values()


def _named(cluster: Cluster) -> JsonObject:
    return {
        "id": cluster_id(cluster).replace("/resourcegroups/", "/resourceGroups/"),
        "name": cluster.name,
        "subscriptionId": cluster.subscription,
        "resourceGroup": cluster.group.lower(),
        "location": cluster.location,
        "tags": as_object(cluster.body.get("tags")),
    }


def _all_machines(visit: Visit, subscriptions: Iterable[str]) -> Iterator[Machine]:
    seen_until = visit.now - visit.stale
    for key in subscriptions:
        known = visit.state.subscriptions.get(key)
        if known is not None:
            yield from (each for each in known.machines.values() if each.since <= seen_until)


def _tag(machine: Machine) -> str:
    return as_text(as_object(machine.body.get("tags")).get(_TAG))


def _row(machine: Machine) -> JsonObject:
    _, _, subscription, _, group, *_ = machine.id.split("/")
    profile = as_object(machine.properties.get("storageProfile"))
    reference = as_object(profile.get("imageReference"))
    return {
        "id": machine.id,
        "subscriptionId": subscription,
        # Recorded in Azure/karpenter-provider-azure, azureresourcegraphlist.go.
        "resourceGroup": group.lower(),
        "location": machine.body["location"],
        "nodePool": _tag(machine),
        "created": as_text(machine.properties.get("timeCreated")),
        "image": as_text(reference.get("id")) or as_text(reference.get("communityGalleryImageId")),
    }


type _Rows = Callable[[Visit, Iterable[str]], Iterator[JsonObject]]
QUERIES: Mapping[str, _Rows] = {
    QUERY: _machines,
    CLUSTERS_QUERY: _clusters,
    NAP_QUERY: _clusters_with_nap,
}
_ROWS = {" ".join(query.split()): rows for query, rows in QUERIES.items()}


def _refused(visit: Visit, error: _QueryRefusedError) -> Reply:
    message = (
        "Please provide below info when asking for support: timestamp ="
        f" {iso(visit.now)}, correlationId = {uuid4()}."
    )
    details = [{"code": error.code, "message": str(error)}]
    body = {"error": {"code": "BadRequest", "message": message, "details": details}}
    reply = compact(body, HTTPStatus.BAD_REQUEST)
    reply.code = "BadRequest"
    return reply
