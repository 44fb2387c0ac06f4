"""One suite for the listing of NAP's machines: the fake, and the real client over TLS."""

import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import timedelta
from typing import ClassVar, Protocol, cast

import pytest
from azure.core.rest import HttpRequest

from local.azure.arm.throttle import Throttle
from local.azure.clock import Clock as SimulatedClock
from local.azure.fleet import Fleet
from local.azure.simulator import Setup, Simulator
from shared.clients.arm import ArmClients
from shared.clients.resource_graph import ResourceGraph
from shared.domain.errors import AzureUnavailable, ConnectionFailed, Throttled
from shared.domain.images.machines import NAP_MACHINES_QUERY, NapMachine, NodeGroup
from shared.domain.images.node_image import NodeImage
from shared.ports.azure import NapMachines
from tests.clusters import FOREIGN_SUBSCRIPTION, SUBSCRIPTION
from tests.contract.served import served
from tests.contract.test_aks import FAULTS
from tests.fakes.clock import SATURDAY_NOON, FakeClock
from tests.fakes.machines import FakeNapMachines
from tests.machines import Json, community, gallery, machine
from tests.simulated_azure import Controls

GROUP = NodeGroup(SUBSCRIPTION, "mc_rg-1_aks-1_westeurope")
GRAPH = "/providers/Microsoft.ResourceGraph/resources"


class Azure(Protocol):
    """What a test does to the world, on either side of the suite."""

    @property
    def graph(self) -> NapMachines:
        """The port under test."""

    async def put(self, *bodies: Json) -> None:
        """Make machines."""

    async def order(self, fault: str) -> None:
        """Order the next query to fail."""


@dataclass
class Faked:
    """The fake."""

    graph: FakeNapMachines

    async def put(self, *bodies: Json) -> None:
        """Make machines."""
        for body in bodies:
            self.graph.add(body)

    async def order(self, fault: str) -> None:
        """Order the next query to fail."""
        self.graph.faults.append(lambda: FAULTS[fault](fault, retry_after=timedelta(seconds=1)))


@dataclass
class Real:
    """The client against the simulator."""

    graph: ResourceGraph
    arm: ArmClients
    controls: Controls
    simulator: Simulator

    async def put(self, *bodies: Json) -> None:
        """Make machines."""
        for body in bodies:
            await self.controls.put(body)

    async def order(self, fault: str) -> None:
        """Order the next query to fail."""
        await self.controls.order(fault, times=1, operation="Resources")

    async def queries(self) -> list[Json]:
        """Give the queries, oldest first."""
        return await self.controls.journal(path=GRAPH)


@pytest.fixture
async def real(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Real]:
    """Start a simulator, with the limits on, and give the real client."""
    setup = Setup(
        fleet=Fleet(),
        clock=SimulatedClock(SATURDAY_NOON, frozen=True),
        throttle=Throttle(enforced=True),
    )
    async with served(setup, monkeypatch) as azure:
        arm = ArmClients(azure.credential, azure.url, FakeClock(), timedelta(seconds=10))
        yield Real(ResourceGraph(arm), arm, Controls(azure.controls), azure.simulator)
        await arm.close()


@pytest.fixture(params=["fake", "real"])
def azure(request: pytest.FixtureRequest) -> Azure:
    """Give both sides in turn."""
    if request.param == "fake":
        return Faked(FakeNapMachines())
    return request.getfixturevalue("real")  # type: ignore[no-any-return]  # by name


async def test_machines_are_listed(azure: Azure) -> None:
    """Tagged machines come with either form of image; an image of another form is unknown."""
    await azure.put(
        machine("a", gallery("202608.20.0")),
        machine("b", community("202512.18.0")),
        machine("c", gallery("latest")),
        machine("d"),
        machine("e", gallery("202608.20.0"), tags={}),
        machine("f", gallery("202608.20.0"), subscription=FOREIGN_SUBSCRIPTION),
    )
    page = await azure.graph.page([SUBSCRIPTION], "")
    images = [
        NodeImage.parse("AKSUbuntu-2404gen2containerd-202608.20.0"),
        NodeImage.parse("AKSAzureLinux-V3gen2-202512.18.0"),
        None,
        None,
    ]
    assert list(page.machines) == [NapMachine(GROUP, image) for image in images]
    assert (page.next_page, page.wait) == ("", timedelta())


async def test_a_listing_without_machines_is_empty(azure: Azure) -> None:
    """Where there are no machines, or none that may be seen, the listing is empty."""
    page = await azure.graph.page([SUBSCRIPTION, FOREIGN_SUBSCRIPTION], "")
    assert (list(page.machines), page.next_page) == ([], "")


