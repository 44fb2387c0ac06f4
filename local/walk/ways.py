"""The three ways that are walked, in the world of the service tests: fakes that remember."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass

from shared.domain.vocabulary.reasons import Cause
from tests.clusters import cluster, cluster_id
from tests.payloads import cluster_written
from tests.service.test_schedules_by_hand import put
from tests.service_world import World

SHARD_CLUSTERS = 8


@dataclass(frozen=True, slots=True)
class Way:
    """What is walked: first what is not counted, then what is, then whether it came to its end."""

    prepare: Callable[[World], Awaitable[None]]
    go: Callable[[World], Awaitable[object]]
    writes: int


async def _one_cluster(world: World) -> None:
    world.aks.add(cluster())
    # Made once for the life of a worker, as they are before a shard is worked on.
    _ = world.events, world.messages, world.putter


async def _event(world: World) -> None:
    await world.events.receive(cluster_written(cluster_id()))
    await world.deliver_one()


async def _listed_shard(world: World) -> None:
    for number in range(SHARD_CLUSTERS):
        world.aks.add(cluster(f"aks-{number}"))
    await world.start(cause=Cause.SWEPT)
    await world.until_batons()


async def _shard(world: World) -> None:
    await world.deliver_one()


async def _put(world: World) -> None:
    await put(world)


WAYS: Mapping[str, Way] = {
    "an event to its PUT": Way(_one_cluster, _event, 1),
    f"a run's shard of {SHARD_CLUSTERS} clusters": Way(_listed_shard, _shard, SHARD_CLUSTERS),
    "a person's PUT": Way(_one_cluster, _put, 1),
}
