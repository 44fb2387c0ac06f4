using '../watch.bicep'

// What the owner of a subscription deploys who owns nothing of naptime's.
param environmentName = 'prod'
param installation = 'abcdefghijklm'
param location = 'westeurope'
param appPrincipalId = '66666666-6666-6666-6666-666666666666'
