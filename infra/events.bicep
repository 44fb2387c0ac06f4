// The event subscriptions, after the code: Event Grid checks that each function is there before it sends to it.
// Every parameter comes out of main.bicep, as its output eventsParameters.
targetScope = 'subscription'

param environmentName string
param installation string
@description('Comma-separated, in lower case, without blanks.')
param subscriptions string
param existingSystemTopics string[] = []
param watchResourceNotifications bool = false
param identityOnSystemTopics bool = true
param identityOnExistingTopics bool = false
param identityPerSubscription bool = false
param appId string
param resourceGroupName string
param topicName string
param storageName string
param eventsIdentityId string

var watched = split(subscriptions, ',')
var eventsGroup = 'rg-${environmentName}-events-${installation}'
var clusterTopic = 'evgst-${environmentName}-${installation}-subscription'
var notificationTopic = 'evgst-${environmentName}-${installation}-notifications'
var storageId = resourceId(
  subscription().subscriptionId,
  resourceGroupName,
  'Microsoft.Storage/storageAccounts',
  storageName
)
// An empty text where watch.bicep made the topic.
var existing = [
  for id in watched: first(filter(existingSystemTopics, topic => toLower(split(topic, '/')[2]) == id)) ?? ''
]
var makesTopic = [for topic in existing: empty(topic)]
// Whether watch.bicep has made an identity there.
var hasOwn = [for (id, index) in watched: identityPerSubscription && (makesTopic[index] || watchResourceNotifications)]
var ownIdentityIds = [
  for (id, index) in watched: hasOwn[index]
    ? resourceId(id, eventsGroup, 'Microsoft.ManagedIdentity/userAssignedIdentities', 'id-${environmentName}-events')
    : eventsIdentityId
]

resource ownIdentities 'Microsoft.ManagedIdentity/userAssignedIdentities@2024-11-30' existing = [
  for (id, index) in watched: if (hasOwn[index]) {
    name: 'id-${environmentName}-events'
    scope: resourceGroup(id, eventsGroup)
  }
]

module access 'modules/dead-letter-access.bicep' = [
  for (id, index) in watched: if (hasOwn[index] && identityOnSystemTopics) {
    scope: resourceGroup(resourceGroupName)
    params: {
      storageName: storageName
      owner: id
      principalId: ownIdentities[index]!.properties.principalId
    }
  }
]

module images 'modules/image-events.bicep' = {
  scope: resourceGroup(resourceGroupName)
  params: {
    topicName: topicName
    appId: appId
    storageId: storageId
    eventsIdentityId: eventsIdentityId
  }
}

module clusters 'modules/cluster-events.bicep' = [
  for (id, index) in watched: {
    scope: resourceGroup(id, makesTopic[index] ? eventsGroup : split(existing[index], '/')[4])
    dependsOn: [access]
    params: {
      topicName: makesTopic[index] ? clusterTopic : last(split(existing[index], '/'))
      subscriptionPrefix: '${environmentName}-${installation}'
      appId: appId
      storageId: storageId
      eventsIdentityId: makesTopic[index]
        ? (identityOnSystemTopics ? ownIdentityIds[index] : '')
        : (identityOnExistingTopics ? eventsIdentityId : '')
    }
  }
]

module notifications 'modules/notification-events.bicep' = [
  for (id, index) in watched: if (watchResourceNotifications) {
    scope: resourceGroup(id, eventsGroup)
    dependsOn: [access]
    params: {
      topicName: notificationTopic
      appId: appId
      storageId: storageId
      eventsIdentityId: identityOnSystemTopics ? ownIdentityIds[index] : ''
    }
  }
]
