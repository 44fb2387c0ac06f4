"""The events that Azure raises for successful writes and deletes, in both of its schemas.

Event Grid schema: MicrosoftDocs "Azure subscription as an Event Grid source". CloudEvents: the
same data with source for topic, type for eventType, time for eventTime.
"""

from datetime import datetime
from uuid import uuid4

from local.azure.entra.tokens import Caller, object_id_of
from local.azure.json_values import JsonObject, as_object, as_text, iso
from local.azure.replies import Change, ChangeKind

_ADDRESS = "203.0.113.7"


def person(name: str) -> Caller:
    """Make up a person who changes things by hand, for what the controls do."""
    app_id = object_id_of(f"portal of {name}")
    return Caller(app_id, object_id_of(name), "72f988bf-0000-4000-8000-2d7cd011db47", name)


def application(app_id: str) -> Caller:
    """Make up an application that changes things, a pipeline's say, for what the controls do."""
    return Caller(app_id, object_id_of(app_id), "72f988bf-0000-4000-8000-2d7cd011db47", "")


def event_of(change: Change, caller: Caller, now: datetime) -> JsonObject:
    """Write the event of a change in the Event Grid schema."""
    subscription = change.resource_id.split("/")[2]
    # Writes are documented with lower-case resourcegroups, deletes with resourceGroups.
    is_write = change.kind not in {ChangeKind.DELETE, ChangeKind.DELETE_FAILURE}
    resource_id = (
        change.resource_id.replace("/resourceGroups/", "/resourcegroups/")
        if is_write
        else change.resource_id.replace("/resourcegroups/", "/resourceGroups/")
    )
    correlation = str(uuid4())
    data: JsonObject = {
        "authorization": _authorization(change, caller, resource_id, subscription),
        "claims": _claims(caller),
        "correlationId": correlation,
        "resourceProvider": change.action.partition("/")[0],
        "resourceUri": resource_id,
        "operationName": change.action,
        "status": "Failed" if change.kind.is_failure else "Succeeded",
        "subscriptionId": subscription,
        "tenantId": caller.tenant_id,
    }
    # Documented as "only included when updating an existing resource or deleting a resource".
    if change.update:
        data["httpRequest"] = {
            "clientRequestId": correlation,
            "clientIpAddress": _ADDRESS,
            "method": change.method or ("PUT" if is_write else "DELETE"),
            "url": f"https://management.azure.com{change.resource_id}?api-version=2026-08-01",
        }
    return {
        "id": str(uuid4()),
        "topic": f"/subscriptions/{subscription}",
        "subject": resource_id,
        "eventType": change.kind.value,
        "eventTime": _seven_digits(now),
        "data": data,
        "dataVersion": "2",
        "metadataVersion": "1",
    }


def cloud_event(event: JsonObject) -> JsonObject:
    """Write an event of the Event Grid schema as a CloudEvent; one that is stays as it is."""
    if "specversion" in event:
        return event
    return {
        "specversion": "1.0",
        "id": event.get("id"),
        "source": event.get("topic"),
        "subject": event.get("subject"),
        "type": event.get("eventType"),
        "time": event.get("eventTime"),
        "data": event.get("data"),
    }


def operation_name(event: JsonObject) -> str:
    """Give data.operationName, by which event subscriptions filter."""
    return as_text(as_object(event.get("data")).get("operationName"))


def _authorization(
    change: Change, caller: Caller, resource_id: str, subscription: str
) -> JsonObject:
    scope = f"/subscriptions/{subscription}"
    return {
        "scope": resource_id,
        "action": change.action,
        "evidence": {
            "role": "Contributor",
            "roleAssignmentScope": scope,
            "roleAssignmentId": object_id_of(scope + caller.object_id).replace("-", ""),
            "roleDefinitionId": "b24988ac618042a0ab8820f7382dd24c",
            "principalId": caller.object_id.replace("-", ""),
            "principalType": "User" if caller.name else "ServicePrincipal",
        },
    }


def _claims(caller: Caller) -> JsonObject:
    claims: JsonObject = {
        "aud": "https://management.core.windows.net/",
        "iss": f"https://sts.windows.net/{caller.tenant_id}/",
        "appid": caller.app_id,
        "ipaddr": _ADDRESS,
        "http://schemas.microsoft.com/identity/claims/objectidentifier": caller.object_id,
        "http://schemas.microsoft.com/identity/claims/tenantid": caller.tenant_id,
        "uti": uuid4().hex[:22],
        "ver": "1.0",
    }
    if caller.name:
        claims["name"] = caller.name
        claims["http://schemas.xmlsoap.org/ws/2005/05/identity/claims/upn"] = (
            f"{caller.name.lower().replace(' ', '.')}@example.com"
        )
    return claims


def _seven_digits(now: datetime) -> str:
    return iso(now.replace(microsecond=0)).replace("Z", f".{now.microsecond:06d}0Z")
