// What a subscription tells of clusters and of their schedules. All its writes come by, so the filters are exact.
param topicName string
@description('Before the names: the topic may be shared with others.')
param subscriptionPrefix string
param appId string
param storageId string
@description('Empty: no dead letters.')
param eventsIdentityId string

var clusters = 'Microsoft.ContainerService/managedClusters'
var tags = 'Microsoft.Resources/tags'

var subscriptions = [
  {
    name: 'on-cluster-created'
    function: 'on_cluster_created'
    // A failure is a hint as well: AKS goes on with clusters whose creation it has reported as failed.
    eventTypes: [
      'Microsoft.Resources.ResourceWriteSuccess'
      'Microsoft.Resources.ResourceWriteFailure'
    ]
    filters: [
      { operatorType: 'StringIn', key: 'data.operationName', values: ['${clusters}/write'] }
    ]
  }
  {
    name: 'on-cluster-action-failed'
    function: 'on_cluster_created'
    eventTypes: ['Microsoft.Resources.ResourceActionFailure']
    filters: [
      { operatorType: 'StringBeginsWith', key: 'data.operationName', values: ['${clusters}/'] }
    ]
  }
  {
    // az tag, the portal and the SDKs change tags by an operation of its own, for whatever resource.
    name: 'on-cluster-tagged'
    function: 'on_cluster_created'
    eventTypes: [
      'Microsoft.Resources.ResourceWriteSuccess'
      'Microsoft.Resources.ResourceDeleteSuccess'
    ]
    filters: [
      { operatorType: 'StringIn', key: 'data.operationName', values: ['${tags}/write', '${tags}/delete'] }
      { operatorType: 'StringContains', key: 'subject', values: ['/providers/${clusters}/'] }
    ]
  }
  {
    name: 'on-schedule-changed'
    function: 'on_schedule_changed'
    eventTypes: [
      'Microsoft.Resources.ResourceWriteSuccess'
      'Microsoft.Resources.ResourceDeleteSuccess'
    ]
    filters: [
      {
        operatorType: 'StringIn'
        key: 'data.operationName'
        values: [
          '${clusters}/maintenanceConfigurations/write'
          '${clusters}/maintenanceConfigurations/delete'
        ]
      }
    ]
  }
]

resource topic 'Microsoft.EventGrid/systemTopics@2025-02-15' existing = {
  name: topicName
}

resource events 'Microsoft.EventGrid/systemTopics/eventSubscriptions@2025-02-15' = [
  for item in subscriptions: {
    parent: topic
    name: '${subscriptionPrefix}-${item.name}'
    properties: {
      eventDeliverySchema: 'CloudEventSchemaV1_0'
      destination: {
        endpointType: 'AzureFunction'
        properties: {
          resourceId: '${appId}/functions/${item.function}'
          // A batch that fails in one event would be sent again as a whole.
          maxEventsPerBatch: 1
          preferredBatchSizeInKilobytes: 64
        }
      }
      filter: {
        includedEventTypes: item.eventTypes
        advancedFilters: item.filters
      }
      retryPolicy: { maxDeliveryAttempts: 30, eventTimeToLiveInMinutes: 1440 }
      deadLetterWithResourceIdentity: empty(eventsIdentityId)
        ? null
        : {
            identity: { type: 'UserAssigned', userAssignedIdentity: eventsIdentityId }
            deadLetterDestination: {
              endpointType: 'StorageBlob'
              properties: { resourceId: storageId, blobContainerName: 'deadletters' }
            }
          }
    }
  }
]
