"""What policies ask for, as tables: values, roles, actions, settings that are not taken."""

from local.infra_check.values import Value

ROLES = {
    "eventGridDataSender": "d5a91429-5739-47e2-a06b-3470a27159e7",
    "monitoringMetricsPublisher": "3913510d-42f4-4e42-8a64-420c390055eb",
    "storageBlobDataContributor": "ba92f5b4-2d11-453d-a403-e96b0029c9fe",
    "storageBlobDataOwner": "b7e6dc6d-f1e8-4753-8033-0f276bb0955b",
    "storageQueueDataContributor": "974c5e8b-45b9-4653-ba55-5f855dd0fb88",
    "storageTableDataContributor": "0a9a7e1f-b9d0-4cc4-a60d-0319b160aaa3",
}
"""Built-in roles, by the names of Microsoft's page "Azure built-in roles"."""

SITE = "Microsoft.Web/sites"
_CONFIG = "properties.functionAppConfig"
ACCOUNT = "Microsoft.Storage/storageAccounts"
TOPIC = "Microsoft.EventGrid/topics"
DEFINITION = "Microsoft.Authorization/roleDefinitions"
ASSIGNMENT = "Microsoft.Authorization/roleAssignments"
METRIC_ALERT = "Microsoft.Insights/metricAlerts"
DIAGNOSTICS = "Microsoft.Insights/diagnosticSettings"
ALERT = "Microsoft.Insights/scheduledQueryRules"

MUST_BE: dict[str, dict[str, Value]] = {
    ACCOUNT: {
        "kind": "StorageV2",
        "properties.allowSharedKeyAccess": False,
        "properties.allowBlobPublicAccess": False,
        "properties.allowCrossTenantReplication": False,
        "properties.isLocalUserEnabled": False,
        "properties.supportsHttpsTrafficOnly": True,
        "properties.minimumTlsVersion": "TLS1_2",
    },
    f"{ACCOUNT}/blobServices/containers": {"properties.publicAccess": "None"},
    SITE: {
        "kind": "functionapp,linux",
        "identity.type": "UserAssigned",
        "properties.httpsOnly": True,
        "properties.siteConfig.minTlsVersion": "1.2",
        "properties.siteConfig.scmMinTlsVersion": "1.2",
        "properties.siteConfig.ftpsState": "Disabled",
        "properties.siteConfig.remoteDebuggingEnabled": False,
        f"{_CONFIG}.runtime.name": "python",
        f"{_CONFIG}.runtime.version": "3.13",
        f"{_CONFIG}.deployment.storage.type": "blobContainer",
        f"{_CONFIG}.deployment.storage.authentication.type": "UserAssignedIdentity",
    },
    f"{SITE}/basicPublishingCredentialsPolicies": {"properties.allow": False},
    "Microsoft.Web/serverfarms": {"sku.name": "FC1", "properties.reserved": True},
    TOPIC: {
        "properties.disableLocalAuth": True,
        "properties.minimumTlsVersionAllowed": "1.2",
        "properties.inputSchema": "CloudEventSchemaV1_0",
    },
    "Microsoft.Insights/components": {"properties.DisableLocalAuth": True},
    "Microsoft.OperationalInsights/workspaces": {"properties.features.disableLocalAuth": True},
    ASSIGNMENT: {"properties.principalType": "ServicePrincipal"},
    DEFINITION: {
        "properties.type": "CustomRole",
        "properties.permissions.0.notActions": [],
        "properties.permissions.0.dataActions": [],
        "properties.permissions.0.notDataActions": [],
    },
    **{
        f"Microsoft.EventGrid/{topics}/eventSubscriptions": {
            "properties.eventDeliverySchema": "CloudEventSchemaV1_0",
            "properties.destination.endpointType": "AzureFunction",
            "properties.destination.properties.maxEventsPerBatch": 1,
        }
        for topics in ("topics", "systemTopics")
    },
    # A row that the query gives is an alarm.
    ALERT: {
        "properties.criteria.allOf.0.timeAggregation": "Count",
        "properties.criteria.allOf.0.operator": "GreaterThan",
        "properties.criteria.allOf.0.threshold": 0,
    },
    METRIC_ALERT: {
        "location": "global",
        "properties.enabled": True,
        "properties.criteria.allOf.0.timeAggregation": "Total",
        "properties.criteria.allOf.0.operator": "GreaterThan",
        "properties.criteria.allOf.0.threshold": 0,
    },
    # Topics of subscriptions know no other location.
    "Microsoft.EventGrid/systemTopics": {"location": "global"},
}
"""`{type: {path: value}}`; a parameter there is a finding, for it could be anything."""

KNOWN_ACTIONS = {
    "Microsoft.Compute/virtualMachines/read",
    "Microsoft.ContainerService/locations/nodeImageVersions/read",
    "Microsoft.ContainerService/managedClusters/agentPools/read",
    "Microsoft.ContainerService/managedClusters/agentPools/upgradeProfiles/read",
    "Microsoft.ContainerService/managedClusters/maintenanceConfigurations/delete",
    "Microsoft.ContainerService/managedClusters/maintenanceConfigurations/read",
    "Microsoft.ContainerService/managedClusters/maintenanceConfigurations/write",
    "Microsoft.ContainerService/managedClusters/read",
    "Microsoft.ResourceGraph/resources/read",
}
"""Actions of Azure (its page of operations, by provider) that naptime may ever be given."""

NOT_ON_FLEX = {
    "ENABLE_ORYX_BUILD",
    "FUNCTIONS_EXTENSION_VERSION",
    "FUNCTIONS_WORKER_PROCESS_COUNT",
    "FUNCTIONS_WORKER_RUNTIME",
    "FUNCTIONS_WORKER_RUNTIME_VERSION",
    "SCM_DO_BUILD_DURING_DEPLOYMENT",
    "WEBSITE_CONTENTAZUREFILECONNECTIONSTRING",
    "WEBSITE_CONTENTSHARE",
    "WEBSITE_RUN_FROM_PACKAGE",
    "WEBSITE_VNET_ROUTE_ALL",
}
"""Settings that the Flex Consumption plan refuses or ignores (its page of deprecations)."""

WINDOWS = {"PT5M", "PT10M", "PT15M", "PT30M", "PT1H", "PT2H", "PT3H", "PT6H", "P1D", "P2D"}
"""Window sizes that log alerts take, as far as they are used or may be."""

FREQUENCIES = {"PT5M", "PT10M", "PT15M", "PT30M", "PT1H"}
"""How often log alerts may be looked at, as far as it is used or may be."""

DEAD_LETTERS = "deadletters"
"""The container of what Event Grid could not deliver."""

LOST_EVENTS = {"DeadLetteredCount", "DroppedEventCount"}
"""Metrics of Event Grid's topics that tell of events that were given up."""

LOG_CATEGORIES = {"DeliveryFailures", "PublishFailures"}
"""Log categories of Event Grid's topics (its page of monitoring data)."""

SETTINGS = {
    "AZURE_TOKEN_CREDENTIALS": "ManagedIdentityCredential",
    "AzureWebJobsStorage__credential": "managedidentity",
    "OTEL_TRACES_SAMPLER": "microsoft.fixed_percentage",
    "PYTHON_APPLICATIONINSIGHTS_ENABLE_TELEMETRY": "true",
}
"""Settings of the platform with the one value that works by identity, and by telemetry.md."""
