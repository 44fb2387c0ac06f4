// What a subscription tells of clusters and of their schedules. All its writes come by, so the filters are exact.
param topicName string
@description('Before the names: the topic may be shared with others.')
param subscriptionPrefix string
param appId string
param storageId string
@description('Empty: no dead letters.')
param eventsIdentityId string

var clusters = 'Microsoft.ContainerService/managedClusters'

var subscriptions = [
  {
    function: 'on_cluster_created'
    eventTypes: ['Microsoft.Resources.ResourceWriteSuccess']
    operations: ['${clusters}/write']
  }
  {
    function: 'on_schedule_changed'
    eventTypes: [
      'Microsoft.Resources.ResourceWriteSuccess'
      'Microsoft.Resources.ResourceDeleteSuccess'
    ]
    operations: [
      '${clusters}/maintenanceConfigurations/write'
      '${clusters}/maintenanceConfigurations/delete'
    ]
  }
]

resource topic 'Microsoft.EventGrid/systemTopics@2025-02-15' existing = {
  name: topicName
}

resource events 'Microsoft.EventGrid/systemTopics/eventSubscriptions@2025-02-15' = [
  for item in subscriptions: {
    parent: topic
    name: '${subscriptionPrefix}-${replace(item.function, '_', '-')}'
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
        advancedFilters: [
          { operatorType: 'StringIn', key: 'data.operationName', values: item.operations }
        ]
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
