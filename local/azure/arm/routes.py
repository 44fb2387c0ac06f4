"""Every path that the simulated Resource Manager knows, a row each; compared without case."""

from functools import lru_cache

from local.azure.arm import (
    cluster_calls,
    configuration_calls,
    group_calls,
    image_calls,
    resource_graph,
    subscription_calls,
    tag_calls,
)
from local.azure.arm.route import (
    CLUSTERS,
    CONFIGURATIONS,
    NODE_IMAGES,
    POOL_UPGRADES,
    PROVIDER,
    TAGS,
    Bucket,
    Route,
    Row,
    Service,
    Way,
)

_SUBSCRIPTION = "/subscriptions/{subscription}"
_GROUP = f"{_SUBSCRIPTION}/resourcegroups/{{group}}"
_AKS = "providers/microsoft.containerservice"
_CLUSTER = f"{_GROUP}/{_AKS}/managedclusters/{{cluster}}"
_CONFIGURATIONS = f"{_CLUSTER}/maintenanceconfigurations"
_LOCATION = f"{_SUBSCRIPTION}/{_AKS}/locations/{{location}}"
_PROVIDERS = f"{_SUBSCRIPTION}/providers"
_RESOURCES = "Microsoft.Resources"
# The first one with nodeImageVersions, which are in previews only: the resource provider's own
# list of versions (azure-powershell's recording TestSimpleAzureKubernetes, 2025-10).
_NODE_IMAGES_PREVIEW = "2024-02-02-preview"

AKS_ROWS = (
    Row(
        f"{_SUBSCRIPTION}/{_AKS}/managedclusters",
        CLUSTERS,
        {
            # Whether listings of clusters name their caller no source tells.
            "GET": Way(
                "ManagedClusters_List",
                cluster_calls.list_clusters,
                Bucket.LIST,
                names_caller=False,
            )
        },
    ),
    Row(
        f"{_GROUP}/{_AKS}/managedclusters",
        CLUSTERS,
        {
            "GET": Way(
                "ManagedClusters_ListByResourceGroup",
                cluster_calls.list_clusters,
                Bucket.LIST,
                names_caller=False,
            )
        },
    ),
    Row(
        _CLUSTER,
        CLUSTERS,
        {
            "GET": Way(
                "ManagedClusters_Get",
                cluster_calls.get_cluster,
                Bucket.GET_CLUSTER,
                names_caller=False,
            ),
            "PUT": Way(
                "ManagedClusters_CreateOrUpdate",
                cluster_calls.put_cluster,
                Bucket.PUT_CLUSTER,
                may_be_new=True,
            ),
            "PATCH": Way("ManagedClusters_UpdateTags", cluster_calls.patch_cluster),
            "DELETE": Way("ManagedClusters_Delete", cluster_calls.delete_cluster, may_be_new=True),
        },
    ),
    Row(
        _CONFIGURATIONS,
        CONFIGURATIONS,
        {
            "GET": Way(
                "MaintenanceConfigurations_ListByManagedCluster",
                configuration_calls.list_configurations,
            )
        },
    ),
    Row(
        f"{_CONFIGURATIONS}/{{configuration}}",
        CONFIGURATIONS,
        {
            "GET": Way("MaintenanceConfigurations_Get", configuration_calls.get_configuration),
            "PUT": Way(
                "MaintenanceConfigurations_CreateOrUpdate",
                configuration_calls.write_configuration,
            ),
            "DELETE": Way(
                "MaintenanceConfigurations_Delete", configuration_calls.remove_configuration
            ),
        },
    ),
    Row(
        f"{_LOCATION}/nodeimageversions",
        NODE_IMAGES,
        {"GET": Way("ManagedClusters_ListNodeImageVersions", image_calls.list_node_images)},
        first_preview=_NODE_IMAGES_PREVIEW,
    ),
    Row(
        f"{_CLUSTER}/agentpools/{{pool}}/upgradeprofiles/default",
        POOL_UPGRADES,
        {"GET": Way("AgentPools_GetUpgradeProfile", image_calls.get_pool_upgrades)},
    ),
    Row(
        f"{_LOCATION}/operations/{{operation_id}}",
        f"{PROVIDER}/locations/operations",
        {"GET": Way("", cluster_calls.get_operation, Bucket.OPERATION)},
    ),
    Row(
        f"{_LOCATION}/operationresults/{{operation_id}}",
        f"{PROVIDER}/locations/operationresults",
        {"GET": Way("", cluster_calls.get_operation_result, Bucket.OPERATION)},
    ),
)


