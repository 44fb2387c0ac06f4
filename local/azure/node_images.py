"""The node images that a location offers, as the preview call nodeImageVersions lists them."""

from local.azure.json_values import JsonObject
from local.azure.state import State

_FIRST_VERSION = "202608.06.1"
# Image definitions that node auto-provisioning uses (Azure/karpenter-provider-azure, imagefamily).
_DEFINITIONS = (
    ("AKSUbuntu", "2404gen2containerd"),
    ("AKSUbuntu", "2204gen2containerd"),
    ("AKSAzureLinux", "V3gen2"),
)


def node_image(os: str, sku: str, version: str) -> JsonObject:
    """Write one image as the call lists it."""
    return {"fullName": f"{os}-{sku}-{version}", "os": os, "sku": sku, "version": version}


def node_images_of(state: State, location: str) -> list[JsonObject]:
    """List the newest image of each definition; a location starts with the same old ones."""
    key = location.replace(" ", "").lower()
    if key not in state.node_images:
        state.node_images[key] = [node_image(os, sku, _FIRST_VERSION) for os, sku in _DEFINITIONS]
    return state.node_images[key]


def release_node_image(state: State, location: str, os: str, sku: str, version: str) -> None:
    """Offer a new version of an image in a location, in place of the one before."""
    images = node_images_of(state, location)
    kept = [each for each in images if (each["os"], each["sku"]) != (os, sku)]
    state.node_images[location.replace(" ", "").lower()] = [*kept, node_image(os, sku, version)]
