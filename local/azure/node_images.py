"""The node images that a location offers, as the preview call nodeImageVersions lists them."""

from datetime import datetime

from local.azure.clusters import short_location
from local.azure.json_values import JsonObject, as_text
from local.azure.state import Release, State

FIRST_VERSION = "202608.06.1"
# Image definitions that node auto-provisioning uses (Azure/karpenter-provider-azure, imagefamily).
DEFINITIONS = (
    ("AKSUbuntu", "2404gen2containerd"),
    ("AKSUbuntu", "2204gen2containerd"),
    ("AKSAzureLinux", "V3gen2"),
)


def full_name(os: str, sku: str, version: str) -> str:
    """Write an image's full name: gallery, definition, version."""
    return f"{os}-{sku}-{version}"


def node_image(os: str, sku: str, version: str) -> JsonObject:
    """Write one image as the call lists it."""
    return {"fullName": full_name(os, sku, version), "os": os, "sku": sku, "version": version}


def node_images_of(state: State, location: str) -> list[JsonObject]:
    """List the newest image of each definition; a location starts with the same old ones."""
    key = short_location(location)
    if key not in state.node_images:
        state.node_images[key] = [node_image(os, sku, FIRST_VERSION) for os, sku in DEFINITIONS]
    return state.node_images[key]


def release_node_image(
    state: State, now: datetime, location: str, definition: tuple[str, str], version: str
) -> None:
    """Offer a new version of an image (os, sku) in a location, in place of the one before."""
    os, sku = definition
    images = node_images_of(state, location)
    before = [each for each in images if (each["os"], each["sku"]) == (os, sku)]
    previous = as_text(before[0]["version"]) if before else ""
    kept = [each for each in images if each not in before]
    key = short_location(location)
    state.node_images[key] = [*kept, node_image(os, sku, version)]
    state.releases.append(Release(now, key, os, sku, version, previous))
