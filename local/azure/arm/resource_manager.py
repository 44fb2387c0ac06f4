"""The simulated Resource Manager: one call in, one reply out; no server, no clock of its own."""

from dataclasses import dataclass
from datetime import datetime
from http import HTTPStatus

from local.azure.arm import errors
from local.azure.arm.api_versions import check_api_version
from local.azure.arm.clusters import Cluster
from local.azure.arm.errors import AzureRefusal
from local.azure.arm.operations import Operations
from local.azure.arm.roles import Roles
from local.azure.arm.route import Bucket, Route, Service
from local.azure.arm.state import State, Subscription
from local.azure.arm.throttle import Throttle
from local.azure.arm.visits import Visit
from local.azure.controls.misfortunes import Misfortune
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

    def answer(self, call: Call, caller: Caller, now: datetime, misfortune: Misfortune) -> Reply:
        """Answer a call of a known caller at an instant; listings may be old or incomplete.

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
        self.roles.check(call, caller, now)
        if route.row.service is Service.GRAPH:
            self.throttle.pass_resource_graph(caller.app_id, now.timestamp())
        way = route.way(call.method)
        _check_parents(subscription, route, cluster, may_be_new=way is not None and way.may_be_new)
        if route.is_by_aks:
            bucket = way.bucket if way else Bucket.OTHER
            self.throttle.pass_aks(bucket, route, location, now.timestamp())
        if way is None:
            raise errors.wrong_method(call.method, route.resource_type)
        return way.answer(
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
                misfortune.stale,
                tuple(misfortune.missing),
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


def _check_parents(
    subscription: Subscription, route: Route, cluster: Cluster | None, *, may_be_new: bool
) -> None:
    makes_group = may_be_new and not route.cluster
    if route.group and not makes_group and route.group.lower() not in subscription.groups:
        raise errors.group_not_found(route.group)
    if route.cluster and cluster is None and not may_be_new:
        raise errors.cluster_not_found(route.group, route.cluster)