# What the gateway answers itself; of Resource Graph it is told that a query is a read.
OTHER_ROWS = (
    Row(
        "/providers/microsoft.resourcegraph/resources",
        "Microsoft.ResourceGraph/resources",
        {"POST": Way("Resources", resource_graph.query_resources, verb="read")},
        Service.GRAPH,
        is_open=True,
    ),
    Row(
        "/tenants",
        f"{_RESOURCES}/tenants",
        {"GET": Way("Tenants_List", subscription_calls.list_tenants)},
        Service.GATEWAY,
        is_open=True,
    ),
    Row(
        "/subscriptions",
        f"{_RESOURCES}/subscriptions",
        {"GET": Way("Subscriptions_List", subscription_calls.list_subscriptions)},
        Service.GATEWAY,
        is_open=True,
    ),
    Row(
        _SUBSCRIPTION,
        f"{_RESOURCES}/subscriptions",
        {"GET": Way("Subscriptions_Get", subscription_calls.get_subscription)},
        Service.GATEWAY,
    ),
    Row(
        f"{_SUBSCRIPTION}/locations",
        f"{_RESOURCES}/subscriptions/locations",
        {"GET": Way("Subscriptions_ListLocations", subscription_calls.list_locations)},
        Service.GATEWAY,
    ),
    Row(
        _PROVIDERS,
        f"{_RESOURCES}/providers",
        {"GET": Way("Providers_List", subscription_calls.list_providers)},
        Service.GATEWAY,
    ),
    Row(
        f"{_PROVIDERS}/{{namespace}}",
        f"{_RESOURCES}/providers",
        {"GET": Way("Providers_Get", subscription_calls.get_provider)},
        Service.GATEWAY,
    ),
    Row(
        f"{_PROVIDERS}/{{namespace}}/register",
        f"{_RESOURCES}/providers/register",
        {"POST": Way("Providers_Register", subscription_calls.register_provider)},
        Service.GATEWAY,
    ),
    Row(
        f"{_PROVIDERS}/{{namespace}}/unregister",
        f"{_RESOURCES}/providers/unregister",
        {"POST": Way("Providers_Unregister", subscription_calls.unregister_provider)},
        Service.GATEWAY,
    ),
    Row(
        f"{_SUBSCRIPTION}/resourcegroups",
        f"{_RESOURCES}/resourceGroups",
        {"GET": Way("ResourceGroups_List", group_calls.list_groups)},
        Service.GATEWAY,
    ),
    Row(
        _GROUP,
        f"{_RESOURCES}/resourceGroups",
        {
            "GET": Way("ResourceGroups_Get", group_calls.get_group),
            "HEAD": Way("ResourceGroups_CheckExistence", group_calls.head_group, may_be_new=True),
            "PUT": Way("ResourceGroups_CreateOrUpdate", group_calls.put_group, may_be_new=True),
        },
        Service.GATEWAY,
    ),
    Row(
        f"{_CLUSTER}/providers/microsoft.resources/tags/default",
        TAGS,
        {
            "GET": Way("Tags_GetAtScope", tag_calls.get_tags),
            "PUT": Way("Tags_CreateOrUpdateAtScope", tag_calls.put_tags),
            "PATCH": Way("Tags_UpdateAtScope", tag_calls.patch_tags),
            "DELETE": Way("Tags_DeleteAtScope", tag_calls.delete_tags),
        },
        Service.GATEWAY,
    ),
)
_SEGMENTS = tuple((row, row.template.split("/")) for row in (*AKS_ROWS, *OTHER_ROWS))


@lru_cache(maxsize=16384)
def route_of(path: str) -> Route | None:
    """Take a path apart; None where it leads to nothing that the simulator knows."""
    segments = path.rstrip("/").split("/")
    for row, template in _SEGMENTS:
        parts = _matched(segments, template)
        if parts is not None:
            return Route(row, **parts)
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
