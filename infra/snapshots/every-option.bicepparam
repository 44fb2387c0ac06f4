using '../main.bicep'

// Every switch away from its default, and something in every list.
param environmentName = 'every'
param location = 'westeurope'
param subscriptions = '22222222-2222-2222-2222-222222222222'
param watchResourceNotifications = true
param identityPerSubscription = true
param actionGroupPerSubscription = true
param identityOnExistingTopics = true
param allowScheduleDelete = true
param readNodeImageAges = true
param readNodeImageVersions = false
param dryRun = false
param alertEmails = ['someone@example.com']
param allowedIpRanges = ['203.0.113.0/24']
param entraClientId = '44444444-4444-4444-4444-444444444444'
param entraAllowedPrincipals = ['55555555-5555-5555-5555-555555555555']
param maximumInstanceCount = 1
param alwaysReadyHttp = 2
param logQuotaGb = 5
param settings = ['NAPTIME_WINDOW_DAY=Saturday', 'NAPTIME_EXCLUDE=a=b']
param tags = { costCentre: '42' }
