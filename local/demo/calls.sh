curl -fsS "$NAPTIME/api/clusters/$SUBSCRIPTION/$GROUP/$NAME?code=$KEY"
curl -fsS "$NAPTIME/api/reconcile?code=$KEY" --json "{\"clusterId\":\"$CLUSTER\"}"
curl -fsS -X DELETE "$AZURE/state$CLUSTER/$SCHEDULE"  # it comes back
curl -fsS "$AZURE/"  # what else can be ordered: faults, releases, upgrades
make plan  # the command line asks it too, as NAPTIME_APP is set
