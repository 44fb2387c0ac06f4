"""The simulated Resource Manager: one call in, one reply out; no server, no clock of its own."""

from base64 import b64decode, urlsafe_b64encode
from binascii import Error as NotBase64
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from http import HTTPStatus
from urllib.parse import quote

from local.azure import arm_errors
from local.azure.aks_rules import Rules
from local.azure.aks_schedule import next_start
from local.azure.api_versions import check_api_version
from local.azure.arm_errors import AzureRefusal
from local.azure.bodies import (
    cluster_body,
    clusters_body,
    configuration_body,
    configuration_id,
    configurations_body,
    dump,
    listed_configurations,
)
from local.azure.identity import Caller, is_guid
from local.azure.json_values import JsonObject, parse
from local.azure.node_images import node_images_of
from local.azure.replies import Call, Change, ChangeKind, Reply
from local.azure.routes import Kind, Route
from local.azure.state import (
    Cluster,
    Configuration,
    State,
    Subscription,
    delete_configuration,
    put_configuration,
)
from local.azure.throttle import Throttle


@dataclass(slots=True)
class Options:
    """The switches of the simulated Azure; the defaults are what was recorded of the real one."""

    page_size: int = 100
    created_status: int = HTTPStatus.OK
    rules: Rules = field(default_factory=Rules)


@dataclass(slots=True)
class Arm:
    """Answers Resource Manager's calls from a state."""

    state: State
    throttle: Throttle
    options: Options = field(default_factory=Options)

    def answer(
        self, call: Call, caller: Caller, now: datetime, stale: timedelta = timedelta()
    ) -> Reply:
        """Answer a call of a known caller at an instant; listings may be shown `stale` old.

        Raises AzureRefusal.
        """
        route = call.route
        if route is None:
            raise _no_route(call)
        subscription = self._subscription(route)
        cluster = subscription.clusters.get(f"{route.group}/{route.cluster}".lower())
        location = cluster.location if cluster else route.location
        check_api_version(route, call.query.get("api-version", ""), location)
        self.throttle.pass_gateway(call.method, subscription.id, caller.app_id, now.timestamp())
        if route.kind is Kind.SUBSCRIPTION:
            return _subscription_reply(subscription, caller)
        self._check_parents(subscription, route, cluster)
        self.throttle.pass_aks(call.method, route, location, now.timestamp())
        visit = _Visit(self, call, route, subscription, cluster, now, stale)
        handler = _HANDLERS.get((route.kind, call.method))
        if handler is None:
            raise _wrong_method(call, route)
        return handler(visit)

    def _subscription(self, route: Route) -> Subscription:
        known = self.state.subscriptions.get(route.subscription.lower())
        if known is not None:
            return known
        if not is_guid(route.subscription):
            raise AzureRefusal(
                HTTPStatus.BAD_REQUEST,
                "InvalidSubscriptionId",
                f"The provided subscription identifier '{route.subscription}' is malformed or"
                " invalid.",
            )
        raise arm_errors.subscription_not_found(route.subscription)

    def _check_parents(
        self, subscription: Subscription, route: Route, cluster: Cluster | None
    ) -> None:
        if route.group and route.group.lower() not in subscription.groups:
            raise arm_errors.group_not_found(route.group)
        if route.cluster and cluster is None:
            raise arm_errors.cluster_not_found(route.group, route.cluster)


@dataclass(frozen=True, slots=True)
class _Visit:
    arm: Arm
    call: Call
    route: Route
    subscription: Subscription
    present: Cluster | None
    now: datetime
    stale: timedelta

    @property
    def cluster(self) -> Cluster:
        if self.present is None:
            raise arm_errors.cluster_not_found(self.route.group, self.route.cluster)
        return self.present

    @property
    def api_version(self) -> str:
        return self.call.query.get("api-version", "")


def _list_clusters(visit: _Visit) -> Reply:
    group = visit.route.group.lower()
    seen_until = visit.now - visit.stale
    keys = sorted(
        key
        for key, cluster in visit.subscription.clusters.items()
        if (not group or key.startswith(f"{group}/")) and cluster.created <= seen_until
    )
    after = _skipped_to(visit.call.query.get("$skiptoken", ""))
    keys = [key for key in keys if key > after]
    size = visit.arm.options.page_size or len(keys)
    page = keys[:size]
    more = _next_link(visit.call, page[-1]) if len(keys) > size else None
    clusters = (visit.subscription.clusters[key] for key in page)
    return Reply(body=clusters_body(clusters, visit.api_version, more))


def _next_link(call: Call, last: str) -> str:
    token = urlsafe_b64encode(last.encode()).decode()
    version = quote(call.query.get("api-version", ""))
    return (
        f"https://{call.host}{quote(call.path)}?api-version={version}&%24skiptoken={quote(token)}"
    )


