"""The last act: a node image is released, and the days after it are looked at in advance."""

from datetime import datetime, timedelta
from typing import Final

from local.demo.azure_controls import Release
from local.demo.evidence import Pickup
from local.demo.results import name_of
from local.demo.show import start_text
from local.demo.telling import Teller

PLACE: Final = "westeurope"
OS: Final = "AKSUbuntu"
SKU: Final = "2404gen2containerd"
AHEAD: Final = timedelta(days=11)
"""Past the next weekly window, and past the 72 hours that NAP keeps its list of images."""


async def image_is_released(teller: Teller) -> tuple[Pickup, ...]:
    """Release an image, and ask NAP's own eyes in the simulator when each cluster takes it."""
    azure = teller.stage.azure
    teller.show.act("j", f"A node image is released in {PLACE}; NAP, by its own rules, takes it")
    now = await azure.now()
    await azure.release(Release(PLACE, OS, SKU, f"{now:%Y%m.%d}.0"))
    pickups = await azure.pickups(now + AHEAD)
    for pickup in _told(pickups):
        teller.show.told(_sentence(pickup))
    if not any(pickup.is_unguarded for pickup in pickups):
        teller.tell("j", "no cluster without a schedule suffered: nothing was shown", ok=False)
    return pickups


def _told(pickups: tuple[Pickup, ...]) -> list[Pickup]:
    """Pick one of the clusters that naptime has guarded, and the unguarded ones."""
    guarded = [pickup for pickup in pickups if name_of(pickup.cluster).startswith("nap-")]
    return [*guarded[:1], *(pickup for pickup in pickups if pickup.is_unguarded)]


def _sentence(pickup: Pickup) -> str:
    name, when = name_of(pickup.cluster), start_text(_minute(pickup.at))
    if pickup.is_unguarded:
        return f"{name} (no schedule): rolls {when}, an hour nobody chose"
    return f"{name} (guarded): rolls {when}, in its window"


def _minute(instant: datetime) -> datetime:
    return instant.replace(second=0, microsecond=0)
