"""A simulated Azure without a server, its clock standing still, and how tests talk to it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from json import dumps
from urllib.parse import parse_qsl, urlsplit

from local.azure.arm.routes import route_of
from local.azure.clock import Clock
from local.azure.fleet import fleet_of
from local.azure.json_values import JsonObject, as_object, parse
from local.azure.replies import Call, Reply
from local.azure.simulator import Setup, Simulator

SUBSCRIPTION = "11111111-1111-4111-8111-111111111111"
OTHER_SUBSCRIPTION = "22222222-2222-4222-8222-222222222222"
NAPTIME = "33333333-3333-4333-8333-333333333333"
GROUP = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/rg-prod"
CLUSTER = f"{GROUP}/providers/Microsoft.ContainerService/managedClusters/nap-1"
CONFIGURATIONS = f"{CLUSTER}/maintenanceConfigurations"
NODE_OS = f"{CONFIGURATIONS}/aksManagedNodeOSUpgradeSchedule"
AUTO_UPGRADE = f"{CONFIGURATIONS}/aksManagedAutoUpgradeSchedule"
DEFAULT = f"{CONFIGURATIONS}/default"
API_VERSION = "2026-08-01"
# A Wednesday.
NOW = datetime(2026, 8, 26, 12, 0, tzinfo=UTC)


def cluster(name: str, *, group: str = "rg-prod", **properties: object) -> JsonObject:
    """Write a cluster as a fleet has it."""
    return {
        "id": f"/subscriptions/{SUBSCRIPTION}/resourceGroups/{group}"
        f"/providers/Microsoft.ContainerService/managedClusters/{name}",
        "location": "westeurope",
        "tags": {"env": "prod"},
        "properties": {"provisioningState": "Succeeded", **properties},
    }


FLEET: JsonObject = {
    "value": [
        cluster("nap-1", nodeProvisioningProfile={"mode": "Auto", "defaultNodePools": "Auto"}),
        cluster("nap-2", nodeProvisioningProfile={"mode": "Auto"}),
        cluster("manual-1", nodeProvisioningProfile={"mode": "Manual"}),
        cluster("plain-1", group="RG-Other"),
    ],
    "subscriptions": [OTHER_SUBSCRIPTION],
}


def weekly(day: str = "Sunday", interval: int = 1) -> JsonObject:
    return {"weekly": {"intervalWeeks": interval, "dayOfWeek": day}}


def window(**changes: object) -> JsonObject:
    """Write the body of a valid configuration, with some fields of its window changed."""
    given = {"schedule": weekly(), "durationHours": 4, "startTime": "01:00", **changes}
    return {"properties": {"maintenanceWindow": given}}


def a_setup() -> Setup:
    return Setup(fleet=fleet_of(FLEET), clock=Clock(NOW, frozen=True))


@dataclass(slots=True)
class World:
    """A simulator, and calls to it as naptime would make them."""

    simulator: Simulator = field(default_factory=lambda: Simulator(a_setup()))

    def call(
        self,
        method: str,
        target: str,
        body: object = None,
        *,
        api_version: str = API_VERSION,
        headers: Mapping[str, str] | None = None,
    ) -> Reply:
        """Call Resource Manager; the target may have a query."""
        token = self.simulator.tokens.issue("https://management.azure.com/", NAPTIME)
        parts = urlsplit(target)
        query = {name.lower(): value for name, value in parse_qsl(parts.query)}
        if api_version:
            query.setdefault("api-version", api_version)
        call = Call(
            method,
            parts.path,
            query,
            headers or {"Authorization": f"Bearer {token.text}"},
            body if isinstance(body, bytes) else dumps(body).encode() if body is not None else b"",
            route_of(parts.path),
        )
        return self.simulator.answer(call, self.simulator.misfortune(call))

    def put(self, target: str, body: object, *, api_version: str = API_VERSION) -> Reply:
        """Write a resource."""
        return self.call("PUT", target, body, api_version=api_version)

    def get(self, target: str, *, api_version: str = API_VERSION) -> Reply:
        """Read a resource or a listing."""
        return self.call("GET", target, api_version=api_version)

    def delete(self, target: str) -> Reply:
        """Delete a resource."""
        return self.call("DELETE", target)

    def stored_window(self, target: str = NODE_OS) -> JsonObject:
        """Read the maintenance window of a configuration back."""
        properties = as_object(content(self.get(target)).get("properties"))
        return as_object(properties.get("maintenanceWindow"))


def content(reply: Reply) -> JsonObject:
    """Read the JSON object of a reply."""
    return as_object(parse(reply.body))


def gateway_error(reply: Reply) -> JsonObject:
    """Read an error of the gateway; it must be wrapped and say so in a header."""
    assert reply.headers["x-ms-failure-cause"] == "gateway"
    assert reply.content_type == "application/json; charset=utf-8"
    return as_object(content(reply)["error"])


def aks_error(reply: Reply) -> JsonObject:
    """Read an error of AKS; it must be flat and must not look like the gateway's."""
    assert "x-ms-failure-cause" not in reply.headers
    assert reply.content_type == "application/json"
    read = content(reply)
    assert set(read) == {"code", "details", "message", "subcode"}
    return read
