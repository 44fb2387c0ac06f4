// What a watched subscription has of its own, where Azure refuses the identity or the action group of another.
import { texts } from '../types.bicep'

param environmentName string
param location string
param tags texts
param identity bool
param actionGroup bool
param emails string[]

resource events 'Microsoft.ManagedIdentity/userAssignedIdentities@2024-11-30' = if (identity) {
  name: 'id-${environmentName}-events'
  location: location
  tags: tags
}

module people 'action-group.bicep' = if (actionGroup) {
  params: {
    name: 'ag-${environmentName}'
    tags: tags
    emails: emails
  }
}
