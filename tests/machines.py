"""ARM bodies of the virtual machines that NAP makes, as small as a test needs them."""

from tests.clusters import SUBSCRIPTION

type Json = dict[str, object]

NAP_TAGS = {"karpenter.sh_nodepool": "default"}


def gallery(version: str, os: str = "AKSUbuntu", sku: str = "2404gen2containerd") -> Json:
    """Refer to an image as managed NAP does."""
    return {
        "id": f"/subscriptions/10945678-1234-1234-1234-123456789012/resourceGroups/AKS/providers"
        f"/Microsoft.Compute/galleries/{os}/images/{sku}/versions/{version}"
    }


def community(version: str, os: str = "AKSAzureLinux", sku: str = "V3gen2") -> Json:
    """Refer to an image as self-hosted Karpenter does."""
    name = f"{os}-f7c7cda5-1c9a-4bdc-a222-9614c968580b"
    return {
        "communityGalleryImageId": f"/CommunityGalleries/{name}/images/{sku}/versions/{version}"
    }


def machine(
    name: str,
    image: Json | None = None,
    *,
    group: str = "MC_rg-1_aks-1_westeurope",
    tags: dict[str, str] | None = NAP_TAGS,
    subscription: str = SUBSCRIPTION,
) -> Json:
    """Give a virtual machine's body; without an image its reference has another form."""
    return {
        "id": f"/subscriptions/{subscription}/resourceGroups/{group}"
        f"/providers/Microsoft.Compute/virtualMachines/{name}",
        "location": "westeurope",
        "tags": tags or {},
        "properties": {"storageProfile": {"imageReference": image or {"publisher": "x"}}},
    }
