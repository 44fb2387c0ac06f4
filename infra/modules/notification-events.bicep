// Azure Resource Notifications of managed clusters: the same again, from another source.
param topicName string
param appId string
param storageId string
@description('Empty: no dead letters.')
param eventsIdentityId string

resource topic 'Microsoft.EventGrid/systemTopics@2025-02-15' existing = {
  name: topicName
}

resource events 'Microsoft.EventGrid/systemTopics/eventSubscriptions@2025-02-15' = {
  parent: topic
  name: 'on-cluster-created'
  properties: {
    eventDeliverySchema: 'CloudEventSchemaV1_0'
    destination: {
      endpointType: 'AzureFunction'
      properties: {
        resourceId: '${appId}/functions/on_cluster_created'
        maxEventsPerBatch: 1
        preferredBatchSizeInKilobytes: 64
      }
    }
    filter: {
      includedEventTypes: ['Microsoft.ResourceNotifications.Resources.CreatedOrUpdated']
      advancedFilters: [
        {
          operatorType: 'StringIn'
          key: 'data.resourceInfo.type'
          values: ['Microsoft.ContainerService/managedClusters']
        }
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
