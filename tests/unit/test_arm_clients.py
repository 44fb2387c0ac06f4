"""Calls to Azure Resource Manager: so many at once, and each bounded in time."""

import asyncio
from datetime import timedelta

import aiohttp
import pytest
from azure.core.exceptions import ServiceRequestError
from azure.mgmt.containerservice.aio._configuration import ContainerServiceClientConfiguration

from shared.clients.arm import API_VERSION, ArmClients, is_same_place
from shared.domain.errors import AzureError
from shared.domain.fleet.pace import CALLS_AT_ONCE
from tests.clusters import SUBSCRIPTION
from tests.contract.test_odd_answers import NoIdentity
from tests.fakes.clock import FakeClock


def clients(timeout: float) -> ArmClients:
    """Make them without an identity, which no call here needs."""
    return ArmClients(None, "https://arm.test", FakeClock(), timedelta(seconds=timeout))  # type: ignore[arg-type]  # never asked


async def test_the_version_is_the_sdks_own() -> None:
    """Where no other is set, AKS is asked in the version that the pinned SDK asks in by itself."""
    own = ContainerServiceClientConfiguration(NoIdentity(), "any", credential_scopes=["any"])
    assert own.api_version == API_VERSION


async def test_nobody_waits_long_for_a_connection(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where no connection is to be had the call fails in seconds, and there is time for another."""
    allowed: list[aiohttp.ClientTimeout] = []

    async def request(*_: object, timeout: aiohttp.ClientTimeout, **__: object) -> None:  # noqa: ASYNC109 - aiohttp's own
        allowed.append(timeout)
        raise aiohttp.ClientError

    monkeypatch.setattr(aiohttp.ClientSession, "request", request)
    arm = ArmClients(NoIdentity(), "https://arm.test", FakeClock(), timedelta(seconds=30))
    client = arm.of(SUBSCRIPTION)
    with pytest.raises(ServiceRequestError):
        await client.managed_clusters.get("rg-1", "aks-1")
    await arm.close()
    assert [each.sock_connect for each in allowed] == [5]


async def test_no_more_calls_at_once_than_there_are_connections() -> None:
    """Whatever the shards at work want, so many calls are made at once; the others wait."""
    arm = clients(30)
    under_way, most = 0, 0

    async def call() -> None:
        nonlocal under_way, most
        under_way += 1
        most = max(most, under_way)
        await asyncio.sleep(0)
        under_way -= 1

    async with asyncio.TaskGroup() as tasks:
        for _ in range(3 * CALLS_AT_ONCE):
            tasks.create_task(arm.bounded(call))
    assert most == CALLS_AT_ONCE


async def test_waiting_for_others_is_a_part_of_a_calls_time() -> None:
    """A call that finds no room in its time has not been made, and fails as one that timed out."""
    arm = clients(0.05)
    done = asyncio.Event()
    others = [asyncio.create_task(arm.bounded(done.wait)) for _ in range(CALLS_AT_ONCE)]
    with pytest.raises(AzureError):
        await arm.bounded(done.wait)
    results = await asyncio.gather(*others, return_exceptions=True)
    assert all(isinstance(result, AzureError) for result in results)


@pytest.mark.parametrize(
    ("link", "same"),
    [
        ("https://arm.test/next", True),
        ("https://ARM.test:443/next", True),
        ("https://arm.test:8443/next", False),
        ("http://arm.test/next", False),
        ("https://arm.test.example/next", False),
        ("https://me@elsewhere.example/arm.test", False),
        ("//arm.test/next", False),
        ("/next", False),
        ("https://arm.test:port/next", False),
        ("https://[/next", False),
    ],
)
def test_a_token_goes_where_it_went_before(link: str, *, same: bool) -> None:
    """A link to a next page is followed to the very place that was asked, and to no other."""
    assert is_same_place(link, "https://arm.test/subscriptions") is same
