"""One suite for the AKS port: the fake, and the real SDK against the simulator over TLS."""

from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Protocol

import pytest

from local.azure.clock import Clock as SimulatedClock
from local.azure.fleet import Fleet
from local.azure.simulator import Setup
from shared.clients.aks import AksClient
from shared.clients.arm import ArmClients
from shared.domain.deciding.observed import NODE_OS_SCHEDULE
from shared.domain.errors import (
    AccessDenied,
    AzureError,
    AzureUnavailable,
    ClusterGone,
    ConnectionFailed,
    DeleteNotGranted,
    NotAuthenticated,
    OperationInProgress,
    ReadThrottled,
    Rejected,
    SubscriptionThrottled,
    Throttled,
    WriteTargetGone,
)
from shared.domain.vocabulary.ids import ClusterId
from shared.domain.window.body import write_window
from shared.domain.window.recurrence import (
    AbsoluteMonthly,
    Daily,
    RelativeMonthly,
    Weekday,
    WeekIndex,
    Weekly,
)
from shared.domain.window.window import DateSpan, MaintenanceWindow
from shared.ports.azure import Aks
from tests.clusters import FOREIGN_SUBSCRIPTION, SUBSCRIPTION, Json, cluster, cluster_id, schedule
from tests.contract.served import served
from tests.fakes.aks import FakeAks, Fault, Verb
from tests.fakes.clock import SATURDAY_NOON, FakeClock
from tests.simulated_azure import Controls

METHODS: dict[Verb, dict[str, str]] = {
    "get": {"operation": "ManagedClusters_Get"},
    "list": {"operation": "MaintenanceConfigurations_List*"},
    "clusters": {"operation": "ManagedClusters_List*"},
    "put": {"method": "PUT"},
    "delete": {"method": "DELETE"},
}
FAULTS: dict[str, type[AzureError]] = {
    "throttled-by-aks": Throttled,
    "throttled-by-arm": SubscriptionThrottled,
    "operation-in-progress": OperationInProgress,
    "etag-mismatch": OperationInProgress,
    "forbidden": AccessDenied,
    "token-refused": NotAuthenticated,
    "internal-error": AzureUnavailable,
    "bad-gateway": AzureUnavailable,
    "unavailable": AzureUnavailable,
    "gateway-timeout": AzureUnavailable,
    "bad-request": Rejected,
    "drop-before": ConnectionFailed,
}


def expected(verb: Verb, fault: str) -> type[AzureError]:
    """Give the error that a kind of call fails with."""
    if verb == "delete" and FAULTS[fault] is AccessDenied:
        return DeleteNotGranted
    # AKS counts readings of a cluster, and listings, apart from all other calls of a shard.
    is_read = verb in {"get", "clusters"}
    return ReadThrottled if is_read and fault == "throttled-by-aks" else FAULTS[fault]


class Azure(Protocol):
    """What a test does to the world, on either side of the suite."""

    @property
    def aks(self) -> Aks:
        """The port under test."""

    async def put(self, body: Json) -> ClusterId:
        """Make a cluster."""

    async def put_schedule(self, owner: ClusterId, properties: Json, name: str) -> None:
        """Make a configuration."""

    async def order(self, verb: Verb, fault: str) -> None:
        """Order one call of a kind to fail."""


@dataclass
class Faked:
    """The fake."""

    aks: FakeAks

    async def put(self, body: Json) -> ClusterId:
        """Make a cluster."""
        return self.aks.add(body)

    async def put_schedule(self, owner: ClusterId, properties: Json, name: str) -> None:
        """Make a configuration."""
        self.aks.set_schedule(owner, properties, name)

    async def order(self, verb: Verb, fault: str) -> None:
        """Order one call of a kind to fail."""
        self.aks.faults.append(
            Fault(
                verb,
                lambda: expected(verb, fault)(fault, retry_after=timedelta(seconds=1)),
                applied=fault == "drop-after",
            )
        )


@dataclass
class Real:
    """The SDK against the simulator."""

    aks: AksClient
    arm: ArmClients
    controls: Controls

    async def put(self, body: Json) -> ClusterId:
        """Make a cluster."""
        await self.controls.put(body)
        return ClusterId.parse(str(body["id"]))

    async def put_schedule(self, owner: ClusterId, properties: Json, name: str) -> None:
        """Make a configuration."""
        await self.controls.put_schedule(owner, properties, name)

    async def order(self, verb: Verb, fault: str) -> None:
        """Order one call of a kind to fail."""
        await self.controls.order(fault, times=1, **METHODS[verb])


