"""Any number of workers over one storage and one Azure, whose limits are on, on one clock."""

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import cycle
from typing import Final

from local.azure.arm.throttle import Buckets, Limit
from local.cost.work import CountingWorld
from local.scale.fleet import Subscription, fill
from shared.domain.errors import AzureError, SubscriptionThrottled, Throttled
from shared.domain.fleet.pace import Pace
from shared.domain.fleet.shard import Shard
from tests.fakes.aks import Call, Verb
from tests.fakes.clock import FakeClock
from tests.service_world import World

AKS, READS, PAGES = Limit(60, 1), Limit(250, 25), Limit(500, 1)
"""What Azure lets through: AKS in a shard, Resource Manager in a subscription, and the listing."""

PACE: Final = Pace()


class Worker(CountingWorld):
    """One of several workers: nothing but the storage, Azure and the clock is shared."""

    def join(self, first: World) -> None:
        """Stand on what the first worker stands on."""
        self.ports = first.ports
        self._name_the_fakes(first.ports)


@dataclass(frozen=True, slots=True)
class Limits:
    """Azure's own buckets, by the simulated clock."""

    clock: FakeClock
    places: dict[str, str]
    buckets: Buckets

    def refuse(self, verb: Verb, where: str) -> AzureError | None:
        """Refuse a call that is over a limit: by the cluster's key, or the subscription's id."""
        subscription, now = where.split("/")[2] if "/" in where else where, self.clock.now()
        if verb == "clusters":
            return self._taken(Throttled, ("pages", subscription), PAGES, now)
        refused = None
        if verb in {"get", "list"}:
            key = ("reads", subscription)
            refused = self._taken(SubscriptionThrottled, key, READS, now)
        if verb == "get" or refused:
            return refused
        return self._taken(Throttled, (subscription, self.places[where]), AKS, now)

    def _taken(
        self, kind: type[AzureError], key: tuple[str, ...], limit: Limit, now: datetime
    ) -> AzureError | None:
        wait = self.buckets.take(key, limit, now.timestamp())
        return kind("slow", status=429, retry_after=timedelta(seconds=wait)) if wait else None


@dataclass(frozen=True, slots=True)
class Swept:
    """A run over all of it: seconds by the simulated clock, and counts."""

    workers: int
    seconds: float
    bound: float
    worst: float
    calls: int
    throttled: int
    unprotected: int
    written_twice: int
    messages: Sequence[int]
    table_operations: int


async def sweep(fleet: list[Subscription], workers: int, pace: Pace = PACE) -> Swept:
    """Sweep a fleet with so many workers, each of which takes the next message in turn."""
    first = Worker(subscriptions=frozenset(each.id for each in fleet), pace=pace)
    fill(first.aks, fleet)
    places = {each.key: str(body["location"]) for each, body in first.aks.clusters.items()}
    first.aks.refuses = Limits(first.clock, places, Buckets()).refuse
    ours = first.settings.subscriptions
    others = [Worker(subscriptions=ours, pace=pace) for _ in range(workers - 1)]
    for each in others:
        each.join(first)
    began = first.clock.now()
    await first.start()
    for worker in cycle([first, *others]):
        visible_at = first.next_visible()
        if visible_at is None:
            break
        first.clock.move_to(visible_at)
        await worker.deliver_one()
    return _judged(first, [first, *others], began)


def _judged(world: Worker, workers: Sequence[Worker], began: datetime) -> Swept:
    of_shards = defaultdict[Shard, list[Call]](list)
    for call in world.aks.calls:
        if call.cluster_id and call.verb in {"list", "put"}:
            where = str(world.aks.clusters[call.cluster_id]["location"])
            of_shards[Shard(call.cluster_id.subscription_id, where)].append(call)
    lasted = {key: (calls[-1].at - began) / _SECOND for key, calls in of_shards.items()}
    bounds = {key: _bound(len(calls)) for key, calls in of_shards.items()}
    slowest = max(bounds, key=bounds.__getitem__)
    writes = Counter(call.cluster_id for call in world.aks.accepted_writes)
    messages = [each.delivered for each in workers]
    return Swept(
        workers=len(workers),
        seconds=max(lasted.values()),
        bound=bounds[slowest],
        worst=lasted[slowest] / bounds[slowest] if bounds[slowest] else 0.0,
        calls=len(world.aks.calls),
        throttled=sum(call.error is not None for call in world.aks.calls),
        unprotected=sum(world.aks.schedule(each) is None for each in world.aks.clusters),
        written_twice=sum(number > 1 for number in writes.values()),
        messages=messages,
        table_operations=world.life.operations - len(world.aks.calls) - sum(messages),
    )


_SECOND: Final = timedelta(seconds=1)


def _bound(calls: int) -> float:
    """Say how long the pace alone takes for the calls of a shard, in seconds."""
    return max(0.0, (calls - PACE.burst) / PACE.rate_per_second)
