// The storage account of the Functions host, which is also naptime's memory: queues and tables.
import { texts } from '../types.bicep'

param name string
param location string
param tags texts
param publicAccess string
param appPrincipalId string
param packagePrincipalId string
param eventsPrincipalId string

var roles = {
  storageBlobDataOwner: 'b7e6dc6d-f1e8-4753-8033-0f276bb0955b'
  storageQueueDataContributor: '974c5e8b-45b9-4653-ba55-5f855dd0fb88'
  storageTableDataContributor: '0a9a7e1f-b9d0-4cc4-a60d-0319b160aaa3'
  storageBlobDataContributor: 'ba92f5b4-2d11-453d-a403-e96b0029c9fe'
}

// naptime's work is in queues and tables.
var appRoles = [
  roles.storageQueueDataContributor
  roles.storageTableDataContributor
]

// The host keeps leases, keys and timer status in blobs, in containers that it makes itself. Neither
// the package nor the dead letters, which hold people's names and addresses, are the app's to read or write.
var blobCalls = map(
  ['read', 'write', 'add/action', 'delete', 'move/action', 'runAsSuperUser/action', 'tags/read', 'tags/write'],
  call => '!(ActionMatches{\'Microsoft.Storage/storageAccounts/blobServices/containers/blobs/${call}\'})'
)
var notTheirs = map(
  ['deployments', 'deadletters'],
  container =>
    '@Resource[Microsoft.Storage/storageAccounts/blobServices/containers:name] StringNotEquals \'${container}\''
)
var hostContainersOnly = '((${join(blobCalls, ' AND ')}) OR (${join(notTheirs, ' AND ')}))'

resource account 'Microsoft.Storage/storageAccounts@2025-01-01' = {
  name: name
  location: location
  tags: tags
  kind: 'StorageV2'
  sku: { name: 'Standard_LRS' }
  properties: {
    allowSharedKeyAccess: false
    allowBlobPublicAccess: false
    allowCrossTenantReplication: false
    defaultToOAuthAuthentication: true
    isLocalUserEnabled: false
    supportsHttpsTrafficOnly: true
    minimumTlsVersion: 'TLS1_2'
    publicNetworkAccess: publicAccess
    networkAcls: {
      // Event Grid writes dead letters as a trusted service.
      bypass: 'AzureServices'
      defaultAction: publicAccess == 'Enabled' ? 'Allow' : 'Deny'
    }
  }
}

resource blobs 'Microsoft.Storage/storageAccounts/blobServices@2025-01-01' = {
  parent: account
  name: 'default'
  properties: {
    // A package that was overwritten can be fetched again.
    deleteRetentionPolicy: { enabled: true, days: 7 }
  }
}

resource deployments 'Microsoft.Storage/storageAccounts/blobServices/containers@2025-01-01' = {
  parent: blobs
  name: 'deployments'
  properties: { publicAccess: 'None' }
}

resource deadLetters 'Microsoft.Storage/storageAccounts/blobServices/containers@2025-01-01' = {
  parent: blobs
  name: 'deadletters'
  properties: { publicAccess: 'None' }
}

resource retention 'Microsoft.Storage/storageAccounts/managementPolicies@2025-01-01' = {
  parent: account
  name: 'default'
  properties: {
    policy: {
      rules: [
        {
          // Events of a subscription hold their caller's name, address and claims.
          name: 'forget-dead-letters'
          type: 'Lifecycle'
          enabled: true
          definition: {
            filters: { blobTypes: ['blockBlob'], prefixMatch: ['deadletters/'] }
            actions: { baseBlob: { delete: { daysAfterModificationGreaterThan: 14 } } }
          }
        }
      ]
    }
  }
}

resource appAccess 'Microsoft.Authorization/roleAssignments@2022-04-01' = [
  for role in appRoles: {
    name: guid(account.id, 'app', role)
    scope: account
    properties: {
      roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', role)
      principalId: appPrincipalId
      principalType: 'ServicePrincipal'
    }
  }
]

resource hostKeepsItsOwn 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  name: guid(account.id, 'app', roles.storageBlobDataOwner)
  scope: account
  properties: {
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', roles.storageBlobDataOwner)
    principalId: appPrincipalId
    principalType: 'ServicePrincipal'
    condition: hostContainersOnly
    conditionVersion: '2.0'
  }
}

resource packageIsKept 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  name: guid(deployments.id, 'package', roles.storageBlobDataContributor)
  scope: deployments
  properties: {
    roleDefinitionId: subscriptionResourceId(
      'Microsoft.Authorization/roleDefinitions',
      roles.storageBlobDataContributor
    )
    principalId: packagePrincipalId
    principalType: 'ServicePrincipal'
  }
}

resource eventsWriteDeadLetters 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  name: guid(deadLetters.id, 'events', roles.storageBlobDataContributor)
  scope: deadLetters
  properties: {
    roleDefinitionId: subscriptionResourceId(
      'Microsoft.Authorization/roleDefinitions',
      roles.storageBlobDataContributor
    )
    principalId: eventsPrincipalId
    principalType: 'ServicePrincipal'
  }
}

output name string = account.name
output endpoints { blob: string, queue: string, table: string } = {
  blob: account.properties.primaryEndpoints.blob
  queue: account.properties.primaryEndpoints.queue
  table: account.properties.primaryEndpoints.table
}
output deploymentContainer string = deployments.name
