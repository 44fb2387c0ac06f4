"""The calls on managed clusters, and on the operations that they begin."""

from collections.abc import Mapping
from datetime import timedelta
from http import HTTPStatus

from local.azure.arm.bodies import cluster_body, cluster_id, clusters_body, dump
from local.azure.arm.cluster_bodies import created_body, tagged_body, updated_body
from local.azure.arm.clusters import Cluster
from local.azure.arm.errors import AzureRefusal, Shape
from local.azure.arm.operations import Doing, Operation
from local.azure.arm.pages import next_link, skipped_to
from local.azure.arm.route import CLUSTERS
from local.azure.arm.visits import Visit
from local.azure.controls.misfortunes import is_within
from local.azure.replies import Change, ChangeKind, Reply

_ASYNC = "Azure-AsyncOperation"


def list_clusters(visit: Visit) -> Reply:
    """List the clusters of a subscription or of a group, a page at a time."""
    group = visit.route.group.lower()
    listed = _listed(visit)
    keys = sorted(key for key in listed if not group or key.startswith(f"{group}/"))
    after = skipped_to(visit.call)
    keys = [key for key in keys if key > after]
    size = visit.options.page_size or len(keys)
    page = keys[:size]
    more = next_link(visit.call, page[-1]) if len(keys) > size else None
    clusters = (listed[key] for key in page)
    return Reply(body=clusters_body(clusters, visit.api_version, more))


def _listed(visit: Visit) -> Mapping[str, Cluster]:
    lag = timedelta() if visit.route.group else timedelta(seconds=visit.options.list_lag_seconds)
    behind = max(lag, visit.stale)
    listed = visit.subscription.clusters
    if behind:
        listed = visit.state.clusters_at(visit.subscription, visit.now - behind)
    if visit.missing:
        listed = {key: each for key, each in listed.items() if not _is_missing(each, visit)}
    return listed


def _is_missing(cluster: Cluster, visit: Visit) -> bool:
    return any(is_within(cluster_id(cluster), scope) for scope in visit.missing)


def get_cluster(visit: Visit) -> Reply:
    """Show a cluster."""
    visit.operations.was_read(visit.cluster, visit.now)
    return Reply(body=cluster_body(visit.cluster, visit.api_version))


def put_cluster(visit: Visit) -> Reply:
    """Create a cluster (201) or write it again (200); either goes on for a while."""
    visit.check_conditions()
    visit.check_not_busy()
    given, route = visit.json_object(), visit.route
    if visit.present is None:
        _check_registered(visit)
        body = created_body(route, given)
    else:
        body = updated_body(route, visit.present, given)
    address = (route.subscription, route.group, route.cluster)
    before = visit.present.node_counts if visit.present else None
    cluster, is_new = visit.state.put_cluster(address, body, visit.now)
    change = Change(ChangeKind.WRITE, f"{CLUSTERS}/write", cluster_id(cluster), not is_new)
    nodes = _changed_nodes(before, cluster.node_counts)
    # Scaling: azure-powershell's recording TestSimpleAzureKubernetes (2025-10).
    doing = Doing.CREATING if is_new else Doing.SCALING if nodes else Doing.UPDATING
    operation = visit.operations.begin(doing, cluster, change, visit.caller, visit.now)
    operation.nodes = nodes
    return Reply(
        status=HTTPStatus.CREATED if is_new else HTTPStatus.OK,
        body=cluster_body(cluster, visit.api_version),
        headers=_begun(visit, operation),
    )


def _changed_nodes(before: Mapping[str, int] | None, after: Mapping[str, int]) -> int:
    if before is None:
        return sum(after.values())
    return sum(abs(after[pool] - before[pool]) for pool in before if pool in after)


def _check_registered(visit: Visit) -> None:
    # The text that SDKs answer with a registration of their own (azure-mgmt-core, policies).
    if "microsoft.containerservice" in visit.subscription.unregistered:
        raise AzureRefusal(
            HTTPStatus.CONFLICT,
            "MissingSubscriptionRegistration",
            "The subscription is not registered to use namespace 'Microsoft.ContainerService'. See"
            " https://aka.ms/rps-not-found for how to register subscriptions.",
        )


