"""What deployments have made: every resource by its id, and the rules of Azure for each type."""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from http import HTTPStatus
from uuid import NAMESPACE_URL, uuid4, uuid5

from local.azure.arm.errors import AzureRefusal
from local.azure.arm.roles import Role, Roles
from local.azure.arm.state import Group, State
from local.azure.deploying.functions import get
from local.azure.deploying.templates import Made
from local.azure.entra.tokens import TENANT_ID, object_id_of
from local.azure.json_values import JsonObject, as_object, as_text

IDENTITY = "Microsoft.ManagedIdentity/userAssignedIdentities"
SITE = "Microsoft.Web/sites"
SYSTEM_TOPIC = "Microsoft.EventGrid/systemTopics"
ASSIGNMENT = "Microsoft.Authorization/roleAssignments"
DEFINITION = "Microsoft.Authorization/roleDefinitions"
_GROUP = "Microsoft.Resources/resourceGroups"
_NAMES = {
    SITE: re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,58}[A-Za-z0-9])?"),
    SYSTEM_TOPIC: re.compile(r"[A-Za-z0-9-]{3,128}"),
    "Microsoft.EventGrid/topics": re.compile(r"[A-Za-z0-9-]{3,50}"),
    "Microsoft.Storage/storageAccounts": re.compile(r"[a-z0-9]{3,24}"),
}


@dataclass(slots=True)
class Store:
    """Resources by lower-cased id; `made` and `gone` are told of each."""

    state: State
    roles: Roles
    url: Callable[[], str]
    now: Callable[[], datetime]
    made: Callable[[Made], None] = lambda _: None
    gone: Callable[[str], None] = lambda _: None
    roles_after: timedelta = timedelta()
    """How long a new assignment takes to arrive."""
    resources: dict[str, Made] = field(default_factory=dict)

    def put(self, one: Made) -> None:
        """Make a resource, or write it again. Raises AzureRefusal."""
        if rule := _RULES.get(one.type):
            rule(self, one)
        pattern = _NAMES.get(one.type)
        if pattern is not None and not pattern.fullmatch(as_text(one.body.get("name"))):
            message = f"The name {one.body.get('name')} is not valid for {one.type}."
            raise AzureRefusal(HTTPStatus.BAD_REQUEST, "InvalidResourceName", message)
        self.resources[one.id.lower()] = one
        self.made(one)

    def get(self, resource_id: str) -> JsonObject | None:
        """Show a resource as ARM does; None where there is none."""
        one = self.resources.get(resource_id.lower())
        return None if one is None else {"id": one.id, "type": one.type, **one.body}

    def look(self, resource_id: str) -> JsonObject:
        """Show a resource that a template refers to. Raises AzureRefusal."""
        found = self.get(resource_id)
        if found is None:
            message = f"The Resource '{resource_id}' was not found."
            raise AzureRefusal(HTTPStatus.NOT_FOUND, "ResourceNotFound", message)
        return found

    def of_type(self, kind: str) -> Iterator[Made]:
        """Go through the resources of a type."""
        return (one for one in list(self.resources.values()) if one.type == kind)

    def under(self, scope: str) -> Iterator[Made]:
        """Go through what is in a scope, such as a group, itself included."""
        prefix = scope.lower()
        for one in list(self.resources.values()):
            if one.id.lower() == prefix or one.id.lower().startswith(f"{prefix}/"):
                yield one

    def delete(self, resource_id: str) -> bool:
        """Delete a resource with all that is below it; say whether anything was there."""
        found = list(self.under(resource_id))
        for one in found:
            del self.resources[one.id.lower()]
            if one.type == _GROUP:
                subscription = self.state.subscriptions[one.id.split("/")[2].lower()]
                subscription.groups.pop(one.id.split("/")[4].lower(), None)
            if one.type == IDENTITY:
                self.roles.take(as_text(get(one.body["properties"], "clientId")))
            self.gone(one.id)
        return bool(found)


def refuse(code: str, message: str, status: int = HTTPStatus.BAD_REQUEST) -> AzureRefusal:
    """Make a refusal of a resource provider."""
    return AzureRefusal(status, code, message)


def _group(store: Store, one: Made) -> None:
    subscription = store.state.subscriptions.get(one.id.split("/")[2].lower())
    if subscription is None:
        raise refuse(
            "SubscriptionNotFound", f"{one.id} is in no subscription.", HTTPStatus.NOT_FOUND
        )
    name, location = as_text(one.body["name"]), as_text(one.body["location"])
    known = subscription.groups.get(name.lower())
    if known is not None and known.location != location:
        message = f"The Resource group already exists in location '{known.location}'."
        raise refuse("InvalidResourceGroupLocation", message, HTTPStatus.CONFLICT)
    subscription.groups[name.lower()] = Group(name, location, as_object(one.body.get("tags")))


