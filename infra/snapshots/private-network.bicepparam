using '../main.bicep'

// Nothing of the storage account is reached but from one network.
param environmentName = 'prod'
param location = 'westeurope'
param subscriptions = '22222222-2222-2222-2222-222222222222'
param subnetId = '/subscriptions/11111111-1111-1111-1111-111111111111/resourceGroups/rg-net/providers/Microsoft.Network/virtualNetworks/net/subnets/naptime'
param storagePublicAccess = 'Disabled'
