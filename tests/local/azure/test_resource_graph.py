"""Resource Graph's few queries, and the machines and clusters that they are about."""

from collections.abc import Iterator

import pytest

from local.azure.arm.resource_graph import CLUSTERS_QUERY, NAP_QUERY, QUERY
from local.azure.arm.roles import Role
from local.azure.arm.throttle import Throttle
from local.azure.fleet import Fleet, FleetIsInvalidError, fleet_of
from local.azure.json_values import JsonObject, as_list, as_object
from local.azure.nap.machines import machine_of
from local.azure.replies import Reply
from local.azure.simulator import Simulator
from tests.local.azure.conftest import Served
from tests.local.azure.test_controls import refused
from tests.local.azure.world import (
    NAPTIME,
    NOW,
    OTHER_SUBSCRIPTION,
    SUBSCRIPTION,
    World,
    a_setup,
    content,
    gateway_error,
)

GRAPH = "/providers/Microsoft.ResourceGraph/resources"
GROUP = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/MC_rg-prod_nap-1_westeurope"
SIG = (
    "/subscriptions/10945678-1234-1234-1234-123456789012/resourceGroups/AKS-Ubuntu/providers"
    "/Microsoft.Compute/galleries/AKSUbuntu/images/2404gen2containerd/versions/202608.20.0"
)
COMMUNITY = (
    "/CommunityGalleries/AKSUbuntu-38d80f77-467a-481f-a8d4-09b6d4220bd2/images"
    "/2204gen2containerd/versions/202606.13.0"
)
NAP_TAGS = {"karpenter.sh_nodepool": "default", "karpenter.azure.com_cluster": "nap-1"}


def machine(name: str, group: str = GROUP, **changes: object) -> JsonObject:
    return {
        "id": f"{group}/providers/Microsoft.Compute/virtualMachines/{name}",
        "location": "westeurope",
        "tags": NAP_TAGS,
        "properties": {
            "timeCreated": "2026-08-01T00:00:00Z",
            "storageProfile": {"imageReference": {"id": SIG}},
        },
        **changes,
    }


def fill(world: World, *machines: JsonObject) -> None:
    document: JsonObject = {
        "virtualMachines": list(machines),
        "subscriptions": [OTHER_SUBSCRIPTION],
    }
    fleet_of(document).fill(world.simulator.state, NOW)


def ask(world: World, query: str = QUERY, **request: object) -> Reply:
    return world.call("POST", GRAPH, {"query": query, **request}, api_version="2024-04-01")


def pages(world: World, size: int) -> Iterator[JsonObject]:
    token: object = None
    while True:
        options = {"$top": size, **({"$skipToken": token} if token else {})}
        page = content(ask(world, options=options))
        yield page
        token = page.get("$skipToken")
        if token is None:
            return


def names(page: JsonObject) -> list[str]:
    return [str(as_object(each)["id"]).rpartition("/")[2] for each in as_list(page["data"])]


def test_machines_are_listed_with_their_image(world: World) -> None:
    """Tagged machines are listed in the order of their ids, with either reference to an image."""
    community = {"storageProfile": {"imageReference": {"communityGalleryImageId": COMMUNITY}}}
    fill(
        world,
        machine("b", properties=community),
        machine("a"),
        machine("c", properties={}),
        machine("plain", tags={"env": "prod"}),
        machine("bare", tags=None),
        machine("empty", tags={"karpenter.sh_nodepool": ""}),
    )
    answer = content(ask(world))
    rows = [as_object(each) for each in as_list(answer["data"])]
    assert rows[0] == {
        "id": f"{GROUP}/providers/Microsoft.Compute/virtualMachines/a",
        "subscriptionId": SUBSCRIPTION,
        "resourceGroup": "mc_rg-prod_nap-1_westeurope",
        "location": "westeurope",
        "nodePool": "default",
        "created": "2026-08-01T00:00:00Z",
        "image": SIG,
    }
    assert [row["image"] for row in rows] == [SIG, COMMUNITY, ""]
    assert rows[1]["created"] == "2026-08-26T12:00:00Z"
    del answer["data"]
    assert answer == {"totalRecords": 3, "count": 3, "facets": [], "resultTruncated": "false"}


