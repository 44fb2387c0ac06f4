"""Driving the simulator from a test, from outside: over its controls, as anyone could."""

from dataclasses import dataclass
from typing import cast

import aiohttp
from aiohttp import connector

from shared.domain.deciding.observed import NODE_OS_SCHEDULE
from shared.domain.vocabulary.ids import ClusterId


def trust(certificates: bytes) -> None:
    """Make this process trust a simulator, whose certificate is made at its start.

    A process of its own would be told by SSL_CERT_FILE, but aiohttp makes its context once, when
    it is imported (aiohttp 3.14, connector.py).
    """
    connector._SSL_CONTEXT_VERIFIED.load_verify_locations(cadata=certificates.decode("ascii"))


type Json = dict[str, object]


@dataclass(frozen=True, slots=True)
class Controls:
    """The controls of a running simulator, at the plain-http URL that it says."""

    url: str

    async def _call(self, method: str, path: str, body: object = None) -> Json:
        async with (
            aiohttp.ClientSession() as session,
            session.request(method, f"{self.url}/{path}", json=body) as response,
        ):
            answer = cast("Json", await response.json())
            if not response.ok:
                raise AssertionError(f"{method} {path}: {answer}")
            return answer

    async def put(self, body: Json, *, events: bool = True) -> None:
        """Make or replace a cluster behind naptime's back."""
        await self._call("PUT", f"state{body['id']}?events={str(events).lower()}", body)

    async def put_schedule(
        self, cluster_id: ClusterId, properties: Json, name: str = NODE_OS_SCHEDULE
    ) -> None:
        """Make a configuration behind naptime's back."""
        path = f"state{cluster_id}/maintenanceConfigurations/{name}"
        await self._call("PUT", path, {"properties": properties})

    async def delete_schedule(self, cluster_id: ClusterId) -> None:
        """Delete the node OS schedule behind naptime's back."""
        path = f"state{cluster_id}/maintenanceConfigurations/{NODE_OS_SCHEDULE}"
        await self._call("DELETE", path)

    async def delete(self, cluster_id: ClusterId) -> None:
        """Delete a cluster behind naptime's back."""
        await self._call("DELETE", f"state{cluster_id}")

    async def configurations(self, cluster_id: ClusterId) -> list[Json]:
        """Give a cluster's configurations as they are."""
        state = await self._call("GET", f"state{cluster_id}")
        return cast("list[Json]", state["maintenanceConfigurations"])

    async def schedule(self, cluster_id: ClusterId) -> Json | None:
        """Give the node OS schedule, in whatever casing."""
        return next(
            (
                found
                for found in await self.configurations(cluster_id)
                if str(found["name"]).lower() == NODE_OS_SCHEDULE.lower()
            ),
            None,
        )

    async def order(self, fault: str, **order: object) -> None:
        """Order a fault."""
        await self._call("POST", "faults", {"fault": fault, **order})

    async def release(
        self, location: str, os: str, sku: str, version: str, **options: object
    ) -> None:
        """Release a node image in one location."""
        body = {"location": location, "os": os, "sku": sku, "version": version, **options}
        await self._call("POST", "node-images", body)

    async def topic_events(self) -> list[Json]:
        """Give the events that were published to custom topics, oldest first."""
        found = cast("list[Json]", (await self._call("GET", "events"))["value"])
        return [cast("Json", each["event"]) for each in found if each.get("topic")]

    async def journal(self, method: str = "", path: str = "") -> list[Json]:
        """Give the calls to ARM, oldest first."""
        found = await self._call("GET", f"journal?method={method}&path={path}")
        return cast("list[Json]", found["value"])

    async def faults(self) -> list[Json]:
        """Give the faults that are in force."""
        return cast("list[Json]", (await self._call("GET", "faults"))["value"])

    async def withdraw(self, number: int) -> None:
        """Withdraw one fault."""
        await self._call("DELETE", f"faults/{number}")

    async def send_events(self, events: list[Json], **order: object) -> None:
        """Have events delivered to whoever subscribes to them."""
        await self._call("POST", "events", {"events": events, **order})

    async def events_idle(self) -> bool:
        """Tell whether every event has reached its end."""
        return bool((await self._call("GET", "events"))["idle"])

    async def event_options(self, **options: object) -> None:
        """Set how many copies of an event go out, and in how large groups out of order."""
        await self._call("POST", "events/options", options)

    async def reset(self) -> None:
        """Go back to the start: state, journal, faults."""
        await self._call("POST", "reset")

    async def clock(self, **order: object) -> None:
        """Set, advance or freeze the simulated time."""
        await self._call("POST", "clock", order)

    async def time(self) -> Json:
        """Give the simulated time."""
        return await self._call("GET", "clock")

    async def everything(self) -> Json:
        """Give the whole state."""
        return await self._call("GET", "state")
