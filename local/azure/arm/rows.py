"""The paths that the AKS resource provider answers, a row each."""

from local.azure.arm import cluster_calls, configuration_calls, image_calls, pool_calls
from local.azure.arm.route import (
    AGENT_POOLS,
    CLUSTERS,
    CONFIGURATIONS,
    NODE_IMAGES,
    POOL_UPGRADES,
    PROVIDER,
    Bucket,
    Row,
    Way,
)

SUBSCRIPTION = "/subscriptions/{subscription}"
GROUP = f"{SUBSCRIPTION}/resourcegroups/{{group}}"
_AKS = "providers/microsoft.containerservice"
CLUSTER = f"{GROUP}/{_AKS}/managedclusters/{{cluster}}"
_CONFIGURATIONS = f"{CLUSTER}/maintenanceconfigurations"
_LOCATION = f"{SUBSCRIPTION}/{_AKS}/locations/{{location}}"
# The first one with nodeImageVersions, which are in previews only: the resource provider's own
# list of versions (azure-powershell's recording TestSimpleAzureKubernetes, 2025-10).
_NODE_IMAGES_PREVIEW = "2024-02-02-preview"

AKS_ROWS = (
    Row(
        f"{SUBSCRIPTION}/{_AKS}/managedclusters",
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
        f"{GROUP}/{_AKS}/managedclusters",
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
        CLUSTER,
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
        f"{CLUSTER}/stop",
        f"{CLUSTERS}/stop",
        {"POST": Way("ManagedClusters_Stop", cluster_calls.stop_cluster)},
    ),
    Row(
        f"{CLUSTER}/start",
        f"{CLUSTERS}/start",
        {"POST": Way("ManagedClusters_Start", cluster_calls.start_cluster)},
    ),
    Row(
        f"{CLUSTER}/agentpools",
        AGENT_POOLS,
        {"GET": Way("AgentPools_List", pool_calls.list_pools)},
    ),
    Row(
        f"{CLUSTER}/agentpools/{{pool}}",
        AGENT_POOLS,
        {"GET": Way("AgentPools_Get", pool_calls.get_pool)},
    ),
    Row(
        f"{CLUSTER}/agentpools/{{pool}}/upgradeprofiles/default",
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
