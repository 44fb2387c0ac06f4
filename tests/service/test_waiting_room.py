"""How long a message waits that storage or a setting holds up."""

from datetime import timedelta

from shared.domain.fleet.run_work import RUNS_QUEUE, StartRun
from shared.domain.messages.work import PATIENCE
from shared.ports.every import queue_named
from shared.reconcile.ground.waiting_room import WaitingRoom
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
