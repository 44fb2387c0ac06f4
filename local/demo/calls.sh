# naptime: is it there; a cluster as it is now; a dry run; the same for real
curl -fsS "$NAPTIME/health"
curl -fsS -H "$KEY" "$NAPTIME/$PAGE"
curl -fsS -H "$KEY" "$NAPTIME/reconcile" \
  --json "{\"clusterId\": \"$CLUSTER\", \"dryRun\": true}"
curl -fsS -H "$KEY" "$NAPTIME/reconcile" \
  --json "{\"clusterId\": \"$CLUSTER\"}"

# Somebody deletes the schedule: naptime puts it back within about a second
curl -fsS -X DELETE \
  "$AZURE/state$CLUSTER/maintenanceConfigurations/aksManagedNodeOSUpgradeSchedule"
curl -fsS "$AZURE/state$CLUSTER"

# What Azure was asked to write; an order for trouble; everything else that can be ordered
curl -fsS "$AZURE/journal?method=PUT"
curl -fsS "$AZURE/faults" \
  -d '{"fault": "throttled-by-aks", "method": "PUT", "retryAfter": 5}'
curl -fsS "$AZURE/"

# Azure Resource Manager, with a token of naptime's managed identity
TOKEN=$(curl -fsS -H "X-IDENTITY-HEADER: $IDENTITY_HEADER" \
  "$IDENTITY_ENDPOINT?api-version=2019-08-01&resource=https://management.azure.com/" |
  sed -n 's/.*"access_token": "\([^"]*\)".*/\1/p')
curl -fsS --cacert "$SSL_CERT_FILE" -H "Authorization: Bearer $TOKEN" \
  "$NAPTIME_ARM_ENDPOINT$CLUSTER/maintenanceConfigurations?api-version=2026-08-01"
