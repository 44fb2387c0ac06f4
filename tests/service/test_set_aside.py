"""What the Functions host has set aside is kept, whatever it is and however long storage takes."""

from datetime import timedelta

import pytest
from azure.core.exceptions import ServiceRequestError

from shared.domain.fleet.run_work import RUNS_QUEUE, SHARDS_QUEUE, StartRun
from shared.domain.messages.outbox import EVENTS_QUEUE
from shared.domain.messages.work import CLUSTERS_QUEUE, ReconcileCluster
from shared.domain.vocabulary.reasons import Cause
from tests.clusters import cluster_id
from tests.service_world import World

MINUTE = timedelta(minutes=1)
QUEUES = (CLUSTERS_QUEUE, RUNS_QUEUE, SHARDS_QUEUE, EVENTS_QUEUE)


def work(world: World) -> str:
    """Give the message that asks for a cluster."""
    return ReconcileCluster(cluster_id(), Cause.CLUSTER_WRITTEN, world.clock.now()).to_message()


async def test_each_queue_is_emptied() -> None:
    """A message of each of the four queues is one record, and is gone from where it was."""
    world = World()
    for queue in QUEUES:
        world.ports.poison.put(queue, f"of {queue}")
    world.ports.poison.put(CLUSTERS_QUEUE, work(world))
    await world.poison_keeper.keep()
    kept = {record.work for record in world.all_given_up()}
    assert kept == {work(world), *(f"of {queue}" for queue in QUEUES)}
    assert world.ports.poison.messages == []
    assert len(world.told_given_up) == len(kept)
    given_up = await world.given_up.get(cluster_id())
    assert given_up
    assert given_up.reason == "Poisoned"


async def test_what_is_not_base64_says_so() -> None:
    """A message that no function of the queue could be called with is kept as it was sent."""
    world = World()
    world.ports.poison.put(CLUSTERS_QUEUE, '{"id": "6f"}', decoded=False)
    await world.poison_keeper.keep()
    (record,) = world.all_given_up()
    assert record.work == '{"id": "6f"}'
    assert "base64" in record.message


@pytest.mark.parametrize("times", [1, 30])
async def test_what_cannot_be_recorded_stays(times: int) -> None:
    """While the table does not answer a message stays aside, however often that was tried."""
    world = World()
    world.ports.poison.put(RUNS_QUEUE, StartRun("202611-abc").to_message())
    table = world.tables.of("naptimegivenup")
    for _ in range(times):
        table.fails = 1
        with pytest.raises(ServiceRequestError, match="storage"):
            await world.poison_keeper.keep()
        world.clock.advance(MINUTE)
    await world.poison_keeper.keep()
    assert world.ports.poison.messages == []
    assert [record.run_id for record in world.all_given_up()] == ["202611-abc"]


async def test_the_trouble_of_one_queue_is_its_own() -> None:
    """A queue that cannot be read keeps no other from being emptied, and is heard of."""
    world = World()
    world.ports.poison.put(EVENTS_QUEUE, "of another queue")
    world.ports.poison.fails = 1
    with pytest.raises(ServiceRequestError, match="storage"):
        await world.poison_keeper.keep()
    assert [record.work for record in world.all_given_up()] == ["of another queue"]
