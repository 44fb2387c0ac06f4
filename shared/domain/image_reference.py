"""Which node image a virtual machine was made from, by the image reference in its ARM body."""

import re

from shared.domain.node_image import NodeImage

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
