"""The simulator's controls: changing the world as others would, and reading what happened."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime

import aiohttp

from local.azure.json_values import as_list, as_object, as_text, instant_of, iso
from local.demo.bodies import NODE_OS, Json
from local.demo.evidence import ClusterState, Pickup, cluster_state_of
from local.demo.journal import NAPTIME, Call, call_of


class ControlRefused(Exception):
    """The simulator did not take an order: a mistake in the story."""


@dataclass(frozen=True, slots=True)
class Release:
    """A new version of a node image in one location."""

    location: str
    os: str
    sku: str
    version: str


@dataclass(frozen=True, slots=True)
class Replaced:
    """A node of a pool that NAP replaces from an instant on, within the window or outside."""

    pool: str
    at: datetime
    in_window: bool


@dataclass(frozen=True, slots=True)
class AzureControls:
    """The controls at a URL over plain http; every method is one call."""

    session: aiohttp.ClientSession
    url: str

    async def put_cluster(self, body: Json, *, events: bool = True) -> None:
        """Create or update a cluster, as somebody who is not naptime; its event is raised."""
        await self._call("PUT", f"state{body['id']}?events={str(events).lower()}", body)

    async def put_schedule(
        self, cluster: str, properties: Json, name: str = NODE_OS, *, events: bool = True
    ) -> None:
        """Write a cluster's configuration, as somebody who is not naptime."""
        path = f"state{cluster}/maintenanceConfigurations/{name}?events={str(events).lower()}"
        await self._call("PUT", path, {"properties": properties})

    async def delete_schedule(self, cluster: str, application: str = "") -> None:
        """Delete a cluster's node OS schedule, as a person or an application who is not naptime."""
        path = f"state{cluster}/maintenanceConfigurations/{NODE_OS}"
        await self._call("DELETE", f"{path}?app={application}")

    async def order_trouble(self, fault: str, cluster: str, order: Json) -> None:
        """Order a fault for the next write on one cluster."""
        aim = {"fault": fault, "cluster": cluster, "method": "PUT"}
        await self._call("POST", "faults", {**aim, **order})

    async def copies(self, number: int) -> None:
        """Say how often every event goes out from now on."""
        await self._call("POST", "events/options", {"copies": number})

    async def send_event(self, event: Json) -> None:
        """Send an event as it is given, to every subscription whose filter lets it through."""
        await self._call("POST", "events", event)

    async def send_events(self, events: Sequence[Json]) -> None:
        """Send many at once."""
        await self._call("POST", "events", {"events": list(events)})

    async def release(self, release: Release) -> None:
        """Release a node image in a location."""
        await self._call("POST", "node-images", asdict(release))

    async def upgrade_kubernetes(self, location: str, version: str) -> None:
        """Have AKS upgrade the clusters of a location whose channel is on."""
        await self._call("POST", "kubernetes", {"location": location, "version": version})

    async def releases(self, image: str) -> tuple[tuple[str, datetime], ...]:
        """Give the id and the time of each event about a version of an image on a custom topic."""
        found = as_list((await self._call("GET", "events"))["value"])
        events = [as_object(each["event"]) for each in map(as_object, found) if each.get("topic")]
        return tuple(
            (as_text(event["id"]), instant_of(as_text(event["time"])))
            for event in events
            if as_object(event.get("data")).get("fullName") == image
        )

    async def pickups(self, until: datetime) -> tuple[Pickup, ...]:
        """Tell when NAP takes new node images up to an instant, by its rules as far as known."""
        found = await self._call("GET", f"nap?at={until:%Y-%m-%dT%H:%M:%SZ}")
        return tuple(
            Pickup(
                as_text(each["clusterId"]).lower(),
                instant_of(as_text(each["at"])),
                as_text(each["gate"]),
            )
            for each in map(as_object, as_list(found["value"]))
        )

    async def put_pools(
        self, cluster: str, pools: Mapping[str, Sequence[Json]], nodes: int
    ) -> None:
        """Give a cluster node pools of so many nodes, each by its name and budgets."""
        bodies = [
            {"name": name, "nodes": nodes, "budgets": list(budgets)}
            for name, budgets in pools.items()
        ]
        await self._call("PUT", f"nap{cluster}/pools", {"pools": bodies})

    async def replacements(self, cluster: str, until: datetime) -> tuple[Replaced, ...]:
        """Tell which nodes NAP replaces when, up to an instant, by its rules as far as known."""
        path = f"nap{cluster}/replacements?at={until:%Y-%m-%dT%H:%M:%SZ}"
        return tuple(
            Replaced(
                as_text(each["pool"]), instant_of(as_text(each["at"])), each["inWindow"] is True
            )
            for each in map(as_object, as_list((await self._call("GET", path))["value"]))
        )

    async def now(self) -> datetime:
        """Tell the simulated time, in UTC."""
        return instant_of(as_text((await self._call("GET", "clock"))["now"]))

    async def set_clock(self, now: datetime) -> None:
        """Have it be another time, from which it goes on."""
        await self._call("POST", "clock", {"now": iso(now)})

    async def sequence(self) -> int:
        """Give the number of the last call in the journal."""
        journal = await self._call("GET", "journal?since=999999999")
        return int(str(journal["sequence"]))

    async def calls(self, since: int = 0, cluster: str = "") -> tuple[Call, ...]:
        """Give the calls to ARM after a number, oldest first; those about one cluster, or all."""
        path = cluster or "/subscriptions"
        found = await self._call("GET", f"journal?since={since}&path={path}")
        return tuple(call_of(as_object(each)) for each in as_list(found["value"]))

    async def state(self) -> Mapping[str, ClusterState]:
        """Give every cluster as it is now, by its key."""
        found = await self._call("GET", "state")
        states = (cluster_state_of(as_object(each)) for each in as_list(found["clusters"]))
        return {state.key: state for state in states}

    async def subscriptions_are_ready(self) -> bool:
        """Tell whether every event subscription has answered its handshake."""
        events = await self._call("GET", "events")
        return all(as_object(each)["ready"] for each in as_list(events["subscriptions"]))

    async def told(self, reason: str, cluster: str) -> tuple[str, ...]:
        """Give what naptime has told on its topic of a cluster for a reason, each once."""
        found = as_list((await self._call("GET", "events"))["value"])
        events = [as_object(each["event"]) for each in map(as_object, found) if each.get("topic")]
        data = {as_text(event["id"]): as_object(event.get("data")) for event in events}
        return tuple(
            as_text(each["message"])
            for each in data.values()
            if each.get("reason") == reason and each.get("clusterId") == cluster
        )

    async def events_are_delivered(self) -> bool:
        """Tell whether every event has reached its end."""
        return bool((await self._call("GET", "events"))["idle"])

    async def last_event(self, cluster: str) -> datetime:
        """Tell when the last event about a cluster that others caused was raised, in UTC."""
        events = map(as_object, as_list((await self._call("GET", "events"))["value"]))
        # What naptime itself publishes goes to a topic of its own.
        bodies = (as_object(each.get("event")) for each in events if not each.get("topic"))
        return max(_time_of(event) for event in bodies if _is_foreign_news(event, cluster))

    async def _call(self, method: str, path: str, body: object = None) -> Json:
        async with self.session.request(method, f"{self.url}/{path}", json=body) as response:
            answer = as_object(await response.json())
            if not response.ok:
                raise ControlRefused(f"{method} {path}: {answer}")
            return answer


def _time_of(event: Json) -> datetime:
    return instant_of(as_text(event["eventTime"]))


def _is_foreign_news(event: Json, cluster: str) -> bool:
    app_id = as_object(as_object(event.get("data")).get("claims")).get("appid")
    subject = f"{as_text(event.get('subject'))}/"
    return app_id != NAPTIME and f"{cluster}/".lower() in subject.lower()
