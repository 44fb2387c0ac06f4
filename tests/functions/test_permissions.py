"""What the app asks of Azure, as the actions that infra/ grants: no more, and no less."""

from typing import cast

import pytest

from local.infra_check.actions import ALWAYS, OPTIONAL, action_of
from shared.reconcile.ground.claim import CLUSTERS_TABLE
from shared.reconcile.ground.pacer import SHARDS_TABLE
from shared.world import app
from tests.clusters import cluster
from tests.functions.conftest import Loaded
from tests.functions.test_api import Json, a_cluster, get, post
from tests.functions.test_runs import work_off
from tests.functions.test_schedules import ask, wanted
from tests.local.infra.app_facts import registered
from tests.local.infra.faults import EVENT_FUNCTIONS
from tests.machines import gallery, machine

TYPE = "Microsoft.ContainerService/managedClusters"
CONFIG = "maintenanceConfigurations"
AKS = f"/providers/{TYPE}"
A_CLUSTER = f"/subscriptions/s/resourceGroups/g{AKS}/a"
POOL = {
    "name": "system",
    "mode": "System",
    "osType": "Linux",
    "osSKU": "Ubuntu",
    "nodeImageVersion": "AKSUbuntu-2204gen2containerd-202608.01.0",
}


async def test_the_calls_are_the_actions_of_the_role(world: Loaded) -> None:
    """A day of everything that the app does calls exactly what the role may grant."""
    # What other tests have left: clusters that are no more, whose pools would be asked about.
    for table in (CLUSTERS_TABLE, SHARDS_TABLE):
        await app().ports.tables.drop(table)
    owner = a_cluster()
    body = cluster(owner.name)
    cast("Json", body["properties"])["agentPoolProfiles"] = [POOL]
    await world.controls.put(body, events=False)
    await world.controls.put(machine("vm-1", gallery("202601.01.0")))
    assert (await post(world, {"clusterId": str(owner)}))[0] == 200
    assert (await get(world, owner.subscription_id, owner.resource_group, owner.name))[0] == 200
    for timer in ("sweep_fleet", "mind_runs", "watch_node_images", "read_image_ages"):
        result = await world.worker.invoke_timer(timer)
        assert result.succeeded, result.exception
        await work_off(world)
    assert (await ask(world, "PUT", owner, wanted(2))).status == 200
    deleted = await ask(world, "DELETE", owner, query={"confirm": owner.name})
    assert deleted["outcome"] == "Deleted"
    # Where the preview API is refused, the same is asked of a cluster.
    await world.controls.order("bad-request", path="*nodeImageVersions*", times=None)
    assert (await world.worker.invoke_timer("watch_node_images")).succeeded
    calls = [
        (str(call["method"]), str(call["path"]))
        for call in await world.controls.journal()
        if "/providers/" in str(call["path"])
    ]
    called = {action_of(method, path) for method, path in calls}
    assert called == ALWAYS.union(*OPTIONAL.values()) - {
        # Asked of nobody: Resource Graph gives only the machines that the caller may read.
        "Microsoft.Compute/virtualMachines/read"
    }


async def test_the_event_functions(loaded: Loaded) -> None:
    """The functions that infra/ is held to are those that the worker library has indexed."""
    assert registered(loaded.worker) == EVENT_FUNCTIONS


@pytest.mark.parametrize(
    ("method", "path", "action"),
    [
        ("GET", f"/subscriptions/s{AKS}", f"{TYPE}/read"),
        ("DELETE", f"{A_CLUSTER}/maintenanceConfigurations/b?x=y", f"{TYPE}/{CONFIG}/delete"),
        (
            "POST",
            f"{A_CLUSTER}/listClusterUserCredential",
            f"{TYPE}/listClusterUserCredential/action",
        ),
        (
            "POST",
            "/providers/Microsoft.ResourceGraph/resources",
            "Microsoft.ResourceGraph/resources/read",
        ),
    ],
)
def test_calls_as_actions(method: str, path: str, action: str) -> None:
    """A call is the action that Azure's role-based access control asks for."""
    assert action_of(method, path) == action


def test_what_is_no_call_to_a_provider() -> None:
    """A path that belongs to no provider has no action that could be read off it."""
    with pytest.raises(ValueError, match="not a path of a resource provider"):
        action_of("GET", "/subscriptions/s")
