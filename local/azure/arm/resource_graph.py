"""Azure Resource Graph, for one query: the virtual machines that NAP made.

Nothing of the query language is interpreted. A query that is `QUERY`, but for white space, is
answered; every other one is refused as one that cannot be parsed. Paging, answer and errors:
MicrosoftDocs "Working with large Azure resource data sets" and public recordings (2020 to 2025).
"""

from base64 import b64decode, urlsafe_b64encode
from binascii import Error as NotBase64
from collections.abc import Iterable, Iterator
from http import HTTPStatus
from uuid import uuid4

from local.azure.arm.roles import READ_MACHINES
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
    if as_text(request.get("query")).split() != QUERY.split():
        raise _QueryRefusedError(
            "InvalidQuery",
            "Query is invalid. Please refer to the documentation for the Azure Resource Graph"
            " service and fix the error before retrying. (The simulator knows one query only.)",
        )
    options = as_object(request.get("options"))
    size, after = _page_size(options), _skipped_to(options)
    found = _machines(visit, _subscriptions(visit, request))
    rest = sorted((each for each in found if each.id > after), key=lambda each: each.id)
    page = rest[:size]
    answer: JsonObject = {
        "totalRecords": len(found),
        "count": len(page),
        "data": [_row(each) for each in page],
        "facets": [],
        "resultTruncated": "false",
    }
    if len(rest) > size:
        answer["$skipToken"] = urlsafe_b64encode(page[-1].id.encode()).decode()
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
        token = as_text(options.get("$skipToken")).encode()
        return b64decode(token, altchars=b"-_", validate=True).decode()
    except (NotBase64, UnicodeError) as error:
        raise _QueryRefusedError("InvalidSkipToken", "The $skipToken is invalid.") from error


def _machines(visit: Visit, subscriptions: Iterable[str]) -> list[Machine]:
    if not visit.roles.allows(visit.caller, READ_MACHINES, visit.now):
        return []
    return [each for each in _all_machines(visit, subscriptions) if _tag(each)]


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
