"""When NAP replaces nodes: after a new image was taken, as fast as each pool's budgets let it.

All nodes of a pool have drifted once an image is taken. Karpenter starts as many replacements as
the budgets allow less those that are going on, and looks at budgets only when it starts one; what
goes on is not stopped. Pools go side by side. Pods that nothing may evict, failing replacements and
expiry are not simulated.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from local.azure.json_values import JsonObject, as_list, as_object, as_text, whole_number
from local.azure.nap.budgets import Budget, allowed, budget_of

DEFAULT_MINUTES = 15
MOST_NODES = 1000
MOST_POOLS = 20


@dataclass(frozen=True, slots=True)
class NodePool:
    """A node pool: how many nodes, its budgets, how long it takes to replace a node."""

    name: str
    nodes: int
    budgets: tuple[Budget, ...]
    per_node: timedelta


@dataclass(frozen=True, slots=True)
class Replacement:
    """One node of a pool that is replaced, from when to when."""

    pool: str
    node: int
    at: datetime
    done: datetime


@dataclass(slots=True)
class _Rolling:
    """A pool that is rolled: each node's image, by the number of its pick-up, and what goes on."""

    pool: NodePool
    images: list[int]
    busy: list[tuple[Replacement, int]] = field(default_factory=list)

    def step(self, at: datetime, newest: int) -> Iterator[Replacement]:
        """End what is done at an instant, and start what may start."""
        for replacement, image in [each for each in self.busy if each[0].done <= at]:
            self.images[replacement.node] = image
            self.busy.remove((replacement, image))
        free = allowed(self.pool.budgets, self.pool.nodes, at) - len(self.busy)
        for node in self.drifted(newest)[: max(0, free)]:
            started = Replacement(self.pool.name, node, at, at + self.pool.per_node)
            self.busy.append((started, newest))
            yield started

    def drifted(self, newest: int) -> list[int]:
        """Give the nodes that are not in replacement and have an older image."""
        going = {replacement.node for replacement, _ in self.busy}
        return [
            node for node, image in enumerate(self.images) if image < newest and node not in going
        ]

    def next_instant(self, at: datetime, newest: int) -> datetime | None:
        """Find when something may change by itself."""
        ends = [replacement.done for replacement, _ in self.busy]
        if self.drifted(newest):
            changes = (budget.next_change(at) for budget in self.pool.budgets)
            ends += [each for each in changes if each is not None]
        return min(ends, default=None)


def replacements(
    taken: Sequence[datetime], pools: Sequence[NodePool], until: datetime
) -> list[Replacement]:
    """Find what starts before an instant; `taken` is when images were picked up, in order."""
    found = [each for pool in pools for each in _of_pool(pool, taken, until)]
    return sorted(found, key=lambda each: (each.at, each.pool, each.node))


def _of_pool(pool: NodePool, taken: Sequence[datetime], until: datetime) -> Iterator[Replacement]:
    rolling = _Rolling(pool, [0] * pool.nodes)
    at = taken[0] if taken else until
    while at < until:
        newest = sum(each <= at for each in taken)
        yield from rolling.step(at, newest)
        coming = [each for each in taken if each > at]
        changes = rolling.next_instant(at, newest)
        at = min([until, *coming[:1], *([changes] if changes else [])])


def pools_of(body: JsonObject) -> tuple[NodePool, ...]:
    """Read `{"pools": [{"name": …, "nodes": …, "minutesPerNode": …, "budgets": […]}]}`.

    Without budgets a pool has Karpenter's own, 10 %. Raises ValueError.
    """
    pools = tuple(_pool(as_object(each)) for each in as_list(body.get("pools")))
    if len(pools) > MOST_POOLS or len({pool.name for pool in pools}) < len(pools):
        message = f"pools: must be at most {MOST_POOLS}, each with a name of its own"
        raise ValueError(message)
    return pools


def _pool(body: JsonObject) -> NodePool:
    nodes = whole_number(body.get("nodes"))
    minutes = whole_number(body.get("minutesPerNode", DEFAULT_MINUTES))
    name = as_text(body.get("name"))
    if not name or nodes is None or not 1 <= nodes <= MOST_NODES or not minutes or minutes < 1:
        message = f"pools: name, nodes (1 to {MOST_NODES}) and minutesPerNode must be there"
        raise ValueError(message)
    written = body.get("budgets", [{"nodes": "10%"}])
    budgets = tuple(budget_of(as_object(each)) for each in as_list(written))
    return NodePool(name, nodes, budgets, timedelta(minutes=minutes))
