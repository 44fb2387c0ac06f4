"""Events of clusters that are not there: naptime looks once, and that is all."""

import json
from typing import Final

from local.demo.bodies import Json, cluster_id
from local.demo.naptime_api import NaptimeApi

SUBSCRIPTION: Final = "11111111-1111-1111-1111-111111111111"
_PATH: Final = "runtime/webhooks/eventgrid?functionName=on_cluster_created"


async def delivered(api: NaptimeApi, number: int) -> int:
    """Deliver such an event as Event Grid does; the status that the webhook answers with."""
    body = json.dumps([cluster_written(gone(number), number)]).encode()
    return await api.post_raw(_PATH, body, {"aeg-event-type": "Notification"})


def gone(number: int) -> str:
    """Give the id of a cluster that is not there."""
    return cluster_id(SUBSCRIPTION, "bench", f"gone-{number:05}")


def cluster_written(cluster: str, number: int) -> Json:
    """Write the event of a cluster's creation or update."""
    operation = "Microsoft.ContainerService/managedClusters/write"
    return {
        "id": f"bench-{number}",
        "topic": cluster[: cluster.lower().index("/resourcegroups")],
        "subject": cluster,
        "eventType": "Microsoft.Resources.ResourceWriteSuccess",
        "eventTime": "2026-11-21T12:00:00Z",
        "data": {"operationName": operation, "resourceUri": cluster},
        "dataVersion": "2",
        "metadataVersion": "1",
    }
