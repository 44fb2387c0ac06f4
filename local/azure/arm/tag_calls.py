"""The tags API of Resource Manager at the scope of a cluster: az tag, the portal and SDKs use it.

REST: "Tags - Create Or Update At Scope", "Update At Scope", api-version 2021-04-01. What it does
to a cluster raises no `managedClusters/write`, only an event of its own.
"""

from collections.abc import Mapping
from http import HTTPStatus

from local.azure.arm.bodies import cluster_id
from local.azure.arm.cluster_bodies import tagged_body
from local.azure.arm.errors import AzureRefusal
from local.azure.arm.route import TAGS
from local.azure.arm.subscription_calls import compact
from local.azure.arm.visits import Visit
from local.azure.json_values import JsonObject, as_object, as_text
from local.azure.replies import Change, ChangeKind, Reply

_SUFFIX = f"/providers/{TAGS}/default"


def get_tags(visit: Visit) -> Reply:
    """Show the tags."""
    return compact(_shown(visit))


def put_tags(visit: Visit) -> Reply:
    """Replace the tags."""
    return _write(visit, _given(visit.json_object()))


def patch_tags(visit: Visit) -> Reply:
    """Merge tags into those that are there, replace them, or take some away."""
    order = visit.json_object()
    given, before = _given(order), as_object(visit.cluster.body.get("tags"))
    match as_text(order.get("operation")):
        case "Merge":
            return _write(visit, {**before, **given})
        case "Replace":
            return _write(visit, given)
        case "Delete":
            return _write(visit, _without(before, given))
        case other:
            message = f"The operation '{other}' must be Merge, Replace or Delete."
            raise AzureRefusal(HTTPStatus.BAD_REQUEST, "InvalidTagsOperation", message)


def delete_tags(visit: Visit) -> Reply:
    """Take every tag away."""
    reply = _write(visit, {})
    return Reply(content_type="", change=reply.change)


def _without(before: JsonObject, given: Mapping[str, object]) -> JsonObject:
    # Names of tags are compared without case, values with it (MicrosoftDocs "Use tags").
    taken = {(name.lower(), value) for name, value in given.items()}
    return {name: each for name, each in before.items() if (name.lower(), each) not in taken}


def _given(order: JsonObject) -> JsonObject:
    return as_object(as_object(order.get("properties")).get("tags"))


def _write(visit: Visit, tags: JsonObject) -> Reply:
    cluster = visit.cluster
    cluster.replace_body(tagged_body(cluster, {"tags": tags}), visit.now)
    reply = compact(_shown(visit))
    reply.change = _change(visit)
    return reply


def _change(visit: Visit) -> Change:
    # Both ids were seen in activity logs.
    suffix = "" if visit.options.tag_event_names_cluster else _SUFFIX
    action = visit.route.action("PUT")
    if visit.call.method == "DELETE":
        action = visit.route.action("DELETE")
        return Change(ChangeKind.DELETE, action, cluster_id(visit.cluster) + suffix, update=True)
    changed = cluster_id(visit.cluster) + suffix
    return Change(ChangeKind.WRITE, action, changed, update=True, method=visit.call.method)


def _shown(visit: Visit) -> JsonObject:
    return {
        "id": cluster_id(visit.cluster) + _SUFFIX,
        "name": "default",
        "type": TAGS,
        "properties": {"tags": as_object(visit.cluster.body.get("tags"))},
    }
