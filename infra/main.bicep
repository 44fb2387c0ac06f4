// Everything of naptime that lives in its own subscription, and its permission to act on others.
// Deploy it at subscription scope; then the code; then events.bicep. infra/deploy.py does all of it.
targetScope = 'subscription'

import { parametersOfEvents, texts } from 'types.bicep'

@description('Short name of this installation; part of every resource name: 3 to 16 lower-case letters, digits and hyphens, a letter first and no hyphen last. Event Grid and App Service take no other characters.')
@minLength(3)
@maxLength(16)
param environmentName string

@description('Region of every resource. It need not be one that has clusters.')
param location string

@description('Subscription ids that naptime may act on, comma-separated.')
param subscriptions string

@description('Grant the role and make the system topics from here. false where the owners of the subscriptions deploy watch.bicep themselves: the deployer of this file then needs no rights there.')
param watchFromHere bool = true

@description('Resource ids of the system topics that watched subscriptions have already: Event Grid allows one per subscription and topic type, so a second would be refused. Empty: each gets one.')
param existingSystemTopics string[] = []

@description('Subscribe to Azure Resource Notifications as well. false: they say the same again, the deployer needs one more permission, and whether they cover managed clusters is not documented.')
param watchResourceNotifications bool = false

@description('Attach an identity to the system topics, by which dead letters are written. false gives up dead letters, and the sweep finds what was lost: so it is where the topics are other people\'s to make, who may not attach naptime\'s identity.')
param identityOnSystemTopics bool = watchFromHere

@description('Write dead letters of existing system topics as well. false: their owner has to attach the identity to them first.')
param identityOnExistingTopics bool = false

@description('An identity of its own for the system topic of each watched subscription. false: one for all, which is less to look after; true where Azure refuses the identity of another subscription.')
param identityPerSubscription bool = false

@description('An action group of its own in each watched subscription. false: one for all; true where Azure refuses the action group of another subscription.')
param actionGroupPerSubscription bool = false

@description('Let naptime delete a node OS schedule when a person asks it to over HTTP. false: nothing that naptime does by itself needs it, and a stolen identity could open every cluster with it.')
param allowScheduleDelete bool = false

@description('Read the node images of the machines that node auto-provisioning made. false: it needs to read every virtual machine of the watched subscriptions.')
param readNodeImageAges bool = false

@description('Ask for a location\'s node images directly. false where Azure refuses the role because it does not know the action: the API is a preview. naptime then asks a cluster of each location.')
param readNodeImageVersions bool = true

@description('Stop every write. true until you have seen in GET /api/clusters what would be done: the first days of an installation are for looking.')
param dryRun bool = true

@description('Addresses that alerts are sent to. Empty: alerts fire and are seen in the portal only.')
param alertEmails string[] = []

@description('Subnet for outgoing traffic, delegated to Microsoft.App/environments, as a resource id. Empty: naptime talks to public end points of Azure only, so there is nothing to route.')
param subnetId string = ''

@description('Whether the storage account can be reached from outside private endpoints. Enabled: the plan without a subnet has no fixed address; keys are off and every call needs a token and a role.')
@allowed(['Enabled', 'Disabled'])
param storagePublicAccess string = 'Enabled'

@description('Address ranges that may call the HTTP API, such as 203.0.113.0/24; Event Grid always may. Empty: from anywhere, with a key.')
param allowedIpRanges string[] = []

@description('Client id of an app registration: callers of the HTTP API then need an Entra ID token beside the function key. Empty: making the registration needs rights in the directory that deployers often lack. Recommended in production.')
param entraClientId string = ''

@description('Object ids of the principals that may call the HTTP API with a token. Empty: every principal of the tenant that gets a token for it.')
param entraAllowedPrincipals string[] = []

@description('Most instances. 40: more than the pace of AKS keeps busy; fewer save nothing but a bill that a loop would run up.')
@minValue(1)
@maxValue(1000)
param maximumInstanceCount int = 40

@description('Instances of the HTTP and Event Grid functions that are always there. 0: an event that waits a few seconds for a cold start loses nothing.')
@minValue(0)
@maxValue(1000)
param alwaysReadyHttp int = 0

@description('Most gigabytes of log per day, -1 for no limit. 1: a loop that logs must not cost more than the app.')
@minValue(-1)
param logQuotaGb int = 1

@description('Settings of naptime, each as NAME=value, over the defaults below: the window, the pace, what to exclude. docs/settings.md has the table.')
param settings string[] = []

