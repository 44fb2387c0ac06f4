using '../main.bicep'

// A second installation beside one whose system topic it shares.
param environmentName = 'test'
param location = 'northeurope'
param subscriptions = '22222222-2222-2222-2222-222222222222'
param existingSystemTopics = [
  '/subscriptions/22222222-2222-2222-2222-222222222222/resourceGroups/rg-theirs/providers/Microsoft.EventGrid/systemTopics/theirs'
]
