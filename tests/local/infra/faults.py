"""Faults to be seeded into what is deployed, one at a time, and what the rules say of each.

Each is a change of one value in a snapshot, which is what ARM's engine made of the templates; so
what the compiler says by itself (types, names, enums, scopes, unused declarations) is not here.
"""

from dataclasses import dataclass

from local.infra_check.values import Value

EVENT_FUNCTIONS = frozenset({"on_cluster_created", "on_schedule_changed", "on_node_image_released"})

ABSENT = "<absent>"
"""In the place of a value: the property is taken out."""
_AKS = "Microsoft.ContainerService/managedClusters"
_ACCOUNT = "Microsoft.Storage/storageAccounts"
_CONTAINER = f"{_ACCOUNT}/blobServices/containers"
_SITE = "Microsoft.Web/sites"
_CONFIG = f"{_SITE}/config"
_POLICY = f"{_SITE}/basicPublishingCredentialsPolicies"
_ROLE = "Microsoft.Authorization/roleDefinitions"
_TOPIC = "Microsoft.EventGrid/topics"
_SYSTEM = "Microsoft.EventGrid/systemTopics"
_EVENTS = f"{_SYSTEM}/eventSubscriptions"
_IMAGES = f"{_TOPIC}/eventSubscriptions"
_ALERT = "Microsoft.Insights/scheduledQueryRules"
_METRIC = "Microsoft.Insights/metricAlerts"
_LOGS = "Microsoft.Insights/diagnosticSettings"
_ACTIONS = "properties.permissions.0.actions"
_SETTINGS = "properties"
_QUERY = "properties.criteria.allOf.0.query"


@dataclass(frozen=True, slots=True)
class Fault:
    """One value in one resource, the first of its type whose id ends so, and what is said of it.

    A text with `→` in it replaces one part of what is there by another.
    """

    name: str
    kind: str
    path: str
    value: Value
    says: str
    ends: str = ""
    snapshot: str = "defaults"


