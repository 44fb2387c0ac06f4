"""The switches, over the controls."""

import asyncio

import pytest

from tests.local.azure.conftest import Served
from tests.local.azure.test_cluster_life import BODY, MADE
from tests.local.azure.test_controls import arm, events, refused
from tests.local.azure.world import NODE_OS, window


async def test_switches_are_shown_and_set(served: Served) -> None:
    """GET options shows every switch, POST sets those that are named, reset puts them back."""
    before = await served.control("GET", "options")
    changes = {
        "pageSize": 7,
        "operationSeconds": 1.5,
        "operationReads": 2,
        "failOperations": 1,
        "conflictWhileBusy": True,
        "created201": True,
        "allowPastStartDate": True,
        "listLagSeconds": 2.5,
        "tagEventNamesCluster": True,
        "throttle": True,
    }
    assert set(changes) == set(before)
    assert await served.control("POST", "options", changes) == changes
    await served.control("POST", "options", {"throttle": False})
    await served.control("POST", "reset")
    assert await served.control("GET", "options") == before


@pytest.mark.parametrize(
    ("order", "field"),
    [
        ({"pageSize": -1}, "pageSize"),
        ({"operationReads": 1.5}, "operationReads"),
        ({"operationSeconds": "soon"}, "operationSeconds"),
        ({"conflictWhileBusy": 1}, "conflictWhileBusy"),
        ({"other": 1}, "other"),
    ],
)
async def test_wrong_switches(served: Served, order: dict[str, object], field: str) -> None:
    """A wrong or unknown switch is 400 with its name, and nothing changes."""
    before = await served.control("GET", "options")
    status, text = await refused(served, "POST", "options", {"created201": True, **order})
    assert (status, text.startswith(field)) == (400, True)
    assert await served.control("GET", "options") == before


async def test_operations_end_unasked(served: Served) -> None:
    """When the clock is moved on an operation ends and its event is raised, without a call."""
    assert await arm(served, "PUT", MADE, BODY) == 201
    assert await events(served) == []
    await served.control("POST", "clock", {"advance": 60})
    assert len(await events(served)) == 1


async def test_operations_end_by_running_time(served: Served) -> None:
    """While the clock runs an operation ends by itself, and its event is raised."""
    raised = asyncio.Event()
    served.simulator.on_event = raised.set
    await served.control("POST", "clock", {"freeze": False})
    await served.control("POST", "options", {"operationSeconds": 0.05})
    assert await arm(served, "PUT", MADE, BODY) == 201
    async with asyncio.timeout(10):
        await raised.wait()
    assert len(await events(served)) == 1


async def test_operations_of_no_time(served: Served) -> None:
    """With no seconds to wait, an operation is over at once."""
    await served.control("POST", "options", {"operationSeconds": 0, "conflictWhileBusy": True})
    assert await arm(served, "PUT", MADE, BODY) == 201
    target = NODE_OS.replace("nap-1", "made-1")
    assert await arm(served, "PUT", target, window()) == 200
