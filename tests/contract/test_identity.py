"""The identity end point has a bad moment, and the real SDKs tell of it in their own ways."""

from collections.abc import AsyncIterator
from datetime import timedelta

import pytest
from azure.core.exceptions import ClientAuthenticationError

from local.azure.clock import Clock as SimulatedClock
from local.azure.fleet import Fleet
from local.azure.simulator import Setup
from shared.clients.aks import AksClient
from shared.clients.arm import ArmClients
from shared.clients.identity import new_credential
from shared.clients.retry import QuickRetry
from shared.clients.storage.account import is_storage_trouble
from shared.domain.errors import NotAuthenticated
from tests.clusters import OWN_CLIENT_ID, cluster, cluster_id
from tests.contract.served import Served, served
from tests.fakes.clock import SATURDAY_NOON, FakeClock
from tests.simulated_azure import Controls

IDENTITY = "identity-refused"


@pytest.fixture
async def azure(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Served]:
    """Start a simulator."""
    setup = Setup(fleet=Fleet(), clock=SimulatedClock(SATURDAY_NOON, frozen=True))
    async with served(setup, monkeypatch) as azure:
        yield azure


async def read(azure: Served, clock: FakeClock) -> None:
    """Read a cluster, as a reconcile does: with quick retries."""
    arm = ArmClients(azure.credential, azure.url, clock, timedelta(seconds=30))

    async def attempt() -> None:
        await AksClient(arm).get_cluster(cluster_id())

    try:
        await QuickRetry(clock, lambda: 0.5)(attempt)
    finally:
        await arm.close()


@pytest.mark.parametrize("status", [400, 500, 503])
async def test_a_token_is_asked_for_again_within_seconds(azure: Served, status: int) -> None:
    """One refusal of the identity end point costs a cluster seconds, whatever its status."""
    controls, clock = Controls(azure.controls), FakeClock()
    await controls.put(cluster())
    await controls.order(IDENTITY, status=status, times=1)
    await read(azure, clock)
    assert sum(clock.slept) < 5


async def test_an_identity_that_gives_no_token_is_said_so(azure: Served) -> None:
    """After a minute's tries it is the identity that is named, not Azure Resource Manager."""
    controls, clock = Controls(azure.controls), FakeClock()
    await controls.order(IDENTITY, status=400, times=50)
    with pytest.raises(NotAuthenticated, match="ManagedIdentityCredential"):
        await read(azure, clock)
    assert 5 <= sum(clock.slept) <= 60


def test_storage_without_a_token_is_asked_again() -> None:
    """What the credential raises within a call to storage has no status, and passes."""
    assert is_storage_trouble(ClientAuthenticationError("no token"))


async def test_storage_may_have_an_identity_of_its_own(azure: Served) -> None:
    """One that is named is asked for by its client id; otherwise it is the app's."""
    other = "0a0b0c0d-1111-2222-3333-444455556666"
    for client_id in (None, other):
        async with new_credential(client_id) as identity:
            await identity.get_token("https://storage.azure.com/.default")
    asked = await Controls(azure.controls).journal(path="*token*")
    assert [entry["caller"] for entry in asked] == [OWN_CLIENT_ID, other]
