"""Rows of the listing of machines."""

import pytest
from hypothesis import given

from shared.domain.images.machines import NapMachine, NodeGroup, observe_machine
from shared.domain.images.node_image import NodeImage
from tests.unit.domain.examples import SUBSCRIPTION
from tests.unit.domain.images.test_node_image import COMMUNITY, SIG
from tests.unit.domain.strategies import json_values

ROW: dict[str, object] = {
    "id": f"/subscriptions/{SUBSCRIPTION}/resourceGroups/MC_rg/providers/x",
    "subscriptionId": SUBSCRIPTION.upper(),
    "resourceGroup": "MC_rg_aks_westeurope",
    "image": SIG,
}
GROUP = NodeGroup(SUBSCRIPTION, "mc_rg_aks_westeurope")


@pytest.mark.parametrize(
    ("image", "name"),
    [
        (SIG, "AKSUbuntu-2404gen2containerd-202608.20.0"),
        (COMMUNITY, "AKSAzureLinux-V3gen2-202512.18.0"),
        ("/subscriptions/x/images/mine", None),
        ("", None),
        (None, None),
        (7, None),
    ],
)
def test_a_machine_is_read(image: object, name: str | None) -> None:
    """A machine has its group, compared without case, and its image if that is known."""
    expected = NodeImage.parse(name) if name else None
    assert observe_machine({**ROW, "image": image}) == NapMachine(GROUP, expected)


@pytest.mark.parametrize(
    "row",
    [None, [], {}, {**ROW, "subscriptionId": "x"}, {**ROW, "resourceGroup": ""}, {"image": SIG}],
)
def test_a_row_without_a_group_is_no_machine(row: object) -> None:
    """A row without a subscription or a group is no machine."""
    assert observe_machine(row) is None


@given(json_values)
def test_any_row_can_be_read(row: object) -> None:
    """No row makes an error."""
    assert observe_machine(row) is None
