"""The simulated Resource Manager: one call in, one reply out; no server, no clock of its own."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from http import HTTPStatus

from local.azure import (
    arm_clusters,
    arm_configurations,
    arm_errors,
    arm_groups,
    arm_images,
    arm_subscriptions,
    resource_graph,
)
from local.azure.api_versions import check_api_version
from local.azure.arm_errors import AzureRefusal
from local.azure.clusters import Cluster
from local.azure.identity import Caller, is_guid
from local.azure.operations import Operations
from local.azure.options import Options
from local.azure.replies import Call, Reply
from local.azure.roles import Roles
from local.azure.routes import AROUND, Kind, Route
from local.azure.state import State, Subscription
from local.azure.throttle import Throttle
from local.azure.visits import Visit

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
            raise arm_errors.no_route(call.path)
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
        elif handler is arm_groups.get_group:
            _check_group(subscription, route)
        if handler is None:
            raise arm_errors.wrong_method(call.method, route.resource_type)
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
        raise arm_errors.subscription_not_found(route.subscription)


def _check_group(subscription: Subscription, route: Route) -> None:
    if route.group and route.group.lower() not in subscription.groups:
        raise arm_errors.group_not_found(route.group)


def _check_parents(
    subscription: Subscription, method: str, route: Route, cluster: Cluster | None
) -> None:
    _check_group(subscription, route)
    makes_or_ends_it = route.kind is Kind.CLUSTER and method in {"PUT", "DELETE"}
    if route.cluster and cluster is None and not makes_or_ends_it:
        raise arm_errors.cluster_not_found(route.group, route.cluster)


_HANDLERS: Mapping[tuple[Kind, str], Callable[[Visit], Reply]] = {
    (Kind.CLUSTERS_OF_SUBSCRIPTION, "GET"): arm_clusters.list_clusters,
    (Kind.CLUSTERS_OF_GROUP, "GET"): arm_clusters.list_clusters,
    (Kind.CLUSTER, "GET"): arm_clusters.get_cluster,
    (Kind.CLUSTER, "PUT"): arm_clusters.put_cluster,
    (Kind.CLUSTER, "PATCH"): arm_clusters.patch_cluster,
    (Kind.CLUSTER, "DELETE"): arm_clusters.delete_cluster,
    (Kind.OPERATION, "GET"): arm_clusters.get_operation,
    (Kind.OPERATION_RESULT, "GET"): arm_clusters.get_operation_result,
    (Kind.CONFIGURATIONS, "GET"): arm_configurations.list_configurations,
    (Kind.CONFIGURATION, "GET"): arm_configurations.get_configuration,
    (Kind.CONFIGURATION, "PUT"): arm_configurations.write_configuration,
    (Kind.CONFIGURATION, "DELETE"): arm_configurations.remove_configuration,
    (Kind.NODE_IMAGES, "GET"): arm_images.list_node_images,
    (Kind.POOL_UPGRADES, "GET"): arm_images.get_pool_upgrades,
    (Kind.RESOURCE_GRAPH, "POST"): resource_graph.query_resources,
    (Kind.TENANTS, "GET"): arm_subscriptions.list_tenants,
    (Kind.SUBSCRIPTIONS, "GET"): arm_subscriptions.list_subscriptions,
    (Kind.SUBSCRIPTION, "GET"): arm_subscriptions.get_subscription,
    (Kind.LOCATIONS, "GET"): arm_subscriptions.list_locations,
    (Kind.PROVIDERS, "GET"): arm_subscriptions.list_providers,
    (Kind.PROVIDER, "GET"): arm_subscriptions.get_provider,
    (Kind.PROVIDER_REGISTER, "POST"): arm_subscriptions.register_provider,
    (Kind.PROVIDER_UNREGISTER, "POST"): arm_subscriptions.unregister_provider,
    (Kind.GROUPS, "GET"): arm_groups.list_groups,
    (Kind.GROUP, "GET"): arm_groups.get_group,
    (Kind.GROUP, "HEAD"): arm_groups.head_group,
    (Kind.GROUP, "PUT"): arm_groups.put_group,
}
