"""From events to work: hints that name a cluster, in any order and any number."""

import asyncio
import random
from datetime import timedelta

import pytest
from azure.core.exceptions import ServiceRequestError

from shared.domain.deciding.outcome import OutcomeKind
from shared.domain.messages.work import ReconcileCluster
from shared.domain.vocabulary.ids import ClusterId
from shared.domain.vocabulary.invalid import InvalidEvent
from shared.domain.vocabulary.reasons import Cause
from tests.clusters import FOREIGN_SUBSCRIPTION, OWN_CLIENT_ID, cluster, cluster_id, schedule
from tests.payloads import cluster_written, schedule_deleted, schedule_written
from tests.service_world import World


async def test_an_event_becomes_work() -> None:
    """A written cluster is put on the queue, and nothing is asked of ARM yet."""
    world = World()
    received = await world.events.receive(cluster_written(cluster_id()))
    assert received.accepted
    assert received.cluster_id == cluster_id()
    assert len(world.queue.messages) == 1
    assert not world.aks.calls


async def test_fifty_times_the_same_event() -> None:
    """The same event fifty times at once is one write, and a handful of reads."""
    world = World()
    world.aks.add(cluster())
    await asyncio.gather(*(world.events.receive(cluster_written(cluster_id())) for _ in range(50)))
    await world.run()
    assert len(world.aks.calls_of("put")) == 1
    assert len(world.aks.calls_of("list")) <= 2
    assert not world.queue.messages


async def test_fifty_times_at_once_and_side_by_side() -> None:
    """Workers that take the same cluster's messages side by side make one write between them."""
    world = World()
    world.aks.add(cluster())
    for _ in range(50):
        await world.events.receive(cluster_written(cluster_id()))
    taken = [message for _ in range(50) if (message := world.queue.due())]
    await asyncio.gather(
        *(world.messages.receive(message.text, message.inserted_at) for message in taken)
    )
    await world.run()
    assert len(world.aks.calls_of("put")) == 1
    assert not world.queue.messages


@pytest.mark.parametrize("seed", range(5))
async def test_any_order_same_end(seed: int) -> None:
    """Creation, our own write, a deletion: in any order, twice each, the schedule stands."""
    world = World()
    world.aks.add(cluster())
    events = [
        cluster_written(cluster_id()),
        schedule_written(cluster_id(), OWN_CLIENT_ID),
        schedule_deleted(cluster_id(), OWN_CLIENT_ID),
    ] * 2
    random.Random(seed).shuffle(events)  # noqa: S311 - an order, not a secret
    for event in events:
        await world.events.receive(event)
        world.clock.advance(timedelta(seconds=3))
        await world.run(for_at_most=timedelta(seconds=1))
    await world.run()
    assert world.aks.schedule(cluster_id())
    assert len(world.aks.accepted_writes) == 1


async def test_own_writes_are_ignored() -> None:
    """The event of naptime's own write costs nothing; somebody else's write is looked at."""
    world = World()
    own = await world.events.receive(schedule_written(cluster_id(), OWN_CLIENT_ID.upper()))
    other = await world.events.receive(schedule_written(cluster_id(), FOREIGN_SUBSCRIPTION))
    assert (own.accepted, other.accepted) == (False, True)


async def test_own_deletes_are_not_ignored() -> None:
    """A deletion counts whoever made it."""
    world = World()
    received = await world.events.receive(schedule_deleted(cluster_id(), OWN_CLIENT_ID))
    assert received.accepted


async def test_foreign_subscription_is_dropped() -> None:
    """An event about a subscription that is not naptime's is acknowledged and dropped."""
    world = World()
    foreign = ClusterId.of(FOREIGN_SUBSCRIPTION, "rg-1", "aks-1")
    received = await world.events.receive(cluster_written(foreign))
    assert not received.accepted
    assert not world.queue.messages


async def test_a_message_about_a_foreign_subscription_is_dropped() -> None:
    """A message whose subscription has been taken out of the settings costs no call."""
    world = World()
    foreign = ClusterId.of(FOREIGN_SUBSCRIPTION, "rg-1", "aks-1")
    work = ReconcileCluster(foreign, Cause.ASKED, world.clock.now())
    assert await world.messages.receive(work.to_message(), None) is None
    assert not world.aks.calls


async def test_not_an_event() -> None:
    """What is no event is refused without anything of it in the error."""
    world = World()
    with pytest.raises(InvalidEvent) as refused:
        await world.events.receive('{"claims": "A. Person')
    assert "Person" not in str(refused.value)


async def test_a_failed_enqueue_comes_out() -> None:
    """Only a failed enqueue is raised, so that Event Grid sends the event again."""
    world = World()
    world.queue.fails = 1
    with pytest.raises(ServiceRequestError, match="storage"):
        await world.events.receive(cluster_written(cluster_id()))


async def test_work_asked_for_before_a_finished_reconcile_is_dropped() -> None:
    """A message from before the last reconcile's claim is dropped; a later one is not."""
    world = World()
    world.aks.add(cluster())
    await world.ask()
    early = world.queue.messages[0]
    world.clock.advance(timedelta(seconds=2))
    await world.run()
    assert await world.messages.receive(early.text, early.inserted_at) is None
    assert len(world.aks.calls_of("list")) == 1
    world.clock.advance(timedelta(seconds=2))
    assert (await world.reconcile()).kind is OutcomeKind.UNCHANGED


async def test_a_deferred_reconcile_concludes_nothing() -> None:
    """After a deferral the same work still counts, though its message is older than the claim."""
    world = World()
    world.aks.add(cluster(state="Creating"))
    await world.ask()
    await world.run(for_at_most=timedelta(seconds=1))
    world.aks.add(cluster())
    assert (await world.run())[-1].kind is OutcomeKind.CREATED


async def test_a_killed_worker_leaves_a_claim_that_expires() -> None:
    """A claim whose holder was killed blocks the cluster for minutes, and then no more."""
    world = World()
    world.aks.add(cluster())
    await world.claims.claim(cluster_id(), None)
    began = world.clock.now()
    assert (await world.reconcile()).kind is OutcomeKind.CREATED
    assert timedelta(minutes=4) < world.clock.now() - began < timedelta(minutes=6)


async def test_somebodys_own_schedule_survives_the_event_of_its_making() -> None:
    """The event of somebody's new schedule leaves it as it is."""
    world = World()
    world.aks.add(cluster())
    world.aks.set_schedule(cluster_id(), schedule())
    await world.events.receive(schedule_written(cluster_id()))
    assert (await world.run())[-1].kind is OutcomeKind.UNCHANGED
