"""What naptime asks Resource Graph for is what the simulator answers."""

from local.azure.arm.resource_graph import QUERY
from local.azure.fleet import fleet_of
from local.azure.json_values import JsonObject, as_list, as_object, parse
from shared.domain.images.machines import NAP_MACHINES_QUERY, NodeGroup, observe_machine
from tests.local.azure.test_resource_graph import COMMUNITY, ask, machine
from tests.local.azure.world import NOW, SUBSCRIPTION, World


def test_the_query_is_the_one_that_is_known() -> None:
    """Both sides have the same query, but for white space."""
    assert NAP_MACHINES_QUERY.split() == QUERY.split()


def test_rows_are_read_as_they_are_written() -> None:
    """Every machine of a listing is read, with either reference to its image."""
    world = World()
    community: JsonObject = {"imageReference": {"communityGalleryImageId": COMMUNITY}}
    bodies: list[object] = [
        machine("a"),
        machine("b", properties={"storageProfile": community}),
        machine("c", properties={}),
    ]
    fleet_of(bodies).fill(world.simulator.state, NOW)
    answer = as_object(parse(ask(world, NAP_MACHINES_QUERY).body))
    found = [observe_machine(row) for row in as_list(answer["data"])]
    group = NodeGroup(SUBSCRIPTION, "mc_rg-prod_nap-1_westeurope")
    assert [each and each.group for each in found] == [group] * 3
    assert [str(each.image) if each and each.image else "" for each in found] == [
        "AKSUbuntu-2404gen2containerd-202608.20.0",
        "AKSUbuntu-2204gen2containerd-202606.13.0",
        "",
    ]
