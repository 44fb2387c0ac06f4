"""Node images by location, and what agent pools are told of them."""

from local.azure.arm.node_images import newest_versions
from local.azure.json_values import JsonObject, as_list, as_object
from tests.local.azure.conftest import Served
from tests.local.azure.test_controls import refused
from tests.local.azure.world import (
    CLUSTER,
    SUBSCRIPTION,
    World,
    aks_error,
    cluster,
    content,
    gateway_error,
)

PREVIEW = "2026-08-02-preview"
IMAGE = {"location": "westeurope", "os": "AKSUbuntu", "sku": "2404gen2containerd"}


def listed(world: World, location: str = "westeurope") -> list[JsonObject]:
    target = (
        f"/subscriptions/{SUBSCRIPTION}/providers/Microsoft.ContainerService"
        f"/locations/{location}/nodeImageVersions"
    )
    reply = world.get(target, api_version=PREVIEW)
    return [as_object(each) for each in as_list(content(reply)["value"])]


def versions(world: World, location: str = "westeurope") -> list[object]:
    return [
        each["version"] for each in listed(world, location) if each["sku"] == "2404gen2containerd"
    ]


def with_pools(world: World, *pools: JsonObject) -> None:
    body = cluster("nap-1", agentPoolProfiles=list(pools), kubernetesVersion="1.34")
    body.pop("id")
    address = (SUBSCRIPTION, "rg-prod", "nap-1")
    world.simulator.state.put_cluster(address, body, world.simulator.clock.now())


def newest(world: World, pool: str = "system") -> JsonObject:
    reply = world.get(f"{CLUSTER}/agentPools/{pool}/upgradeProfiles/default")
    assert reply.status == 200
    return content(reply)


async def test_releases_reach_locations_on_different_days(served: Served) -> None:
    """A release is listed where it was released, from then on, however the place is written."""
    world = World(served.simulator)
    await served.control("POST", "node-images", {**IMAGE, "version": "202608.20.0"})
    assert versions(world) == ["202608.20.0"]
    assert versions(world, "northeurope") == ["202608.06.1"]
    await served.control("POST", "clock", {"advance": 3 * 86400})
    order = {**IMAGE, "location": "North Europe", "version": "202608.20.0"}
    await served.control("POST", "node-images", order)
    assert versions(world, "northeurope") == ["202608.20.0"]


async def test_stale_versions_can_be_listed(served: Served) -> None:
    """Where older versions are kept, they are listed beside the newest, which is still told."""
    world = World(served.simulator)
    for version in ("202608.20.0", "202608.06.9"):
        await served.control(
            "POST", "node-images", {**IMAGE, "version": version, "keepOlder": True}
        )
    assert versions(world) == ["202608.06.1", "202608.20.0", "202608.06.9"]
    place = ("AKSUbuntu", "2404gen2containerd")
    assert newest_versions(world.simulator.state, "westeurope")[place] == "202608.20.0"
    assert [each.previous for each in world.simulator.state.releases] == [
        "202608.06.1",
        "202608.20.0",
    ]
    order = {**IMAGE, "version": "1", "keepOlder": 1}
    assert (await refused(served, "POST", "node-images", order))[0] == 400


def test_a_location_lists_more_than_nap_uses(world: World) -> None:
    """Twelve images that NAP can use are listed, and some that it cannot, in their own forms."""
    used = [each for each in listed(world) if each["os"] in {"AKSUbuntu", "AKSAzureLinux"}]
    assert len(used) == 12
    names = {each["fullName"] for each in listed(world)}
    assert "AKSWindows-2022-containerd-gen2-20348.4529.251212" in names


async def test_a_pool_is_told_of_its_own_image(served: Served) -> None:
    """The upgrade profile names the newest version of the image that the pool runs."""
    world = World(served.simulator)
    with_pools(
        world,
        {
            "name": "system",
            "orchestratorVersion": "1.34.2",
            "osType": "Linux",
            "nodeImageVersion": "AKSUbuntu-2404gen2containerd-202512.06.0",
        },
        {
            "name": "win",
            "osType": "Windows",
            "nodeImageVersion": "AKSWindows-2022-containerd-gen2-20348.1.240101",
        },
        {"name": "fresh", "osSKU": "AzureLinux"},
        {"name": "odd", "nodeImageVersion": "AKSUbuntu-1604-2020.10.28"},
    )
    await served.control("POST", "node-images", {**IMAGE, "version": "202608.20.0"})
    assert newest(world, "SYSTEM") == {
        "id": f"{CLUSTER.replace('resourceGroups', 'resourcegroups')}"
        "/agentPools/system/upgradeProfiles/default",
        "name": "default",
        "type": "Microsoft.ContainerService/managedClusters/agentPools/upgradeProfiles",
        "properties": {
            "kubernetesVersion": "1.34.2",
            "osType": "Linux",
            "latestNodeImageVersion": "AKSUbuntu-2404gen2containerd-202608.20.0",
        },
    }
    told = {name: as_object(newest(world, name)["properties"]) for name in ("win", "fresh", "odd")}
    assert told["win"]["latestNodeImageVersion"] == (
        "AKSWindows-2022-containerd-gen2-20348.4529.251212"
    )
    assert told["fresh"]["latestNodeImageVersion"] == "AKSAzureLinux-V3gen2-202608.06.1"
    assert "latestNodeImageVersion" not in told["odd"]
    assert (told["fresh"]["kubernetesVersion"], told["fresh"]["osType"]) == ("1.34", "Linux")


def test_pools_and_clusters_that_are_not_there(world: World) -> None:
    """A pool that the cluster does not have is AKS's 404, a cluster that is not there ARM's."""
    missing = world.get(f"{CLUSTER}/agentPools/gone/upgradeProfiles/default")
    assert (missing.status, aks_error(missing)["subcode"]) == (404, "GetAgentPool_NotFound")
    nowhere = CLUSTER.replace("nap-1", "gone")
    reply = world.get(f"{nowhere}/agentPools/system/upgradeProfiles/default")
    assert gateway_error(reply)["code"] == "ResourceNotFound"
    entry = world.simulator.journal.entries()[0]
    assert entry.operation == "AgentPools_GetUpgradeProfile"
