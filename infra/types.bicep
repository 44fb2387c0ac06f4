// The types of the parameters that are more than one text, number or switch.

@export()
@description('Texts by name: tags, app settings.')
type texts = {
  *: string
}

@export()
@description('What events.bicep takes.')
type parametersOfEvents = {
  environmentName: string
  installation: string
  subscriptions: string
  existingSystemTopics: string[]
  watchResourceNotifications: bool
  identityOnSystemTopics: bool
  identityOnExistingTopics: bool
  identityPerSubscription: bool
  appId: string
  resourceGroupName: string
  topicName: string
  storageName: string
  eventsIdentityId: string
}
