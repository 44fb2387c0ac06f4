# The same as postdeploy.sh, for Windows.
$ErrorActionPreference = 'Stop'
Set-Location (Join-Path $PSScriptRoot '../..')
if (-not $env:NAPTIME_APP_ID) { throw 'NAPTIME_APP_ID is not set: run azd provision first' }

Write-Output 'naptime: event subscriptions'
# A file, because quotes in JSON do not survive every shell on their way to az.
$values = @{
    environmentName            = $env:AZURE_ENV_NAME
    subscriptions              = $env:NAPTIME_SUBSCRIPTIONS
    existingSystemTopics       = if ($env:NAPTIME_EXISTING_SYSTEM_TOPICS) { $env:NAPTIME_EXISTING_SYSTEM_TOPICS | ConvertFrom-Json } else { @{} }
    watchResourceNotifications = $env:NAPTIME_RESOURCE_NOTIFICATIONS -eq 'true'
    identityOnSystemTopics     = $env:NAPTIME_IDENTITY_ON_SYSTEM_TOPICS -ne 'false'
    appId                      = $env:NAPTIME_APP_ID
    resourceGroupName          = $env:AZURE_RESOURCE_GROUP
    topicName                  = $env:NAPTIME_TOPIC_NAME
    storageId                  = $env:NAPTIME_STORAGE_ID
    eventsIdentityId           = $env:NAPTIME_EVENTS_IDENTITY_ID
}
$parameters = @{
    '$schema'      = 'https://schema.management.azure.com/schemas/2019-04-01/deploymentParameters.json#'
    contentVersion = '1.0.0.0'
    parameters     = @{}
}
foreach ($name in $values.Keys) { $parameters.parameters[$name] = @{ value = $values[$name] } }
$file = New-TemporaryFile
try {
    $parameters | ConvertTo-Json -Depth 5 | Set-Content $file
    az deployment sub create --only-show-errors --output none --subscription $env:AZURE_SUBSCRIPTION_ID --location $env:AZURE_LOCATION --name "naptime-events-$env:AZURE_ENV_NAME" --template-file infra/events.bicep --parameters "@$file"
    if ($LASTEXITCODE) { throw 'events.bicep was not deployed' }
}
finally { Remove-Item $file }

Write-Output 'naptime: the first run over everything'
$key = az functionapp keys list --only-show-errors --subscription $env:AZURE_SUBSCRIPTION_ID --resource-group $env:AZURE_RESOURCE_GROUP --name $env:NAPTIME_APP_NAME --query functionKeys.default --output tsv
$headers = @{ 'x-functions-key' = $key }
if ($env:NAPTIME_ENTRA_CLIENT_ID) {
    $token = az account get-access-token --only-show-errors --resource "api://$env:NAPTIME_ENTRA_CLIENT_ID" --query accessToken --output tsv
    $headers.Authorization = "Bearer $token"
}
Invoke-RestMethod -Method Post -Uri "$env:NAPTIME_URL/api/reconcile" -Headers $headers -ContentType 'application/json' -Body '{"fleet": true}' -MaximumRetryCount 10 -RetryIntervalSec 5
