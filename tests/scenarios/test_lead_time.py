"""Near the window's start, on the simulated Azure's clock: always half an hour ahead."""

from collections.abc import AsyncIterator
from datetime import datetime

import pytest

from shared.domain.vocabulary.ids import ClusterId
from tests.payloads import cluster_written
from tests.scenarios.conftest import Naptime
from tests.scenarios.test_event_to_schedule import body_of

# A Sunday so far ahead that the worker's own clock, which is real, is behind it.
SUNDAY = "2036-03-02"
NEXT_SUNDAY = "2036-03-09T01:00:00Z"


@pytest.fixture
async def future(naptime: Naptime) -> AsyncIterator[Naptime]:
    """Give the simulated Azure's clock back afterwards."""
    now = str((await naptime.controls.time())["now"])
    yield naptime
    await naptime.controls.clock(now=now)


@pytest.mark.parametrize("at", ["00:40:00", "00:25:00", "02:00:00", "04:59:30"])
async def test_too_near_or_open(future: Naptime, some_cluster: ClusterId, at: str) -> None:
    """20 minutes before the start, and inside the window, the accepted write starts next week."""
    await future.controls.clock(now=f"{SUNDAY}T{at}Z")
    await future.controls.put(body_of(some_cluster))
    await future.scheduled(some_cluster)
    (write,) = await future.writes(some_cluster)
    assert str(write["nextStart"]).startswith(NEXT_SUNDAY[:16])
    assert float(str(write["leadMinutes"])) >= 30


async def test_a_start_an_hour_ahead_is_this_weeks(
    future: Naptime, some_cluster: ClusterId
) -> None:
    """An hour before the start it is this week's window."""
    await future.controls.clock(now=f"{SUNDAY}T00:00:00Z")
    await future.controls.put(body_of(some_cluster))
    await future.scheduled(some_cluster)
    (write,) = await future.writes(some_cluster)
    assert datetime.fromisoformat(str(write["nextStart"])).date().isoformat() == SUNDAY


async def test_pushed_across_the_boundary(future: Naptime, some_cluster: ClusterId) -> None:
    """A 429 whose wait passes the last moment for this week moves the write to next week."""
    await future.controls.clock(now=f"{SUNDAY}T00:15:00Z")
    await future.controls.put(body_of(some_cluster), events=False)
    await future.controls.order(
        "throttled-by-aks", method="PUT", cluster=some_cluster.name, retryAfter=3
    )
    await future.post_event("on_cluster_created", cluster_written(some_cluster))
    path = f"*{some_cluster.name}*"
    await future.until(lambda: future.controls.journal("PUT", path), holds="a refused write")
    await future.controls.clock(advance=600)
    await future.scheduled(some_cluster)
    refused, accepted = await future.controls.journal("PUT", path)
    assert "startDate" not in refused["requestBody"]["properties"]["maintenanceWindow"]  # type: ignore[index]  # JSON
    assert str(accepted["nextStart"]).startswith(NEXT_SUNDAY[:16])
    assert float(str(accepted["leadMinutes"])) >= 30
