"""Event subscriptions that deployments make: checked as Event Grid checks them, then heard by."""

from collections.abc import Callable
from dataclasses import dataclass, field
from urllib.parse import urlencode

from local.azure.deploying.functions import get
from local.azure.deploying.sites import Site
from local.azure.deploying.store import Store, refuse
from local.azure.deploying.templates import Made
from local.azure.event_grid.deliveries import Outbox
from local.azure.event_grid.subscriptions import EventSubscription
from local.azure.json_values import JsonObject, as_list, as_object, as_text

SYSTEM = "Microsoft.EventGrid/systemTopics/eventSubscriptions"
CUSTOM = "Microsoft.EventGrid/topics/eventSubscriptions"


@dataclass(slots=True)
class DeployedSubscription(EventSubscription):
    """A subscription with the filters that it was deployed with."""

    filters: tuple[JsonObject, ...] = ()

    def wants(self, event: JsonObject) -> bool:
        """Say whether source, type and every filter let the event through; case does not count."""
        about = as_text(event.get("topic") or event.get("source")).lower()
        kind = as_text(event.get("eventType") or event.get("type")).lower()
        if not about.startswith(self.source) or (self.types and kind not in self.types):
            return False
        return all(_lets_through(each, event) for each in self.filters)


def _lets_through(one: JsonObject, event: JsonObject) -> bool:
    value: object = event
    for name in as_text(one.get("key")).split("."):
        value = get(value, name)
    text = as_text(value).lower()
    wanted = [as_text(each).lower() for each in as_list(one.get("values"))]
    match one.get("operatorType"):
        case "StringIn":
            return text in wanted
        case "StringBeginsWith":
            return text.startswith(tuple(wanted))
        case "StringContains":
            return any(each in text for each in wanted)
        case other:
            raise refuse("InvalidRequest", f"The operator {other} is not simulated.")


@dataclass(slots=True)
class Subscribing:
    """Holds the event subscriptions by lower-cased id."""

    store: Store
    outbox: Outbox
    site_of: Callable[[str], Site | None]
    late: int = 0
    """How often Event Grid does not see a function that is listed already."""
    heard: dict[str, EventSubscription] = field(default_factory=dict)

    def check(self, one: Made) -> None:
        """Check one before it is made. Raises AzureRefusal."""
        self.store.look(one.id.rpartition("/eventSubscriptions/")[0])
        target = as_text(_at(one, "destination", "properties", "resourceId"))
        app, _, function = target.partition("/functions/")
        site = self.site_of(app)
        if site is None or function not in site.functions or self._is_late():
            message = f"Destination endpoint not found. Resource details: resourceId: {target}."
            raise refuse("InvalidRequest", message)
        dead_letters = _at(one, "deadLetterWithResourceIdentity")
        if dead_letters is not None:
            self._check_identity(
                one,
                as_text(
                    _at(one, "deadLetterWithResourceIdentity", "identity", "userAssignedIdentity")
                ),
            )

    def _is_late(self) -> bool:
        left, self.late = self.late, max(self.late - 1, 0)
        return left > 0

    def _check_identity(self, one: Made, identity: str) -> None:
        topic = self.store.look(one.id.rpartition("/eventSubscriptions/")[0])
        attached = as_object(get(topic.get("identity"), "userAssignedIdentities"))
        if identity.lower() not in {each.lower() for each in attached}:
            raise refuse("InvalidRequest", f"The identity {identity} is not attached to the topic.")

    def listen(self, one: Made) -> None:
        """Deliver to the app from now on."""
        target = as_text(_at(one, "destination", "properties", "resourceId"))
        app, _, function = target.partition("/functions/")
        site = self.site_of(app)
        self.forget(one.id)
        if site is None or site.backend is None or not site.backend.url:
            return
        query = urlencode({"functionName": function, "code": site.backend.key})
        types = as_list(_at(one, "filter", "includedEventTypes"))
        made = DeployedSubscription(
            name=one.id.rpartition("/")[2],
            url=f"{site.backend.url}/runtime/webhooks/eventgrid?{query}",
            cloud_events=True,
            function=function,
            # Event Grid has looked at the function already; there is no handshake with it.
            ready=True,
            source=self._source(one),
            is_of_topic=one.type == CUSTOM,
            types=frozenset(as_text(each).lower() for each in types),
            filters=tuple(map(as_object, as_list(_at(one, "filter", "advancedFilters")))),
        )
        self.heard[one.id.lower()] = made
        self.outbox.subscriptions.append(made)

    def _source(self, one: Made) -> str:
        """Give the subscription that a system topic is of; a custom topic is of none."""
        topic = self.store.look(one.id.rpartition("/eventSubscriptions/")[0])
        return as_text(get(topic.get("properties"), "source")).lower()

    def forget(self, resource_id: str) -> None:
        """Deliver nothing more for one that is gone."""
        known = self.heard.pop(resource_id.lower(), None)
        if known is not None:
            self.outbox.subscriptions.remove(known)


def _at(one: Made, *path: str) -> object:
    value: object = one.body.get("properties")
    for name in path:
        value = get(value, name)
    return value
