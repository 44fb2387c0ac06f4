// Everything of naptime that lives in its own subscription, and its permission to act on others.
// Deploy it at subscription scope; then the code; then events.bicep. docs/deploy.md has the commands.
targetScope = 'subscription'

@description('Short name of this installation; part of every resource name.')
@minLength(3)
@maxLength(16)
param environmentName string

@description('Region of every resource. It need not be one that has clusters.')
param location string

@description('Subscription ids that naptime may act on, comma-separated, without blanks.')
param subscriptions string

@description('Grant the role and make the system topics from here. false where the owners of the subscriptions deploy watch.bicep themselves: the deployer of this file then needs no rights there.')
param watchFromHere bool = true

@description('Ids of system topics that exist already, by subscription id: Event Grid allows one per subscription and topic type, so a second would be refused.')
param existingSystemTopics object = {}

@description('Subscribe to Azure Resource Notifications as well. false: they say the same again, the deployer needs one more permission, and whether they cover managed clusters is not documented.')
param watchResourceNotifications bool = false

@description('Attach an identity to the system topics, by which dead letters are written. Sources disagree on whether topics in the location global take one; false gives up dead letters, and the sweep finds what was lost.')
param identityOnSystemTopics bool = true

@description('Let naptime delete a node OS schedule when a person asks it to over HTTP. false: nothing that naptime does by itself needs it, and a stolen identity could open every cluster with it.')
param allowScheduleDelete bool = false

@description('Read the node images of the machines that node auto-provisioning made. false: it needs to read every virtual machine of the watched subscriptions.')
param readNodeImageAges bool = false

@description('Ask for a location\'s node images directly. false where Azure refuses the role because it does not know the action: the API is a preview. naptime then asks a cluster of each location.')
param readNodeImageVersions bool = true

@description('Stop every write. Good for the first days: GET /api/clusters shows what would be done.')
param dryRun bool = false

@description('Addresses that alerts are sent to. Empty: alerts fire and are seen in the portal only.')
param alertEmails array = []

@description('Subnet for outgoing traffic, delegated to Microsoft.App/environments, as a resource id. Empty: naptime talks to public end points of Azure only, so there is nothing to route.')
param subnetId string = ''

@description('Whether the storage account can be reached from outside private endpoints. Enabled: the plan without a subnet has no fixed address; keys are off and every call needs a token and a role.')
@allowed(['Enabled', 'Disabled'])
param storagePublicAccess string = 'Enabled'

@description('Address ranges that may call the HTTP API, such as 203.0.113.0/24; Event Grid always may. Empty: from anywhere, with a key.')
param allowedIpRanges array = []

@description('Client id of an app registration: callers of the HTTP API then need an Entra ID token beside the function key. Empty: making the registration needs rights in the directory that deployers often lack. Recommended in production.')
param entraClientId string = ''

@description('Object ids of the principals that may call the HTTP API with a token. Empty: every principal of the tenant that gets a token for it.')
param entraAllowedPrincipals array = []

@description('Most instances. 40: the least that samples of the plan use; the pace of AKS is the limit, not the number of workers.')
@minValue(1)
@maxValue(1000)
param maximumInstanceCount int = 40

@description('Instances of the HTTP and Event Grid functions that are always there. 0: an event that waits a few seconds for a cold start loses nothing.')
param alwaysReadyHttp int = 0

@description('Most gigabytes of log per day, -1 for no limit. 1: a loop that logs must not cost more than the app.')
param logQuotaGb int = 1

@description('Settings of naptime by name, over the defaults below: the window, the pace, what to exclude. The README has the table.')
param settings object = {}

@description('Tags on every resource.')
param tags object = {}

// Every setting of the README that is not made from other parameters, with the code's own default;
// a test holds the two together.
var defaultSettings = {
  NAPTIME_EXCLUDE: ''
  NAPTIME_WINDOW_DAY: 'Sunday'
  NAPTIME_WINDOW_START: '01:00'
  NAPTIME_WINDOW_UTC_OFFSET: '+00:00'
  NAPTIME_WINDOW_HOURS: '4'
  NAPTIME_WINDOW_SPREAD_MINUTES: ''
  NAPTIME_LEAD_MINUTES: '40'
  NAPTIME_SHARD_BURST: '50'
  NAPTIME_SHARD_RATE_PER_SECOND: '0.9'
  NAPTIME_IMAGE_OLD_DAYS: '60'
  NAPTIME_IMAGE_AGES_SCHEDULE: '0 30 */6 * * *'
  NAPTIME_VERIFY_MAX_AGE_MINUTES: '60'
  NAPTIME_NODE_IMAGES_API_VERSION: '2026-04-02-preview'
  NAPTIME_IMAGE_WATCH_SCHEDULE: '0 */15 * * * *'
  NAPTIME_SWEEP_SCHEDULE: '0 0 */6 * * *'
  NAPTIME_MIND_SCHEDULE: '0 */5 * * * *'
}

