"""`GET /subscriptions/{id}/resources`: what `az resource list` and many inventories ask for.

A filter by resourceType or by one tag is understood, anything else is refused: nothing of the
filter language is interpreted beyond that.
"""

import re
from collections.abc import Callable, Iterator
from http import HTTPStatus

from local.azure.arm.bodies import cluster_object
from local.azure.arm.errors import AzureRefusal
from local.azure.arm.pages import next_link, skipped_to
from local.azure.arm.route import CLUSTERS
from local.azure.arm.subscription_calls import compact
from local.azure.arm.visits import Visit
from local.azure.json_values import JsonObject, as_object, as_text, iso
from local.azure.nap.machines import MACHINES
from local.azure.replies import Reply

_BY_TYPE = re.compile(r"resourceType eq '([^']+)'", re.IGNORECASE)
_BY_TAG = re.compile(r"tagName eq '([^']+)'(?: and tagValue eq '([^']*)')?", re.IGNORECASE)
_USUAL_PAGE = 1000
_SHOWN = ("id", "name", "type", "kind", "location", "tags", "sku", "identity")


def list_resources(visit: Visit) -> Reply:
    """List clusters and virtual machines, a page at a time, without their properties."""
    query = visit.call.query
    wanted = _filter(query.get("$filter", "").strip())
    found = sorted(filter(wanted, _resources(visit)), key=lambda each: as_text(each["id"]))
    after = skipped_to(visit.call)
    rest = [each for each in found if as_text(each["id"]) > after]
    size = _page_size(query.get("$top", ""))
    page: JsonObject = {"value": rest[:size]}
    if len(rest) > size:
        page["nextLink"] = next_link(visit.call, as_text(rest[size - 1]["id"]))
    return compact(page)


def _resources(visit: Visit) -> Iterator[JsonObject]:
    expanded = visit.call.query.get("$expand", "").lower()
    listed = visit.state.clusters_at(visit.subscription, visit.now - visit.stale)
    for cluster in listed.values():
        shown = _part(cluster_object(cluster), CLUSTERS)
        if "createdtime" in expanded:
            shown["createdTime"] = iso(cluster.created)
        if "provisioningstate" in expanded:
            shown["provisioningState"] = cluster.provisioning_state
        yield shown
    for machine in visit.subscription.machines.values():
        yield _part(machine.body, MACHINES)


def _part(body: JsonObject, resource_type: str) -> JsonObject:
    shown = {name: body[name] for name in _SHOWN if name in body}
    # The gateway has the casing of whoever made the resource, and the type as it is documented.
    identifier = as_text(body["id"]).replace("/resourcegroups/", "/resourceGroups/")
    return {**shown, "id": identifier, "type": resource_type}


def _filter(text: str) -> Callable[[JsonObject], bool]:
    if not text:
        return lambda _: True
    by_type, by_tag = _BY_TYPE.fullmatch(text), _BY_TAG.fullmatch(text)
    if by_type is not None:
        kind = by_type[1].lower()
        return lambda each: as_text(each["type"]).lower() == kind
    if by_tag is not None:
        name, value = by_tag[1].lower(), by_tag[2]
        return lambda each: _has_tag(each, name, value)
    message = f"The filter '{text}' is not one that the simulator knows: by resourceType, by a tag."
    raise AzureRefusal(HTTPStatus.BAD_REQUEST, "InvalidFilterInQueryString", message)


def _has_tag(resource: JsonObject, name: str, value: str | None) -> bool:
    tags = as_object(resource.get("tags"))
    return any(key.lower() == name and value in {None, each} for key, each in tags.items())


def _page_size(text: str) -> int:
    if not text:
        return _USUAL_PAGE
    if text.isdigit() and 1 <= int(text) <= _USUAL_PAGE:
        return int(text)
    message = f"The value '{text}' of $top must be a whole number of 1 to {_USUAL_PAGE}."
    raise AzureRefusal(HTTPStatus.BAD_REQUEST, "InvalidTopParameter", message)