def test_a_page_at_a_time(world: World) -> None:
    """Pages follow each other by $skipToken, a hundred machines each unless said otherwise."""
    fill(world, *(machine(f"vm-{number:03d}") for number in range(205)))
    assert len(names(content(ask(world)))) == 100
    found = list(pages(world, 80))
    assert [page["count"] for page in found] == [80, 80, 45]
    assert {page["totalRecords"] for page in found} == {205}
    assert [name for page in found for name in names(page)] == [
        f"vm-{number:03d}" for number in range(205)
    ]
    assert len(list(pages(world, 205))) == 1


def test_subscriptions_are_chosen(world: World) -> None:
    """Only the subscriptions that were asked for are looked at; unknown ones are just not there."""
    other = GROUP.replace(SUBSCRIPTION, OTHER_SUBSCRIPTION)
    fill(world, machine("one"), machine("two", other))
    unknown = "99999999-9999-4999-8999-999999999999"

    def listed(*subscriptions: str) -> list[str]:
        return names(content(ask(world, subscriptions=list(subscriptions))))

    assert names(content(ask(world))) == ["one", "two"]
    assert listed(OTHER_SUBSCRIPTION.upper()) == ["two"]
    assert listed(SUBSCRIPTION, unknown) == ["one"]
    assert listed(unknown) == []


@pytest.mark.parametrize(
    ("request_body", "code"),
    [
        ({"query": "resources | project id"}, "InvalidQuery"),
        ({"query": QUERY.replace("asc", "desc")}, "InvalidQuery"),
        ({}, "InvalidQuery"),
        ({"query": 7}, "InvalidQuery"),
        ({"query": QUERY, "subscriptions": ["x"]}, "InvalidSubscriptions"),
        ({"query": QUERY, "subscriptions": []}, "InvalidSubscriptions"),
        ({"query": QUERY, "options": {"$top": 1001}}, "InvalidOptions"),
        ({"query": QUERY, "options": {"$top": 0}}, "InvalidOptions"),
        ({"query": QUERY, "options": {"resultFormat": "table"}}, "InvalidOptions"),
        ({"query": QUERY, "options": {"$skipToken": "?"}}, "InvalidSkipToken"),
    ],
)
def test_other_queries_are_refused(world: World, request_body: JsonObject, code: str) -> None:
    """What is not the one query, or asks for more than it can, is Resource Graph's 400."""
    reply = world.call("POST", GRAPH, request_body)
    error = as_object(content(reply)["error"])
    assert (reply.status, reply.code, error["code"]) == (400, "BadRequest", "BadRequest")
    assert as_object(as_list(error["details"])[0])["code"] == code
    assert "correlationId" in str(error["message"])


def test_white_space_does_not_matter(world: World) -> None:
    """The query may be laid out in any way."""
    assert ask(world, " ".join(QUERY.split())).status == 200


def test_what_resource_manager_refuses(world: World) -> None:
    """A body that is no JSON, another method and a missing token are refused as anywhere."""
    assert world.call("POST", GRAPH, b"{").status == 400
    assert world.call("GET", GRAPH).status == 405
    assert world.call("POST", GRAPH, {}, headers={"x": "y"}).status == 401
    assert world.call("POST", GRAPH, {}, api_version="").status == 400


def test_queries_are_throttled() -> None:
    """Fifteen queries are answered at once, then 429 with what is left and a Retry-After."""
    setup = a_setup()
    setup.throttle = Throttle(enforced=True)
    world = World(Simulator(setup))
    assert [ask(world).status for _ in range(16)] == [200] * 15 + [429]
    reply = ask(world)
    assert gateway_error(reply)["code"] == "RateLimiting"
    assert reply.headers["x-ms-user-quota-remaining"] == "0"
    assert reply.headers["Retry-After"] == "1"
    world.simulator.clock.advance(5)
    assert [ask(world).status for _ in range(16)] == [200] * 15 + [429]


async def test_answers_say_what_is_left(served: Served) -> None:
    """Every answer says how many queries are left."""
    url = f"{served.server.url}{GRAPH}?api-version=2024-04-01"
    async with served.session.post(url, json={"query": QUERY}, headers=served.bearer()) as response:
        assert response.status == 200
        assert response.headers["x-ms-user-quota-remaining"] == "14"
        assert response.headers["x-ms-user-quota-resets-after"] == "00:00:05"
    assert served.simulator.journal.entries()[0].operation == "Resources"