@pytest.fixture
async def real(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Real]:
    """Start a simulator whose clock stands on a Saturday noon, and give the real client."""
    setup = Setup(fleet=Fleet(), clock=SimulatedClock(SATURDAY_NOON, frozen=True))
    async with served(setup, monkeypatch) as azure:
        arm = ArmClients(azure.credential, azure.url, FakeClock(), timedelta(seconds=10))
        yield Real(AksClient(arm), arm, Controls(azure.controls))
        await arm.close()


@pytest.fixture(params=["fake", "real"])
def azure(request: pytest.FixtureRequest) -> Azure:
    """Give both sides in turn."""
    if request.param == "fake":
        return Faked(FakeAks(FakeClock()))
    return request.getfixturevalue("real")  # type: ignore[no-any-return]  # by name


def calls(aks: Aks, window: MaintenanceWindow) -> dict[Verb, Callable[[], Awaitable[object]]]:
    """Give the calls of the port."""
    return {
        "get": lambda: aks.get_cluster(cluster_id()),
        "list": lambda: aks.list_configurations(cluster_id()),
        "put": lambda: aks.put_node_os_schedule(cluster_id(), window),
        "delete": lambda: aks.delete_node_os_schedule(cluster_id()),
        "clusters": lambda: listed(aks),
    }


async def listed(aks: Aks, group: str | None = None) -> list[ClusterId]:
    """List the clusters of the subscription."""
    pages = aks.list_clusters(SUBSCRIPTION, group)
    return [found.id async for page in pages for found in page.clusters]


WINDOW = MaintenanceWindow(Weekly(1, Weekday.SUNDAY), time(1), 4)
WINDOWS = [
    WINDOW,
    MaintenanceWindow(Daily(3), time(23, 45), 24, timedelta(hours=14)),
    MaintenanceWindow(AbsoluteMonthly(3, 15), time(8, 30), 5, timedelta(hours=-12)),
    MaintenanceWindow(
        RelativeMonthly(1, WeekIndex.LAST, Weekday.FRIDAY),
        time(22),
        8,
        timedelta(hours=5, minutes=30),
        date(2027, 1, 1),
        (DateSpan(date(2026, 12, 23), date(2027, 1, 3)),),
    ),
]


async def test_a_cluster_is_read(azure: Azure) -> None:
    """A cluster is read with its location, state, tags and channel."""
    await azure.put(cluster(tags={"env": "prod"}, state="Updating"))
    found = await azure.aks.get_cluster(cluster_id())
    assert found.id == cluster_id()
    assert (found.location, found.provisioning_state) == ("westeurope", "Updating")
    assert (found.auto_provisioning, found.node_os_channel) == (True, "NodeImage")
    assert found.tags == {"env": "prod"}


@pytest.mark.parametrize("mode", ["Manual", None])
async def test_a_cluster_without_nap_is_read(azure: Azure, mode: str | None) -> None:
    """A profile that is Manual or absent means no NAP."""
    await azure.put(cluster(mode=mode))
    assert not (await azure.aks.get_cluster(cluster_id())).auto_provisioning


async def test_clusters_are_listed_page_by_page(azure: Azure) -> None:
    """All clusters of the subscription come, those of other subscriptions do not."""
    for number in range(130):
        await azure.put(cluster(f"aks-{number:03}"))
    await azure.put(cluster("foreign", subscription=FOREIGN_SUBSCRIPTION))
    pages = [page async for page in azure.aks.list_clusters(SUBSCRIPTION, None)]
    assert [len(page.clusters) for page in pages] == [100, 30]
    found = [observed for page in pages for observed in page.clusters]
    assert {each.id.name for each in found} == {f"aks-{number:03}" for number in range(130)}
    assert found[0] == await azure.aks.get_cluster(found[0].id)


async def test_clusters_of_a_resource_group_are_listed(azure: Azure) -> None:
    """Only the clusters of the group come, however its name is written."""
    await azure.put(cluster("a"))
    await azure.put(cluster("b", group="rg-2"))
    assert [found.name for found in await listed(azure.aks, "RG-2")] == ["b"]


@pytest.mark.parametrize("verb", ["get", "list"])
async def test_a_missing_cluster_is_gone(azure: Azure, verb: Verb) -> None:
    """Reading a cluster that is not there, or its configurations, says that it is gone."""
    with pytest.raises(ClusterGone):
        await calls(azure.aks, WINDOW)[verb]()


async def test_writing_to_a_missing_cluster(azure: Azure) -> None:
    """A write on a cluster that is not there is told from a read of one."""
    with pytest.raises(WriteTargetGone):
        await azure.aks.put_node_os_schedule(cluster_id(), WINDOW)


