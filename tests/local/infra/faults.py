"""Faults to be seeded into infra/, one at a time, and what the checker says of each.

Nearly all are single replacements of text. `says` is None where the checker says nothing: then
`only` names who would: the compiler (`bicep build`), or Azure at deployment.
"""

from dataclasses import dataclass

EVENT_FUNCTIONS = frozenset({"on_cluster_created", "on_schedule_changed", "on_node_image_released"})

APP = "modules/function-app.bicep"
STORAGE = "modules/storage.bicep"
ALERTS = "modules/alerts.bicep"
EVENTS = "modules/cluster-events.bicep"
IMAGES = "modules/image-events.bicep"
MONITORING = "modules/monitoring.bicep"
TOPIC = "modules/topic.bicep"
SYSTEM = "modules/system-topic.bicep"
DEAD = "modules/dead-letter-alert.bicep"
MAIN = "main.bicep"
WATCH = "watch.bicep"

_AKS = "Microsoft.ContainerService/managedClusters"


@dataclass(frozen=True, slots=True)
class Fault:
    """One replacement in one file, and a part of what must be said of it."""

    name: str
    file: str
    old: str
    new: str
    says: str | None
    only: str = ""


CAUGHT = (
    # What the compiler would say too.
    Fault("misspelt property", APP, "httpsOnly: true", "httpOnly: true", "httpOnly is not known"),
    Fault("wrong case", APP, "clientAffinityEnabled", "clientaffinityEnabled", "is not known"),
    Fault("misspelt deep inside", APP, "instanceMemoryMB", "instanceMemoryMb", "instanceMemoryMB?"),
    Fault(
        "on the wrong level",
        APP,
        "siteConfig: {",
        "minTlsVersion: '1.2'\n    siteConfig: {",
        "app.properties.minTlsVersion is not known",
    ),
    Fault("string for a bool", APP, "reserved: true", "reserved: 'true'", "must be bool"),
    Fault(
        "string for an int", EVENTS, "maxEventsPerBatch: 1", "maxEventsPerBatch: '1'", "must be int"
    ),
    Fault(
        "bool for a string",
        IMAGES,
        "blobContainerName: 'deadletters'",
        "blobContainerName: true",
        "must be string",
    ),
    Fault(
        "object for an array",
        DEAD,
        "scopes: [topicId]",
        "scopes: { id: topicId }",
        "must be an array",
    ),
    Fault(
        "string for an object",
        MONITORING,
        "sku: { name: 'PerGB2018' }",
        "sku: 'PerGB2018'",
        "must be an object",
    ),
    Fault(
        "missing required",
        MONITORING,
        "    Application_Type: 'web'\n",
        "",
        "Application_Type is required",
    ),
    Fault(
        "missing required by hand-kept types",
        ALERTS,
        "    groupShortName: 'naptime'\n",
        "",
        "groupShortName is required",
    ),
    Fault("closed enum", STORAGE, "kind: 'StorageV2'", "kind: 'StorageV3'", "must be one of"),
    Fault("enum with other values allowed", STORAGE, "'TLS1_2'", "'TLS12'", "must be one of"),
    Fault(
        "enum in the wrong case",
        DEAD,
        "operator: 'GreaterThan'",
        "operator: 'greaterThan'",
        "must be one of",
    ),
    Fault(
        "no such version",
        APP,
        "Microsoft.Web/sites@2024-11-01",
        "Microsoft.Web/sites@2024-11-02",
        "no such type",
    ),
    Fault(
        "no such type",
        APP,
        "Microsoft.Web/serverfarms@",
        "Microsoft.Web/serverFarm@",
        "no such type",
    ),
    Fault(
        "unknown discriminator",
        EVENTS,
        "endpointType: 'AzureFunction'",
        "endpointType: 'Function'",
        "must be one of",
    ),
    Fault("filter with a wrong operator", EVENTS, "'StringIn'", "'StringEquals'", "must be one of"),
    Fault(
        "operand of another operator",
        EVENTS,
        "values: ['${clusters}/write']",
        "value: ['${clusters}/write']",
        "values?",
    ),
    Fault(
        "read-only property set",
        TOPIC,
        "    disableLocalAuth",
        "    endpoint: 'https://x'\n    disableLocalAuth",
        "is read-only",
    ),
    Fault("out of the type's limits", ALERTS, "severity: 3", "severity: 5", "at most 4"),
    Fault(
        "unknown name",
        APP,
        "serverFarmId: plan.id",
        "serverFarmId: plans.id",
        "plans is not declared",
    ),
    Fault(
        "unknown property of a resource",
        APP,
        "primaryEndpoints.queue",
        "primaryEndpoint.queue",
        "does not exist",
    ),
    Fault("unknown property of a variable", ALERTS, "rule.frequency", "rule.every", "has no every"),
    Fault(
        "unknown module parameter",
        MAIN,
        "logQuotaGb: logQuotaGb",
        "quotaGb: logQuotaGb",
        "has no such parameter",
    ),
    Fault(
        "module parameter left out",
        MAIN,
        "    publicAccess: storagePublicAccess\n",
        "",
        "publicAccess is required",
    ),
    Fault(
        "module parameter of another type",
        MAIN,
        "maximumInstanceCount: maximumInstanceCount",
        "maximumInstanceCount: '40'",
        "must be int",
    ),
    Fault(
        "module parameter that is not allowed",
        WATCH,
        "topicType: 'Microsoft.Resources.Subscriptions'",
        "topicType: 'Microsoft.Resources.Subscription'",
        "must be one of",
    ),
    Fault(
        "unknown module output",
        MAIN,
        "identities.outputs.appClientId",
        "identities.outputs.clientId",
        "does not exist",
    ),
    Fault(
        "no such module", MAIN, "modules/storage.bicep", "modules/storages.bicep", "no such file"
    ),
    Fault(
        "module without its scope",
        MAIN,
        "module identities 'modules/identities.bicep' = {\n  scope: group\n",
        "module identities 'modules/identities.bicep' = {\n",
        "scope is missing",
    ),
    Fault(
        "resource at the wrong scope",
        WATCH,
        "targetScope = 'subscription'",
        "targetScope = 'resourceGroup'",
        "cannot be deployed at scope",
    ),
    Fault(
        "parent of the wrong type",
        STORAGE,
        "parent: blobs\n  name: 'deadletters'",
        "parent: account\n  name: 'deadletters'",
        "parent must be",
    ),
    Fault(
        "no parent",
        STORAGE,
        "  parent: blobs\n  name: 'deployments'",
        "  name: 'deployments'",
        "parent is missing",
    ),
    Fault(
        "missing brace",
        TOPIC,
        "properties: {\n    inputSchema",
        "properties: \n    inputSchema",
        "cannot be parsed",
    ),
    Fault(
        "declared twice",
        TOPIC,
        "output name string",
        "param name string\noutput name string",
        "declared twice",
    ),
    Fault(
        "declared and not used",
        TOPIC,
        "param location string",
        "param location string\nparam colour string",
        "not used",
    ),
    Fault(
        "variable of itself",
        TOPIC,
        "eventGridDataSender: 'd5a91429-5739-47e2-a06b-3470a27159e7'",
        "eventGridDataSender: roles.eventGridDataSender",
        "depends on itself",
    ),
    Fault(
        "property twice",
        APP,
        "httpsOnly: true",
        "httpsOnly: true\n    httpsOnly: true",
        "there twice",
    ),
    Fault("no such function", WATCH, "guid(here,", "guide(here,", "not a function"),
    Fault("no such decorator", MAIN, "@minLength(3)", "@minLenght(3)", "not a decorator"),
    Fault("no such parameter type", TOPIC, "param tags object", "param tags objekt", "not a type"),
    Fault(
        "default of another type",
        MAIN,
        "param dryRun bool = false",
        "param dryRun bool = 'false'",
        "must be bool",
    ),
    Fault(
        "name that is too long", STORAGE, "name: 'deployments'", f"name: '{'d' * 64}'", "at most 63"
    ),
    # What the compiler would not say: policy.
    Fault(
        "wildcard action",
        WATCH,
        f"'{_AKS}/read'",
        "'Microsoft.ContainerService/*'",
        "no action that naptime may have",
    ),
    Fault(
        "credentials of clusters",
        WATCH,
        f"'{_AKS}/read'",
        f"'{_AKS}/read'\n  '{_AKS}/listClusterUserCredential/action'",
        "no action that naptime may have",
    ),
    Fault(
        "action that is never called",
        WATCH,
        f"'{_AKS}/read'",
        f"'{_AKS}/read'\n  '{_AKS}/agentPools/read'",
        "the app does not have it",
    ),
    Fault(
        "action that is missing",
        WATCH,
        f"  '{_AKS}/maintenanceConfigurations/read'\n",
        "",
        "it is not deployed",
    ),
    Fault(
        "delete by default",
        WATCH,
        "param allowScheduleDelete bool = false",
        "param allowScheduleDelete bool = true",
        "maintenanceConfigurations/delete is deployed",
    ),
    Fault(
        "shared keys on",
        STORAGE,
        "allowSharedKeyAccess: false",
        "allowSharedKeyAccess: true",
        "allowSharedKeyAccess must be False",
    ),
    Fault(
        "shared keys by default",
        STORAGE,
        "    allowSharedKeyAccess: false\n",
        "",
        "allowSharedKeyAccess must be False",
    ),
    Fault(
        "public container",
        STORAGE,
        "name: 'deadletters'\n  properties: { publicAccess: 'None' }",
        "name: 'deadletters'\n  properties: { publicAccess: 'Blob' }",
        "publicAccess must be 'None'",
    ),
    Fault(
        "public blobs",
        STORAGE,
        "allowBlobPublicAccess: false",
        "allowBlobPublicAccess: true",
        "allowBlobPublicAccess must be False",
    ),
    Fault("plain http", APP, "httpsOnly: true", "httpsOnly: false", "httpsOnly must be True"),
    Fault("old TLS", STORAGE, "'TLS1_2'", "'TLS1_0'", "minimumTlsVersion must be"),
    Fault(
        "keys of the topic",
        TOPIC,
        "disableLocalAuth: true",
        "disableLocalAuth: false",
        "disableLocalAuth must be True",
    ),
    Fault(
        "keys of Application Insights",
        MONITORING,
        "DisableLocalAuth: true",
        "DisableLocalAuth: false",
        "DisableLocalAuth must be True",
    ),
    Fault(
        "passwords for publishing",
        APP,
        "name: 'scm'\n  properties: { allow: false }",
        "name: 'scm'\n  properties: { allow: true }",
        "allow must be False",
    ),
    Fault(
        "more attempts than Event Grid has",
        EVENTS,
        "maxDeliveryAttempts: 30",
        "maxDeliveryAttempts: 100",
        "1 to 30",
    ),
    Fault(
        "batches",
        EVENTS,
        "maxEventsPerBatch: 1",
        "maxEventsPerBatch: 10",
        "maxEventsPerBatch must be 1",
    ),
    Fault(
        "too many filter values",
        EVENTS,
        "values: ['${clusters}/write']",
        "values: [" + ", ".join(["'x'"] * 26) + "]",
        "more than Event Grid takes",
    ),
    Fault(
        "no dead letters",
        IMAGES,
        "blobContainerName: 'deadletters'",
        "blobContainerName: 'lost'",
        "container deadletters",
    ),
    Fault(
        "a schema that the topic cannot deliver",
        IMAGES,
        "'CloudEventSchemaV1_0'",
        "'EventGridSchema'",
        "eventDeliverySchema must be",
    ),
    Fault(
        "another Python",
        APP,
        "version: '3.13'",
        "version: '3.12'",
        "runtime.version must be '3.13'",
    ),
    Fault(
        "the GUID of another role",
        TOPIC,
        "d5a91429-5739-47e2-a06b-3470a27159e7",
        "b24988ac-6180-42a0-ab88-20f7382dd24c",
        "is not the role",
    ),
    Fault(
        "a setting that the plan refuses",
        APP,
        "OTEL_TRACES_SAMPLER_ARG:",
        "WEBSITE_RUN_FROM_PACKAGE: '1'\n  OTEL_TRACES_SAMPLER_ARG:",
        "does not take",
    ),
    Fault(
        "a connection string",
        APP,
        "AzureWebJobsStorage__credential: 'managedidentity'",
        "AzureWebJobsStorage: 'x'",
        "connection string with a key",
    ),
    Fault(
        "unknown log category", TOPIC, "'PublishFailures'", "'PublishFailure'", "no log of failures"
    ),
    Fault(
        "wrong location of a system topic",
        SYSTEM,
        "location: 'global'",
        "location: 'westeurope'",
        "location must be 'global'",
    ),
    Fault(
        "metric that Event Grid does not have",
        DEAD,
        "'DroppedEventCount'",
        "'DroppedCount'",
        "no metric that tells of lost events",
    ),
    Fault(
        "main grants deletion",
        MAIN,
        "param allowScheduleDelete bool = false",
        "param allowScheduleDelete bool = true",
        "another default than in main.bicep",
    ),
    Fault("a rule that is turned off", ALERTS, "enabled: true", "enabled: false", "alerts nobody"),
    Fault(
        "Event Grid shut out",
        APP,
        "'/runtime/webhooks/eventgrid'",
        "'/runtime/webhooks'",
        "must let Event Grid in",
    ),
    Fault(
        "identity not used for storage",
        APP,
        "'managedidentity'",
        "'managed'",
        "must be 'managedidentity'",
    ),
    Fault(
        "dead letters in a container that is not made",
        STORAGE,
        "name: 'deadletters'",
        "name: 'dead-letters'",
        "there is no container",
    ),
    # What nobody but the project can say: agreement with the app.
    Fault(
        "event function that does not exist",
        EVENTS,
        "'on_schedule_changed'",
        "'on_schedule_change'",
        "the app does not have it",
    ),
    Fault(
        "event type that does not exist",
        EVENTS,
        "'Microsoft.Resources.ResourceDeleteSuccess'",
        "'Microsoft.Resources.ResourceDeleted'",
        "the app does not have it",
    ),
    Fault(
        "operation that is not parsed",
        EVENTS,
        "/maintenanceConfigurations/delete'",
        "/maintenanceConfiguration/delete'",
        "the app does not have it",
    ),
    Fault(
        "filter on a wrong key",
        EVENTS,
        "'data.operationName'",
        "'data.operation'",
        "a filter on data.operation",
    ),
    Fault(
        "setting that nobody reads",
        MAIN,
        "NAPTIME_WINDOW_DAY:",
        "NAPTIME_WINDOW_DAYS:",
        "NAPTIME_WINDOW_DAYS is deployed",
    ),
    Fault(
        "setting that is left out",
        MAIN,
        "  NAPTIME_LEAD_MINUTES: '40'\n",
        "",
        "NAPTIME_LEAD_MINUTES, and it is not deployed",
    ),
    Fault(
        "alert on a metric that is not sent",
        ALERTS,
        "naptime.run.stopped_shards",
        "naptime.stopped_shards",
        "the app sends no",
    ),
    Fault(
        "alert on an event that is not sent",
        ALERTS,
        "Naptime.WorkGivenUp",
        "Naptime.WorkLost",
        "the app sends no",
    ),
    Fault(
        "alert on a property that is not sent",
        ALERTS,
        "naptime_unconfirmed",
        "naptime_unprotected",
        "has no property",
    ),
    Fault(
        "alert on a reason that does not exist",
        ALERTS,
        '"AccessDenied"',
        '"Forbidden"',
        "is not a reason",
    ),
    Fault(
        "alert on spans",
        ALERTS,
        'AppEvents\n| where Name == "Naptime.WorkGivenUp"',
        "AppRequests\n| where Success == false",
        "spans are sampled",
    ),
    Fault(
        "alert over a window that is not taken",
        ALERTS,
        "window: 'P2D'",
        "window: 'PT26H'",
        "none that log alerts take",
    ),
)

