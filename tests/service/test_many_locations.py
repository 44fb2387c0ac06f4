"""A subscription in more locations than one transaction has operations."""

from tests.clusters import cluster
from tests.service_world import World

LOCATIONS = 120


async def test_each_of_many_locations_has_its_shard() -> None:
    """The rows of the shards are more than go into one transaction, and each is worked on once."""
    world = World()
    for number in range(LOCATIONS):
        world.aks.add(cluster(f"aks-{number:03}", location=f"place{number:03}"))
    record = await world.sweep()
    assert record.summary["outcomes"] == {"Created": LOCATIONS}
    assert len(world.aks.accepted_writes) == LOCATIONS
    _, shards = await world.store.parts(record.run.id)
    assert len(shards) == LOCATIONS
