using '../events.bicep'

// One subscription with a topic of naptime's own, one with a topic of somebody else's.
param environmentName = 'prod'
param installation = 'abcdefghijklm'
param subscriptions = '22222222-2222-2222-2222-222222222222,33333333-3333-3333-3333-333333333333'
param existingSystemTopics = [
  '/subscriptions/33333333-3333-3333-3333-333333333333/resourceGroups/rg-theirs/providers/Microsoft.EventGrid/systemTopics/theirs'
]
param watchResourceNotifications = true
param identityPerSubscription = true
param appId = '/subscriptions/11111111-1111-1111-1111-111111111111/resourceGroups/rg-prod/providers/Microsoft.Web/sites/func-prod-abcdefghijklm'
param resourceGroupName = 'rg-prod'
param topicName = 'evgt-prod-abcdefghijklm'
param storageName = 'stnapabcdefghijklm'
param eventsIdentityId = '/subscriptions/11111111-1111-1111-1111-111111111111/resourceGroups/rg-prod/providers/Microsoft.ManagedIdentity/userAssignedIdentities/id-prod-events'