FAULTS = (
    # Values that only Azure would refuse.
    Fault("a kind of account that there is not", _ACCOUNT, "kind", "StorageV3", "kind must be"),
    Fault(
        "a version of TLS that there is not",
        _ACCOUNT,
        "properties.minimumTlsVersion",
        "TLS12",
        "minimumTlsVersion must be",
    ),
    Fault(
        "an operator in the wrong case",
        _METRIC,
        "properties.criteria.allOf.0.operator",
        "greaterThan",
        "operator must be 'GreaterThan'",
    ),
    Fault(
        "a severity beyond the last", _ALERT, "properties.severity", 5, "severity must be 0 to 4"
    ),
    # Roles and actions.
    Fault(
        "wildcard action",
        _ROLE,
        f"{_ACTIONS}.0",
        "Microsoft.ContainerService/*",
        "no action that naptime may have",
    ),
    Fault(
        "credentials of clusters",
        _ROLE,
        f"{_ACTIONS}.0",
        f"{_AKS}/listClusterUserCredential/action",
        "no action that naptime may have",
    ),
    Fault(
        "action that is never called",
        _ROLE,
        f"{_ACTIONS}.4",
        f"{_AKS}/agentPools/read",
        "the app does not have it",
    ),
    Fault("action that is missing", _ROLE, f"{_ACTIONS}.1", ABSENT, "it is not deployed"),
    Fault(
        "delete by default",
        _ROLE,
        f"{_ACTIONS}.4",
        f"{_AKS}/maintenanceConfigurations/delete",
        "maintenanceConfigurations/delete is deployed",
    ),
    Fault(
        "the GUID of another role",
        "Microsoft.Authorization/roleAssignments",
        "properties.roleDefinitionId",
        "/x/b24988ac-6180-42a0-ab88-20f7382dd24c",
        "is not the role",
    ),
    # No keys, nothing public, TLS.
    Fault(
        "shared keys on",
        _ACCOUNT,
        "properties.allowSharedKeyAccess",
        value=True,
        says="allowSharedKeyAccess must be False",
    ),
    Fault(
        "shared keys by default",
        _ACCOUNT,
        "properties.allowSharedKeyAccess",
        ABSENT,
        "allowSharedKeyAccess must be False",
    ),
    Fault(
        "public container",
        _CONTAINER,
        "properties.publicAccess",
        "Blob",
        "publicAccess must be 'None'",
        ends="/deadletters",
    ),
    Fault(
        "public blobs",
        _ACCOUNT,
        "properties.allowBlobPublicAccess",
        value=True,
        says="allowBlobPublicAccess must be False",
    ),
    Fault(
        "plain http",
        _SITE,
        "properties.httpsOnly",
        value=False,
        says="httpsOnly must be True",
    ),
    Fault(
        "old TLS",
        _ACCOUNT,
        "properties.minimumTlsVersion",
        "TLS1_0",
        "minimumTlsVersion must be",
    ),
    Fault(
        "keys of the topic",
        _TOPIC,
        "properties.disableLocalAuth",
        value=False,
        says="disableLocalAuth must be True",
    ),
    Fault(
        "keys of Application Insights",
        "Microsoft.Insights/components",
        "properties.DisableLocalAuth",
        value=False,
        says="DisableLocalAuth must be True",
    ),
    Fault(
        "passwords for publishing",
        _POLICY,
        "properties.allow",
        value=True,
        says="allow must be False",
        ends="/scm",
    ),
    Fault(
        "Event Grid shut out",
        _CONFIG,
        "properties.globalValidation.excludedPaths.0",
        "/runtime/webhooks",
        "must let Event Grid in",
        ends="/authsettingsV2",
        snapshot="every-option",
    ),
    # Limits, batches, dead letters.
    Fault(
        "more attempts than Event Grid has",
        _EVENTS,
        "properties.retryPolicy.maxDeliveryAttempts",
        100,
        "1 to 30",
        snapshot="events",
    ),
    Fault(
        "batches",
        _EVENTS,
        "properties.destination.properties.maxEventsPerBatch",
        10,
        "maxEventsPerBatch must be 1",
        snapshot="events",
    ),
    Fault(
        "too many filter values",
        _EVENTS,
        "properties.filter.advancedFilters.0.values",
        ["x"] * 26,
        "more than Event Grid takes",
        snapshot="events",
    ),
    Fault(
        "no dead letters",
        _IMAGES,
        "properties.deadLetterWithResourceIdentity.deadLetterDestination.properties.blobContainerName",
        "lost",
        "container deadletters",
        snapshot="events",
    ),
    Fault(
        "dead letters in a container that is not made",
        _CONTAINER,
        "name",
        "x/default/dead-letters",
        "there is no container",
        ends="/deadletters",
        snapshot="*",
    ),
    Fault(
        "a schema that the topic cannot deliver",
        _IMAGES,
        "properties.eventDeliverySchema",
        "EventGridSchema",
        "eventDeliverySchema must be",
        snapshot="events",
    ),
    Fault(
        "wrong location of a system topic",
        _SYSTEM,
        "location",
        "westeurope",
        "location must be 'global'",
    ),
    # The plan and its settings.
    Fault(
        "another Python",
        _SITE,
        "properties.functionAppConfig.runtime.version",
        "3.12",
        "runtime.version must be '3.13'",
    ),
    Fault(
        "a setting that the plan refuses",
        _CONFIG,
        f"{_SETTINGS}.WEBSITE_RUN_FROM_PACKAGE",
        "1",
        "does not take",
    ),
    Fault(
        "a connection string",
        _CONFIG,
        f"{_SETTINGS}.AzureWebJobsStorage",
        "x",
        "connection string with a key",
    ),
    Fault(
        "identity not used for storage",
        _CONFIG,
        f"{_SETTINGS}.AzureWebJobsStorage__credential",
        "managed",
        "must be 'managedidentity'",
    ),
    Fault(
        "setting that nobody reads",
        _CONFIG,
        f"{_SETTINGS}.NAPTIME_WINDOW_DAYS",
        "Sunday",
        "NAPTIME_WINDOW_DAYS is deployed",
    ),
    Fault(
        "setting that is left out",
        _CONFIG,
        f"{_SETTINGS}.NAPTIME_LEAD_MINUTES",
        ABSENT,
        "NAPTIME_LEAD_MINUTES, and it is not deployed",
    ),
    # Logs, metrics and alerts.
    Fault(
        "unknown log category",
        _LOGS,
        "properties.logs.1.category",
        "PublishFailure",
        "no log of failures",
    ),
    Fault(
        "metric that Event Grid does not have",
        _METRIC,
        "properties.criteria.allOf.0.metricName",
        "DroppedCount",
        "no metric that tells of lost events",
    ),
    Fault(
        "a rule that is turned off",
        _ALERT,
        "properties.enabled",
        value=False,
        says="alerts nobody",
        snapshot="every-option",
    ),
    Fault(
        "alert over a window that is not taken",
        _ALERT,
        "properties.windowSize",
        "PT26H",
        "none that log alerts take",
    ),
    Fault("alert on spans", _ALERT, _QUERY, "AppRequests\n| where Success", "spans are sampled"),
    Fault(
        "alert on a metric that is not sent",
        _ALERT,
        _QUERY,
        "naptime.run.stopped_shards→naptime.stopped_shards",
        "the app sends no naptime.stopped_shards",
        ends="-shard-stopped",
    ),
    Fault(
        "alert on an event that is not sent",
        _ALERT,
        _QUERY,
        "Naptime.WorkGivenUp→Naptime.WorkLost",
        "the app sends no Naptime.WorkLost",
        ends="-work-given-up",
    ),
    Fault(
        "alert on a property that is not sent",
        _ALERT,
        _QUERY,
        "naptime_unconfirmed→naptime_unprotected",
        "has no property naptime_unprotected",
        ends="-cluster-unprotected",
    ),
    Fault(
        "alert on a reason that does not exist",
        _ALERT,
        _QUERY,
        '"AccessDenied"→"Forbidden"',
        "Forbidden is not a reason",
        ends="-access-denied",
    ),
    Fault(
        "alert that looks for a line in the wrong table",
        _ALERT,
        _QUERY,
        'OuterMessage startswith "failed on a cluster"→Message startswith "failed on a cluster"',
        "the app sends no failed on a cluster",
        ends="-failed-for-no-known-reason",
    ),
    Fault(
        "alert that leaves the table of a line out",
        _ALERT,
        _QUERY,
        "union AppTraces, AppExceptions→AppTraces",
        "the app sends no failed on a cluster to AppTraces",
        ends="-failed-for-no-known-reason",
    ),
    # Agreement with the app.
    Fault(
        "event function that does not exist",
        _EVENTS,
        "properties.destination.properties.resourceId",
        "on_cluster_created→on_cluster_made",
        "the app does not have it",
        snapshot="events",
    ),
    Fault(
        "event type that does not exist",
        _EVENTS,
        "properties.filter.includedEventTypes.0",
        "Microsoft.Resources.ResourceWritten",
        "the app does not have it",
        snapshot="events",
    ),
    Fault(
        "operation that is not parsed",
        _EVENTS,
        "properties.filter.advancedFilters.0.values.0",
        f"{_AKS}/writes",
        "the app does not have it",
        snapshot="events",
    ),
    Fault(
        "filter on a wrong key",
        _EVENTS,
        "properties.filter.advancedFilters.0.key",
        "data.operation",
        "a filter on data.operation",
        snapshot="events",
    ),
)