async def test_machines_by_hand(served: Served) -> None:
    """A control makes, shows and deletes machines, and they are in the state."""
    body = machine("vm-1")
    path = f"state{body['id']}"
    made = await served.control("PUT", path, {"location": "westeurope", "tags": NAP_TAGS})
    assert as_object(made["properties"])["timeCreated"] == "2026-08-26T12:00:00Z"
    assert made["type"] == "Microsoft.Compute/virtualMachines"
    assert (await served.control("GET", path.replace("MC_", "mc_")))["id"] == body["id"]
    state = await served.control("GET", "state")
    assert as_list(state["virtualMachines"]) == [made]
    assert names(content(ask(World(served.simulator)))) == ["vm-1"]
    await served.control("DELETE", path)
    assert names(content(ask(World(served.simulator)))) == []
    assert (await served.control("GET", "events"))["value"] == []
    for method, order, status in (
        ("GET", None, 404),
        ("DELETE", None, 404),
        ("PUT", {}, 400),
        ("PUT", [], 400),
        ("PUT", {"location": "x", "tags": ["x"]}, 400),
        ("POST", {}, 405),
    ):
        assert (await refused(served, method, path, order))[0] == status


async def test_stale_listings_miss_new_machines(served: Served) -> None:
    """Resource Graph lags: with the fault of stale listings new machines are not there yet."""
    body = machine("vm-1")
    await served.control("PUT", f"state{body['id']}", body)
    await served.control(
        "POST", "faults", {"fault": "stale-list", "operation": "Resources", "seconds": 60}
    )
    world = World(served.simulator)
    assert names(content(ask(world))) == []
    await served.control("POST", "clock", {"advance": 61})
    assert names(content(ask(world))) == ["vm-1"]


def test_machines_come_with_the_fleet() -> None:
    """A fleet file may have machines, among the bodies or in a list of their own."""
    assert len(fleet_of([machine("a")]).machines) == 1
    assert len(fleet_of({"virtualMachines": [machine("a")], "clusters": []}).machines) == 1
    with pytest.raises(FleetIsInvalidError) as caught:
        fleet_of([machine("a", location=None, tags=["x"], properties=3)])
    assert caught.value.problems == [
        "item 0 (a): location: must be a string that is not empty",
        "item 0 (a): tags: must be an object",
        "item 0 (a): properties: must be an object",
    ]


def test_ten_thousand_machines(world: World) -> None:
    """A large fleet is listed whole, each machine once."""
    fleet = Fleet()
    for number in range(10_000):
        body = machine(f"vm-{number}")
        address = (SUBSCRIPTION, f"MC_{number % 100}", f"vm-{number}")
        fleet.machines.append((address, machine_of(address, body, NOW).body))
    fleet.fill(world.simulator.state, NOW)
    ids = [as_object(row)["id"] for page in pages(world, 1000) for row in as_list(page["data"])]
    assert len(ids) == len(set(ids)) == 10_000
    assert ids == sorted(ids, key=str)


def test_who_may_not_read_machines_sees_none(world: World) -> None:
    """Nothing is refused: what may not be read is just not there."""
    fill(world, machine("vm-1"))
    world.simulator.roles.of[NAPTIME] = Role(("Microsoft.ResourceGraph/resources/read",))
    assert (ask(world).status, names(content(ask(world)))) == (200, [])
    world.simulator.roles.of[NAPTIME] = Role(("Microsoft.Compute/virtualMachines/read",))
    assert names(content(ask(world))) == ["vm-1"]


def test_clusters_with_their_mode(world: World) -> None:
    """The query for clusters gives each with its mode of NAP, empty without one."""
    rows = [as_object(each) for each in as_list(content(ask(world, CLUSTERS_QUERY))["data"])]
    assert {(row["name"], row["mode"]) for row in rows} == {
        ("nap-1", "Auto"),
        ("nap-2", "Auto"),
        ("manual-1", "Manual"),
        ("plain-1", ""),
    }
    assert {row["subscriptionId"] for row in rows} == {SUBSCRIPTION}


def test_clusters_with_nap_alone(world: World) -> None:
    """The query for clusters with NAP gives those alone, and what an inventory shows of them."""
    page = content(ask(world, NAP_QUERY))
    assert names(page) == ["nap-1", "nap-2"]
    row = as_object(as_list(page["data"])[0])
    assert (row["resourceGroup"], row["state"], row["power"]) == ("rg-prod", "Succeeded", "")


def test_clusters_need_their_own_permission(world: World) -> None:
    """A reader who may not read clusters finds none, without an error."""
    world.simulator.roles.give(NAPTIME, Role.of(["Microsoft.Compute/virtualMachines/read"]))
    assert names(content(ask(world, CLUSTERS_QUERY))) == []
