"""Which resource a path means. Resource Manager compares paths without case."""

from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache

PROVIDER = "Microsoft.ContainerService"
CLUSTERS = f"{PROVIDER}/managedClusters"
CONFIGURATIONS = f"{CLUSTERS}/maintenanceConfigurations"
NODE_IMAGES = f"{PROVIDER}/locations/nodeImageVersions"


class Kind(StrEnum):
    """What a path leads to."""

    CLUSTERS_OF_SUBSCRIPTION = "clusters of a subscription"
    CLUSTERS_OF_GROUP = "clusters of a resource group"
    CLUSTER = "cluster"
    CONFIGURATIONS = "configurations"
    CONFIGURATION = "configuration"
    NODE_IMAGES = "node image versions"
    SUBSCRIPTION = "subscription"


@dataclass(frozen=True, slots=True)
class Route:
    """A path, taken apart; the parts keep the casing that the caller gave them."""

    kind: Kind
    resource_type: str
    subscription: str
    group: str = ""
    cluster: str = ""
    configuration: str = ""
    location: str = ""

    def action(self, method: str) -> str:
        """Name the permission that the call needs, which Event Grid calls operationName."""
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
    (Kind.CONFIGURATIONS, "GET"): "MaintenanceConfigurations_ListByManagedCluster",
    (Kind.CONFIGURATION, "GET"): "MaintenanceConfigurations_Get",
    (Kind.CONFIGURATION, "PUT"): "MaintenanceConfigurations_CreateOrUpdate",
    (Kind.CONFIGURATION, "DELETE"): "MaintenanceConfigurations_Delete",
    (Kind.NODE_IMAGES, "GET"): "ManagedClusters_ListNodeImageVersions",
    (Kind.SUBSCRIPTION, "GET"): "Subscriptions_Get",
}

_GROUP = "/subscriptions/{subscription}/resourcegroups/{group}"
_PROVIDER = "/providers/microsoft.containerservice"
_CLUSTER = f"{_GROUP}{_PROVIDER}/managedclusters/{{cluster}}"
_TEMPLATES = (
    (
        Kind.CLUSTERS_OF_SUBSCRIPTION,
        CLUSTERS,
        f"/subscriptions/{{subscription}}{_PROVIDER}/managedclusters",
    ),
    (Kind.CLUSTERS_OF_GROUP, CLUSTERS, f"{_GROUP}{_PROVIDER}/managedclusters"),
    (Kind.CLUSTER, CLUSTERS, _CLUSTER),
    (Kind.CONFIGURATIONS, CONFIGURATIONS, f"{_CLUSTER}/maintenanceconfigurations"),
    (
        Kind.CONFIGURATION,
        CONFIGURATIONS,
        f"{_CLUSTER}/maintenanceconfigurations/{{configuration}}",
    ),
    (
        Kind.NODE_IMAGES,
        NODE_IMAGES,
        f"/subscriptions/{{subscription}}{_PROVIDER}/locations/{{location}}/nodeimageversions",
    ),
    (Kind.SUBSCRIPTION, "Microsoft.Resources/subscriptions", "/subscriptions/{subscription}"),
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
