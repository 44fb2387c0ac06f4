"""The calls that tell of node images: those of a location, and the newest one of an agent pool."""

from local.azure.arm.bodies import cluster_id, dump
from local.azure.arm.node_images import newest_versions, node_images_of
from local.azure.arm.pool_calls import pool_of
from local.azure.arm.route import POOL_UPGRADES
from local.azure.arm.visits import Visit
from local.azure.json_values import JsonObject, as_text
from local.azure.replies import Reply

# What an agent pool without an image version of its own runs, by its OS SKU.
_FAMILIES = {
    "azurelinux": ("AKSAzureLinux", "V3gen2"),
    "ubuntu": ("AKSUbuntu", "2204gen2containerd"),
}


def list_node_images(visit: Visit) -> Reply:
    """List the node images of a location: the newest of each, stale ones perhaps beside it."""
    return Reply(body=dump({"value": node_images_of(visit.state, visit.route.location)}))


def get_pool_upgrades(visit: Visit) -> Reply:
    """Show to what an agent pool can be upgraded: no Kubernetes version here, the newest image.

    The body is that of the page "Upgrade AKS node images" (MicrosoftDocs/azure-aks-docs).
    """
    pool = pool_of(visit)
    cluster = visit.cluster
    version = pool.get("orchestratorVersion") or cluster.properties.get("kubernetesVersion")
    newest = _newest_image(visit, pool)
    name = f"agentPools/{as_text(pool.get('name'))}/upgradeProfiles/default"
    body = {
        "id": f"{cluster_id(cluster)}/{name}",
        "name": "default",
        "type": POOL_UPGRADES,
        "properties": {
            "kubernetesVersion": as_text(version),
            "osType": as_text(pool.get("osType")) or "Linux",
            **({"latestNodeImageVersion": newest} if newest else {}),
        },
    }
    return Reply(body=dump(body))


def _newest_image(visit: Visit, pool: JsonObject) -> str:
    newest = newest_versions(visit.state, visit.cluster.location)
    # A definition may have dashes: the version is what comes after the last one.
    kind = as_text(pool.get("nodeImageVersion")).rpartition("-")[0]
    os, _, sku = kind.partition("-")
    if not sku:
        os, sku = _FAMILIES.get(as_text(pool.get("osSKU")).lower(), ("", ""))
    version = newest.get((os, sku))
    return f"{os}-{sku}-{version}" if version else ""
