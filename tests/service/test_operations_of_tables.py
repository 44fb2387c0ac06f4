"""What an event costs: each operation of tables is there for a reason, and none is there twice."""

from datetime import datetime, timedelta

import pytest
from azure.core.exceptions import ServiceRequestError

from shared.domain.deciding.outcome import OutcomeKind
from shared.domain.fleet.shard import Shard, ShardRow
from shared.reconcile.cluster.tidy import Tidier
from shared.reconcile.ground.claim import CLUSTERS_TABLE
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


async def test_an_event_of_a_known_cluster() -> None:
    """What is known, a token, ten reads for this and others, what was given up, what came of it."""
    assert await operations_of_an_event(await a_known_world()) == [
        *("get claim", "replace claim", "first policy", "get known"),
        *("get shard", "replace shard", "get reads", "replace reads"),
        *("replace shard", "delete givenup", "settle claim and known"),
    ]


async def test_an_event_of_a_cluster_that_nobody_knows() -> None:
    """Where nobody knows it, nor any other of its subscription, it is read before it is drawn."""
    assert await operations_of_an_event(a_world()) == [
        *("get claim", "insert claim", "first policy", "get known", "rows shard"),
        *("get reads", "insert reads", "get shard", "insert shard"),
        *("replace shard", "delete givenup", "settle claim and known"),
    ]


async def test_an_event_of_a_cluster_that_azure_does_not_know() -> None:
    """It is read, and nothing is drawn for what it does not come to."""
    assert await operations_of_an_event(a_world(), "aks-2") == [
        *("get claim", "insert claim", "first policy", "get known", "rows shard"),
        *("get reads", "insert reads", "settle claim and known"),
    ]


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


async def test_tidying_up_a_subscription_is_three_queries() -> None:
    """Claims and events of old are found together; then come others' doings, and places."""
    world = a_world()
    await world.memory.note_event(cluster_id(), world.clock.now())
    world.tables.done.clear()
    tables = world.tables.of(CLUSTERS_TABLE), world.tables.of(SHARDS_TABLE)
    assert await Tidier(*tables).tidy(SUBSCRIPTION, (), world.clock.now()) == 0
    assert [each.verb for each in world.tables.done] == ["rows"] * 3


async def test_who_comes_in_between_keeps_the_claim() -> None:
    """Where the claim has lapsed and is another's by now, what came of the work is remembered."""
    world, table, place = a_world(), CLUSTERS_TABLE, (SUBSCRIPTION, cluster_id().hash)

    def claim_it() -> None:
        rows = world.tables.of(table)
        rows._put(*place, {**rows.stored[place].values, "by": "another"})

    world.life.meanwhile[await operations_until_the_end()] = claim_it
    await operations_of_an_event(world)
    row = world.tables.of(table).stored[place]
    assert (row.flag("claimed"), row.text("by")) == (True, "another")
    assert row.instant("concludedAt") is None
    assert await world.memory.recall(cluster_id())


async def test_trouble_at_the_end_concludes_nothing() -> None:
    """What cannot be written down gives the claim back, and its message comes again."""
    world = a_world()

    def away() -> None:
        raise ServiceRequestError("the storage account does not answer")

    world.life.meanwhile[await operations_until_the_end()] = away
    with pytest.raises(ServiceRequestError):
        await operations_of_an_event(world)
    row = world.tables.of(CLUSTERS_TABLE).stored[SUBSCRIPTION, cluster_id().hash]
    assert (row.flag("claimed"), row.instant("concludedAt")) == (False, None)
    assert await world.memory.recall(cluster_id()) is None


async def operations_until_the_end() -> int:
    """Count what a worker does for an event, tables or not."""
    world = a_world()
    await operations_of_an_event(world)
    return world.life.operations


@pytest.mark.parametrize("has_schedule", [True, False])
async def test_a_worker_that_dies_has_concluded_what_is_written_down(*, has_schedule: bool) -> None:
    """At whatever operation: work counts as done once its row says so, and is done in the end."""
    deaths = 0
    while (world := await killed_at(deaths + 1, has_schedule=has_schedule)).kills:
        deaths += 1
        await world.run()
        assert [outcome.kind for outcome, _ in world.outcomes][-1] in DONE
        assert await concluded_at(world)
        assert world.aks.schedule(cluster_id())
        assert len(world.aks.accepted_writes) == (not has_schedule)
        assert not world.is_claimed()
        assert await tokens(world, "westeurope") >= 0
    assert deaths >= 14


DONE = {OutcomeKind.UNCHANGED, OutcomeKind.CREATED}


async def killed_at(operation: int, *, has_schedule: bool) -> World:
    """Give a world whose worker has died of an operation of an event's work, if there is one."""
    world = a_world()
    if not has_schedule:
        world.aks.remove_schedule(cluster_id())
    world.life.left = operation
    await operations_of_an_event(world)
    world.life.revive()
    await concluded_at(world)
    return world


async def concluded_at(world: World) -> datetime | None:
    """Say since when all work is done, by the claim's row, which the other does not contradict."""
    row = world.tables.of(CLUSTERS_TABLE).stored.get((SUBSCRIPTION, cluster_id().hash))
    known = await world.memory.recall(cluster_id())
    concluded = row.instant("concludedAt") if row else None
    assert concluded == (known.read_at if known and known.is_known else None)
    return concluded