async def test_pages_follow_each_other(azure: Azure) -> None:
    """More than a thousand machines come in pages of a thousand, each machine once."""
    bodies = [machine(f"vm-{number:04}", group=f"MC_{number}") for number in range(1, 1102)]
    if isinstance(azure, Real):
        # A thousand calls of the controls would take seconds.
        Fleet(machines=[(_address(body), body) for body in bodies]).fill(
            azure.simulator.state, SATURDAY_NOON
        )
    else:
        await azure.put(*bodies)
    first = await azure.graph.page([SUBSCRIPTION], "")
    assert (len(first.machines), bool(first.next_page)) == (1000, True)
    second = await azure.graph.page([SUBSCRIPTION], first.next_page)
    assert (len(second.machines), second.next_page) == (101, "")
    groups = {each.group for page in (first, second) for each in page.machines}
    assert len(groups) == 1101


def _address(body: Json) -> tuple[str, str, str]:
    _, _, subscription, _, group, *_, name = str(body["id"]).split("/")
    return subscription, group, name


@pytest.mark.parametrize("fault", FAULTS)
async def test_faults_are_translated(azure: Azure, fault: str) -> None:
    """Every way to fail is one of our own errors; the call after it works: nothing tried again."""
    await azure.order(fault)
    with pytest.raises(FAULTS[fault]):
        await azure.graph.page([SUBSCRIPTION], "")
    await azure.graph.page([SUBSCRIPTION], "")


async def test_one_page_is_one_request(real: Real) -> None:
    """Each page is one request, also when it fails; the query is constant, ids are a list."""
    await real.order("unavailable")
    with pytest.raises(FAULTS["unavailable"]):
        await real.graph.page([SUBSCRIPTION], "")
    assert len(await real.queries()) == 1


async def test_the_quota_is_told(real: Real) -> None:
    """The last query that the quota allows says how long to wait; one more is throttled."""
    waits = [(await real.graph.page([SUBSCRIPTION], "")).wait for _ in range(15)]
    assert waits == [timedelta()] * 14 + [timedelta(seconds=5)]
    with pytest.raises(Throttled) as refused:
        await real.graph.page([SUBSCRIPTION], "")
    assert refused.value.retry_after


async def test_a_call_that_hangs_is_bounded(real: Real) -> None:
    """A query without an answer ends after the time that it may take, as a failed connection."""
    await real.controls.order("hang-after", operation="Resources")
    impatient = ArmClients(
        real.arm._credential, real.arm.endpoint, FakeClock(), timedelta(milliseconds=300)
    )
    with pytest.raises(ConnectionFailed):
        await ResourceGraph(impatient).page([SUBSCRIPTION], "")
    await impatient.close()


async def test_the_query_is_constant_and_ids_are_a_list(real: Real) -> None:
    """Subscriptions are never part of the query's text, and the largest page is asked for."""
    await real.graph.page([SUBSCRIPTION, FOREIGN_SUBSCRIPTION], "")
    (entry,) = await real.queries()
    body = cast("Json", entry["requestBody"])
    assert body == {
        "subscriptions": [SUBSCRIPTION, FOREIGN_SUBSCRIPTION],
        "query": NAP_MACHINES_QUERY,
        "options": {"resultFormat": "objectArray", "$top": 1000},
    }
    assert entry["path"] == GRAPH


class FakeAnswer:
    """An answer of 200."""

    status_code = 200
    reason = "OK"
    headers: ClassVar[dict[str, str]] = {}

    def __init__(self, request: HttpRequest, body: bytes) -> None:
        self.request = request
        self._body = body

    async def read(self) -> None:
        """Have read it."""

    async def close(self) -> None:
        """Close nothing."""

    def json(self) -> object:
        """Parse the body."""
        return json.loads(self._body)

    def text(self) -> str:
        """Give the body."""
        return self._body.decode()


class Answered:
    """A client whose pipeline answers with a body of its own."""

    def __init__(self, body: bytes) -> None:
        self._body = body
        self._client = self

    async def send_request(self, request: HttpRequest, **_: object) -> FakeAnswer:
        """Answer whatever is asked."""
        return FakeAnswer(request, self._body)

    async def close(self) -> None:
        """Close nothing."""


@pytest.mark.parametrize(
    "body",
    [
        b"<html>",
        b"[]",
        b"{}",
        b'{"data": {}}',
        b'{"data": [], "resultTruncated": "true"}',
    ],
)
async def test_half_a_page_is_no_listing(body: bytes, real: Real) -> None:
    """An answer that is no page, or that lacks the way to the next, is no listing."""
    answer = Answered(body)
    real.arm._clients[SUBSCRIPTION] = answer  # type: ignore[assignment]  # as much of it as is used
    with pytest.raises(AzureUnavailable):
        await real.graph.page([SUBSCRIPTION], "")
