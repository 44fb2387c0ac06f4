using '../main.bicep'

// The owners of the subscriptions deploy watch.bicep themselves.
param environmentName = 'prod'
param location = 'westeurope'
param subscriptions = '22222222-2222-2222-2222-222222222222'
param watchFromHere = false
