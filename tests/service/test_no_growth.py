"""Tables hold what is needed, and a year later no more than that."""

from datetime import datetime, timedelta

from shared.domain.fleet.run import RunScope
from shared.domain.fleet.shard import Pace
from shared.domain.vocabulary.pages import PageAsked
from shared.domain.vocabulary.reasons import Cause
from shared.reconcile.fleet.ask import SCOPES_PARTITION
from shared.reconcile.fleet.mind import KEPT
from shared.reconcile.fleet.tidy import KEPT as CLAIMS_KEPT
from shared.reconcile.ground.claim import CLUSTERS_TABLE
from shared.reconcile.ground.memory import HEARD
from shared.reconcile.ground.pacer import SHARDS_PARTITION, SHARDS_TABLE
from tests.clusters import SUBSCRIPTION, cluster, cluster_id
from tests.service_world import World

QUICK = Pace(1000, 100)


def keys(world: World, table: str, partition: str) -> list[str]:
    """Name the rows of a partition."""
    stored = world.tables.of(table).stored
    return sorted(key for of, key in stored if of == partition)


async def test_a_month_that_cannot_exist_is_no_run() -> None:
    """Whatever id somebody makes up, no table is opened for it."""
    world = World(pace=QUICK)
    world.aks.add(cluster())
    await world.sweep()
    before = set(world.tables.tables)
    for month in ("000000", "190001", "202613", "203011", "999912"):
        assert await world.runs.run(f"{month}-0123456789abcdef", {}, PageAsked()) is None
    assert set(world.tables.tables) == before


async def test_the_tables_of_others_are_left_alone() -> None:
    """A table that only begins like one of a month is neither read nor dropped."""
    world = World(pace=QUICK)
    foreign = ["naptimeruns202611copy", "naptimeruns000000", "naptimeauditors", "naptimeaudit2026"]
    for name in foreign:
        await world.tables.of(name).insert("p", "k", {})
    world.aks.add(cluster())
    await world.sweep()
    world.clock.advance(timedelta(days=800))
    await world.mind()
    await world.audit.drop_old(world.clock.now())
    assert set(foreign) <= set(world.tables.tables)
    assert await world.store.months() == []


async def test_a_tick_costs_the_same_however_many_scopes_there_were() -> None:
    """The scopes of runs that have ended are let go of at the next tick."""
    world = World(pace=QUICK)
    world.aks.add(cluster())
    for number in range(12):
        await world.sweep(RunScope(locations=(f"location{number}",)))
    await world.mind()
    assert keys(world, SHARDS_TABLE, SCOPES_PARTITION) == []
    before = world.life.operations
    await world.mind()
    quiet = world.life.operations - before
    for number in range(40):
        await world.sweep(RunScope(locations=(f"elsewhere{number}",)))
    await world.mind()
    before = world.life.operations
    await world.mind()
    assert world.life.operations - before == quiet


async def test_a_scope_whose_run_is_under_way_is_kept() -> None:
    """What is under way is joined, also after a tick."""
    world = World(pace=Pace(4, 0.01))
    for number in range(9):
        world.aks.add(cluster(f"aks-{number}"))
    run = await world.start()
    await world.run(for_at_most=timedelta(minutes=2))
    await world.mind()
    asked = await world.asker.ask(RunScope(), Cause.ASKED)
    assert (asked.joined, asked.run.id) == (True, run.id)


async def test_claims_and_events_of_old_are_forgotten() -> None:
    """What was noted of clusters that nobody hears of any more is removed by a sweep."""
    world = World(pace=QUICK)
    world.aks.add(cluster())
    world.aks.add(cluster("manual", mode="Manual"))
    for name in ("aks-1", "manual", "gone"):
        await world.memory.note_event(cluster_id(name), world.clock.now())
        await world.reconcile(name)
    assert len(claims(world)) == 3
    world.clock.advance(CLAIMS_KEPT - timedelta(hours=1))
    await world.ask("aks-1")
    await world.run()
    world.clock.advance(timedelta(hours=2))
    await world.sweep()
    assert claims(world) == [cluster_id().hash]
    assert [key for key in keys(world, CLUSTERS_TABLE, SUBSCRIPTION) if HEARD in key] == []


def claims(world: World) -> list[str]:
    return [key for key in keys(world, CLUSTERS_TABLE, SUBSCRIPTION) if ":" not in key]


async def test_places_without_clusters_are_forgotten() -> None:
    """A location that has no cluster any more has no shard, and no image is looked for there."""
    world = World(pace=QUICK)
    world.aks.add(cluster())
    there = world.aks.add(cluster("else", location="northeurope"))
    await world.sweep()
    del world.aks.clusters[there]
    await world.sweep()
    assert len(keys(world, SHARDS_TABLE, SHARDS_PARTITION)) == 2, "its bucket may not be full yet"
    world.clock.advance(timedelta(days=2))
    await world.sweep()
    assert keys(world, SHARDS_TABLE, SHARDS_PARTITION) == [f"{SUBSCRIPTION}|westeurope"]


async def test_unreadable_messages_are_kept_as_long_as_runs() -> None:
    """What nobody can replay is for people to read, for as long as the runs of its time."""
    world = World(pace=QUICK)
    world.aks.add(cluster())
    await world.sweep()
    await world.poison.record("no message", "why")
    await world.mind()
    assert len(world.all_given_up()) == 1
    world.clock.move_to(datetime.fromisoformat("2027-03-05T00:00:00Z"))
    assert world.clock.now() > world.all_given_up()[0].given_up_at + KEPT
    await world.mind()
    assert world.all_given_up() == []
