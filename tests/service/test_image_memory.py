"""The newest node images by location, remembered."""

from datetime import timedelta

from shared.domain.images.known_image import KnownImage
from shared.domain.images.node_image import NodeImage
from shared.reconcile.images.memory import ImageMemory
from tests.fakes.clock import SATURDAY_NOON, FakeClock
from tests.fakes.tables import FakeTable


def known(name: str, *, release_seen: bool = False) -> KnownImage:
    """Give an image as it is remembered."""
    image = NodeImage.parse(name)
    assert image
    return KnownImage(image, SATURDAY_NOON, release_seen)


UBUNTU = known("AKSUbuntu-2404gen2containerd-202608.20.0")
AZURE_LINUX = known("AKSAzureLinux-V3gen2-202608.20.0")


async def test_locations_are_told_apart() -> None:
    """Each location has its own images; one that was never watched has none."""
    memory = ImageMemory(FakeTable(FakeClock()))
    await memory.remember("westeurope", [UBUNTU, AZURE_LINUX])
    await memory.remember("uksouth", [UBUNTU])
    assert await memory.of_location("westeurope") == [AZURE_LINUX, UBUNTU]
    assert await memory.of_locations(["uksouth", "westeurope", "swedencentral", "uksouth"]) == {
        "swedencentral": [],
        "uksouth": [UBUNTU],
        "westeurope": [AZURE_LINUX, UBUNTU],
    }


async def test_a_newer_version_takes_the_place() -> None:
    """There is one row for each kind of image, and the others stay as they are."""
    memory = ImageMemory(FakeTable(FakeClock()))
    await memory.remember("westeurope", [UBUNTU, AZURE_LINUX])
    image = NodeImage.parse("AKSUbuntu-2404gen2containerd-202609.01.0")
    assert image
    later = SATURDAY_NOON + timedelta(days=7)
    newer = KnownImage(image, later, release_seen=True, previous_version=UBUNTU.image.version)
    await memory.remember("westeurope", [newer])
    assert await memory.of_location("westeurope") == [AZURE_LINUX, newer]


async def test_nothing_to_remember_costs_nothing() -> None:
    """A watch that saw nothing new writes nothing."""
    table = FakeTable(FakeClock())
    await ImageMemory(table).remember("westeurope", [])
    assert table.stored == {}
