"""How long a message waits that storage or a setting holds up."""

from datetime import timedelta

import pytest
from azure.core.exceptions import ServiceRequestError

from shared import patience
from shared.domain.fleet.run_work import RUNS_QUEUE, StartRun
from shared.domain.messages.work import CLUSTERS_QUEUE, PATIENCE, ReconcileCluster
from shared.domain.vocabulary.reasons import Cause
from shared.patience import Delivery, hold_up
from shared.ports.every import queue_named
from shared.reconcile.cluster.waiting_room import WaitingRoom
from shared.reconcile.ground.given_up import GIVEN_UP_TABLE
from tests.clusters import cluster_id
from tests.service_world import World

MINUTE = timedelta(minutes=1)


async def waits(world: World, *, slow: bool) -> list[timedelta]:
    """Hold one message up again and again, and give for how long each time."""
    text, found = StartRun("202611-abc").to_message(), list[timedelta]()
    room = WaitingRoom(world.clock, world.ports.jitter)
    queue = queue_named(world.ports, RUNS_QUEUE)
    while not room.is_spent(held := room.next_attempt(text, None)):
        found.append(await room.hold(queue, held, slow=slow))
        visible_at = world.run_queue.next_visible()
        assert visible_at
        world.clock.move_to(visible_at)
        message = world.run_queue.due()
        assert message
        text = message.text
    return found


async def test_waits_grow_for_a_day() -> None:
    """From half a minute to half an hour, for a day in all; a missing role from five minutes."""
    quick, slow = await waits(World(), slow=False), await waits(World(), slow=True)
    assert (quick[0] // MINUTE, slow[0] // MINUTE) == (0, 5)
    for found in (quick, slow):
        assert found == sorted(found)
        assert max(found) <= 30 * MINUTE
        assert PATIENCE <= sum(found, timedelta()) < PATIENCE + 31 * MINUTE


TROUBLE = ServiceRequestError("the storage account does not answer")


def a_delivery(world: World, *, age: timedelta) -> Delivery:
    """Give a message about a cluster that was asked for so long ago."""
    work = ReconcileCluster(cluster_id(), Cause.ASKED, world.clock.now() - age)
    return Delivery(CLUSTERS_QUEUE, work.to_message())


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> World:
    """Give the world that the functions on the queues find."""
    world = World()
    monkeypatch.setattr(patience, "app", lambda: world)
    return world


async def test_after_a_day_a_message_is_kept_once_that_can_be_done(world: World) -> None:
    """While not even the table can be reached, the message goes on coming back."""
    delivery = a_delivery(world, age=timedelta(hours=25))
    world.tables.of(GIVEN_UP_TABLE).fails = 1
    assert await hold_up(delivery, TROUBLE)
    assert len(world.queue.messages) == 1
    assert not world.all_given_up()
    assert await hold_up(delivery, TROUBLE)
    assert len(world.queue.messages) == 1
    assert [record.message for record in world.all_given_up()] == [patience.STORAGE]


async def test_a_bug_in_keeping_it_is_a_failed_delivery(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is not storage's trouble is hidden from nobody."""

    async def broken(*_: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(world.tables.of(GIVEN_UP_TABLE), "merge", broken)
    with pytest.raises(ZeroDivisionError):
        await hold_up(a_delivery(world, age=timedelta(hours=25)), TROUBLE)


async def test_what_is_no_message_does_not_wait(world: World) -> None:
    """The host delivers it again by itself, and sets it aside in the end."""
    assert not await hold_up(Delivery(CLUSTERS_QUEUE, "{}"), TROUBLE)
    assert not await hold_up(a_delivery(world, age=MINUTE), ZeroDivisionError())
    assert not world.queue.messages
