#!/bin/sh
# After the code: the event subscriptions, then the first run over the fleet. Harmless to repeat.
# azd sets the variables, from the outputs of main.bicep; docs/deploy.md does the same by hand.
set -eu
cd "$(dirname "$0")/../.."
: "${NAPTIME_APP_ID:?is not set: run azd provision first}"

echo "naptime: event subscriptions"
az deployment sub create --only-show-errors --output none \
    --subscription "$AZURE_SUBSCRIPTION_ID" --location "$AZURE_LOCATION" \
    --name "naptime-events-$AZURE_ENV_NAME" --template-file infra/events.bicep \
    --parameters environmentName="$AZURE_ENV_NAME" \
    subscriptions="$NAPTIME_SUBSCRIPTIONS" \
    existingSystemTopics="${NAPTIME_EXISTING_SYSTEM_TOPICS:-{\}}" \
    watchResourceNotifications="${NAPTIME_RESOURCE_NOTIFICATIONS:-false}" \
    identityOnSystemTopics="${NAPTIME_IDENTITY_ON_SYSTEM_TOPICS:-true}" \
    appId="$NAPTIME_APP_ID" \
    resourceGroupName="$AZURE_RESOURCE_GROUP" \
    topicName="$NAPTIME_TOPIC_NAME" \
    storageId="$NAPTIME_STORAGE_ID" \
    eventsIdentityId="$NAPTIME_EVENTS_IDENTITY_ID"

echo "naptime: the first run over everything"
key=$(az functionapp keys list --only-show-errors --subscription "$AZURE_SUBSCRIPTION_ID" \
    --resource-group "$AZURE_RESOURCE_GROUP" --name "$NAPTIME_APP_NAME" \
    --query functionKeys.default --output tsv)
token=
if [ -n "${NAPTIME_ENTRA_CLIENT_ID:-}" ]; then
    token=$(az account get-access-token --only-show-errors \
        --resource "api://$NAPTIME_ENTRA_CLIENT_ID" --query accessToken --output tsv)
fi
# By a file, not by arguments: those can be read in the list of processes.
{
    echo "header = \"x-functions-key: $key\""
    [ -z "$token" ] || echo "header = \"Authorization: Bearer $token\""
} | curl --config - --silent --show-error --fail-with-body --retry 10 --retry-all-errors \
    --header "Content-Type: application/json" --data '{"fleet": true}' \
    "$NAPTIME_URL/api/reconcile"
echo
