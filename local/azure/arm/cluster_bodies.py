"""What AKS makes of the body of a cluster that somebody wrote: its checks, its own additions.

The additions are those of azure-cli's and its extensions' recordings of
test_aks_create_node_provisioning_profile (2025-06, 2025-07), as far as clients look at them.
"""

import hashlib
import re
from http import HTTPStatus

from local.azure.arm.clusters import Cluster, short_location
from local.azure.arm.errors import AzureRefusal, aks_invalid
from local.azure.arm.route import Route
from local.azure.entra.tokens import TENANT_ID, object_id_of
from local.azure.json_values import JsonObject, as_list, as_object, as_text

# The pattern of resourceName in the REST specification.
_NAME = re.compile(r"[a-zA-Z0-9]([-_a-zA-Z0-9]{0,61}[a-zA-Z0-9])?", re.ASCII)
_NAP_MODES = {"Manual", "Auto"}
_VERSION, _PATCH = "1.34", "1.34.2"
_IMAGE = "AKSUbuntu-2204gen2containerd-202608.06.1"
# What AKS Automatic has preconfigured (MicrosoftDocs "What is AKS Automatic").
AUTOMATIC: JsonObject = {
    "nodeProvisioningProfile": {"mode": "Auto", "defaultNodePools": "Auto"},
    "autoUpgradeProfile": {"upgradeChannel": "stable", "nodeOSUpgradeChannel": "NodeImage"},
    "disableLocalAccounts": True,
    "networkProfile": {
        "networkPlugin": "azure",
        "networkPluginMode": "overlay",
        "networkDataplane": "cilium",
        "outboundType": "managedNATGateway",
    },
    "nodeResourceGroupProfile": {"restrictionLevel": "ReadOnly"},
}


def created_body(route: Route, given: JsonObject) -> JsonObject:
    """Make the body of a new cluster; raises AzureRefusal for one that is refused."""
    _check(route, given)
    location = short_location(as_text(given["location"]))
    asked = as_object(given.get("properties"))
    unique = hashlib.sha256(route.cluster_id.lower().encode()).hexdigest()
    prefix = as_text(asked.get("dnsPrefix")) or route.cluster
    host = f"{prefix}-{unique[:8]}"
    version = as_text(asked.get("kubernetesVersion")) or _VERSION
    pools = [_pool(as_object(pool), version) for pool in as_list(asked.get("agentPoolProfiles"))]
    sku = as_object(given.get("sku")) or {"name": "Base", "tier": "Free"}
    return {
        "location": location,
        **({"tags": given["tags"]} if given.get("tags") else {}),
        "kind": as_text(given.get("kind")) or "Base",
        "properties": {
            "provisioningState": "Creating",
            "powerState": {"code": "Running"},
            "kubernetesVersion": version,
            "currentKubernetesVersion": _whole(version),
            "dnsPrefix": prefix,
            "fqdn": f"{host}.hcp.{location}.azmk8s.io",
            "azurePortalFQDN": f"{host}.portal.hcp.{location}.azmk8s.io",
            "servicePrincipalProfile": {"clientId": "msi"},
            "nodeResourceGroup": f"MC_{route.group}_{route.cluster}_{location}",
            "enableRBAC": True,
            "supportPlan": "KubernetesOfficial",
            "maxAgentPools": 100,
            "autoUpgradeProfile": {"nodeOSUpgradeChannel": "NodeImage"},
            "disableLocalAccounts": False,
            "resourceUID": unique[:24],
            "nodeProvisioningProfile": {"mode": "Manual"},
            **(AUTOMATIC if sku.get("name") == "Automatic" else {}),
            **_without_empty(asked),
            **_nap_profile(asked),
            **({"agentPoolProfiles": pools} if pools else {}),
        },
        "identity": _identity(as_object(given.get("identity")), route),
        "sku": sku,
    }


def finished_body(cluster: Cluster) -> JsonObject:
    """Add what a cluster has once it is made; az aks update does not work without it."""
    name = f"{cluster.name}-agentpool"
    group = as_text(cluster.properties.get("nodeResourceGroup"))
    identity = (
        f"/subscriptions/{cluster.subscription}/resourcegroups/{group}/providers"
        f"/Microsoft.ManagedIdentity/userAssignedIdentities/{name}"
    )
    kubelet = {
        "resourceId": identity,
        "clientId": object_id_of(f"client {identity}"),
        "objectId": object_id_of(identity),
    }
    properties = {**cluster.properties, "identityProfile": {"kubeletidentity": kubelet}}
    return {**cluster.body, "properties": properties}


