"""One suite for the port of node images: the fake, and the real client against the simulator."""

import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Protocol

import pytest
from azure.core.rest import HttpRequest

from local.azure.clock import Clock as SimulatedClock
from local.azure.fleet import Fleet
from local.azure.simulator import Setup
from shared.clients.arm import ArmClients
from shared.clients.node_images import NodeImageClient
from shared.domain.errors import (
    AccessDenied,
    ApiVersionNotServed,
    AzureError,
    ClusterGone,
    Rejected,
    Throttled,
)
from shared.domain.images.machines import ImagePool
from shared.domain.images.node_image import NodeImage, newest_images
from shared.ports.azure import NodeImages
from tests.clusters import SUBSCRIPTION, Json, cluster, cluster_id
from tests.contract.served import served
from tests.fakes.clock import SATURDAY_NOON, FakeClock
from tests.fakes.node_images import FakeNodeImages
from tests.simulated_azure import Controls

PLACE = "westeurope"
FIRST = "AKSUbuntu-2204gen2containerd-202608.06.1"
NEWER = "AKSUbuntu-2204gen2containerd-202609.01.0"
FAULTS: dict[str, type[AzureError]] = {
    "bad-request": Rejected,
    "forbidden": AccessDenied,
    "throttled-by-arm": Throttled,
}


class Azure(Protocol):
    """What a test does to the world, on either side of the suite."""

    @property
    def images(self) -> NodeImages:
        """The port under test."""

    async def release(self, name: str) -> None:
        """Release an image, the older ones staying listed."""

    async def add_cluster(self) -> None:
        """Make a cluster with one Ubuntu pool named system."""

    async def refuse(self, fault: str) -> None:
        """Order every call of the location's list to fail."""


@dataclass
class Faked:
    """The fake."""

    images: FakeNodeImages

    async def release(self, name: str) -> None:
        """Release an image."""
        self.images.release(PLACE, name)
        for pools in self.images.pools.values():
            pools["system"] = ("ubuntu", name)

    async def add_cluster(self) -> None:
        """Make a cluster."""
        self.images.pools[cluster_id()] = {"system": ("ubuntu", FIRST)}

    async def refuse(self, fault: str) -> None:
        """Order every call to fail."""
        self.images.refuses = lambda _verb, _where: FAULTS[fault](fault)


@dataclass
class Real:
    """The real client against the simulator."""

    images: NodeImageClient
    arm: ArmClients
    controls: Controls

    async def release(self, name: str) -> None:
        """Release an image."""
        image = NodeImage.parse(name)
        assert image
        definition = image.definition
        await self.controls.release(
            PLACE, definition.os, definition.sku, str(image.version), keepOlder=True
        )

    async def add_cluster(self) -> None:
        """Make a cluster."""
        pool = {"name": "system", "osSKU": "Ubuntu", "osType": "Linux", "nodeImageVersion": FIRST}
        body = cluster()
        properties = {**dict(body["properties"]), "agentPoolProfiles": [pool]}  # type: ignore[call-overload]  # JSON
        await self.controls.put({**body, "properties": properties})

    async def refuse(self, fault: str) -> None:
        """Order every call to fail."""
        await self.controls.order(fault, path="*nodeImageVersions*", times=None)


@pytest.fixture
async def real(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Real]:
    """Start a simulator, and give the real client."""
    setup = Setup(fleet=Fleet(), clock=SimulatedClock(SATURDAY_NOON, frozen=True))
    async with served(setup, monkeypatch) as azure:
        arm = ArmClients(azure.credential, azure.url, FakeClock(), timedelta(seconds=10))
        controls = Controls(azure.controls)
        yield Real(NodeImageClient(arm, "2026-04-02-preview"), arm, controls)
        await arm.close()


@pytest.fixture(params=["fake", "real"])
def azure(request: pytest.FixtureRequest) -> Azure:
    """Give both sides in turn."""
    if request.param == "fake":
        images = FakeNodeImages()
        images.release(PLACE, FIRST)
        return Faked(images)
    return request.getfixturevalue("real")  # type: ignore[no-any-return]  # by name


async def newest(images: NodeImages) -> dict[str, str]:
    """Give the newest versions of the location, by kind."""
    found = newest_images(await images.list_node_images(SUBSCRIPTION, PLACE))
    return {str(kind): str(image.version) for kind, image in found.items()}


async def test_the_images_of_a_location(azure: Azure) -> None:
    """The newest version of a kind is found, stale ones beside it or not."""
    await azure.add_cluster()
    assert (await newest(azure.images))["AKSUbuntu-2204gen2containerd"] == "202608.06.1"
    await azure.release(NEWER)
    assert (await newest(azure.images))["AKSUbuntu-2204gen2containerd"] == "202609.01.0"


async def test_the_newest_image_of_a_pool(azure: Azure) -> None:
    """The pools of a cluster are told, one for each family, and what is newest for one."""
    await azure.add_cluster()
    assert list(await azure.images.image_pools(cluster_id())) == [ImagePool("system", "ubuntu")]
    await azure.release(NEWER)
    assert str(await azure.images.newest_of_pool(cluster_id(), "system")) == NEWER


