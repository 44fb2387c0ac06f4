"""Which resource a path means. Resource Manager compares paths without case."""

from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache

PROVIDER = "Microsoft.ContainerService"
CLUSTERS = f"{PROVIDER}/managedClusters"
CONFIGURATIONS = f"{CLUSTERS}/maintenanceConfigurations"
NODE_IMAGES = f"{PROVIDER}/locations/nodeImageVersions"
POOL_UPGRADES = f"{CLUSTERS}/agentPools/upgradeProfiles"


class Kind(StrEnum):
    """What a path leads to."""

    CLUSTERS_OF_SUBSCRIPTION = "clusters of a subscription"
    CLUSTERS_OF_GROUP = "clusters of a resource group"
    CLUSTER = "cluster"
    CONFIGURATIONS = "configurations"
    CONFIGURATION = "configuration"
    NODE_IMAGES = "node image versions"
    POOL_UPGRADES = "upgrade profile of an agent pool"
    RESOURCE_GRAPH = "resource graph"
    OPERATION = "operation"
    OPERATION_RESULT = "operation result"
    TENANTS = "tenants"
    SUBSCRIPTIONS = "subscriptions"
    SUBSCRIPTION = "subscription"
    LOCATIONS = "locations"
    PROVIDERS = "providers"
    PROVIDER = "provider"
    PROVIDER_REGISTER = "registration of a provider"
    PROVIDER_UNREGISTER = "end of the registration of a provider"
    GROUPS = "resource groups"
    GROUP = "resource group"


# What the gateway answers by itself, without a resource provider.
AROUND = frozenset(
    {
        *(Kind.TENANTS, Kind.SUBSCRIPTIONS, Kind.SUBSCRIPTION, Kind.LOCATIONS),
        *(Kind.PROVIDERS, Kind.PROVIDER, Kind.PROVIDER_REGISTER, Kind.PROVIDER_UNREGISTER),
        *(Kind.GROUPS, Kind.GROUP, Kind.RESOURCE_GRAPH),
    }
)
# Whose answers do not name the caller; of listings of clusters no source tells.
UNNAMED = AROUND | {Kind.CLUSTERS_OF_SUBSCRIPTION, Kind.CLUSTERS_OF_GROUP}


@dataclass(frozen=True, slots=True)
class Route:
    """A path, taken apart; the parts keep the casing that the caller gave them."""

    kind: Kind
    resource_type: str
    subscription: str = ""
    group: str = ""
    cluster: str = ""
    configuration: str = ""
    location: str = ""
    operation_id: str = ""
    namespace: str = ""
    pool: str = ""

    def action(self, method: str) -> str:
        """Name the permission that the call needs, which Event Grid calls operationName."""
        if self.kind is Kind.RESOURCE_GRAPH:
            return f"{self.resource_type}/read"
        verb = {"GET": "read", "HEAD": "read", "DELETE": "delete", "POST": "action"}
        return f"{self.resource_type}/{verb.get(method, 'write')}"

    def operation(self, method: str) -> str:
        """Name the call as the REST specification does (operationId), or the empty string."""
        return _OPERATIONS.get((self.kind, method), "")

    @property
    def cluster_id(self) -> str:
        """The id of the cluster, in the usual casing."""
        return (
            f"/subscriptions/{self.subscription}/resourceGroups/{self.group}"
            f"/providers/{CLUSTERS}/{self.cluster}"
        )

    @property
    def configuration_id(self) -> str:
        """The id of the maintenance configuration, in the usual casing."""
        return f"{self.cluster_id}/maintenanceConfigurations/{self.configuration}"


_OPERATIONS = {
    (Kind.CLUSTERS_OF_SUBSCRIPTION, "GET"): "ManagedClusters_List",
    (Kind.CLUSTERS_OF_GROUP, "GET"): "ManagedClusters_ListByResourceGroup",
    (Kind.CLUSTER, "GET"): "ManagedClusters_Get",
    (Kind.CLUSTER, "PUT"): "ManagedClusters_CreateOrUpdate",
    (Kind.CLUSTER, "PATCH"): "ManagedClusters_UpdateTags",
    (Kind.CLUSTER, "DELETE"): "ManagedClusters_Delete",
    (Kind.CONFIGURATIONS, "GET"): "MaintenanceConfigurations_ListByManagedCluster",
    (Kind.CONFIGURATION, "GET"): "MaintenanceConfigurations_Get",
    (Kind.CONFIGURATION, "PUT"): "MaintenanceConfigurations_CreateOrUpdate",
    (Kind.CONFIGURATION, "DELETE"): "MaintenanceConfigurations_Delete",
    (Kind.NODE_IMAGES, "GET"): "ManagedClusters_ListNodeImageVersions",
    (Kind.POOL_UPGRADES, "GET"): "AgentPools_GetUpgradeProfile",
    (Kind.RESOURCE_GRAPH, "POST"): "Resources",
    (Kind.TENANTS, "GET"): "Tenants_List",
    (Kind.SUBSCRIPTIONS, "GET"): "Subscriptions_List",
    (Kind.SUBSCRIPTION, "GET"): "Subscriptions_Get",
    (Kind.LOCATIONS, "GET"): "Subscriptions_ListLocations",
    (Kind.PROVIDERS, "GET"): "Providers_List",
    (Kind.PROVIDER, "GET"): "Providers_Get",
    (Kind.PROVIDER_REGISTER, "POST"): "Providers_Register",
    (Kind.PROVIDER_UNREGISTER, "POST"): "Providers_Unregister",
    (Kind.GROUPS, "GET"): "ResourceGroups_List",
    (Kind.GROUP, "GET"): "ResourceGroups_Get",
    (Kind.GROUP, "HEAD"): "ResourceGroups_CheckExistence",
    (Kind.GROUP, "PUT"): "ResourceGroups_CreateOrUpdate",
}

