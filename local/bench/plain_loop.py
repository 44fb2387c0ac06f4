"""The plain way: one cluster after the other with the synchronous SDK, its retries as they are.

Run as a program it goes over subscriptions, and prints the seconds from its first call until
its last answer. Identity and end points come from the environment, as the app has them.
"""

import json
import os
import sys
import time
from collections.abc import Sequence
from typing import Final

from azure.identity import ManagedIdentityCredential
from azure.mgmt.containerservice import ContainerServiceClient
from azure.mgmt.containerservice.models import MaintenanceConfiguration

from local.demo.bodies import NODE_OS, weekly, window
from shared.domain.vocabulary.ids import ClusterId

_SCOPE: Final = "https://management.azure.com/.default"


def _protect(client: ContainerServiceClient, cluster_id: ClusterId) -> None:
    configurations = client.maintenance_configurations
    place = cluster_id.resource_group, cluster_id.name
    if any(found.name == NODE_OS for found in configurations.list_by_managed_cluster(*place)):
        return
    body = MaintenanceConfiguration({"properties": window(weekly("Sunday"))})
    configurations.create_or_update(*place, NODE_OS, body)


def _loop(client: ContainerServiceClient) -> None:
    for cluster in client.managed_clusters.list():
        profile = cluster.properties.node_provisioning_profile if cluster.properties else None
        if profile and profile.mode == "Auto" and cluster.id:
            _protect(client, ClusterId.parse(cluster.id))


def main(subscriptions: Sequence[str]) -> None:
    """Go over subscriptions once; the token is there before the clock starts."""
    credential = ManagedIdentityCredential(client_id=os.environ["AZURE_CLIENT_ID"])
    credential.get_token(_SCOPE)
    before = time.perf_counter()
    for subscription in subscriptions:
        with ContainerServiceClient(
            credential,
            subscription,
            os.environ["NAPTIME_ARM_ENDPOINT"],
            credential_scopes=[_SCOPE],
        ) as client:
            _loop(client)
    print(json.dumps(time.perf_counter() - before))


if __name__ == "__main__":
    main(sys.argv[1:])
