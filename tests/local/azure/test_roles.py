"""A caller that has a role may do what it grants and nothing else; 403 as Resource Manager does."""

import json
from datetime import timedelta
from pathlib import Path

import pytest

from local.azure.arm.roles import Role, RoleIsInvalidError, read_role
from local.azure.json_values import as_object, parse
from local.azure.simulator import Simulator
from local.demo.role import write_role
from tests.local.azure.conftest import Served
from tests.local.azure.world import (
    CLUSTER,
    CONFIGURATIONS,
    NAPTIME,
    NODE_OS,
    SUBSCRIPTION,
    World,
    a_setup,
    window,
)

AKS = "Microsoft.ContainerService"
READER = [f"{AKS}/managedClusters/read"]


def world_with(role: object) -> World:
    """Give a world in which naptime has a role."""
    world = World()
    world.simulator.roles.of[NAPTIME] = Role.of(role)
    return world


@pytest.mark.parametrize(
    ("method", "target", "action"),
    [
        ("GET", CONFIGURATIONS, f"{AKS}/managedClusters/maintenanceConfigurations/read"),
        ("GET", NODE_OS, f"{AKS}/managedClusters/maintenanceConfigurations/read"),
        ("PUT", NODE_OS, f"{AKS}/managedClusters/maintenanceConfigurations/write"),
        ("DELETE", NODE_OS, f"{AKS}/managedClusters/maintenanceConfigurations/delete"),
        ("PUT", CLUSTER, f"{AKS}/managedClusters/write"),
        ("DELETE", CLUSTER, f"{AKS}/managedClusters/delete"),
    ],
)
def test_what_is_not_granted_is_403(method: str, target: str, action: str) -> None:
    """The error is wrapped, and names the caller, the action and the scope."""
    reply = world_with(READER).call(method, target, window())
    error = as_object(as_object(parse(reply.body))["error"])
    assert (reply.status, error["code"]) == (403, "AuthorizationFailed")
    for named in (NAPTIME, f"'{action}'", f"'{target}'"):
        assert named in str(error["message"])


def test_what_is_granted_is_done() -> None:
    """A cluster can be read, alone and in the listing of its subscription."""
    world = world_with([action.upper() for action in READER])
    listing = f"/subscriptions/{SUBSCRIPTION}/providers/{AKS}/managedClusters"
    assert [world.call("GET", target).status for target in (CLUSTER, listing)] == [200, 200]


def test_a_refused_write_changes_nothing_and_tells_nobody() -> None:
    """It is in the journal as refused; there is no schedule and no event."""
    world = world_with(READER)
    world.call("PUT", NODE_OS, window())
    assert world.simulator.journal.entries()[-1].status == 403
    world.simulator.roles.of.clear()
    assert world.call("GET", NODE_OS).status == 404


def test_a_role_arrives_late() -> None:
    """An assignment that is under way grants nothing, on any scope, until it arrives."""
    world = World()
    arrives = world.simulator.clock.now() + timedelta(minutes=4)
    world.simulator.roles.give(NAPTIME, Role.of(READER), arrives)
    assert world.get(CLUSTER).status == 403
    world.simulator.clock.advance(4 * 60)
    assert world.get(CLUSTER).status == 200


def test_a_changed_role_grants_what_it_did_until_the_change_arrives() -> None:
    """While a wider role is under way the narrower one still counts."""
    world = world_with(READER)
    arrives = world.simulator.clock.now() + timedelta(minutes=4)
    world.simulator.roles.give(NAPTIME, Role.of(["*"]), arrives)
    assert [world.get(CLUSTER).status, world.get(CONFIGURATIONS).status] == [200, 403]
    world.simulator.clock.advance(4 * 60)
    assert world.get(CONFIGURATIONS).status == 200


def test_the_roles_of_the_start_can_arrive_late() -> None:
    """As right after a deployment: 403 on everything for minutes, also after a reset."""
    setup = a_setup()
    setup.roles, setup.roles_after = {NAPTIME: Role.of(READER)}, timedelta(minutes=3)
    world = World(Simulator(setup))
    assert world.get(CLUSTER).status == 403
    world.simulator.clock.advance(3 * 60)
    assert world.get(CLUSTER).status == 200
    world.simulator.reset()
    assert world.get(CLUSTER).status == 403


