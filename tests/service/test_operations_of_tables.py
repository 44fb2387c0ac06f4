"""What an event costs: each operation of tables is there for a reason, and none is there twice."""

from datetime import timedelta

from shared.domain.fleet.shard import Shard, ShardRow
from shared.reconcile.ground.memory import HEARD, KNOWN
from shared.reconcile.ground.pacer import SHARDS_PARTITION, SHARDS_TABLE
from tests.clusters import SUBSCRIPTION, cluster, cluster_id, schedule
from tests.fakes.tables import Operation
from tests.service_world import World

AT_ONCE = timedelta()
_ROWS = {KNOWN: "known", HEARD: "heard"}


def a_world() -> World:
    """Make a world with one cluster that has its schedule."""
    world = World()
    world.aks.set_schedule(world.aks.add(cluster()), schedule("Monday"))
    return world


async def a_known_world() -> World:
    """Make one in which that cluster has been reconciled an hour ago."""
    world = a_world()
    await world.reconcile()
    world.clock.advance(timedelta(hours=1))
    return world


async def operations_of_an_event(world: World, name: str = "aks-1") -> list[str]:
    """Give what one delivery of an event's message asks of the tables, in order."""
    await world.ask(name)
    world.tables.done.clear()
    await world.run(for_at_most=AT_ONCE)
    return [_said(each) for each in world.tables.done]


def _said(operation: Operation) -> str:
    """Say an operation by the rows that it is about."""
    rows = [_row(operation, key) for key in operation.keys] or [_row(operation, "")]
    return f"{operation.verb} {' and '.join(rows)}"


def _row(operation: Operation, key: str) -> str:
    match operation.table.removeprefix("naptime"):
        case "clusters":
            start, colon, _ = key.partition(":")
            return _ROWS.get(start + colon, "claim")
        case "shards":
            return operation.partition
        case other:
            return other


async def test_what_is_remembered_is_read_once() -> None:
    """What is known of the schedule, and where the cluster is, stand in one row."""
    found = await operations_of_an_event(await a_known_world())
    assert found.count("get known") == 1


async def test_that_nothing_is_remembered_is_read_once() -> None:
    """That nobody knows a cluster is known after one reading as well."""
    found = await operations_of_an_event(a_world())
    assert found.count("get known") == 1


async def test_a_token_that_was_not_used_goes_back_unread() -> None:
    """The row is as this worker wrote it when it drew, and its ETag says so."""
    found = await operations_of_an_event(await a_known_world())
    of_the_shard = [each for each in found if each.endswith("shard")]
    assert of_the_shard == ["get shard", "replace shard", "replace shard"]


async def test_a_cluster_that_was_remembered_elsewhere_is_found() -> None:
    """Where it was made again in another place, the read row only costs a draw, given back."""
    world = await a_known_world()
    world.aks.set_schedule(world.aks.add(cluster(location="northeurope")), schedule("Monday"))
    before = len(world.aks.calls)
    await operations_of_an_event(world)
    assert [call.verb for call in world.aks.calls[before:]] == ["get", "list"]
    assert await tokens(world, "westeurope") == world.settings.pace.burst
    assert await tokens(world, "northeurope") == world.settings.pace.burst - 1
    known = await world.memory.recall(cluster_id())
    assert known
    assert known.location == "northeurope"


async def tokens(world: World, location: str) -> float:
    """Read what a shard has left."""
    shard = Shard(SUBSCRIPTION, location)
    reading = await world.tables.of(SHARDS_TABLE).get(SHARDS_PARTITION, shard.key)
    return ShardRow.of(world.settings.pace, reading).bucket.tokens
