"""The virtual machines that node auto-provisioning made, as Azure Resource Graph lists them.

They carry a tag that Karpenter sets (Azure/karpenter-provider-azure, launchtemplate/tags.go); which
cluster one belongs to is told by its resource group, the cluster's node resource group.

The agent pools of a cluster, as far as they tell of node images: one for each image family.

Which node image a virtual machine was made from, by the image reference in its ARM body.
"""

import re
from collections.abc import Iterable, Sequence
from datetime import timedelta
from typing import Self, cast

from msgspec import Struct

from shared.domain.images.node_image import NodeImage
from shared.domain.vocabulary.fields import object_or_empty, text_in
from shared.domain.vocabulary.ids import parse_subscription_id
from shared.domain.vocabulary.invalid import InvalidResourceId

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


class NodeGroup(Struct, frozen=True, order=True):
    """A cluster's node resource group; both parts in lower case."""

    subscription_id: str
    name: str

    @classmethod
    def of(cls, subscription_id: str, name: str) -> Self:
        """Make it of its parts; raises InvalidResourceId if the subscription is no GUID."""
        return cls(parse_subscription_id(subscription_id), name.lower())


class NapMachine(Struct, frozen=True):
    """One machine: where it is, and its image if that is known."""

    group: NodeGroup
    image: NodeImage | None


class MachinePage(Struct, frozen=True):
    """One page of the listing; `next_page` asks for the one behind it and is empty at the end.

    `wait` is how long the quota asks to wait before another query.
    """

    machines: Sequence[NapMachine]
    next_page: str = ""
    wait: timedelta = timedelta()


def observe_machine(row: object) -> NapMachine | None:
    """Read a row of the query's answer, which may be anything; None if it is no machine."""
    body = object_or_empty(row)
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


# The names that AKS allows for Linux pools (the specification's pattern for agentPoolName).
_NAME = re.compile(r"[a-z][a-z0-9]{0,11}", re.ASCII)
_LINUX = "linux"


class ImagePool(Struct, frozen=True):
    """A Linux agent pool; pools of one `family` (lower case) run images of the same gallery."""

    name: str
    family: str


def observe_pools(rows: object) -> list[ImagePool]:
    """Read `agentPoolProfiles`, which may be anything; give the first pool of each family."""
    if not isinstance(rows, list):
        return []
    return _first_of_each(_observe(row) for row in cast("list[object]", rows))


def _first_of_each(pools: Iterable[ImagePool | None]) -> list[ImagePool]:
    first: dict[str, ImagePool] = {}
    for pool in pools:
        if pool is not None:
            first.setdefault(pool.family, pool)
    return list(first.values())


def _observe(row: object) -> ImagePool | None:
    body = object_or_empty(row)
    name, os_type, sku = (text_in(body, part) or "" for part in ("name", "osType", "osSKU"))
    if not _NAME.fullmatch(name) or (os_type or _LINUX).lower() != _LINUX:
        return None
    return ImagePool(name, (sku or "ubuntu").lower())


# Managed node auto-provisioning refers to a compute gallery, self-hosted Karpenter to its community
# copy, whose name ends in a GUID (Azure/karpenter-provider-azure, vminstance.go, consts.go).
_REFERENCE = re.compile(
    r".*/(?:Community)?Galleries/(?P<os>[^/]+)/Images/(?P<sku>[^/]+)/Versions/(?P<version>[^/]+)",
    re.ASCII | re.IGNORECASE,
)
_GUID_AT_THE_END = re.compile(
    r"-[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\Z", re.ASCII | re.IGNORECASE
)


def image_of_reference(reference: str) -> NodeImage | None:
    """Read `imageReference.id` or `imageReference.communityGalleryImageId`, in any casing.

    None if it is neither, or if its version has no known form.
    """
    match = _REFERENCE.fullmatch(reference)
    if match is None:
        return None
    gallery = _GUID_AT_THE_END.sub("", match["os"])
    return NodeImage.of(gallery, match["sku"], match["version"])