async def test_no_configurations(azure: Azure) -> None:
    """An existing cluster without configurations has an empty list, with ARM's own time."""
    await azure.put(cluster())
    listing = await azure.aks.list_configurations(cluster_id())
    assert listing.configurations == ()
    assert listing.answered_at == SATURDAY_NOON


async def test_configurations_are_listed_as_they_are(azure: Azure) -> None:
    """Names keep their casing, and siblings are in the list."""
    owner = await azure.put(cluster())
    await azure.put_schedule(owner, schedule(), "aksmanagednodeosupgradeschedule")
    await azure.put_schedule(owner, schedule("Friday"), "aksManagedAutoUpgradeSchedule")
    found = {
        each.name: each for each in (await azure.aks.list_configurations(owner)).configurations
    }
    assert set(found) == {"aksmanagednodeosupgradeschedule", "aksManagedAutoUpgradeSchedule"}
    ours = found["aksmanagednodeosupgradeschedule"]
    assert ours.is_node_os_schedule
    assert ours.properties == schedule()


async def test_the_schedule_of_kubernetes_upgrades_is_made(azure: Azure) -> None:
    """It is written under its own name, and leaves its siblings as they are."""
    owner = await azure.put(cluster())
    await azure.put_schedule(owner, schedule(), "aksManagedNodeOSUpgradeSchedule")
    accepted = await azure.aks.put_auto_upgrade_schedule(owner, WINDOW)
    assert accepted.name == "aksManagedAutoUpgradeSchedule"
    found = {
        each.name: each for each in (await azure.aks.list_configurations(owner)).configurations
    }
    assert set(found) == {"aksManagedNodeOSUpgradeSchedule", "aksManagedAutoUpgradeSchedule"}
    assert found["aksManagedNodeOSUpgradeSchedule"].properties == schedule()
    assert found["aksManagedAutoUpgradeSchedule"].properties == accepted.properties


@pytest.mark.parametrize("window", WINDOWS)
async def test_a_written_window_reads_back_equal(azure: Azure, window: MaintenanceWindow) -> None:
    """What is written is accepted, and read back equal but for the start date that ARM fills in."""
    await azure.put(cluster())
    accepted = await azure.aks.put_node_os_schedule(cluster_id(), window)
    (listed,) = (await azure.aks.list_configurations(cluster_id())).configurations
    assert accepted.schedule.window == listed.schedule.window
    read = listed.schedule.window
    assert read
    filled_in = window.start_date or window.local_date(datetime(2026, 11, 21, 12, tzinfo=UTC))
    assert read.start_date == filled_in
    assert write_window(read) == {**write_window(window), "startDate": filled_in.isoformat()}


@pytest.mark.parametrize("verb", ["get", "list", "put", "delete", "clusters"])
@pytest.mark.parametrize("fault", FAULTS)
async def test_faults_are_translated(azure: Azure, verb: Verb, fault: str) -> None:
    """Every way to fail is one of our own errors; the call after it works: nothing tried again."""
    await azure.put(cluster())
    await azure.order(verb, fault)
    call = calls(azure.aks, WINDOW)[verb]
    with pytest.raises(AzureError) as failed:
        await call()
    assert type(failed.value) is expected(verb, fault)
    assert failed.value.retryable or type(failed.value) in {Rejected, DeleteNotGranted}
    await call()


ODD = "AKSmanagedNODEosUpgradeSchedule"


async def test_a_schedule_keeps_the_name_that_it_is_written_under(azure: Azure) -> None:
    """An update under the odd name that is there replaces that one, and makes no second."""
    owner = await azure.put(cluster())
    await azure.put_schedule(owner, schedule(), ODD)
    accepted = await azure.aks.put_node_os_schedule(owner, WINDOW, ODD)
    assert accepted.name == ODD
    (listed,) = (await azure.aks.list_configurations(owner)).configurations
    assert (listed.name, listed.schedule.window) == (ODD, accepted.schedule.window)


@pytest.mark.parametrize("name", [NODE_OS_SCHEDULE, ODD])
async def test_a_schedule_is_deleted_and_its_siblings_stay(azure: Azure, name: str) -> None:
    """A deletion takes the node OS schedule, whatever its name's casing, and nothing else."""
    owner = await azure.put(cluster())
    await azure.put_schedule(owner, schedule(), ODD)
    await azure.put_schedule(owner, schedule("Friday"), "aksManagedAutoUpgradeSchedule")
    await azure.aks.delete_node_os_schedule(owner, name)
    left = (await azure.aks.list_configurations(owner)).configurations
    assert [each.name for each in left] == ["aksManagedAutoUpgradeSchedule"]
    await azure.aks.delete_node_os_schedule(owner, name)


