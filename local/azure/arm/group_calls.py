"""The calls on resource groups, which the gateway answers itself."""

from http import HTTPStatus

from local.azure.arm.clusters import short_location
from local.azure.arm.errors import AzureRefusal
from local.azure.arm.state import Group
from local.azure.arm.subscription_calls import compact
from local.azure.arm.visits import Visit
from local.azure.json_values import JsonObject, as_object, as_text
from local.azure.replies import Reply


def list_groups(visit: Visit) -> Reply:
    """List the resource groups."""
    shown = [_group(visit, each) for each in visit.subscription.groups.values()]
    return compact({"value": shown})


def get_group(visit: Visit) -> Reply:
    """Show one resource group."""
    return compact(_group(visit, visit.subscription.groups[visit.route.group.lower()]))


def head_group(visit: Visit) -> Reply:
    """Say whether there is such a resource group: 204, or 404 without a body."""
    known = visit.route.group.lower() in visit.subscription.groups
    status = HTTPStatus.NO_CONTENT if known else HTTPStatus.NOT_FOUND
    return Reply(status=status, content_type="")


def put_group(visit: Visit) -> Reply:
    """Make a resource group (201) or write its tags (200); its location stays."""
    given, name = visit.json_object(), visit.route.group
    location = short_location(as_text(given.get("location")))
    known = visit.subscription.groups.get(name.lower())
    if not location:
        message = "The location property is required for this definition."
        raise AzureRefusal(HTTPStatus.BAD_REQUEST, "LocationRequired", message)
    if known is not None and known.location != location:
        raise AzureRefusal(
            HTTPStatus.CONFLICT,
            "InvalidResourceGroupLocation",
            f"Invalid resource group location '{location}'. The Resource group already exists in"
            f" location '{known.location}'.",
        )
    group = Group(known.name if known else name, location, as_object(given.get("tags")))
    visit.subscription.groups[name.lower()] = group
    return compact(_group(visit, group), HTTPStatus.OK if known else HTTPStatus.CREATED)


def _group(visit: Visit, group: Group) -> JsonObject:
    return {
        "id": f"/subscriptions/{visit.subscription.id}/resourceGroups/{group.name}",
        "name": group.name,
        "type": "Microsoft.Resources/resourceGroups",
        "location": group.location,
        **({"tags": group.tags} if group.tags else {}),
        "properties": {"provisioningState": "Succeeded"},
    }
