"""The two layers of throttling: Resource Manager's gateway, and the AKS resource provider.

Sizes: learn.microsoft.com "request-limits-and-throttling" (gateway, per region, subscription,
principal and kind of call) and "quotas-skus-regions" (AKS, per subscription and region).
"""

from dataclasses import dataclass
from http import HTTPStatus
from math import ceil
from typing import assert_never

from local.azure.arm.errors import AzureRefusal, Shape
from local.azure.arm.route import Bucket, Route


@dataclass(frozen=True, slots=True)
class Limit:
    """A token bucket: how much it holds, and how much comes back each second."""

    size: float
    per_second: float


_GATEWAY = {"reads": Limit(250, 25), "writes": Limit(200, 10), "deletes": Limit(200, 10)}
_GATEWAY_WORDS = {"reads": "read", "writes": "write", "deletes": "delete"}
# The subscription's own total is fifteen times that of one principal.
_GLOBAL_FACTOR = 15
_LIST_OF_SUBSCRIPTION = Limit(500, 1)
_LIST_OF_GROUP = Limit(60, 1)
_GET_CLUSTER = Limit(60, 1)
_PUT_CLUSTER = Limit(20, 1 / 60)
_GET_OPERATION = Limit(200, 2)
_ALL_OTHER = Limit(60, 1)
# "Guidance for throttled requests in Azure Resource Graph": 15 queries in 5 seconds and principal.
_GRAPH = Limit(15, 3)
_GRAPH_SPAN = "00:00:05"


class Buckets:
    """Token buckets by key, filled by the instants (seconds) that they are asked at."""

    def __init__(self, scale: float = 1.0) -> None:
        self._scale = scale
        self._levels: dict[tuple[str, ...], tuple[float, float]] = {}

    def clear(self) -> None:
        """Fill every bucket."""
        self._levels.clear()

    def take(self, key: tuple[str, ...], limit: Limit, now: float) -> float:
        """Take one token; give 0, or the seconds until there is one."""
        size, rate = limit.size * self._scale, limit.per_second * self._scale
        level, at = self._levels.get(key, (size, now))
        level = min(size, level + max(0.0, now - at) * rate)
        if level >= 1:
            self._levels[key] = (level - 1, now)
            return 0.0
        self._levels[key] = (level, now)
        return (1 - level) / rate

    def level(self, key: tuple[str, ...], limit: Limit) -> int:
        """Say how many tokens were left when the bucket was asked last."""
        return int(self._levels.get(key, (limit.size * self._scale, 0.0))[0])


class Throttle:
    """Both layers. Switched off it counts, for the headers, but refuses nothing."""

    def __init__(self, *, enforced: bool = False, scale: float = 1.0) -> None:
        self.enforced = enforced
        self._scale = scale
        self._gateway = Buckets(scale)
        self._aks = Buckets(scale)
        self._graph = Buckets(scale)

    def clear(self) -> None:
        """Fill every bucket."""
        self._gateway.clear()
        self._aks.clear()
        self._graph.clear()

    def pass_gateway(self, method: str, subscription: str, app_id: str, now: float) -> None:
        """Count a call at the gateway; raises AzureRefusal (429, wrapped)."""
        kind = _kind(method)
        wait = self._gateway.take((kind, subscription.lower(), app_id), _GATEWAY[kind], now)
        if wait and self.enforced:
            seconds = ceil(wait)
            raise AzureRefusal(
                HTTPStatus.TOO_MANY_REQUESTS,
                "SubscriptionRequestsThrottled",
                f"Number of '{_GATEWAY_WORDS[kind]}' requests for subscription '{subscription}'"
                f" actor '{app_id}' exceeded. Please try again after '{seconds}' seconds.",
                headers={"Retry-After": str(seconds)},
            )

    def remaining(self, method: str, subscription: str, app_id: str) -> dict[str, str]:
        """Write the headers that say how many calls the gateway would still let through."""
        kind = _kind(method)
        limit = _GATEWAY[kind]
        left = self._gateway.level((kind, subscription.lower(), app_id), limit)
        total = int(limit.size * self._scale) * _GLOBAL_FACTOR
        spent = int(limit.size * self._scale) - left
        name = f"x-ms-ratelimit-remaining-subscription-{kind}"
        return {
            name: str(left),
            name.replace(kind, f"global-{kind}"): str(total - spent),
        }

    def pass_resource_graph(self, app_id: str, now: float) -> None:
        """Count a query of Resource Graph; raises AzureRefusal (429, wrapped)."""
        wait = self._graph.take((app_id,), _GRAPH, now)
        if wait and self.enforced:
            raise AzureRefusal(
                HTTPStatus.TOO_MANY_REQUESTS,
                "RateLimiting",
                "Client application has been throttled and should not attempt to repeat the"
                " request until an amount of time has elapsed. Please see"
                " https://aka.ms/resourcegraph-throttling for help.",
                headers={"Retry-After": str(ceil(wait)), **self.graph_quota(app_id)},
            )

    def graph_quota(self, app_id: str) -> dict[str, str]:
        """Write the headers that say how many queries Resource Graph would still answer."""
        return {
            "x-ms-user-quota-remaining": str(self._graph.level((app_id,), _GRAPH)),
            "x-ms-user-quota-resets-after": _GRAPH_SPAN,
        }

    def pass_aks(self, bucket: Bucket, route: Route, location: str, now: float) -> None:
        """Count a call at the resource provider; raises AzureRefusal (429, flat)."""
        key, limit = _aks_bucket(bucket, route, location)
        wait = self._aks.take(key, limit, now)
        if wait and self.enforced:
            raise throttled_by_aks(ceil(wait))


def throttled_by_aks(seconds: int) -> AzureRefusal:
    """Refuse a call as the resource provider does. The code is documented, the text is not."""
    return AzureRefusal(
        HTTPStatus.TOO_MANY_REQUESTS,
        "Throttled",
        f"The request was throttled. Please try again after {seconds} seconds. For more details,"
        " see https://aka.ms/aks/throttling-limits.",
        shape=Shape.AKS,
        headers={"Retry-After": str(seconds)},
    )


def _kind(method: str) -> str:
    if method in {"GET", "HEAD"}:
        return "reads"
    return "deletes" if method == "DELETE" else "writes"


def _aks_bucket(bucket: Bucket, route: Route, location: str) -> tuple[tuple[str, ...], Limit]:
    subscription = route.subscription.lower()
    match bucket:
        case Bucket.LIST if route.group:
            return (bucket, subscription, route.group.lower()), _LIST_OF_GROUP
        case Bucket.LIST:
            return (bucket, subscription), _LIST_OF_SUBSCRIPTION
        case Bucket.GET_CLUSTER:
            return (bucket, route.cluster_id.lower()), _GET_CLUSTER
        case Bucket.PUT_CLUSTER:
            return (bucket, subscription, location), _PUT_CLUSTER
        case Bucket.OPERATION:
            return (bucket, subscription, location), _GET_OPERATION
        case Bucket.OTHER:
            return (bucket, subscription, location), _ALL_OTHER
        case _ as never:
            assert_never(never)
