"""What naptime does for an event and for a cluster in a sweep, counted in the service tests' world.

Nothing is assumed here: the app itself is run over fakes that remember each operation.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta

from local.cost.prices import CLUSTERS_OF_A_SUBSCRIPTION
from tests.clusters import SUBSCRIPTION, cluster, cluster_id, schedule
from tests.payloads import cluster_written
from tests.service_world import World

_SUBSCRIPTIONS = 10
_PLACES = ("westeurope", "northeurope")


@dataclass(frozen=True, slots=True)
class Work:
    """Executions of functions, messages, operations of tables, and calls to Azure."""

    executions: float
    messages: float
    table_operations: float
    calls: float

    def over(self, number: int) -> "Work":
        """Give the part of one of so many."""
        return Work(
            self.executions / number,
            self.messages / number,
            self.table_operations / number,
            self.calls / number,
        )


async def of_an_event() -> Work:
    """Count an event of a cluster that has its schedule, and that is known."""
    world = CountingWorld()
    world.aks.set_schedule(world.aks.add(cluster()), schedule("Monday"))
    await world.reconcile()
    world.clock.advance(timedelta(hours=1))

    async def event() -> None:
        # What the webhook's function does is one execution, one message, and a mark in a table.
        await world.events.receive(cluster_written(cluster_id()))
        await world.run()

    found = await _counted(world, event)
    return Work(found.executions + 1, found.messages, found.table_operations, found.calls)


async def of_a_cluster_in_a_sweep() -> Work:
    """Count a sweep with nothing to do, over ten subscriptions of ten clusters; a hundredth."""
    subscriptions = [
        f"{number:08}-{SUBSCRIPTION.partition('-')[2]}" for number in range(_SUBSCRIPTIONS)
    ]
    world = CountingWorld(subscriptions=frozenset(subscriptions))
    for subscription in subscriptions:
        for number in range(CLUSTERS_OF_A_SUBSCRIPTION):
            place = _PLACES[number % len(_PLACES)]
            body = cluster(f"aks-{number}", location=place, subscription=subscription)
            world.aks.set_schedule(world.aks.add(body), schedule("Monday"))
    await world.sweep()
    world.clock.advance(timedelta(hours=6))

    async def sweep() -> None:
        await world.start()
        await world.run()

    found = await _counted(world, sweep)
    return found.over(_SUBSCRIPTIONS * CLUSTERS_OF_A_SUBSCRIPTION)


async def _counted(world: "CountingWorld", act: Callable[[], Awaitable[None]]) -> Work:
    """Count what is done; each message is received by one execution."""
    operations, calls, messages = world.life.operations, len(world.aks.calls), world.delivered
    await act()
    calls, messages = len(world.aks.calls) - calls, world.delivered - messages
    # A step of the world's life is an operation of a table, a message that is sent, or a call.
    tables = world.life.operations - operations - calls - messages
    return Work(messages, messages, tables, calls)


class CountingWorld(World):
    """The world of the service tests, and how many messages it has delivered."""

    delivered = 0

    async def deliver_one(self) -> None:
        """Count one more."""
        self.delivered += 1
        await super().deliver_one()