@description('Tags on every resource.')
param tags texts = {}

// Every setting of docs/settings.md that is not made from other parameters, with the code's own default;
// a test holds the two together.
var defaultSettings = {
  NAPTIME_EXCLUDE: ''
  NAPTIME_WINDOW_DAY: 'Sunday'
  NAPTIME_WINDOW_START: '01:00'
  NAPTIME_WINDOW_UTC_OFFSET: '+00:00'
  NAPTIME_WINDOW_HOURS: '4'
  NAPTIME_WINDOW_SPREAD_MINUTES: ''
  NAPTIME_KUBERNETES_WINDOW: 'off'
  NAPTIME_RESTORE: 'last'
  NAPTIME_LEAD_MINUTES: '40'
  NAPTIME_SHARD_BURST: '50'
  NAPTIME_SHARD_RATE_PER_SECOND: '0.9'
  NAPTIME_READ_BURST: '200'
  NAPTIME_READ_RATE_PER_SECOND: '22'
  NAPTIME_IMAGE_OLD_DAYS: '60'
  NAPTIME_IMAGE_AGES_SCHEDULE: '0 30 */6 * * *'
  NAPTIME_VERIFY_MAX_AGE_MINUTES: '60'
  NAPTIME_NODE_IMAGES_API_VERSION: '2026-04-02-preview'
  NAPTIME_AKS_API_VERSION: ''
  NAPTIME_IMAGE_WATCH_SCHEDULE: '0 */15 * * * *'
  NAPTIME_SWEEP_SCHEDULE: '0 0 */6 * * *'
  NAPTIME_MIND_SCHEDULE: '0 */5 * * * *'
}

// With its slash at the end in every cloud; the setting is without.
var resourceManager = environment().resourceManager

var derivedSettings = {
  NAPTIME_SUBSCRIPTIONS: join(watched, ',')
  NAPTIME_DRY_RUN: string(dryRun)
  NAPTIME_TOPIC_ENDPOINT: topic.outputs.endpoint
  NAPTIME_IMAGE_AGES: string(readNodeImageAges)
  NAPTIME_ARM_ENDPOINT: join(take(split(resourceManager, '/'), 3), '/')
}

// What ARM can say of a name without regular expressions: every character is one of these, whose
// case it does not mind.
var nameCharacters = 'abcdefghijklmnopqrstuvwxyz0123456789-'
var strangeCharacters = filter(
  range(0, length(environmentName)),
  at => indexOf(nameCharacters, substring(environmentName, at, 1)) == -1
)
var nameIsRight = toLower(environmentName) == environmentName && empty(strangeCharacters) && indexOf(
  '0123456789-',
  substring(environmentName, 0, 1)
) == -1 && !endsWith(environmentName, '-')
var name = nameIsRight
  ? environmentName
  : fail('environmentName: "${environmentName}" must be lower-case letters, digits and hyphens, a letter first and no hyphen last')

var listed = map(split(subscriptions, ','), id => toLower(trim(id)))
var notIds = filter(
  listed,
  id =>
    string(map(split(id, '-'), part => length(part))) != '[8,4,4,4,12]' || !empty(filter(
      range(0, length(id)),
      at => indexOf('0123456789abcdef-', substring(id, at, 1)) == -1
    ))
)
var twice = filter(listed, id => length(filter(listed, other => other == id)) > 1)
var watched = !empty(notIds)
  ? fail('subscriptions: "${join(notIds, '", "')}" is not the id of a subscription')
  : !empty(twice) ? fail('subscriptions: ${twice[0]} is there twice') : listed

var strayTopics = filter(
  existingSystemTopics,
  topic => length(split(topic, '/')) != 9 || !contains(watched, toLower(split(topic, '/')[2]))
)
var systemTopics = empty(strayTopics)
  ? existingSystemTopics
  : fail('existingSystemTopics: "${strayTopics[0]}" is not the id of a system topic of a watched subscription')

var notSettings = filter(settings, setting => !startsWith(setting, 'NAPTIME_') || indexOf(setting, '=') == -1)
// A misspelt one would be read by nobody; one that follows from a parameter would be overwritten by it.
var idleSettings = filter(settings, setting => !contains(defaultSettings, split(setting, '=')[0]))
var ownSettings = !empty(notSettings)
  ? fail('settings: "${notSettings[0]}" is not NAPTIME_NAME=value')
  : !empty(idleSettings)
      ? fail('settings: "${idleSettings[0]}" would set nothing: docs/settings.md has the names, and what has a parameter of its own is set by that')
      : toObject(settings, setting => split(setting, '=')[0], setting => substring(setting, indexOf(setting, '=') + 1))