async def test_deleting_from_a_missing_cluster(azure: Azure) -> None:
    """A deletion on a cluster that is not there says that the cluster is gone."""
    with pytest.raises(WriteTargetGone):
        await azure.aks.delete_node_os_schedule(cluster_id())


async def test_only_the_node_os_schedule_is_ever_written(real: Real) -> None:
    """Another configuration's name is refused before anything is sent."""
    await real.put(cluster())
    for name in ("default", "aksManagedAutoUpgradeSchedule", "x/../default"):
        with pytest.raises(ValueError, match="node OS schedule"):
            await real.aks.put_node_os_schedule(cluster_id(), WINDOW, name)
        with pytest.raises(ValueError, match="node OS schedule"):
            await real.aks.delete_node_os_schedule(cluster_id(), name)
    assert await real.controls.journal(path="*maintenanceConfigurations*") == []


async def test_a_connection_lost_after_the_deletion(real: Real) -> None:
    """A deletion whose answer is lost is a failed connection, and is done all the same."""
    owner = await real.put(cluster())
    await real.put_schedule(owner, schedule(), ODD)
    await real.controls.order("drop-after", method="DELETE")
    with pytest.raises(ConnectionFailed):
        await real.aks.delete_node_os_schedule(owner, ODD)
    assert await real.controls.schedule(owner) is None


async def test_a_connection_lost_after_the_write(real: Real) -> None:
    """A write whose answer is lost is a failed connection, and is there all the same."""
    await real.put(cluster())
    await real.controls.order("drop-after", method="PUT")
    with pytest.raises(ConnectionFailed):
        await real.aks.put_node_os_schedule(cluster_id(), WINDOW)
    assert await real.controls.schedule(cluster_id())


async def test_a_call_that_hangs_is_bounded(real: Real) -> None:
    """A call without an answer ends after the time that it may take, as a failed connection."""
    await real.put(cluster())
    await real.controls.order("hang-after", method="PUT")
    arm = ArmClients(
        real.arm._credential, real.arm.endpoint, FakeClock(), timedelta(milliseconds=300)
    )
    impatient = AksClient(arm)
    await impatient.list_configurations(cluster_id())
    with pytest.raises(ConnectionFailed):
        await impatient.put_node_os_schedule(cluster_id(), WINDOW)
    await arm.close()


async def test_what_azure_says_is_in_the_error(real: Real) -> None:
    """Status, code, text and Retry-After of ARM's answer are in the error, on one line."""
    await real.put(cluster())
    await real.controls.order("throttled-by-arm", method="PUT", retryAfter=17)
    with pytest.raises(Throttled) as failed:
        await real.aks.put_node_os_schedule(cluster_id(), WINDOW)
    error = failed.value
    assert (error.status, error.code) == (429, "SubscriptionRequestsThrottled")
    assert error.retry_after == timedelta(seconds=17)
    assert "exceeded" in str(error)
    assert "\n" not in str(error)


async def test_one_call_is_one_request(real: Real) -> None:
    """Each call of the port is one request, also when it fails: the SDK's own retries are off."""
    await real.put(cluster())
    await real.controls.order("unavailable", method="PUT", retryAfter=0)
    with pytest.raises(AzureUnavailable):
        await real.aks.put_node_os_schedule(cluster_id(), WINDOW)
    journal = await real.controls.journal(path="*managedClusters*")
    assert len(journal) == 1


async def test_the_version_that_was_chosen_is_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    """A cloud that does not have the SDK's api-version is asked in the one that it has."""
    setup = Setup(fleet=Fleet(), clock=SimulatedClock(SATURDAY_NOON, frozen=True))
    async with served(setup, monkeypatch) as azure:
        await Controls(azure.controls).put(cluster())
        older = ArmClients(
            azure.credential, azure.url, FakeClock(), timedelta(seconds=10), "2025-05-01"
        )
        aks = AksClient(older)
        assert (await aks.get_cluster(cluster_id())).auto_provisioning
        assert (await aks.list_configurations(cluster_id())).configurations == ()
        await aks.put_node_os_schedule(cluster_id(), WINDOW)
        await older.close()
        journal = await Controls(azure.controls).journal()
    versions = {call["apiVersion"] for call in journal if str(call["path"]).startswith("/sub")}
    assert versions == {"2025-05-01"}
