// Once per watched subscription, at its scope: what naptime may do there, and the topic that tells of clusters.
// Whoever deploys it needs to write role definitions and assignments there; naptime itself does not.
targetScope = 'subscription'

param environmentName string
param location string
param tags object = {}

@description('Principal (object) id of naptime\'s identity.')
param appPrincipalId string

@description('Resource id of the identity by which Event Grid writes dead letters.')
param eventsIdentityId string

param workspaceId string
param actionGroupId string

@description('Resource id of the subscription\'s system topic if it has one. Empty: one is made.')
param existingSystemTopicId string = ''

param watchResourceNotifications bool = false
param identityOnSystemTopics bool = true
param allowScheduleDelete bool = false
param readNodeImageAges bool = false

@description('Ask for a location\'s node images directly. false where Azure refuses the role because it does not know the action: the API is a preview. naptime then asks a cluster of each location.')
param readNodeImageVersions bool = true

// Exactly what the app calls: local/infra_check/actions.py and the tests hold the list to the journal of a run.
var actions = [
  'Microsoft.ContainerService/managedClusters/read'
  'Microsoft.ContainerService/managedClusters/maintenanceConfigurations/read'
  'Microsoft.ContainerService/managedClusters/maintenanceConfigurations/write'
  'Microsoft.ContainerService/managedClusters/agentPools/upgradeProfiles/read'
]
var imageVersionActions = [
  'Microsoft.ContainerService/locations/nodeImageVersions/read'
]
var deleteActions = [
  'Microsoft.ContainerService/managedClusters/maintenanceConfigurations/delete'
]
var imageAgeActions = [
  'Microsoft.ResourceGraph/resources/read'
  'Microsoft.Compute/virtualMachines/read'
]

var here = subscription().id

resource role 'Microsoft.Authorization/roleDefinitions@2022-04-01' = {
  name: guid(here, 'naptime', environmentName)
  properties: {
    // Display names are unique in a tenant.
    roleName: 'naptime ${environmentName} (${subscription().subscriptionId})'
    description: 'Reads AKS clusters and their maintenance configurations, and writes the latter.'
    type: 'CustomRole'
    assignableScopes: [here]
    permissions: [
      {
        actions: concat(actions, readNodeImageVersions ? imageVersionActions : [], allowScheduleDelete ? deleteActions : [], readNodeImageAges ? imageAgeActions : [])
        notActions: []
        dataActions: []
        notDataActions: []
      }
    ]
  }
}

resource assignment 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  name: guid(here, appPrincipalId, role.id)
  properties: {
    roleDefinitionId: role.id
    principalId: appPrincipalId
    principalType: 'ServicePrincipal'
  }
}

resource group 'Microsoft.Resources/resourceGroups@2025-04-01' = {
  name: 'rg-${environmentName}-events'
  location: location
  tags: tags
}

module clusterTopic 'modules/system-topic.bicep' = if (empty(existingSystemTopicId)) {
  scope: group
  params: {
    name: 'evgst-${environmentName}-subscription'
    tags: tags
    topicType: 'Microsoft.Resources.Subscriptions'
    identityId: identityOnSystemTopics ? eventsIdentityId : ''
    workspaceId: workspaceId
    actionGroupId: actionGroupId
  }
}

module notificationTopic 'modules/system-topic.bicep' = if (watchResourceNotifications) {
  scope: group
  params: {
    name: 'evgst-${environmentName}-notifications'
    tags: tags
    topicType: 'Microsoft.ResourceNotifications.Resources'
    identityId: identityOnSystemTopics ? eventsIdentityId : ''
    workspaceId: workspaceId
    actionGroupId: actionGroupId
  }
}
