using '../main.bicep'

// Two watched subscriptions, written as people write lists.
param environmentName = 'prod'
param location = 'westeurope'
param subscriptions = '22222222-2222-2222-2222-222222222222, 33333333-3333-3333-3333-333333333333'