def updated_body(route: Route, known: Cluster, given: JsonObject) -> JsonObject:
    """Make the body of a cluster that is written again; raises AzureRefusal.

    Properties that are left out keep their values: what AKS does with each is not documented.
    """
    _check(route, given)
    location = short_location(as_text(given["location"]))
    if location != known.location:
        raise AzureRefusal(
            HTTPStatus.CONFLICT,
            "InvalidResourceLocation",
            f"The resource '{known.name}' already exists in location '{known.location}' in resource"
            f" group '{known.group}'. A resource with the same name cannot be created in location"
            f" '{location}'. Please select a new resource name.",
        )
    asked = as_object(given.get("properties"))
    properties = {**known.properties, **_without_empty(asked), **_nap_profile(asked)}
    if as_list(asked.get("agentPoolProfiles")):
        properties["agentPoolProfiles"] = _written_pools(known, asked)
    properties["provisioningState"] = "Updating"
    kept = {key: value for key, value in known.body.items() if key != "tags"}
    body = {**kept, "properties": properties}
    if given.get("tags"):
        body["tags"] = given["tags"]
    if as_object(given.get("sku")):
        body["sku"] = given["sku"]
    if as_text(given.get("kind")):
        body["kind"] = given["kind"]
    return body


def tagged_body(known: Cluster, given: JsonObject) -> JsonObject:
    """Make the body of a cluster whose tags are replaced; raises AzureRefusal."""
    tags = given.get("tags") or {}
    _check_tags(tags)
    kept = {key: value for key, value in known.body.items() if key != "tags"}
    return {**kept, "tags": tags} if tags else kept


def _check(route: Route, given: JsonObject) -> None:
    if not _NAME.fullmatch(route.cluster):
        raise aks_invalid(
            "The value of parameter resourceName is invalid. Error details: Invalid managed cluster"
            f" name '{route.cluster}'. Please see https://aka.ms/aks-naming-rules for more details."
        )
    if not as_text(given.get("location")):
        raise AzureRefusal(
            HTTPStatus.BAD_REQUEST,
            "LocationRequired",
            "The location property is required for this definition.",
        )
    _check_tags(given.get("tags") or {})
    profile = as_object(as_object(given.get("properties")).get("nodeProvisioningProfile"))
    if profile.get("mode", "Manual") not in _NAP_MODES:
        raise aks_invalid(
            f"The value of parameter nodeProvisioningProfile.mode '{profile['mode']}' is invalid."
            " Allowed values are 'Manual' and 'Auto'."
        )


def _check_tags(tags: object) -> None:
    if not isinstance(tags, dict) or not all(isinstance(value, str) for value in tags.values()):
        raise AzureRefusal(
            HTTPStatus.BAD_REQUEST,
            "InvalidRequestContent",
            "The request content was invalid and could not be deserialized: the tags are not"
            " strings by name.",
        )


def _without_empty(asked: JsonObject) -> JsonObject:
    # azure-cli sends "" and {} where it leaves a choice to AKS.
    computed = {"provisioningState", "currentKubernetesVersion", "fqdn", "powerState"}
    computed.add("currentOrchestratorVersion")
    return {
        key: value
        for key, value in asked.items()
        if key not in computed and value not in ("", None, {})
    }


def _nap_profile(asked: JsonObject) -> JsonObject:
    given = as_object(asked.get("nodeProvisioningProfile"))
    if given.get("mode") != "Auto":
        return {"nodeProvisioningProfile": {"mode": "Manual"}} if given else {}
    pools = given.get("defaultNodePools") or "Auto"
    return {"nodeProvisioningProfile": {"mode": "Auto", "defaultNodePools": pools}}


def _pool(asked: JsonObject, version: str) -> JsonObject:
    defaults: JsonObject = {
        "name": "nodepool1",
        "count": 1,
        "vmSize": "Standard_D4d_v4",
        "type": "VirtualMachineScaleSets",
        "provisioningState": "Creating",
        "powerState": {"code": "Running"},
        "orchestratorVersion": version,
        "currentOrchestratorVersion": _whole(version),
        "mode": "System",
        "osType": "Linux",
        "osSKU": "Ubuntu",
        "nodeImageVersion": _IMAGE,
    }
    return {**defaults, **_without_empty(asked)}


def _written_pools(known: Cluster, asked: JsonObject) -> list[object]:
    # SDKs leave out what is read-only, such as nodeImageVersion, and get it back all the same
    # (azure-powershell's recording TestSimpleAzureKubernetes, 2025-10).
    present = map(as_object, as_list(known.properties.get("agentPoolProfiles")))
    by_name = {as_text(pool.get("name")): pool for pool in present}
    version = as_text(known.properties.get("kubernetesVersion")) or _VERSION
    written: list[object] = []
    for pool in map(as_object, as_list(asked["agentPoolProfiles"])):
        before = by_name.get(as_text(pool.get("name")))
        written.append({**before, **_without_empty(pool)} if before else _pool(pool, version))
    named = {as_text(as_object(pool).get("name")) for pool in as_list(asked["agentPoolProfiles"])}
    # A pool that is left out stays: pools are taken away by their own DELETE alone.
    return written + [pool for name, pool in by_name.items() if name not in named]


def _whole(version: str) -> str:
    return version if version.count(".") > 1 else _PATCH


def _identity(asked: JsonObject, route: Route) -> JsonObject:
    if asked.get("type", "SystemAssigned") != "SystemAssigned":
        return asked
    principal = object_id_of(route.cluster_id)
    return {"type": "SystemAssigned", "principalId": principal, "tenantId": TENANT_ID}
