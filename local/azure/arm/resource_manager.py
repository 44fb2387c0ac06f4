"""The simulated Resource Manager: one call in, one reply out; no server, no clock of its own."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from http import HTTPStatus

from local.azure.arm import (
    cluster_calls,
    configuration_calls,
    errors,
    group_calls,
    image_calls,
    resource_graph,
    subscription_calls,
)
from local.azure.arm.api_versions import check_api_version
from local.azure.arm.clusters import Cluster
from local.azure.arm.errors import AzureRefusal
from local.azure.arm.operations import Operations
from local.azure.arm.roles import Roles
from local.azure.arm.routes import AROUND, Kind, Route
from local.azure.arm.state import State, Subscription
from local.azure.arm.throttle import Throttle
from local.azure.arm.visits import Visit
from local.azure.entra.tokens import Caller, is_guid
from local.azure.options import Options
from local.azure.replies import Call, Reply

# Calls above subscriptions have no subscription of their own.
_NOWHERE = Subscription("")


@dataclass(slots=True)
class Arm:
    """Answers Resource Manager's calls from a state."""

    state: State
    operations: Operations
    throttle: Throttle
    options: Options
    roles: Roles

    def answer(
        self, call: Call, caller: Caller, now: datetime, stale: timedelta = timedelta()
    ) -> Reply:
        """Answer a call of a known caller at an instant; listings may be shown `stale` old.

        Raises AzureRefusal.
        """
        route = call.route
        if route is None:
            raise errors.no_route(call.path)
        subscription = self._subscription(route)
        cluster = subscription.clusters.get(f"{route.group}/{route.cluster}".lower())
        location = cluster.location if cluster else route.location
        check_api_version(route, call.query.get("api-version", ""), location)
        self.throttle.pass_gateway(call.method, subscription.id, caller.app_id, now.timestamp())
        self.roles.check(call, caller)
        if route.kind is Kind.RESOURCE_GRAPH:
            self.throttle.pass_resource_graph(caller.app_id, now.timestamp())
        handler = _HANDLERS.get((route.kind, call.method))
        if route.kind not in AROUND:
            _check_parents(subscription, call.method, route, cluster)
            self.throttle.pass_aks(call.method, route, location, now.timestamp())
        elif handler is group_calls.get_group:
            _check_group(subscription, route)
        if handler is None:
            raise errors.wrong_method(call.method, route.resource_type)
        return handler(
            Visit(
                self.state,
                self.operations,
                self.options,
                call,
                caller,
                route,
                subscription,
                cluster,
                now,
                stale,
                self.roles,
            )
        )

    def _subscription(self, route: Route) -> Subscription:
        if not route.subscription:
            return _NOWHERE
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
        raise errors.subscription_not_found(route.subscription)


def _check_group(subscription: Subscription, route: Route) -> None:
    if route.group and route.group.lower() not in subscription.groups:
        raise errors.group_not_found(route.group)


def _check_parents(
    subscription: Subscription, method: str, route: Route, cluster: Cluster | None
) -> None:
    _check_group(subscription, route)
    makes_or_ends_it = route.kind is Kind.CLUSTER and method in {"PUT", "DELETE"}
    if route.cluster and cluster is None and not makes_or_ends_it:
        raise errors.cluster_not_found(route.group, route.cluster)


_HANDLERS: Mapping[tuple[Kind, str], Callable[[Visit], Reply]] = {
    (Kind.CLUSTERS_OF_SUBSCRIPTION, "GET"): cluster_calls.list_clusters,
    (Kind.CLUSTERS_OF_GROUP, "GET"): cluster_calls.list_clusters,
    (Kind.CLUSTER, "GET"): cluster_calls.get_cluster,
    (Kind.CLUSTER, "PUT"): cluster_calls.put_cluster,
    (Kind.CLUSTER, "PATCH"): cluster_calls.patch_cluster,
    (Kind.CLUSTER, "DELETE"): cluster_calls.delete_cluster,
    (Kind.OPERATION, "GET"): cluster_calls.get_operation,
    (Kind.OPERATION_RESULT, "GET"): cluster_calls.get_operation_result,
    (Kind.CONFIGURATIONS, "GET"): configuration_calls.list_configurations,
    (Kind.CONFIGURATION, "GET"): configuration_calls.get_configuration,
    (Kind.CONFIGURATION, "PUT"): configuration_calls.write_configuration,
    (Kind.CONFIGURATION, "DELETE"): configuration_calls.remove_configuration,
    (Kind.NODE_IMAGES, "GET"): image_calls.list_node_images,
    (Kind.POOL_UPGRADES, "GET"): image_calls.get_pool_upgrades,
    (Kind.RESOURCE_GRAPH, "POST"): resource_graph.query_resources,
    (Kind.TENANTS, "GET"): subscription_calls.list_tenants,
    (Kind.SUBSCRIPTIONS, "GET"): subscription_calls.list_subscriptions,
    (Kind.SUBSCRIPTION, "GET"): subscription_calls.get_subscription,
    (Kind.LOCATIONS, "GET"): subscription_calls.list_locations,
    (Kind.PROVIDERS, "GET"): subscription_calls.list_providers,
    (Kind.PROVIDER, "GET"): subscription_calls.get_provider,
    (Kind.PROVIDER_REGISTER, "POST"): subscription_calls.register_provider,
    (Kind.PROVIDER_UNREGISTER, "POST"): subscription_calls.unregister_provider,
    (Kind.GROUPS, "GET"): group_calls.list_groups,
    (Kind.GROUP, "GET"): group_calls.get_group,
    (Kind.GROUP, "HEAD"): group_calls.head_group,
    (Kind.GROUP, "PUT"): group_calls.put_group,
}
