from collections.abc import Mapping

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.domain.deciding.observed import (
    NODE_OS_SCHEDULE,
    ObservedConfiguration,
    ObservedSchedule,
    node_os_schedule,
    observe_cluster,
    observe_configuration,
)
from shared.domain.vocabulary.invalid import InvalidResourceId
from tests.unit.domain.examples import CLUSTER_ID, SUNDAYS, cluster, configuration
from tests.unit.domain.strategies import json_values


def test_a_cluster_is_read_from_its_body() -> None:
    """Everything that the policy looks at is taken from ARM's answer."""
    found = observe_cluster(
        {
            "id": str(CLUSTER_ID).replace("resourceGroups", "resourcegroups"),
            "type": "Microsoft.ContainerService/ManagedClusters",
            "location": "West Europe",
            "tags": {"tier": "production", "count": 3},
            "properties": {
                "provisioningState": "Updating",
                "nodeProvisioningProfile": {"mode": "Auto", "defaultNodePools": "None"},
                "autoUpgradeProfile": {
                    "upgradeChannel": "stable",
                    "nodeOSUpgradeChannel": "Unmanaged",
                },
            },
        }
    )
    assert found.id == CLUSTER_ID
    assert (found.location, found.provisioning_state) == ("westeurope", "Updating")
    assert found.auto_provisioning
    assert found.tags == {"tier": "production"}
    assert (found.node_os_channel, found.upgrade_channel) == ("Unmanaged", "stable")


@pytest.mark.parametrize(
    ("profile", "auto"),
    [
        ({"mode": "Auto"}, True),
        ({"mode": "auto"}, True),
        ({"mode": "Manual"}, False),
        ({}, False),
        (None, False),
        ("Auto", False),
        ({"mode": True}, False),
    ],
)
def test_only_the_mode_auto_is_node_auto_provisioning(profile: object, auto: object) -> None:
    """The mode is compared without case; an absent profile is Manual."""
    assert cluster(nodeProvisioningProfile=profile).auto_provisioning is auto


@given(json_values, json_values)
@settings(max_examples=100, deadline=None)
def test_only_the_id_must_be_right(properties: object, rest: object) -> None:
    """Whatever else is missing or of the wrong type, the cluster can be read."""
    body = {"id": str(CLUSTER_ID), "properties": properties, "tags": rest, "location": rest}
    assert observe_cluster(body).id == CLUSTER_ID


@pytest.mark.parametrize("body", [{}, {"id": None}, {"id": 3}, {"id": "/subscriptions/x"}])
def test_a_body_without_a_clusters_id_is_refused(body: Mapping[str, object]) -> None:
    """Something without a cluster's id is not a cluster."""
    with pytest.raises(InvalidResourceId, match="id"):
        observe_cluster(body)


@pytest.mark.parametrize("body", [{}, {"name": 3, "properties": "x"}, {"properties": None}])
def test_a_configuration_may_lack_everything(body: Mapping[str, object]) -> None:
    """A configuration without a name or properties is read as one."""
    assert observe_configuration(body) == ObservedConfiguration("", {})


def test_a_configuration_without_a_name_has_that_of_its_id() -> None:
    """What is there is recognised: a schedule that is not would be written over."""
    body = {"name": None, "id": f"{CLUSTER_ID}/maintenanceConfigurations/{NODE_OS_SCHEDULE}"}
    assert observe_configuration(body).is_node_os_schedule


def test_the_node_os_schedule_is_found_in_any_casing() -> None:
    """ARM keeps the casing of whoever wrote it; its siblings are not it."""
    siblings = [
        configuration(SUNDAYS, name) for name in ("default", "aksManagedAutoUpgradeSchedule")
    ]
    ours = observe_configuration({"name": NODE_OS_SCHEDULE.upper(), "properties": {}})
    assert node_os_schedule([*siblings, ours]) is ours
    assert node_os_schedule(siblings) is None


def test_a_schedule_is_a_window_or_unreadable_or_nothing() -> None:
    """The three things that a schedule can say are told apart."""
    assert configuration(SUNDAYS).schedule == ObservedSchedule(window=SUNDAYS)
    assert configuration(None).schedule == ObservedSchedule()
    unreadable = configuration({"schedule": {"hourly": {}}}).schedule
    assert unreadable.window is None
    assert "schedule" in str(unreadable.unreadable)


@given(st.dictionaries(st.sampled_from(["maintenanceWindow", "timeInWeek"]), json_values))
@settings(max_examples=100, deadline=None)
def test_no_schedule_is_an_accident(properties: dict[str, object]) -> None:
    """Whatever the properties, the schedule can be asked for, and is at most one of the three."""
    schedule = ObservedConfiguration(NODE_OS_SCHEDULE, properties).schedule
    assert schedule.window is None or schedule.unreadable is None