MISSED = (
    Fault(
        "argument of a wrong type",
        MAIN,
        "substring(environment().resourceManager, 0,",
        "substring(environment().resourceManager, '0',",
        None,
        "bicep build",
    ),
    Fault(
        "too few arguments",
        MAIN,
        "uniqueString(subscription().id, environmentName, location)",
        "uniqueString()",
        None,
        "bicep build",
    ),
    Fault(
        "unknown property of a function's result",
        MAIN,
        "environment().resourceManager,",
        "environment().resourceManagers,",
        None,
        "bicep build",
    ),
    Fault(
        "name that is known at run time only",
        TOPIC,
        "guid(topic.id, appPrincipalId",
        "guid(topic.properties.endpoint, appPrincipalId",
        None,
        "bicep build",
    ),
    Fault(
        "modules that wait for each other",
        MAIN,
        "    appPrincipalId: identities.outputs.appPrincipalId\n    eventsIdentityId",
        "    appPrincipalId: app.outputs.name\n    eventsIdentityId",
        None,
        "bicep build",
    ),
    Fault(
        "broken query",
        ALERTS,
        "| summarize finished = count()",
        "| summarise finished = count()",
        None,
        "Azure",
    ),
)
"""Expected misses: a test holds that they are missed, so that this list stays true."""