async def test_a_role_can_be_given_for_later(served: Served) -> None:
    """PUT roles with ?after= says in how many seconds it arrives; what is no number is refused."""
    shown = await served.control("PUT", f"roles/{NAPTIME}?after=90", READER)
    role = as_object(shown[NAPTIME])
    assert role["arrives"] == "2026-08-26T12:01:30Z"
    url = f"{served.server.url}/_simulator/roles/{NAPTIME}?after=soon"
    async with served.session.put(url, json=READER) as response:
        assert response.status == 400


def test_others_may_do_everything() -> None:
    """A role binds the caller that has it, not those that play the world around."""
    world = World()
    world.simulator.roles.of["44444444-4444-4444-8444-444444444444"] = Role(())
    assert world.call("PUT", NODE_OS, window()).status == 200


@pytest.mark.parametrize(
    ("role", "granted"),
    [
        ([f"{AKS}/*/read"], True),
        (["*"], True),
        ([], False),
        ({"actions": ["*"], "notActions": [f"{AKS}/managedClusters/*"]}, False),
        ({"properties": {"permissions": [{"actions": READER, "notActions": []}]}}, True),
        ({"properties": {"permissions": [{"actions": []}, {"actions": READER}]}}, True),
        ({"Name": "r", "Actions": READER, "NotActions": [], "DataActions": []}, True),
        ([f"{AKS}/managedClusters"], False),
    ],
)
def test_the_forms_of_a_role(role: object, *, granted: bool) -> None:
    """A list of actions, a permission, a role definition of ARM or of azure-cli."""
    assert (world_with(role).call("GET", CLUSTER).status == 200) is granted


@pytest.mark.parametrize(
    ("role", "field"),
    [
        ("*", "actions"),
        ([1], "actions"),
        ([""], "actions"),
        ({"actions": "x"}, "actions"),
        ({"actions": [], "notActions": "x"}, "notactions"),
        ({}, "actions"),
        ({"properties": {"permissions": []}}, "permissions"),
    ],
)
def test_a_wrong_role_is_named(role: object, field: str) -> None:
    """The error names the field and the rule."""
    with pytest.raises(RoleIsInvalidError, match=f"^{field}: must be a list"):
        Role.of(role)


@pytest.mark.parametrize("option", ["role.json", f"{NAPTIME}", "naptime=role.json"])
def test_the_option_names_caller_and_file(option: str) -> None:
    """Anything else says what it should be."""
    with pytest.raises(RoleIsInvalidError, match="must be CLIENT_ID=FILE"):
        read_role(option)


def test_the_option_reads_the_file(tmp_path: Path) -> None:
    """A file that is not there, or no JSON, is named."""
    file = tmp_path / "role.json"
    with pytest.raises(RoleIsInvalidError, match=r"role\.json: No such file"):
        read_role(f"{NAPTIME}={file}")
    file.write_text("{", encoding="utf-8")
    with pytest.raises(RoleIsInvalidError, match=r"role\.json: "):
        read_role(f"{NAPTIME}={file}")
    file.write_text(json.dumps(READER), encoding="utf-8")
    assert read_role(f"{NAPTIME.upper()}={file}") == (NAPTIME, Role(tuple(READER)))


async def test_the_controls(served: Served) -> None:
    """A role is given, shown and taken away while the simulator runs; a reset forgets it."""
    given = await served.control("PUT", f"roles/{NAPTIME}", READER)
    assert given == {NAPTIME: {"actions": READER, "notActions": []}}
    assert await served.control("GET", "roles") == given
    assert await served.control("DELETE", f"roles/{NAPTIME}") == {}
    await served.control("PUT", f"roles/{NAPTIME}", READER)
    await served.control("POST", "reset")
    assert await served.control("GET", "roles") == {}


def test_the_role_of_infra(tmp_path: Path) -> None:
    """The demo plays under it: no wildcard, and nothing is written but configurations."""
    _, role = read_role(f"{NAPTIME}={write_role(tmp_path / 'role.json')}")
    assert not [action for action in role.actions if "*" in action]
    changing = [action for action in role.actions if not action.endswith("/read")]
    assert changing == [f"{AKS}/managedClusters/maintenanceConfigurations/write"]