_SUBSCRIPTION = "/subscriptions/{subscription}"
_GROUP = f"{_SUBSCRIPTION}/resourcegroups/{{group}}"
_AKS = "providers/microsoft.containerservice"
_CLUSTER = f"{_GROUP}/{_AKS}/managedclusters/{{cluster}}"
_LOCATION = f"{_SUBSCRIPTION}/{_AKS}/locations/{{location}}"
_PROVIDERS = f"{_SUBSCRIPTION}/providers"
_RESOURCES = "Microsoft.Resources"
_TEMPLATES = (
    (Kind.CLUSTERS_OF_SUBSCRIPTION, CLUSTERS, f"{_SUBSCRIPTION}/{_AKS}/managedclusters"),
    (Kind.CLUSTERS_OF_GROUP, CLUSTERS, f"{_GROUP}/{_AKS}/managedclusters"),
    (Kind.CLUSTER, CLUSTERS, _CLUSTER),
    (Kind.CONFIGURATIONS, CONFIGURATIONS, f"{_CLUSTER}/maintenanceconfigurations"),
    (
        Kind.CONFIGURATION,
        CONFIGURATIONS,
        f"{_CLUSTER}/maintenanceconfigurations/{{configuration}}",
    ),
    (Kind.NODE_IMAGES, NODE_IMAGES, f"{_LOCATION}/nodeimageversions"),
    (
        Kind.POOL_UPGRADES,
        POOL_UPGRADES,
        f"{_CLUSTER}/agentpools/{{pool}}/upgradeprofiles/default",
    ),
    (
        Kind.RESOURCE_GRAPH,
        "Microsoft.ResourceGraph/resources",
        "/providers/microsoft.resourcegraph/resources",
    ),
    (
        Kind.OPERATION,
        f"{PROVIDER}/locations/operations",
        f"{_LOCATION}/operations/{{operation_id}}",
    ),
    (
        Kind.OPERATION_RESULT,
        f"{PROVIDER}/locations/operationresults",
        f"{_LOCATION}/operationresults/{{operation_id}}",
    ),
    (Kind.TENANTS, f"{_RESOURCES}/tenants", "/tenants"),
    (Kind.SUBSCRIPTIONS, f"{_RESOURCES}/subscriptions", "/subscriptions"),
    (Kind.SUBSCRIPTION, f"{_RESOURCES}/subscriptions", _SUBSCRIPTION),
    (Kind.LOCATIONS, f"{_RESOURCES}/subscriptions/locations", f"{_SUBSCRIPTION}/locations"),
    (Kind.PROVIDERS, f"{_RESOURCES}/providers", _PROVIDERS),
    (Kind.PROVIDER, f"{_RESOURCES}/providers", f"{_PROVIDERS}/{{namespace}}"),
    (
        Kind.PROVIDER_REGISTER,
        f"{_RESOURCES}/providers/register",
        f"{_PROVIDERS}/{{namespace}}/register",
    ),
    (
        Kind.PROVIDER_UNREGISTER,
        f"{_RESOURCES}/providers/unregister",
        f"{_PROVIDERS}/{{namespace}}/unregister",
    ),
    (Kind.GROUPS, f"{_RESOURCES}/resourceGroups", f"{_SUBSCRIPTION}/resourcegroups"),
    (Kind.GROUP, f"{_RESOURCES}/resourceGroups", _GROUP),
)
_SEGMENTS = tuple((kind, type_, template.split("/")) for kind, type_, template in _TEMPLATES)


@lru_cache(maxsize=16384)
def route_of(path: str) -> Route | None:
    """Take a path apart; None where it leads to nothing that the simulator knows."""
    segments = path.rstrip("/").split("/")
    for kind, resource_type, template in _SEGMENTS:
        parts = _matched(segments, template)
        if parts is not None:
            return Route(kind, resource_type, **parts)
    return None


def _matched(segments: list[str], template: list[str]) -> dict[str, str] | None:
    if len(segments) != len(template):
        return None
    parts: dict[str, str] = {}
    for segment, expected in zip(segments, template, strict=True):
        if expected.startswith("{"):
            if not segment:
                return None
            parts[expected[1:-1]] = segment
        elif segment.lower() != expected:
            return None
    return parts