def patch_cluster(visit: Visit) -> Reply:
    """Replace a cluster's tags: an update like any other, as subscribers see it."""
    cluster = visit.cluster
    visit.check_conditions()
    visit.check_not_busy()
    cluster.replace_body(tagged_body(cluster, visit.json_object()), visit.now)
    changed = cluster_id(cluster)
    change = Change(ChangeKind.WRITE, f"{CLUSTERS}/write", changed, update=True, method="PATCH")
    operation = visit.operations.begin(Doing.UPDATING, cluster, change, visit.caller, visit.now)
    return Reply(
        body=cluster_body(cluster, visit.api_version),
        headers=_begun(visit, operation),
    )


def stop_cluster(visit: Visit) -> Reply:
    """Stop a cluster; one with NAP cannot be stopped, which fails as an operation does."""
    return _act(visit, Doing.STOPPING, fails=visit.cluster.has_nap)


def start_cluster(visit: Visit) -> Reply:
    """Start a cluster that was stopped."""
    return _act(visit, Doing.STARTING)


def _act(visit: Visit, doing: Doing, *, fails: bool = False) -> Reply:
    visit.check_not_busy()
    cluster, action = visit.cluster, visit.route.action("POST")
    change = Change(ChangeKind.ACTION, action, cluster_id(cluster), update=True, method="POST")
    operation = visit.operations.begin(doing, cluster, change, visit.caller, visit.now)
    operation.fails = operation.fails or fails
    location = operation.url(visit.call.host, "operationresults")
    headers = {**_begun(visit, operation), "Location": location}
    return Reply(status=HTTPStatus.ACCEPTED, content_type="", headers=headers)


def delete_cluster(visit: Visit) -> Reply:
    """Delete a cluster: 202 and a while of Deleting; 204 where there is none."""
    cluster = visit.present
    if cluster is None:
        return Reply(status=HTTPStatus.NO_CONTENT, content_type="")
    visit.check_conditions()
    operation = visit.operations.deleting(cluster)
    if operation is None:
        if cluster.provisioning_state != Doing.DELETING:
            visit.check_not_busy()
        change = Change(ChangeKind.DELETE, f"{CLUSTERS}/delete", cluster_id(cluster), update=True)
        operation = visit.operations.begin(Doing.DELETING, cluster, change, visit.caller, visit.now)
    location = operation.url(visit.call.host, "operationresults")
    headers = {**_begun(visit, operation), "Location": location}
    return Reply(status=HTTPStatus.ACCEPTED, content_type="", headers=headers)


def _begun(visit: Visit, operation: Operation) -> dict[str, str]:
    # An operation is named after the request that began it (azure-powershell's recordings).
    return {_ASYNC: operation.url(visit.call.host), "x-ms-request-id": operation.id}


def get_operation(visit: Visit) -> Reply:
    """Tell how far an operation is."""
    operation = _operation(visit)
    visit.operations.was_read(operation.cluster, visit.now)
    return Reply(body=dump(operation.to_json(visit.now)))


def get_operation_result(visit: Visit) -> Reply:
    """Answer at the address in Location: 202 while it goes on, 204 afterwards."""
    operation = _operation(visit)
    visit.operations.was_read(operation.cluster, visit.now)
    # The address is told to the end (azure-powershell's recording of 2023-03,
    # Invoke-AzAksAbortManagedClusterLatestOperation).
    location = operation.url(visit.call.host, "operationresults")
    status = HTTPStatus.ACCEPTED if operation.ended is None else HTTPStatus.NO_CONTENT
    return Reply(status=status, content_type="", headers={"Location": location})


def _operation(visit: Visit) -> Operation:
    found = visit.operations.find(visit.route.operation_id)
    if found is None or found.cluster.subscription.lower() != visit.subscription.id.lower():
        message = f"The entity was not found. Operation id: {visit.route.operation_id}"
        raise AzureRefusal(HTTPStatus.NOT_FOUND, "NotFound", message, shape=Shape.AKS)
    return found
