"""The agent pools of a cluster, read for their image families."""

import pytest
from hypothesis import given

from shared.domain.images.machines import ImagePool, observe_pools
from tests.unit.domain.strategies import json_values


def test_the_first_pool_of_each_family() -> None:
    """One pool of a family is enough; Windows pools have no image that NAP uses."""
    rows = [
        {"name": "system", "osSKU": "Ubuntu", "osType": "Linux"},
        {"name": "user1", "osSKU": "ubuntu"},
        {"name": "linux3", "osSKU": "AzureLinux", "osType": "Linux"},
        {"name": "win", "osSKU": "Windows2022", "osType": "Windows"},
    ]
    assert observe_pools(rows) == [ImagePool("system", "ubuntu"), ImagePool("linux3", "azurelinux")]


def test_a_pool_without_a_family_is_ubuntu() -> None:
    """AKS leaves the OS SKU out where it is its default for Linux."""
    assert observe_pools([{"name": "system"}]) == [ImagePool("system", "ubuntu")]


@pytest.mark.parametrize("name", ["", "Upper", "a/b", "../x", "1st", "x" * 13, None, 7])
def test_names_that_are_none(name: object) -> None:
    """What could not be the name of a pool goes into no URL."""
    assert observe_pools([{"name": name, "osSKU": "Ubuntu"}]) == []


@given(json_values)
def test_whatever_the_answer(rows: object) -> None:
    """Any JSON at all gives pools or none, and no error."""
    assert isinstance(observe_pools(rows), list)
