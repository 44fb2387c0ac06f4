"""The node images that a location offers, as the preview call nodeImageVersions lists them."""

from datetime import datetime

from local.azure.arm.clusters import short_location
from local.azure.arm.state import Release, State
from local.azure.json_values import JsonObject, as_text

FIRST_VERSION = "202608.06.1"
_UBUNTU, _AZURE_LINUX = "AKSUbuntu", "AKSAzureLinux"
# Image definitions that node auto-provisioning uses (Azure/karpenter-provider-azure, imagefamily),
# and a few more that the call lists and NAP passes over.
_FIRST = (
    *((_UBUNTU, sku, FIRST_VERSION) for sku in ("2404gen2containerd", "2204gen2containerd")),
    *((_AZURE_LINUX, sku, FIRST_VERSION) for sku in ("V3gen2", "V3", "V3gen2arm64", "V3gen2fips")),
    *((_UBUNTU, sku, FIRST_VERSION) for sku in ("2404containerd", "2404gen2arm64containerd")),
    *((_UBUNTU, sku, FIRST_VERSION) for sku in ("2204containerd", "2204gen2arm64containerd")),
    *((_UBUNTU, sku, FIRST_VERSION) for sku in ("2404gen2TLcontainerd", "2204gen2TLcontainerd")),
    ("AKSCBLMariner", "V2gen2", "202512.06.0"),
    ("AKSWindows", "2022-containerd-gen2", "20348.4529.251212"),
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
        state.node_images[key] = [node_image(*each) for each in _FIRST]
    return state.node_images[key]


def newest_versions(state: State, location: str) -> dict[tuple[str, str], str]:
    """Give the newest version of each definition (os, sku); a listing may have stale ones."""
    newest: dict[tuple[str, str], str] = {}
    for each in node_images_of(state, location):
        place, version = (as_text(each.get("os")), as_text(each.get("sku"))), each.get("version")
        newest[place] = max(newest.get(place, ""), as_text(version), key=version_number)
    return newest


def version_number(version: str) -> tuple[int, ...]:
    """Give what versions are compared by: their segments, as numbers."""
    return tuple(int(part) for part in version.split(".") if part.isdigit())


def release_node_image(
    state: State,
    now: datetime,
    location: str,
    image: tuple[str, str, str],
    *,
    keep_older: bool = False,
) -> None:
    """Offer a new version of an image (os, sku, version) in a location.

    It comes in the place of those before it, unless they are kept: stale ones were seen listed
    beside the newest (Azure/karpenter-provider-azure, nodeimageversionsclient.go).
    """
    os, sku, version = image
    previous = newest_versions(state, location).get((os, sku), "")
    kept = [
        each
        for each in node_images_of(state, location)
        if keep_older or (each.get("os"), each.get("sku")) != (os, sku)
    ]
    key = short_location(location)
    state.node_images[key] = [*kept, node_image(os, sku, version)]
    state.releases.append(Release(now, key, os, sku, version, previous))