// The same for `West Europe` as for `westeurope`: another one would be a second installation in the same group.
var installation = uniqueString(subscription().id, name, toLower(replace(location, ' ', '')))
var allTags = union(tags, { 'azd-env-name': environmentName })

resource group 'Microsoft.Resources/resourceGroups@2025-04-01' = {
  name: 'rg-${name}'
  location: location
  tags: allTags
}

module identities 'modules/identities.bicep' = {
  scope: group
  params: {
    environmentName: name
    location: location
    tags: allTags
  }
}

// By name, not from outputs: what other resources depend on being there has to be known at the start,
// or what-if would leave those out.
resource workspace 'Microsoft.OperationalInsights/workspaces@2025-02-01' existing = {
  scope: group
  name: 'log-${name}'
}

resource people 'Microsoft.Insights/actionGroups@2023-01-01' existing = {
  scope: group
  name: 'ag-${name}'
}

module monitoring 'modules/monitoring.bicep' = {
  scope: group
  params: {
    environmentName: name
    location: location
    tags: allTags
    logQuotaGb: logQuotaGb
    appPrincipalId: identities.outputs.appPrincipalId
  }
}

module storage 'modules/storage.bicep' = {
  scope: group
  params: {
    name: 'stnap${installation}'
    location: location
    tags: allTags
    publicAccess: storagePublicAccess
    appPrincipalId: identities.outputs.appPrincipalId
    packagePrincipalId: identities.outputs.packagePrincipalId
    eventsPrincipalId: identities.outputs.eventsPrincipalId
  }
}

module topic 'modules/topic.bicep' = {
  scope: group
  params: {
    name: 'evgt-${name}-${installation}'
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
    environmentName: name
    name: 'func-${name}-${installation}'
    location: location
    tags: allTags
    identityId: identities.outputs.appIdentityId
    identityClientId: identities.outputs.appClientId
    packageIdentityId: identities.outputs.packageIdentityId
    storageEndpoints: storage.outputs.endpoints
    deploymentContainer: storage.outputs.deploymentContainer
    insightsConnectionString: monitoring.outputs.connectionString
    settings: union(defaultSettings, ownSettings, derivedSettings)
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
    environmentName: name
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
  for id in (watchFromHere ? watched : []): {
    scope: subscription(id)
    dependsOn: [monitoring, alerts]
    params: {
      environmentName: name
      installation: installation
      location: location
      tags: allTags
      appPrincipalId: identities.outputs.appPrincipalId
      eventsIdentityId: identities.outputs.eventsIdentityId
      workspaceId: workspace.id
      actionGroupId: people.id
      alertEmails: alertEmails
      existingSystemTopicId: first(filter(systemTopics, topic => toLower(split(topic, '/')[2]) == id)) ?? ''
      watchResourceNotifications: watchResourceNotifications
      identityOnSystemTopics: identityOnSystemTopics
      identityPerSubscription: identityPerSubscription
      actionGroupPerSubscription: actionGroupPerSubscription
      allowScheduleDelete: allowScheduleDelete
      readNodeImageAges: readNodeImageAges
      readNodeImageVersions: readNodeImageVersions
    }
  }
]

// azd looks for the group of its environment by this name.
output AZURE_RESOURCE_GROUP string = group.name

// In camelCase, because ARM gives other names back in another case than they were written in.
output installation string = installation
output appName string = app.outputs.name
output appId string = app.outputs.id
output appUrl string = 'https://${app.outputs.hostName}'
output appPrincipalId string = identities.outputs.appPrincipalId
output eventsIdentityId string = identities.outputs.eventsIdentityId
output workspaceId string = monitoring.outputs.workspaceId
output actionGroupId string = alerts.outputs.actionGroupId

// As events.bicep takes them.
output eventsParameters parametersOfEvents = {
  environmentName: name
  installation: installation
  subscriptions: join(watched, ',')
  existingSystemTopics: systemTopics
  watchResourceNotifications: watchResourceNotifications
  identityOnSystemTopics: identityOnSystemTopics
  identityOnExistingTopics: identityOnExistingTopics
  identityPerSubscription: identityPerSubscription
  appId: app.outputs.id
  resourceGroupName: group.name
  topicName: topic.outputs.name
  storageName: storage.outputs.name
  eventsIdentityId: identities.outputs.eventsIdentityId
}
