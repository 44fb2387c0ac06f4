// Once per watched subscription, at its scope: what naptime may do there, and the topic that tells of clusters.
// Whoever deploys it needs to write role definitions and assignments there; naptime itself does not.
targetScope = 'subscription'

import { texts } from 'types.bicep'

param environmentName string

@description('Output of main.bicep: tells two installations apart that have one name.')
param installation string
param location string
param tags texts = {}

@description('Principal (object) id of naptime\'s identity.')
param appPrincipalId string

@description('Identity by which Event Grid writes dead letters. Empty: none. Attaching one of naptime\'s subscription needs Microsoft.ManagedIdentity/userAssignedIdentities/assign/action on it.')
param eventsIdentityId string = ''

@description('Workspace for the topic\'s failures. Empty: they are not logged. One of naptime\'s subscription needs Microsoft.OperationalInsights/workspaces/sharedKeys/action on it.')
param workspaceId string = ''

@description('Action group for the alerts on lost events. Empty: there are no such alerts. One of naptime\'s subscription needs Microsoft.Insights/actionGroups/read on it.')
param actionGroupId string = ''

@description('Addresses of the action group that actionGroupPerSubscription makes.')
param alertEmails string[] = []

@description('Resource id of the subscription\'s system topic if it has one. Empty: one is made.')
param existingSystemTopicId string = ''

param watchResourceNotifications bool = false
param identityOnSystemTopics bool = true
param identityPerSubscription bool = false
param actionGroupPerSubscription bool = false
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
var makesTopic = empty(existingSystemTopicId)
var ownTags = union(tags, { 'naptime-installation': installation })

resource role 'Microsoft.Authorization/roleDefinitions@2022-04-01' = {
  name: guid(here, 'naptime', environmentName, installation)
  properties: {
    // Display names are unique in a tenant.
    roleName: 'naptime ${environmentName} ${installation} (${subscription().subscriptionId})'
    description: 'Reads AKS clusters and their maintenance configurations, and writes the latter.'
    type: 'CustomRole'
    assignableScopes: [here]
    permissions: [
      {
        actions: concat(
          actions,
          readNodeImageVersions ? imageVersionActions : [],
          allowScheduleDelete ? deleteActions : [],
          readNodeImageAges ? imageAgeActions : []
        )
        notActions: []
        dataActions: []
        notDataActions: []
      }
    ]
  }
}

resource assignment 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  name: guid(here, 'naptime', environmentName, installation, 'assignment')
  properties: {
    roleDefinitionId: role.id
    principalId: appPrincipalId
    principalType: 'ServicePrincipal'
  }
}

resource group 'Microsoft.Resources/resourceGroups@2025-04-01' = if (makesTopic || watchResourceNotifications) {
  name: 'rg-${environmentName}-events-${installation}'
  location: location
  tags: ownTags
}

module own 'modules/watch-own.bicep' = if ((makesTopic || watchResourceNotifications) && (identityPerSubscription || actionGroupPerSubscription)) {
  scope: group
  params: {
    environmentName: environmentName
    location: location
    tags: ownTags
    identity: identityPerSubscription
    actionGroup: actionGroupPerSubscription
    emails: alertEmails
  }
}

resource ownIdentity 'Microsoft.ManagedIdentity/userAssignedIdentities@2024-11-30' existing = {
  scope: group
  name: 'id-${environmentName}-events'
}

resource ownActionGroup 'Microsoft.Insights/actionGroups@2023-01-01' existing = {
  scope: group
  name: 'ag-${environmentName}'
}

var identityId = identityPerSubscription ? ownIdentity.id : eventsIdentityId
var groupId = actionGroupPerSubscription ? ownActionGroup.id : actionGroupId

module clusterTopic 'modules/system-topic.bicep' = if (makesTopic) {
  scope: group
  dependsOn: [own]
  params: {
    name: 'evgst-${environmentName}-${installation}-subscription'
    tags: ownTags
    topicType: 'Microsoft.Resources.Subscriptions'
    identityId: identityOnSystemTopics ? identityId : ''
    workspaceId: workspaceId
    actionGroupId: groupId
  }
}

module notificationTopic 'modules/system-topic.bicep' = if (watchResourceNotifications) {
  scope: group
  dependsOn: [own]
  params: {
    name: 'evgst-${environmentName}-${installation}-notifications'
    tags: ownTags
    topicType: 'Microsoft.ResourceNotifications.Resources'
    identityId: identityOnSystemTopics ? identityId : ''
    workspaceId: workspaceId
    actionGroupId: groupId
  }
}
