"""Which api-versions the simulated AKS has, and what each of them shows."""

import re
from http import HTTPStatus

from local.azure.arm.errors import AzureRefusal
from local.azure.arm.locations import LOCATIONS
from local.azure.arm.route import Route

# The stable versions of managedClusters with maintenanceConfigurations, from their first one on:
# Azure/azure-rest-api-specs, aks/readme.md and aks/stable; the newest from the lists of versions in
# azure-mgmt-containerservice 41.8.0. 2022-08-01 is only in the service's own list of supported
# versions (Azure/AKS-Landing-Zone-Accelerator#122).
STABLE = (
    *("2020-12-01", "2021-02-01", "2021-03-01", "2021-05-01", "2021-07-01", "2021-08-01"),
    *("2021-09-01", "2021-10-01", "2022-01-01", "2022-02-01", "2022-03-01", "2022-04-01"),
    *("2022-06-01", "2022-07-01", "2022-08-01", "2022-09-01", "2022-11-01", "2023-01-01"),
    *("2023-02-01", "2023-03-01", "2023-04-01", "2023-05-01", "2023-06-01", "2023-07-01"),
    *("2023-08-01", "2023-09-01", "2023-10-01", "2023-11-01", "2024-01-01", "2024-02-01"),
    *("2024-05-01", "2024-07-01", "2024-08-01", "2024-09-01", "2024-10-01"),
    *("2025-01-01", "2025-02-01", "2025-03-01", "2025-04-01", "2025-05-01", "2025-06-01"),
    *("2025-07-01", "2025-08-01", "2025-09-01", "2025-10-01", "2026-01-01"),
    *("2026-02-01", "2026-03-01", "2026-04-01", "2026-05-01", "2026-06-01", "2026-07-01"),
    "2026-08-01",
)
_KNOWN = frozenset(STABLE)
_PREVIEW = re.compile(r"202[2-6]-(0[1-9]|1[0-2])-02-preview")
PREVIEWS = ("2026-07-02-preview", "2026-08-02-preview")
_NEWEST_PREVIEW = PREVIEWS[-1]
# Months without a preview: the resource provider's own lists of versions (azure-powershell's
# recording TestSimpleAzureKubernetes, 2025-10).
_NO_PREVIEWS = frozenset({"2023-12-02-preview", "2024-11-02-preview", "2024-12-02-preview"})
_PREVIEW_SUFFIX = "-preview"

# nodeProvisioningProfile is in the stable API since 2025-05-01, in previews since 2024-01-02;
# defaultNodePools since 2025-05-01 and 2025-03-02-preview (Azure/bicep-types-az).
_PROFILE_STABLE, _PROFILE_PREVIEW = "2025-05-01", "2024-01-02-preview"
_POOLS_PREVIEW = "2025-03-02-preview"
_ETAG_STABLE, _ETAG_PREVIEW = "2024-09-01", "2024-06-02-preview"
# Free names were accepted through 2023-02-01; maintenanceWindow came after it, in previews with
# 2023-01-02 (a recording of azure-cli-extensions: test_aks_maintenancewindow).
_LAST_LEGACY, _WINDOWS_PREVIEW = "2023-02-01", "2023-01-02-preview"
# Azure/AKS#4060: from this version on a field that the API does not know is an error.
_STRICT_SINCE = "2024-01-01"


def check_api_version(route: Route, api_version: str, location: str) -> None:
    """Refuse a call whose api-version is missing or unknown, as the gateway does."""
    if not api_version:
        raise AzureRefusal(
            HTTPStatus.BAD_REQUEST,
            "MissingApiVersionParameter",
            "The api-version query parameter (?api-version=) is required for all requests.",
        )
    if not route.is_by_aks or _is_offered(route, api_version):
        return
    type_name = route.resource_type.partition("/")[2]
    # Oldest first, as in Azure/azure-cli#23985 and #28368.
    versions = ", ".join((*STABLE, *PREVIEWS))
    if location:
        raise AzureRefusal(
            HTTPStatus.BAD_REQUEST,
            "NoRegisteredProviderFound",
            f"No registered resource provider found for location '{location}' and API version"
            f" '{api_version}' for type '{type_name}'. The supported api-versions are"
            f" '{versions}'. The supported locations are '{', '.join(LOCATIONS)}'.",
        )
    raise AzureRefusal(
        HTTPStatus.BAD_REQUEST,
        "InvalidResourceType",
        f"The resource type '{type_name}' could not be found in the namespace"
        f" 'Microsoft.ContainerService' for api version '{api_version}'. The supported"
        f" api-versions are '{versions}'.",
    )


def _is_offered(route: Route, api_version: str) -> bool:
    oldest = route.row.first_preview
    if not oldest and api_version in _KNOWN:
        return True
    known = bool(_PREVIEW.fullmatch(api_version)) and api_version not in _NO_PREVIEWS
    return known and oldest <= api_version <= _NEWEST_PREVIEW


def shows_provisioning_profile(api_version: str) -> bool:
    """Say whether clusters are shown with nodeProvisioningProfile."""
    if api_version.endswith(_PREVIEW_SUFFIX):
        return api_version >= _PROFILE_PREVIEW
    return api_version >= _PROFILE_STABLE


def shows_default_node_pools(api_version: str) -> bool:
    """Say whether nodeProvisioningProfile has its defaultNodePools."""
    if api_version.endswith(_PREVIEW_SUFFIX):
        return api_version >= _POOLS_PREVIEW
    return api_version >= _PROFILE_STABLE


def shows_etags(api_version: str) -> bool:
    """Say whether clusters and their agent pools have an eTag (Azure/bicep-types-az)."""
    if api_version.endswith(_PREVIEW_SUFFIX):
        return api_version >= _ETAG_PREVIEW
    return api_version >= _ETAG_STABLE


def is_legacy(api_version: str) -> bool:
    """Say whether configurations have free names and weekly hours only."""
    if api_version.endswith(_PREVIEW_SUFFIX):
        return api_version < _WINDOWS_PREVIEW
    return api_version <= _LAST_LEGACY


def refuses_unknown_fields(api_version: str) -> bool:
    """Say whether a field that the API does not know makes the request fail."""
    return api_version >= _STRICT_SINCE
