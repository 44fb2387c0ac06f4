"""NAP's machines in memory: listed page by page, fails by order, remembers every query."""

from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import cast

from shared.domain.errors import AzureError
from shared.domain.images.machines import MachinePage, observe_machine
from tests.machines import Json

TAG = "karpenter.sh_nodepool"


@dataclass(frozen=True, slots=True)
class Query:
    """One query, as it was answered."""

    subscriptions: Sequence[str]
    page: str
    error: AzureError | None = None


@dataclass
class FakeNapMachines:
    """The listing of the port, over a dictionary of ARM bodies."""

    size: int = 1000
    bodies: dict[str, Json] = field(default_factory=dict)
    queries: list[Query] = field(default_factory=list)
    faults: deque[Callable[[], AzureError] | None] = field(default_factory=deque)
    """What the next queries fail with, in their order; None answers."""
    wait: timedelta = timedelta()

    def add(self, body: Json) -> None:
        """Add or replace a machine by its ARM body."""
        self.bodies[str(body["id"])] = body

    async def page(self, subscriptions: Sequence[str], page: str) -> MachinePage:
        """Read a page of the machines of some subscriptions."""
        fault = self.faults.popleft() if self.faults else None
        error = fault() if fault else None
        self.queries.append(Query(subscriptions, page, error))
        if error:
            raise error
        rest = [
            body
            for identifier, body in sorted(self.bodies.items())
            if identifier > page and _subscription(body) in subscriptions and _is_naps(body)
        ]
        found = [observe_machine(_row(body)) for body in rest[: self.size]]
        next_page = str(rest[self.size - 1]["id"]) if len(rest) > self.size else ""
        return MachinePage([each for each in found if each], next_page, self.wait)


def _is_naps(body: Json) -> bool:
    return bool(cast("dict[str, str]", body.get("tags") or {}).get(TAG))


def _subscription(body: Json) -> str:
    return str(body["id"]).split("/")[2]


def _row(body: Json) -> Json:
    _, _, subscription, _, group, *_ = str(body["id"]).split("/")
    properties = cast("Json", body["properties"])
    profile = cast("Json", properties.get("storageProfile") or {})
    reference = cast("dict[str, str]", profile.get("imageReference") or {})
    image = reference.get("id") or reference.get("communityGalleryImageId") or ""
    return {"subscriptionId": subscription, "resourceGroup": group.lower(), "image": image}
