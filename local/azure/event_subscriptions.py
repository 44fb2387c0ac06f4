"""Who hears of events: webhooks, each with the filter and the schema of its event subscription."""

from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import parse_qs, urlsplit, urlunsplit

from local.azure.event_bodies import operation_name
from local.azure.json_values import JsonObject
from local.azure.routes import CLUSTERS, CONFIGURATIONS

_CLOUD_EVENTS = "CloudEventSchemaV1_0"
_WEBHOOK = "/runtime/webhooks/eventgrid"
# What the filter of an event subscription on data.operationName lets through, by function.
FILTERS = {
    "on_cluster_created": frozenset({f"{CLUSTERS}/write"}),
    "on_schedule_changed": frozenset({f"{CONFIGURATIONS}/write", f"{CONFIGURATIONS}/delete"}),
}
_NOTIFICATION = "Microsoft.ResourceNotifications.Resources.CreatedOrUpdated"


@dataclass(slots=True)
class EventSubscription:
    """A webhook that events go to; `ready` once it has answered the validation handshake."""

    name: str
    url: str
    cloud_events: bool = False
    function: str = ""
    ready: bool = False
    code: str = ""

    def wants(self, event: JsonObject) -> bool:
        """Say whether the subscription's filter lets the event through."""
        if self.function not in FILTERS:
            return True
        kind = event.get("eventType") or event.get("type")
        if kind == _NOTIFICATION:
            return self.function == "on_cluster_created"
        allowed = {name.lower() for name in FILTERS[self.function]}
        return operation_name(event).lower() in allowed

    def to_json(self) -> JsonObject:
        """Show the subscription, without the key in its URL."""
        return {
            "name": self.name,
            "url": urlsplit(self.url)._replace(query="").geturl(),
            "functionName": self.function,
            "schema": _CLOUD_EVENTS if self.cloud_events else "EventGridSchema",
            "ready": self.ready,
        }


def subscriptions_of(urls: Iterable[str]) -> list[EventSubscription]:
    """Make the subscriptions for webhook URLs; a Functions host's own URL means both functions.

    The fragment #CloudEventSchemaV1_0 asks for CloudEvents.
    """
    made: list[EventSubscription] = []
    for url in urls:
        parts = urlsplit(url)
        cloud_events = parts.fragment.lower() == _CLOUD_EVENTS.lower()
        function = parse_qs(parts.query).get("functionName", [""])[0]
        bare = parts._replace(fragment="")
        if function or parts.path.rstrip("/") not in {"", _WEBHOOK}:
            name = f"{function or 'webhook'}-{len(made) + 1}"
            made.append(EventSubscription(name, urlunsplit(bare), cloud_events, function))
            continue
        for each in FILTERS:
            query = "&".join(part for part in (f"functionName={each}", parts.query) if part)
            target = urlunsplit(bare._replace(path=_WEBHOOK, query=query))
            made.append(EventSubscription(f"{each}-{len(made) + 1}", target, cloud_events, each))
    return made
