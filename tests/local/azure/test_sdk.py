"""The real SDK, with the managed-identity credential, over TLS: no switch, no other client."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from azure.core.exceptions import HttpResponseError, ResourceNotFoundError
from azure.identity import ManagedIdentityCredential as SyncCredential
from azure.identity.aio import ManagedIdentityCredential
from azure.mgmt.containerservice import ContainerServiceClient as SyncClient
from azure.mgmt.containerservice.aio import ContainerServiceClient
from azure.mgmt.containerservice.models import (
    MaintenanceConfiguration,
    MaintenanceConfigurationProperties,
    MaintenanceWindow,
    ManagedCluster,
    ManagedClusterNodeProvisioningProfile,
    ManagedClusterProperties,
    Schedule,
    TagsObject,
    WeeklySchedule,
)

from tests.local.azure.conftest import Served
from tests.local.azure.world import CLUSTER, NAPTIME, SUBSCRIPTION, cluster

SCHEDULE = "aksManagedNodeOSUpgradeSchedule"


@pytest.fixture
def trusted(served: Served, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Served:
    bundle = tmp_path / "ca.pem"
    served.bundle = str(bundle)
    bundle.write_bytes(served.server.certificates.bundle())
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(bundle))
    monkeypatch.setenv("IDENTITY_ENDPOINT", served.server.urls["identityEndpoint"])
    monkeypatch.setenv("IDENTITY_HEADER", "secret")
    return served


@pytest.fixture
async def client(trusted: Served) -> AsyncIterator[ContainerServiceClient]:
    async with (
        ManagedIdentityCredential(client_id=NAPTIME) as credential,
        ContainerServiceClient(
            credential,
            SUBSCRIPTION,
            base_url=trusted.server.url,
            retry_total=0,
            # aiohttp reads SSL_CERT_FILE when it is imported; a process of its own needs no more.
            connection_verify=trusted.bundle,
        ) as client,
    ):
        yield client


def a_window(hours: int = 4) -> MaintenanceConfiguration:
    schedule = Schedule(weekly=WeeklySchedule(interval_weeks=1, day_of_week="Sunday"))
    window = MaintenanceWindow(schedule=schedule, duration_hours=hours, start_time="01:00")
    return MaintenanceConfiguration(
        properties=MaintenanceConfigurationProperties(maintenance_window=window)
    )


async def test_whole_life_of_a_schedule(client: ContainerServiceClient) -> None:
    """The asynchronous SDK lists, creates, reads and deletes a schedule."""
    configurations = client.maintenance_configurations
    assert [each async for each in configurations.list_by_managed_cluster("rg-prod", "nap-1")] == []
    made = await configurations.create_or_update("rg-prod", "nap-1", SCHEDULE, a_window())
    assert made.name == SCHEDULE
    read = await configurations.get("rg-prod", "nap-1", SCHEDULE)
    assert read.properties is not None
    window = read.properties.maintenance_window
    assert window is not None
    assert window.utc_offset == "+00:00"
    assert str(window.start_date) == "2026-08-26"
    await configurations.delete("rg-prod", "nap-1", SCHEDULE)
    await configurations.delete("rg-prod", "nap-1", SCHEDULE)


async def test_pages_of_clusters(client: ContainerServiceClient, trusted: Served) -> None:
    """The asynchronous SDK follows nextLink to the end."""
    trusted.simulator.arm.options.page_size = 1
    names = [each.name async for each in client.managed_clusters.list()]
    assert sorted(map(str, names)) == ["manual-1", "nap-1", "nap-2", "plain-1"]
    group = client.managed_clusters.list_by_resource_group("rg-prod")
    assert len([each async for each in group]) == 3


async def test_errors_of_both_shapes(client: ContainerServiceClient) -> None:
    """The SDK reads the code of flat and of wrapped errors."""
    configurations = client.maintenance_configurations
    with pytest.raises(HttpResponseError) as refused:
        await configurations.create_or_update("rg-prod", "nap-1", SCHEDULE, a_window(hours=1))
    assert refused.value.error is not None
    assert (refused.value.status_code, refused.value.error.code) == (400, "InvalidParameter")
    with pytest.raises(ResourceNotFoundError) as gone:
        await configurations.get("rg-prod", "gone", SCHEDULE)
    assert gone.value.error is not None
    assert gone.value.error.code == "ResourceNotFound"


async def test_refused_token(client: ContainerServiceClient, trusted: Served) -> None:
    """A refused token is an authentication error of the SDK, not a loop."""
    await trusted.control("POST", "faults", {"fault": "token-refused", "times": None})
    with pytest.raises(HttpResponseError) as refused:
        await client.managed_clusters.get("rg-prod", "nap-1")
    assert refused.value.status_code == 401


async def test_life_of_a_cluster(client: ContainerServiceClient, trusted: Served) -> None:
    """The SDK's pollers see a cluster made, tagged and deleted, each to its end."""
    trusted.simulator.options.operation_reads = 2
    clusters = client.managed_clusters
    profile = ManagedClusterNodeProvisioningProfile(mode="Auto")
    body = ManagedCluster(
        location="westeurope",
        properties=ManagedClusterProperties(node_provisioning_profile=profile),
    )
    making = await clusters.begin_create_or_update("rg-prod", "made", body, polling_interval=0)
    made = await making.result()
    assert made.properties is not None
    assert made.properties.provisioning_state == "Succeeded"
    tagging = await clusters.begin_update_tags(
        "rg-prod", "made", TagsObject(tags={"a": "b"}), polling_interval=0
    )
    assert (await tagging.result()).tags == {"a": "b"}
    deleting = await clusters.begin_delete("rg-prod", "made", polling_interval=0)
    await deleting.result()
    with pytest.raises(ResourceNotFoundError):
        await clusters.get("rg-prod", "made")


async def test_synchronous_sdk(trusted: Served) -> None:
    """The synchronous SDK does the same."""

    def use() -> tuple[list[str | None], str | None]:
        with (
            SyncCredential(client_id=NAPTIME) as credential,
            SyncClient(credential, SUBSCRIPTION, base_url=trusted.server.url) as client,
        ):
            names = [each.name for each in client.managed_clusters.list()]
            configurations = client.maintenance_configurations
            made = configurations.create_or_update("rg-prod", "nap-1", SCHEDULE, a_window())
            return names, made.name

    names, made = await asyncio.to_thread(use)
    assert (len(names), made) == (4, SCHEDULE)


async def test_upgrade_profile_of_a_pool(trusted: Served, client: ContainerServiceClient) -> None:
    """The newest node image of an agent pool is read as the SDK reads it."""
    pool = {"name": "system", "nodeImageVersion": "AKSUbuntu-2404gen2containerd-202512.06.0"}
    await trusted.control("PUT", f"state{CLUSTER}", cluster("nap-1", agentPoolProfiles=[pool]))
    profile = await client.agent_pools.get_upgrade_profile("rg-prod", "nap-1", "system")
    assert profile.properties.latest_node_image_version == (
        "AKSUbuntu-2404gen2containerd-202608.06.1"
    )
    assert profile.properties.os_type == "Linux"
