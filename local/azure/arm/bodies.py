"""Clusters and configurations as response bodies: JSON indented by one space, as AKS writes it."""

import json
from collections.abc import Iterable

from local.azure.arm.api_versions import (
    shows_default_node_pools,
    shows_etags,
    shows_provisioning_profile,
)
from local.azure.arm.clusters import Cluster, Configuration
from local.azure.arm.route import CLUSTERS
from local.azure.json_values import JsonObject, as_object


def dump(value: object) -> bytes:
    """Write a body as AKS does."""
    return json.dumps(value, indent=1, ensure_ascii=False).encode()


def cluster_id(cluster: Cluster) -> str:
    """Write the id as a cluster's own body has it, with lower-case resourcegroups (recorded)."""
    return (
        f"/subscriptions/{cluster.subscription}/resourcegroups/{cluster.group}"
        f"/providers/{CLUSTERS}/{cluster.name}"
    )


def configuration_id(cluster: Cluster, name: str) -> str:
    """Write the id of a configuration as its body has it."""
    return (
        f"/subscriptions/{cluster.subscription}/resourceGroups/{cluster.group}"
        f"/providers/{CLUSTERS}/{cluster.name}/maintenanceConfigurations/{name}"
    )


def cluster_object(cluster: Cluster) -> JsonObject:
    """Give the whole body of a cluster, keys in AKS's order, id and type in its own spelling."""
    body = cluster.body
    own: JsonObject = {"id": cluster_id(cluster)}
    given = {"name": cluster.name, "type": _CLUSTER_TYPE}
    for key in _ORDER:
        if key in given or key in body:
            own[key] = given.get(key, body.get(key))
    own["eTag"] = cluster.etag
    return own | {key: value for key, value in body.items() if key not in own}


# Capital M, unlike the documentation; the order of the keys is recorded too.
_CLUSTER_TYPE = "Microsoft.ContainerService/ManagedClusters"
_ORDER = ("location", "name", "tags", "type", "kind", "properties", "identity", "sku")


def cluster_body(cluster: Cluster, api_version: str) -> bytes:
    """Write a cluster as an api-version shows it."""
    profile = shows_provisioning_profile(api_version)
    pools = shows_default_node_pools(api_version)
    etags = shows_etags(api_version)
    key = f"cluster {profile} {pools} {etags}"
    body = cluster.rendered.get(key)
    if body is None:
        shown = cluster_object(cluster)
        if not pools:
            # Recorded with versions of 2025-05 and later, missing in recordings of 2023.
            shown.pop("kind", None)
        if not etags:
            shown.pop("eTag")
        shown["properties"] = _shown_properties(shown, profile=profile, pools=pools)
        body = cluster.rendered[key] = dump(shown)
    return body


def _shown_properties(body: JsonObject, *, profile: bool, pools: bool) -> JsonObject:
    properties = dict(as_object(body.get("properties")))
    if not profile:
        properties.pop("nodeProvisioningProfile", None)
    elif not pools and "nodeProvisioningProfile" in properties:
        provisioning = dict(as_object(properties["nodeProvisioningProfile"]))
        provisioning.pop("defaultNodePools", None)
        properties["nodeProvisioningProfile"] = provisioning
    return properties


def clusters_body(
    clusters: Iterable[Cluster], api_version: str, next_link: str | None = None
) -> bytes:
    """Write one page of clusters, from their own bodies."""
    # A raw line break never occurs within a JSON string, so bodies can be indented as text.
    items = b",\n  ".join(
        cluster_body(cluster, api_version).replace(b"\n", b"\n  ") for cluster in clusters
    )
    value = b'"value": [\n  ' + items + b"\n ]" if items else b'"value": []'
    link = b',\n "nextLink": ' + json.dumps(next_link).encode() if next_link else b""
    return b"{\n " + value + link + b"\n}"


def configuration_object(cluster: Cluster, configuration: Configuration) -> JsonObject:
    """Give a configuration's body: id, name and properties, nothing else (recorded, 2025-2026)."""
    return {
        "id": configuration_id(cluster, configuration.name),
        "name": configuration.name,
        "properties": configuration.properties,
    }


def configuration_body(cluster: Cluster, configuration: Configuration) -> bytes:
    """Write one configuration."""
    return dump(configuration_object(cluster, configuration))


def configurations_body(cluster: Cluster, configurations: Iterable[Configuration]) -> bytes:
    """Write a listing; a cluster without configurations has an empty one, not a 404 (recorded)."""
    return dump({"value": [configuration_object(cluster, each) for each in configurations]})


def listed_configurations(cluster: Cluster) -> bytes:
    """Write the listing of a cluster's present configurations, kept until the next change."""
    body = cluster.rendered.get("configurations")
    if body is None:
        body = configurations_body(cluster, cluster.configurations.values())
        cluster.rendered["configurations"] = body
    return body