async def test_what_is_not_there(azure: Azure) -> None:
    """A cluster that is not there, and a pool that is not, are errors that say so."""
    with pytest.raises(ClusterGone):
        await azure.images.image_pools(cluster_id())
    await azure.add_cluster()
    with pytest.raises(ClusterGone):
        await azure.images.newest_of_pool(cluster_id(), "other")


@pytest.mark.parametrize("fault", FAULTS)
async def test_what_arm_refuses(azure: Azure, fault: str) -> None:
    """What ARM answers to the raw call is naptime's own error, as with every other call."""
    await azure.refuse(fault)
    with pytest.raises(FAULTS[fault]):
        await azure.images.list_node_images(SUBSCRIPTION, PLACE)


async def test_one_call_is_one_request(real: Real) -> None:
    """A refused call is not sent again by the SDK, and names the api-version of the setting."""
    await real.refuse("throttled-by-arm")
    with pytest.raises(Throttled):
        await real.images.list_node_images(SUBSCRIPTION, PLACE)
    (call,) = await real.controls.journal(path="*nodeImageVersions*")
    assert call["status"] == 429


async def test_a_version_of_the_api_that_has_no_such_call(real: Real) -> None:
    """Stable versions do not know the call: that is an error like any other."""
    stable = NodeImageClient(real.arm, "2025-05-01")
    await real.add_cluster()
    with pytest.raises(ApiVersionNotServed):
        await stable.list_node_images(SUBSCRIPTION, PLACE)


@pytest.mark.parametrize("body", ["", "[]", "{}", '{"value": {}}', '{"value": null}', "<html>"])
async def test_answers_that_are_no_list(body: str) -> None:
    """Whatever comes with a 200 that is no list of images is refused, not believed."""
    with pytest.raises(Rejected):
        await canned(body).list_node_images(SUBSCRIPTION, PLACE)


async def test_rows_that_are_no_images() -> None:
    """Rows of unknown form are left out; the others count."""
    rows = [None, 1, {"os": "AKSUbuntu"}, {"os": "AKSUbuntu", "sku": "V3", "version": "latest"}]
    good = {"os": "AKSUbuntu", "sku": "2404containerd", "version": "202608.20.0"}
    found = await canned(json.dumps({"value": [*rows, good]})).list_node_images(SUBSCRIPTION, PLACE)
    assert [str(image) for image in found] == ["AKSUbuntu-2404containerd-202608.20.0"]


async def test_the_pages_are_followed() -> None:
    """A list of several pages is read to its end."""
    pages = [
        json.dumps({"value": [_image(1)], "nextLink": "https://arm.example/next?page=2"}),
        json.dumps({"value": [_image(2)], "nextLink": None}),
    ]
    found = await canned(*pages).list_node_images(SUBSCRIPTION, PLACE)
    assert [str(image.version) for image in found] == ["202608.01.0", "202608.02.0"]


@pytest.mark.parametrize(
    "link", ["https://elsewhere.example/", "http://arm.example/next", "https://[", "x", 7]
)
async def test_the_token_goes_nowhere_else(link: object) -> None:
    """A link to a page that is not at ARM's own end point is not followed."""
    page = json.dumps({"value": [], "nextLink": link})
    with pytest.raises(Rejected):
        await canned(page).list_node_images(SUBSCRIPTION, PLACE)


async def test_a_list_without_an_end() -> None:
    """A list that has always another page is given up."""
    page = json.dumps({"value": [], "nextLink": "https://arm.example/again"})
    with pytest.raises(Rejected):
        await canned(*[page] * 50).list_node_images(SUBSCRIPTION, PLACE)


def _image(day: int) -> Json:
    return {"os": "AKSUbuntu", "sku": "2404containerd", "version": f"202608.{day:02}.0"}


class Canned(ArmClients):
    """Clients whose one answer after the other is given."""

    def __init__(self, bodies: tuple[str, ...]) -> None:
        second = timedelta(seconds=1)
        super().__init__(None, "https://arm.example", FakeClock(), second)  # type: ignore[arg-type]  # never asked
        self.bodies = list(bodies)
        self._client = self

    def of(self, _: str) -> "Canned":  # type: ignore[override]  # as much of a client as is called
        """Give itself."""
        return self

    async def send_request(self, _: HttpRequest, **__: object) -> "Answer":
        """Give the next answer."""
        return Answer(self.bodies.pop(0))


@dataclass(frozen=True)
class Answer:
    """A 200."""

    body: str
    status_code: int = 200

    async def read(self) -> None:
        """Have read it."""

    async def close(self) -> None:
        """Close nothing."""

    def json(self) -> object:
        """Read the body."""
        return json.loads(self.body)


def canned(*bodies: str) -> NodeImageClient:
    """Give a client that is answered so."""
    return NodeImageClient(Canned(bodies), "2026-04-02-preview")