var derivedSettings = {
  NAPTIME_SUBSCRIPTIONS: subscriptions
  NAPTIME_DRY_RUN: string(dryRun)
  NAPTIME_TOPIC_ENDPOINT: topic.outputs.endpoint
  NAPTIME_IMAGE_AGES: string(readNodeImageAges)
  // Without the slash at its end, as the setting wants it in every cloud.
  NAPTIME_ARM_ENDPOINT: substring(environment().resourceManager, 0, length(environment().resourceManager) - 1)
}

var unique = uniqueString(subscription().id, environmentName, location)
var allTags = union(tags, { 'azd-env-name': environmentName })
var watched = watchFromHere ? split(subscriptions, ',') : []

resource group 'Microsoft.Resources/resourceGroups@2025-04-01' = {
  name: 'rg-${environmentName}'
  location: location
  tags: allTags
}

module identities 'modules/identities.bicep' = {
  scope: group
  params: {
    environmentName: environmentName
    location: location
    tags: allTags
  }
}

module monitoring 'modules/monitoring.bicep' = {
  scope: group
  params: {
    environmentName: environmentName
    location: location
    tags: allTags
    logQuotaGb: logQuotaGb
    appPrincipalId: identities.outputs.appPrincipalId
  }
}

module storage 'modules/storage.bicep' = {
  scope: group
  params: {
    name: 'stnap${unique}'
    location: location
    tags: allTags
    publicAccess: storagePublicAccess
    appPrincipalId: identities.outputs.appPrincipalId
    eventsPrincipalId: identities.outputs.eventsPrincipalId
  }
}

module topic 'modules/topic.bicep' = {
  scope: group
  params: {
    name: 'evgt-${environmentName}-${unique}'
    location: location
    tags: allTags
    appPrincipalId: identities.outputs.appPrincipalId
    eventsIdentityId: identities.outputs.eventsIdentityId
    workspaceId: monitoring.outputs.workspaceId
  }
}

module app 'modules/function-app.bicep' = {
  scope: group
  params: {
    environmentName: environmentName
    name: 'func-${environmentName}-${unique}'
    location: location
    tags: allTags
    identityId: identities.outputs.appIdentityId
    identityClientId: identities.outputs.appClientId
    storageName: storage.outputs.name
    deploymentContainer: storage.outputs.deploymentContainer
    insightsConnectionString: monitoring.outputs.connectionString
    settings: union(defaultSettings, settings, derivedSettings)
    subnetId: subnetId
    allowedIpRanges: allowedIpRanges
    entraClientId: entraClientId
    entraAllowedPrincipals: entraAllowedPrincipals
    maximumInstanceCount: maximumInstanceCount
    alwaysReadyHttp: alwaysReadyHttp
  }
}

module alerts 'modules/alerts.bicep' = {
  scope: group
  params: {
    environmentName: environmentName
    location: location
    tags: allTags
    workspaceId: monitoring.outputs.workspaceId
    emails: alertEmails
    dryRun: dryRun
  }
}

module topicAlerts 'modules/dead-letter-alert.bicep' = {
  scope: group
  params: {
    name: 'dead-letters'
    tags: allTags
    topicId: topic.outputs.id
    actionGroupId: alerts.outputs.actionGroupId
  }
}

module watch 'watch.bicep' = [
  for id in watched: {
    name: 'naptime-watch-${id}'
    scope: subscription(id)
    params: {
      environmentName: environmentName
      location: location
      tags: allTags
      appPrincipalId: identities.outputs.appPrincipalId
      eventsIdentityId: identities.outputs.eventsIdentityId
      workspaceId: monitoring.outputs.workspaceId
      actionGroupId: alerts.outputs.actionGroupId
      existingSystemTopicId: contains(existingSystemTopics, id) ? existingSystemTopics[id] : ''
      watchResourceNotifications: watchResourceNotifications
      identityOnSystemTopics: identityOnSystemTopics
      allowScheduleDelete: allowScheduleDelete
      readNodeImageAges: readNodeImageAges
      readNodeImageVersions: readNodeImageVersions
    }
  }
]

output AZURE_RESOURCE_GROUP string = group.name
output NAPTIME_SUBSCRIPTIONS string = subscriptions
output NAPTIME_EXISTING_SYSTEM_TOPICS object = existingSystemTopics
output NAPTIME_RESOURCE_NOTIFICATIONS bool = watchResourceNotifications
output NAPTIME_IDENTITY_ON_SYSTEM_TOPICS bool = identityOnSystemTopics
output NAPTIME_APP_NAME string = app.outputs.name
output NAPTIME_APP_ID string = app.outputs.id
output NAPTIME_URL string = 'https://${app.outputs.hostName}'
output NAPTIME_APP_PRINCIPAL_ID string = identities.outputs.appPrincipalId
output NAPTIME_EVENTS_IDENTITY_ID string = identities.outputs.eventsIdentityId
output NAPTIME_STORAGE_ID string = storage.outputs.id
output NAPTIME_TOPIC_NAME string = topic.outputs.name
output NAPTIME_WORKSPACE_ID string = monitoring.outputs.workspaceId
output NAPTIME_ACTION_GROUP_ID string = alerts.outputs.actionGroupId
