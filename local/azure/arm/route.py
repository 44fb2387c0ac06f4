"""What a path to Resource Manager means: the row that it belongs to, and its parts."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # what answers a call is above what a call is; a row only holds it
    from local.azure.arm.visits import Visit
    from local.azure.replies import Reply

PROVIDER = "Microsoft.ContainerService"
CLUSTERS = f"{PROVIDER}/managedClusters"
CONFIGURATIONS = f"{CLUSTERS}/maintenanceConfigurations"
AGENT_POOLS = f"{CLUSTERS}/agentPools"
POOL_UPGRADES = f"{AGENT_POOLS}/upgradeProfiles"
NODE_IMAGES = f"{PROVIDER}/locations/nodeImageVersions"
TAGS = "Microsoft.Resources/tags"
_VERBS = {"GET": "read", "HEAD": "read", "DELETE": "delete", "POST": "action"}


class Service(StrEnum):
    """Who answers: the AKS resource provider, the gateway by itself, or Resource Graph."""

    AKS = "aks"
    GATEWAY = "gateway"
    GRAPH = "graph"


class Bucket(StrEnum):
    """Which of AKS's limits a call counts against."""

    LIST = "list"
    GET_CLUSTER = "get"
    PUT_CLUSTER = "put"
    OPERATION = "operation"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Way:
    """One method of a path: its name in the REST specification (operationId), and its answer.

    `may_be_new`: what the path names need not be there, only its parents. `verb` is the end of the
    permission's name where the method does not tell it.
    """

    operation: str
    answer: "Callable[[Visit], Reply]"
    bucket: Bucket = Bucket.OTHER
    may_be_new: bool = False
    names_caller: bool = True
    verb: str = ""


@dataclass(frozen=True, slots=True, eq=False)
class Row:
    """One path that the simulator knows: its template, its type, and what can be done there.

    `is_open`: nobody is refused for the lack of a permission, what may not be read is left out.
    `first_preview`: it is in preview versions only, from this one on.
    """

    template: str
    resource_type: str
    ways: Mapping[str, Way]
    service: Service = Service.AKS
    is_open: bool = False
    first_preview: str = ""


@dataclass(frozen=True, slots=True)
class Route:
    """A path, taken apart; the parts keep the casing that the caller gave them."""

    row: Row
    subscription: str = ""
    group: str = ""
    cluster: str = ""
    configuration: str = ""
    location: str = ""
    operation_id: str = ""
    namespace: str = ""
    pool: str = ""

    @property
    def resource_type(self) -> str:
        """The type of what the path leads to."""
        return self.row.resource_type

    @property
    def is_cluster(self) -> bool:
        """Whether it is the path of one cluster itself."""
        return self.resource_type == CLUSTERS and bool(self.cluster)

    @property
    def is_configuration(self) -> bool:
        """Whether it is the path of one maintenance configuration."""
        return bool(self.configuration)

    @property
    def is_by_aks(self) -> bool:
        """Whether the AKS resource provider answers there."""
        return self.row.service is Service.AKS

    def way(self, method: str) -> Way | None:
        """Give what a method does there, if anything."""
        return self.row.ways.get(method)

    def action(self, method: str) -> str:
        """Name the permission that the call needs, which Event Grid calls operationName."""
        way = self.way(method)
        verb = (way.verb if way else "") or _VERBS.get(method, "write")
        return f"{self.resource_type}/{verb}"

    def operation(self, method: str) -> str:
        """Name the call as the REST specification does (operationId), or the empty string."""
        way = self.way(method)
        return way.operation if way else ""

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
