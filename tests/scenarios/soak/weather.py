"""The weather of a soak: faults of ARM and of storage, by random orders, each for some seconds."""

import random
from dataclasses import dataclass, field

from tests.scenarios.soak.fleet import CLOSED_GROUPS
from tests.scenarios.tripwire import Request, Tripwire, When
from tests.simulated_azure import Controls

CONFIGURATIONS = "*/maintenanceConfigurations*"
ARM_FAULTS: tuple[tuple[str, dict[str, object]], ...] = (
    ("slow", {"seconds": 0.5, "every": 5}),
    ("drop-before", {"path": CONFIGURATIONS, "times": 3}),
    ("drop-after", {"method": "PUT", "path": CONFIGURATIONS, "times": 3}),
    ("unavailable", {"every": 4, "times": 20}),
    ("internal-error", {"path": CONFIGURATIONS, "times": 10}),
    ("bad-gateway", {"times": 5}),
    ("gateway-timeout", {"method": "PUT", "times": 2}),
    ("throttled-by-aks", {"path": CONFIGURATIONS, "times": 2, "retryAfter": 3}),
    ("operation-in-progress", {"method": "PUT", "path": CONFIGURATIONS, "times": 5}),
    ("not-rolled-out", {"path": CONFIGURATIONS, "times": 4}),
    ("not-replicated", {"path": CONFIGURATIONS, "times": 4}),
    ("token-refused", {"times": 3}),
    ("identity-refused", {"times": 2}),
    ("missing-from-list", {"scope": "/subscriptions", "times": 2}),
    ("stale-list", {"operation": "ManagedClusters_List*", "seconds": 60, "times": 5}),
)


@dataclass(slots=True)
class StorageWeather(Tripwire):
    """A pass-through that refuses a share of the requests while there is a storm."""

    dice: random.Random = field(default_factory=random.Random)
    share: float = 0.0
    refused: int = 0

    def refuses(self, request: Request) -> int:  # noqa: ARG002 - chance alone decides
        """Refuse by chance."""
        is_hit = self.dice.random() < self.share
        self.refused += is_hit
        return 503 if is_hit else 0


def storage_weather(dice: random.Random) -> StorageWeather:
    """Give the weather of storage, calm at first."""
    return StorageWeather(lambda _: False, When.BEFORE, dice=dice)


async def change(controls: Controls, storage: StorageWeather, dice: random.Random) -> str:
    """Withdraw what was, and order one thing that goes wrong, or none; its name."""
    await calm(controls, storage)
    if dice.random() < 0.2:
        storage.share = dice.choice((0.05, 0.3))
        return f"storage {storage.share}"
    name, order = dice.choice(ARM_FAULTS)
    await controls.order(name, **order)
    return name


async def calm(controls: Controls, storage: StorageWeather) -> None:
    """Withdraw every fault but those that stay, and let storage answer."""
    storage.share = 0.0
    for fault in await controls.faults():
        if fault["fault"] not in CLOSED_GROUPS.values():
            await controls.withdraw(int(str(fault["id"])))
