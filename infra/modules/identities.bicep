// Three identities: what may write schedules can be attached to no topic, and cannot change its own package.
import { texts } from '../types.bicep'

param environmentName string
param location string
param tags texts

resource app 'Microsoft.ManagedIdentity/userAssignedIdentities@2024-11-30' = {
  name: 'id-${environmentName}'
  location: location
  tags: tags
}

resource package 'Microsoft.ManagedIdentity/userAssignedIdentities@2024-11-30' = {
  name: 'id-${environmentName}-package'
  location: location
  tags: tags
}

resource events 'Microsoft.ManagedIdentity/userAssignedIdentities@2024-11-30' = {
  name: 'id-${environmentName}-events'
  location: location
  tags: tags
}

output appIdentityId string = app.id
output appClientId string = app.properties.clientId
output appPrincipalId string = app.properties.principalId
output packageIdentityId string = package.id
output packagePrincipalId string = package.properties.principalId
output eventsIdentityId string = events.id
output eventsPrincipalId string = events.properties.principalId
