// One system topic of the subscription, with its failures logged and its dead letters alerted on.
import { texts } from '../types.bicep'

param name string
param tags texts
@allowed(['Microsoft.Resources.Subscriptions', 'Microsoft.ResourceNotifications.Resources'])
param topicType string
@description('Empty: none.')
param identityId string
@description('Empty: failures are not logged.')
param workspaceId string
@description('Empty: no alerts.')
param actionGroupId string

resource topic 'Microsoft.EventGrid/systemTopics@2025-02-15' = {
  name: name
  // Both topic types know no other location.
  location: 'global'
  tags: tags
  identity: empty(identityId)
    ? null
    : {
        type: 'UserAssigned'
        userAssignedIdentities: { '${identityId}': {} }
      }
  properties: {
    source: subscription().id
    topicType: topicType
  }
}

#disable-next-line use-recent-api-versions // there is no newer one, nor a stable one
resource failures 'Microsoft.Insights/diagnosticSettings@2021-05-01-preview' = if (!empty(workspaceId)) {
  name: 'failures'
  scope: topic
  properties: {
    workspaceId: workspaceId
    // Tables of their own, such as AegDeliveryFailureLogs, instead of AzureDiagnostics.
    logAnalyticsDestinationType: 'Dedicated'
    logs: [
      { category: 'DeliveryFailures', enabled: true }
    ]
  }
}

module deadLetters 'dead-letter-alert.bicep' = if (!empty(actionGroupId)) {
  params: {
    name: 'dead-letters-${name}'
    tags: tags
    topicId: topic.id
    actionGroupId: actionGroupId
  }
}