def _identity(store: Store, one: Made) -> None:
    known = store.get(one.id)
    client = as_text(get(known["properties"], "clientId")) if known else str(uuid4())
    one.body["properties"] = {
        "clientId": client,
        "principalId": object_id_of(client),
        "tenantId": TENANT_ID,
    }
    if known is None:
        # Somebody without any role may do nothing.
        store.roles.give(client, Role(()))


def _assignment(store: Store, one: Made) -> None:
    properties = as_object(one.body["properties"])
    principal = as_text(properties.get("principalId"))
    client = next(
        (
            as_text(get(each.body["properties"], "clientId"))
            for each in store.of_type(IDENTITY)
            if get(each.body["properties"], "principalId") == principal
        ),
        "",
    )
    if not client:
        message = f"Principal {principal} does not exist in the directory."
        raise refuse("PrincipalNotFound", message)
    known = store.get(one.id)
    if known is not None and get(known["properties"], "principalId") != principal:
        message = (
            "Tenant ID, application ID, principal ID, and scope are not allowed to be updated."
        )
        raise refuse("RoleAssignmentUpdateNotPermitted", message)
    definition = store.get(as_text(properties.get("roleDefinitionId")))
    if definition is not None:
        _grant(store, client.lower(), Role.of(definition), new=known is None)


def _grant(store: Store, client: str, role: Role, *, new: bool) -> None:
    had = store.roles.of.get(client, Role(()))
    actions = tuple(dict.fromkeys((*had.actions, *role.actions)))
    if client in store.roles.arrives:
        # The second of several assignments: it comes with the first.
        store.roles.of[client] = Role(actions)
        return
    late = new and store.roles_after
    store.roles.give(client, Role(actions), store.now() + store.roles_after if late else None)


def _definition(store: Store, one: Made) -> None:
    name = as_text(get(one.body["properties"], "roleName"))
    for other in store.of_type(DEFINITION):
        same = as_text(get(other.body["properties"], "roleName")).lower() == name.lower()
        if same and other.id.lower() != one.id.lower():
            message = f"A custom role with the name '{name}' exists in this tenant."
            raise refuse("RoleDefinitionWithSameNameExists", message, HTTPStatus.CONFLICT)


def _system_topic(store: Store, one: Made) -> None:
    def place(body: JsonObject) -> tuple[str, str]:
        properties = body["properties"]
        source, kind = get(properties, "source"), get(properties, "topicType")
        return as_text(source).lower(), as_text(kind).lower()

    for other in store.of_type(SYSTEM_TOPIC):
        if place(other.body) == place(one.body) and other.id.lower() != one.id.lower():
            message = "Only one system topic is allowed per source."
            raise refuse("InvalidRequest", message)
    for identity in as_object(get(one.body.get("identity"), "userAssignedIdentities")):
        store.look(identity)


def _account(_: Store, one: Made) -> None:
    name = as_text(one.body["name"])
    kinds = ("blob", "queue", "table")
    ends = {kind: f"https://{name}.{kind}.core.windows.net/" for kind in kinds}
    one.body["properties"] = {**as_object(one.body["properties"]), "primaryEndpoints": ends}


def _component(_: Store, one: Made) -> None:
    key = str(uuid5(NAMESPACE_URL, one.id.lower()))
    connection = f"InstrumentationKey={key};IngestionEndpoint=https://localhost:1/"
    one.body["properties"] = {**as_object(one.body["properties"]), "ConnectionString": connection}


def _topic(store: Store, one: Made) -> None:
    endpoint = f"{store.url()}/topics/{one.body['name']}/api/events"
    one.body["properties"] = {**as_object(one.body["properties"]), "endpoint": endpoint}


def _site(store: Store, one: Made) -> None:
    for identity in as_object(get(one.body.get("identity"), "userAssignedIdentities")):
        store.look(identity)
    if get(get(one.body["properties"], "functionAppConfig"), "deployment") is None:
        raise refuse("BadRequest", "functionAppConfig.deployment is missing.")
    name = as_text(one.body["name"])
    one.body["properties"] = {
        **as_object(one.body["properties"]),
        "state": "Running",
        "defaultHostName": f"{name}.azurewebsites.net",
        "hostNameSslStates": [
            {"name": f"{name}.azurewebsites.net", "hostType": "Standard"},
            {"name": f"{name}.scm.azurewebsites.net", "hostType": "Repository"},
        ],
    }


_RULES: Mapping[str, Callable[[Store, Made], None]] = {
    _GROUP: _group,
    IDENTITY: _identity,
    ASSIGNMENT: _assignment,
    DEFINITION: _definition,
    SYSTEM_TOPIC: _system_topic,
    SITE: _site,
    "Microsoft.Storage/storageAccounts": _account,
    "Microsoft.Insights/components": _component,
    "Microsoft.EventGrid/topics": _topic,
}
