"""The virtual machines that node auto-provisioning made, as Azure Resource Graph lists them.

They carry a tag that Karpenter sets (Azure/karpenter-provider-azure, launchtemplate/tags.go); which
cluster one belongs to is told by its resource group, the cluster's node resource group.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Self, cast

from shared.domain.cluster_id import parse_subscription_id
from shared.domain.errors import InvalidResourceId
from shared.domain.image_reference import image_of_reference
from shared.domain.node_image import NodeImage

NAP_MACHINES_QUERY = """
resources
| where type =~ 'microsoft.compute/virtualmachines'
| where isnotempty(tags['karpenter.sh_nodepool'])
| extend reference = properties.storageProfile.imageReference
| project id, subscriptionId, resourceGroup, location,
    nodePool = tostring(tags['karpenter.sh_nodepool']),
    created = tostring(properties.timeCreated),
    image = coalesce(tostring(reference.id), tostring(reference.communityGalleryImageId))
| order by id asc
"""
"""The one query for the whole fleet, a constant; paging needs the id and an order."""


@dataclass(frozen=True, slots=True, order=True)
class NodeGroup:
    """A cluster's node resource group; both parts in lower case."""

    subscription_id: str
    name: str

    @classmethod
    def of(cls, subscription_id: str, name: str) -> Self:
        """Make it of its parts; raises InvalidResourceId if the subscription is no GUID."""
        return cls(parse_subscription_id(subscription_id), name.lower())


@dataclass(frozen=True, slots=True)
class NapMachine:
    """One machine: where it is, and its image if that is known."""

    group: NodeGroup
    image: NodeImage | None


@dataclass(frozen=True, slots=True)
class MachinePage:
    """One page of the listing; `next_page` asks for the one behind it and is empty at the end.

    `wait` is how long the quota asks to wait before another query.
    """

    machines: Sequence[NapMachine]
    next_page: str = ""
    wait: timedelta = timedelta()


def observe_machine(row: object) -> NapMachine | None:
    """Read a row of the query's answer, which may be anything; None if it is no machine."""
    if not isinstance(row, Mapping):
        return None
    body = cast("Mapping[str, object]", row)
    match body.get("subscriptionId"), body.get("resourceGroup"), body.get("image"):
        case str(subscription), str(group), image if group:
            reference = image if isinstance(image, str) else ""
            return _machine(subscription, group, reference)
        case _:
            return None


def _machine(subscription: str, group: str, reference: str) -> NapMachine | None:
    try:
        return NapMachine(NodeGroup.of(subscription, group), image_of_reference(reference))
    except InvalidResourceId:
        return None
