"""Who hears of events: webhooks, each with the filter and the schema of its event subscription."""

from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import parse_qs, urlsplit, urlunsplit

from local.azure.arm.route import CLUSTERS, CONFIGURATIONS, TAGS
from local.azure.event_grid.bodies import operation_name
from local.azure.json_values import JsonObject, as_text
from local.azure.replies import ChangeKind

_CLOUD_EVENTS = "CloudEventSchemaV1_0"
_WEBHOOK = "/runtime/webhooks/eventgrid"
# What the filter of an event subscription on data.operationName lets through, by function.
FILTERS = {
    "on_cluster_created": frozenset({f"{CLUSTERS}/write", f"{TAGS}/write", f"{TAGS}/delete"}),
    "on_schedule_changed": frozenset({f"{CONFIGURATIONS}/write", f"{CONFIGURATIONS}/delete"}),
}
# Failed actions on a cluster are hints as well, whatever the action.
_ACTIONS = f"{CLUSTERS}/".lower()
_NOTIFICATION = "Microsoft.ResourceNotifications.Resources.CreatedOrUpdated"
# What the included event types of the subscriptions to the app's own topic are, by function.
TOPIC_TYPES = {"on_node_image_released": frozenset({"naptime.nodeimagereleased"})}


@dataclass(slots=True)
class EventSubscription:
    """A webhook that events go to; `ready` once it has answered the validation handshake.

    One `is_of_topic` hears of a custom topic, the others of what happens to resources. `types`, in
    lower case, are the only types that it wants; none are all. `source` is the subscription
    of Azure, `/subscriptions/…` in lower case, that its topic is of; empty is every one.
    """

    name: str
    url: str
    cloud_events: bool = False
    function: str = ""
    ready: bool = False
    code: str = ""
    is_of_topic: bool = False
    types: frozenset[str] = frozenset()
    source: str = ""

    def wants(self, event: JsonObject) -> bool:
        """Say whether the subscription's filter lets the event through."""
        kind = as_text(event.get("eventType") or event.get("type"))
        if not as_text(event.get("topic") or event.get("source")).lower().startswith(self.source):
            return False
        if self.types and kind.lower() not in self.types:
            return False
        if self.function not in FILTERS:
            return True
        if kind == _NOTIFICATION:
            return self.function == "on_cluster_created"
        operation = operation_name(event).lower()
        if kind == ChangeKind.ACTION_FAILURE:
            return self.function == "on_cluster_created" and operation.startswith(_ACTIONS)
        allowed = {name.lower() for name in FILTERS[self.function]}
        return operation in allowed

    def to_json(self) -> JsonObject:
        """Show the subscription, without the key in its URL."""
        return {
            "name": self.name,
            "url": urlsplit(self.url)._replace(query="").geturl(),
            "functionName": self.function,
            "schema": _CLOUD_EVENTS if self.cloud_events else "EventGridSchema",
            "ready": self.ready,
            "isOfTopic": self.is_of_topic,
            "types": sorted(self.types),
        }


def subscriptions_of(urls: Iterable[str]) -> list[EventSubscription]:
    """Make the subscriptions for webhook URLs; a Functions host's own URL means both functions.

    The fragment #CloudEventSchemaV1_0 asks for CloudEvents.
    """
    made: list[EventSubscription] = []
    for url in urls:
        parts = urlsplit(url)
        cloud_events = parts.fragment.lower() == _CLOUD_EVENTS.lower()
        function = function_of(url)
        bare = parts._replace(fragment="")
        if function or not _is_host(url):
            name = f"{function or 'webhook'}-{len(made) + 1}"
            made.append(EventSubscription(name, urlunsplit(bare), cloud_events, function))
            continue
        for each in FILTERS:
            name, target = f"{each}-{len(made) + 1}", _webhook_of(url, each)
            made.append(EventSubscription(name, target, cloud_events, each))
    return made


def topic_subscriptions_of(urls: Iterable[str]) -> list[EventSubscription]:
    """Make the subscriptions to custom topics; a Functions host's own URL means its function.

    What comes as CloudEvents goes on as CloudEvents. The fragment names the types that are wanted,
    comma-separated: #Naptime.ScheduleFailed,Naptime.FleetRunCompleted.
    """
    return [_topic_subscription(number, url) for number, url in enumerate(urls, 1)]


def _topic_subscription(number: int, url: str) -> EventSubscription:
    parts = urlsplit(url)
    function = function_of(url) or (next(iter(TOPIC_TYPES)) if _is_host(url) else "")
    target = (
        _webhook_of(url, function) if _is_host(url) else urlunsplit(parts._replace(fragment=""))
    )
    named = frozenset(each.strip().lower() for each in parts.fragment.split(",") if each.strip())
    return EventSubscription(
        f"topic-{function or 'webhook'}-{number}",
        target,
        cloud_events=True,
        function=function,
        is_of_topic=True,
        types=named or TOPIC_TYPES.get(function, frozenset()),
    )


def function_of(url: str) -> str:
    """Give the function that a Functions host's webhook URL names, or the empty string."""
    return parse_qs(urlsplit(url).query).get("functionName", [""])[0]


def _is_host(url: str) -> bool:
    return not function_of(url) and urlsplit(url).path.rstrip("/") in {"", _WEBHOOK}


def _webhook_of(url: str, function: str) -> str:
    parts = urlsplit(url)
    query = "&".join(part for part in (f"functionName={function}", parts.query) if part)
    return urlunsplit(parts._replace(fragment="", path=_WEBHOOK, query=query))
