"""Calls to Azure Resource Manager as the actions that a role has to grant for them."""

import re

_AKS = "Microsoft.ContainerService"

ALWAYS = {
    f"{_AKS}/locations/nodeImageVersions/read",
    f"{_AKS}/managedClusters/agentPools/upgradeProfiles/read",
    f"{_AKS}/managedClusters/maintenanceConfigurations/read",
    f"{_AKS}/managedClusters/maintenanceConfigurations/write",
    f"{_AKS}/managedClusters/read",
}
"""What the app calls with its defaults; tests/functions hold it to the simulator's journal."""

OPTIONAL = {
    "allowScheduleDelete": {f"{_AKS}/managedClusters/maintenanceConfigurations/delete"},
    "readNodeImageAges": {
        # Resource Graph gives only what the caller may read.
        "Microsoft.Compute/virtualMachines/read",
        "Microsoft.ResourceGraph/resources/read",
    },
}
"""What it calls besides, by the Bicep parameter that grants it."""

_VERBS = {"GET": "read", "HEAD": "read", "PUT": "write", "PATCH": "write", "DELETE": "delete"}
_PROVIDER = re.compile(r".*/providers/(?P<namespace>[^/]+)/(?P<rest>[^?]+)", re.IGNORECASE)
_READ_BY_POST = {"microsoft.resourcegraph/resources": "Microsoft.ResourceGraph/resources/read"}


def action_of(method: str, path: str) -> str:
    """Give the action, as a role names it; `path` as ARM has it, with or without a query.

    `GET /subscriptions/../providers/Microsoft.X/ys/name/zs` is `Microsoft.X/ys/zs/read`.
    """
    found = _PROVIDER.match(path.partition("?")[0].rstrip("/"))
    if found is None:
        raise ValueError(f"{path} is not a path of a resource provider")
    namespace, segments = found["namespace"], found["rest"].split("/")
    if special := _READ_BY_POST.get(f"{namespace}/{segments[0]}".lower()):
        return special
    types = segments[::2]
    if method == "POST":
        return "/".join((namespace, *types, "action"))
    return "/".join((namespace, *types, _VERBS[method]))
