"""Event Grid payloads: the documented shapes, with the values that a test needs."""

import json
from pathlib import Path

from shared.domain.vocabulary.ids import ClusterId

EVENTS = Path(__file__).parent / "events"

type Json = dict[str, object]


def recorded(name: str) -> str:
    """Read a payload from tests/events."""
    return (EVENTS / f"{name}.json").read_text(encoding="utf-8")


def cluster_written(cluster_id: ClusterId, event_id: str = "event-1") -> str:
    """Give a ResourceWriteSuccess of a managed cluster, in the Event Grid schema."""
    return _event(cluster_id, event_id, "", "Write", "write", None)


def cluster_failed(cluster_id: ClusterId) -> str:
    """Give a ResourceWriteFailure of a managed cluster, in the Event Grid schema."""
    return cluster_written(cluster_id).replace("ResourceWriteSuccess", "ResourceWriteFailure")


def tags_written(cluster_id: ClusterId, child: str = "") -> str:
    """Give a ResourceWriteSuccess of a cluster's tags, by the cluster's id or that of its tags."""
    event = _event(cluster_id, "event-4", child, "Write", "write", None)
    operation = "Microsoft.ContainerService/managedClusters/write"
    return event.replace(operation, "Microsoft.Resources/tags/write")


def schedule_written(cluster_id: ClusterId, app_id: str | None = None) -> str:
    """Give a ResourceWriteSuccess of the node OS schedule, made by an application."""
    child = "/maintenanceConfigurations/aksManagedNodeOSUpgradeSchedule"
    return _event(cluster_id, "event-2", child, "Write", "maintenanceConfigurations/write", app_id)


def schedule_deleted(cluster_id: ClusterId, app_id: str | None = None) -> str:
    """Give a ResourceDeleteSuccess of the node OS schedule, made by an application."""
    child = "/maintenanceConfigurations/aksManagedNodeOSUpgradeSchedule"
    operation = "maintenanceConfigurations/delete"
    return _event(cluster_id, "event-3", child, "Delete", operation, app_id)


def _event(  # noqa: PLR0913, PLR0917 - the parts of an event
    cluster_id: ClusterId, event_id: str, child: str, verb: str, operation: str, app_id: str | None
) -> str:
    resource = str(cluster_id).replace("resourceGroups", "resourcegroups") + child
    data: Json = {
        "authorization": {"scope": resource, "action": f"Microsoft.ContainerService/{operation}"},
        "claims": {"appid": app_id, "name": "A. Person", "ipaddr": "203.0.113.7"},
        "correlationId": "5a3c1f0a-7f0d-4a8f-9b3c-0c2b9f6d2e77",
        "resourceProvider": "Microsoft.ContainerService",
        "resourceUri": resource,
        "operationName": f"Microsoft.ContainerService/managedClusters/{operation}",
        "status": "Succeeded",
        "subscriptionId": cluster_id.subscription_id,
    }
    event: Json = {
        "id": event_id,
        "topic": f"/subscriptions/{cluster_id.subscription_id}",
        "subject": resource,
        "eventType": f"Microsoft.Resources.Resource{verb}Success",
        "eventTime": "2026-11-21T11:59:58.1234567Z",
        "data": data,
        "dataVersion": "2",
        "metadataVersion": "1",
    }
    return json.dumps(event)
