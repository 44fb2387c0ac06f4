// The event subscriptions, after the code: Event Grid checks that each function is there before it sends to it.
targetScope = 'subscription'

param environmentName string
@description('The same list as for main.bicep.')
param subscriptions string
param existingSystemTopics object = {}
param watchResourceNotifications bool = false
param identityOnSystemTopics bool = true
@description('Write dead letters of existing system topics as well. false: their owner has to attach the identity to them first.')
param identityOnExistingTopics bool = false

@description('Outputs of main.bicep.')
param appId string
param resourceGroupName string
param topicName string
param storageId string
param eventsIdentityId string

module images 'modules/image-events.bicep' = {
  name: 'naptime-image-events'
  scope: resourceGroup(resourceGroupName)
  params: {
    topicName: topicName
    appId: appId
    storageId: storageId
    eventsIdentityId: eventsIdentityId
  }
}

module clusters 'modules/cluster-events.bicep' = [
  for id in split(subscriptions, ','): {
    name: 'naptime-cluster-events-${id}'
    scope: resourceGroup(id, contains(existingSystemTopics, id) ? split(existingSystemTopics[id], '/')[4] : 'rg-${environmentName}-events')
    params: {
      topicName: contains(existingSystemTopics, id) ? split(existingSystemTopics[id], '/')[8] : 'evgst-${environmentName}-subscription'
      subscriptionPrefix: environmentName
      appId: appId
      storageId: storageId
      eventsIdentityId: (contains(existingSystemTopics, id) ? identityOnExistingTopics : identityOnSystemTopics) ? eventsIdentityId : ''
    }
  }
]

module notifications 'modules/notification-events.bicep' = [
  for id in split(subscriptions, ','): if (watchResourceNotifications) {
    name: 'naptime-notifications-${id}'
    scope: resourceGroup(id, 'rg-${environmentName}-events')
    params: {
      topicName: 'evgst-${environmentName}-notifications'
      appId: appId
      storageId: storageId
      eventsIdentityId: identityOnSystemTopics ? eventsIdentityId : ''
    }
  }
]