def _skipped_to(token: str) -> str:
    try:
        return b64decode(token.encode(), altchars=b"-_", validate=True).decode()
    except (NotBase64, UnicodeError) as error:
        message = f"The provided skip token '{token}' is invalid."
        raise AzureRefusal(HTTPStatus.BAD_REQUEST, "InvalidSkipToken", message) from error


def _get_cluster(visit: _Visit) -> Reply:
    return Reply(body=cluster_body(visit.cluster, visit.api_version))


def _list_configurations(visit: _Visit) -> Reply:
    if not visit.stale:
        return Reply(body=listed_configurations(visit.cluster))
    earlier = visit.cluster.configurations_at(visit.now - visit.stale)
    return Reply(body=configurations_body(visit.cluster, earlier.values()))


def _get_configuration(visit: _Visit) -> Reply:
    name = visit.route.configuration
    found = visit.cluster.configurations.get(name.lower())
    if found is None:
        raise arm_errors.configuration_not_found(name, visit.cluster.name)
    return Reply(body=configuration_body(visit.cluster, found))


def _put_configuration(visit: _Visit) -> Reply:
    name = visit.route.configuration
    body = _json_object(visit.call.body)
    rules = visit.arm.options.rules
    properties = rules.accepted(name, body, visit.api_version, visit.now)
    configuration = Configuration(name, properties)
    is_new = put_configuration(visit.cluster, configuration, visit.now)
    return Reply(
        # 200 on create too, though the specification has 201 (every recording, 2023 to 2026).
        status=visit.arm.options.created_status if is_new else HTTPStatus.OK,
        body=configuration_body(visit.cluster, configuration),
        change=_change(visit, ChangeKind.WRITE, update=not is_new),
        window_start=next_start(properties, visit.now),
    )


def _delete_configuration(visit: _Visit) -> Reply:
    if not delete_configuration(visit.cluster, visit.route.configuration, visit.now):
        return Reply(status=HTTPStatus.NO_CONTENT, content_type="")
    return Reply(content_type="", change=_change(visit, ChangeKind.DELETE, update=True))


def _change(visit: _Visit, kind: ChangeKind, *, update: bool) -> Change:
    resource_id = configuration_id(visit.cluster, visit.route.configuration)
    return Change(kind, visit.route.action(visit.call.method), resource_id, update)


def _list_node_images(visit: _Visit) -> Reply:
    images = node_images_of(visit.arm.state, visit.route.location)
    return Reply(body=dump({"value": images}))


_HANDLERS: dict[tuple[Kind, str], Callable[[_Visit], Reply]] = {
    (Kind.CLUSTERS_OF_SUBSCRIPTION, "GET"): _list_clusters,
    (Kind.CLUSTERS_OF_GROUP, "GET"): _list_clusters,
    (Kind.CLUSTER, "GET"): _get_cluster,
    (Kind.CONFIGURATIONS, "GET"): _list_configurations,
    (Kind.CONFIGURATION, "GET"): _get_configuration,
    (Kind.CONFIGURATION, "PUT"): _put_configuration,
    (Kind.CONFIGURATION, "DELETE"): _delete_configuration,
    (Kind.NODE_IMAGES, "GET"): _list_node_images,
}


def _json_object(body: bytes) -> JsonObject:
    try:
        value = parse(body)
    except ValueError as error:
        raise arm_errors.bad_request_content(str(error)) from error
    if not isinstance(value, dict):
        raise arm_errors.bad_request_content("the content is not a JSON object")
    return value


def _subscription_reply(subscription: Subscription, caller: Caller) -> Reply:
    return Reply(
        body=dump(
            {
                "id": f"/subscriptions/{subscription.id}",
                "subscriptionId": subscription.id,
                "tenantId": caller.tenant_id,
                "displayName": f"simulated {subscription.id[:8]}",
                "state": "Enabled",
            }
        ),
        content_type="application/json; charset=utf-8",
    )


def _no_route(call: Call) -> AzureRefusal:
    if not call.path.lower().startswith("/subscriptions/"):
        return AzureRefusal(
            HTTPStatus.NOT_FOUND,
            "MissingSubscription",
            "The request did not have a subscription or a valid tenant level resource provider.",
        )
    return AzureRefusal(
        HTTPStatus.NOT_FOUND,
        "InvalidResourceType",
        f"The resource type could not be found for the path '{call.path}'.",
    )


def _wrong_method(call: Call, route: Route) -> AzureRefusal:
    return AzureRefusal(
        HTTPStatus.METHOD_NOT_ALLOWED,
        "HttpMethodNotAllowed",
        f"The HTTP method '{call.method}' is not supported at the resource type"
        f" '{route.resource_type}'.",
    )
