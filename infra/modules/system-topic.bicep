// One system topic of the subscription, with its failures logged and its dead letters alerted on.
param name string
param tags object
@allowed(['Microsoft.Resources.Subscriptions', 'Microsoft.ResourceNotifications.Resources'])
param topicType string
param identityId string
param workspaceId string
param actionGroupId string

resource topic 'Microsoft.EventGrid/systemTopics@2025-02-15' = {
  name: name
  // Both topic types know no other location.
  location: 'global'
  tags: tags
  identity: empty(identityId) ? null : {
    type: 'UserAssigned'
    userAssignedIdentities: { '${identityId}': {} }
  }
  properties: {
    source: subscription().id
    topicType: topicType
  }
}

resource failures 'Microsoft.Insights/diagnosticSettings@2021-05-01-preview' = {
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

module deadLetters 'dead-letter-alert.bicep' = {
  name: 'dead-letters-${name}'
  params: {
    name: 'dead-letters-${name}'
    tags: tags
    topicId: topic.id
    actionGroupId: actionGroupId
  }
}
