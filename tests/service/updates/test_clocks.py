"""The clocks of zones change, and schedules with them: while they are closed, by a run for it."""

from datetime import UTC, datetime, timedelta

import pytest

from shared.domain.fleet.run import RunState
from shared.domain.vocabulary.reasons import Cause
from shared.domain.window.text import offset_text
from tests.clusters import cluster, cluster_id, schedule
from tests.fakes.clock import FakeClock
from tests.service.test_policies import ANY
from tests.service.updates.worlds import OWNED, policy, puts, record
from tests.service_world import World

SPRING, AUTUMN = datetime(2027, 3, 28, 1, tzinfo=UTC), datetime(2026, 10, 25, 1, tzinfo=UTC)
# Of a window that starts at 04:00 on Sundays: the first opening at the new offset is hours after.
SPRING_ENDS, AUTUMN_ENDS = (
    SPRING - timedelta(days=6, hours=18),
    AUTUMN - timedelta(days=6, hours=19),
)
FLIPS = [(SPRING, SPRING_ENDS, "+02:00"), (AUTUMN, AUTUMN_ENDS, "+01:00")]
FIVE_MINUTES = timedelta(minutes=5)


async def two_weeks_before(flip: datetime, clusters: int, update: str = OWNED) -> World:
    """Give a world whose schedules were written two weeks before the clocks change."""
    world = World(clock=FakeClock(flip - timedelta(days=14)), has_topic=True)
    text = policy(update=update).replace('start = "02:00"', 'start = "04:00"')
    await world.policies.put(text, "somebody", ANY)
    for number in range(clusters):
        world.aks.add(cluster(f"aks-{number}"))
    await world.sweep()
    return world


async def minded(world: World, until: datetime) -> None:
    """Mind the runs every five minutes, and work off what comes of it."""
    while world.clock.now() < until:
        await world.mind()
        await world.run(for_at_most=FIVE_MINUTES)
        world.clock.advance(FIVE_MINUTES)


async def offset(world: World, name: str = "aks-0") -> str:
    """Give the offset of a cluster's schedule in Azure."""
    window = (
        (await world.aks.list_configurations(cluster_id(name))).configurations[0].schedule.window
    )
    assert window
    return offset_text(window.utc_offset)


@pytest.mark.parametrize(("flip", "last_ends", "after"), FLIPS)
async def test_the_minder_asks_for_a_run_in_the_closed_time(
    flip: datetime, last_ends: datetime, after: str
) -> None:
    """Not before the last opening at the old offset has ended; two calls each, minutes after."""
    world = await two_weeks_before(flip, 3)
    before = await offset(world)
    await minded(world, last_ends - timedelta(minutes=30))
    assert await offset(world) == before
    calls = len(world.aks.calls)
    await minded(world, last_ends + timedelta(hours=2))
    made = [call.verb for call in world.aks.calls[calls:] if call.verb in {"list", "put"}]
    assert {await offset(world, f"aks-{number}") for number in range(3)} == {after}
    assert made.count("put") == 3
    assert made.count("list") == 3
    at = [call.at for call in world.aks.accepted_writes][-3:]
    assert all(last_ends <= each < last_ends + timedelta(minutes=20) for each in at)
    assert puts(world) == 6


@pytest.mark.parametrize(("flip", "last_ends", "after"), FLIPS)
async def test_clocks_do_not_count_for_the_brake(
    flip: datetime, last_ends: datetime, after: str
) -> None:
    """Not even where the policy lets no update be made without an approval."""
    world = await two_weeks_before(flip, 3, f"{OWNED}at_most = 0\n")
    assert last_ends < flip - timedelta(days=2)
    world.clock.move_to(flip - timedelta(days=2))
    found = await world.sweep()
    assert found.state is RunState.FINISHED
    assert found.summary["updatePlan"]["forClocks"] == 3
    assert {await offset(world, f"aks-{number}") for number in range(3)} == {after}


@pytest.mark.parametrize(("flip", "last_ends", "after"), FLIPS)
async def test_down_over_the_change_one_opening_is_off_and_the_next_is_right(
    flip: datetime, last_ends: datetime, after: str
) -> None:
    """The app was away from a week before until an hour after: the next look mends it."""
    world = await two_weeks_before(flip, 1)
    assert last_ends < flip
    world.clock.move_to(flip + timedelta(hours=1))
    found = await world.sweep()
    assert found.summary["reasons"] == {"Outdated": 1}
    assert await offset(world) == after
    # The opening in the way is that of the old offset, an hour off; it is waited for.
    assert world.aks.accepted_writes[-1].at >= last_ends + timedelta(days=7)


async def test_what_the_clocks_changed_is_nothing_to_put_back() -> None:
    """Put back, it would be an hour off, and stay so: nobody wished for the change."""
    world = await two_weeks_before(SPRING, 2)
    await minded(world, SPRING_ENDS + timedelta(hours=1))
    (run,) = [run for run in world.finished if run.run.cause is Cause.CLOCKS_CHANGED]
    assert (await record(world, run.run.id)).summary["outcomes"]["Updated"] == 2
    shown = await world.approver.try_out(run.run.id)
    assert shown
    assert (shown["updates"], shown["clusters"]) == (0, [])


async def test_few_runs_in_a_long_closed_time() -> None:
    """An hour after the first, then each time twice as long after it: seven in 65 hours."""
    world = await two_weeks_before(SPRING, 1)
    world.clock.move_to(SPRING_ENDS)
    while world.clock.now() < SPRING_ENDS + timedelta(hours=65):
        await world.mind()
        await world.run(for_at_most=FIVE_MINUTES)
        world.clock.advance(timedelta(minutes=20))
    ids = {run.run.id for run in world.finished if run.run.cause is Cause.CLOCKS_CHANGED}
    assert len(ids) == 7
    assert puts(world) == 2


async def test_a_cluster_that_nobody_has_looked_at_yet_is_not_of_that_run() -> None:
    """One that came since the last sweep has nothing of naptime's that could be an hour off."""
    world = await two_weeks_before(SPRING, 1)
    world.aks.add(cluster("aks-new"))
    world.aks.set_schedule(cluster_id("aks-new"), schedule("Saturday"))
    await minded(world, SPRING_ENDS + timedelta(hours=1))
    assert [call.cluster_id for call in world.aks.accepted_writes] == [cluster_id("aks-0")] * 2
    assert await offset(world) == "+02:00"


async def test_a_fixed_offset_has_no_clocks() -> None:
    """A policy without zones asks for no run, whenever clocks change elsewhere."""
    world = World(clock=FakeClock(SPRING - timedelta(days=14)))
    text = policy().replace('zone = "Europe/Berlin"', 'offset = "+01:00"')
    await world.policies.put(text, "somebody", ANY)
    world.aks.add(cluster("aks-0"))
    await world.sweep()
    world.clock.move_to(SPRING_ENDS)
    await minded(world, SPRING_ENDS + timedelta(hours=1))
    assert not [run for run in world.finished if run.run.cause is Cause.CLOCKS_CHANGED]
    assert puts(world) == 1


async def test_with_never_clocks_change_nothing() -> None:
    """The minder asks for nothing, and a sweep only says it."""
    world = await two_weeks_before(SPRING, 1, "")
    await minded(world, SPRING - timedelta(days=6, hours=18))
    assert puts(world) == 1
    assert not [run for run in world.finished if run.run.cause is Cause.CLOCKS_CHANGED]


async def test_four_hundred_keep_to_half_of_the_pace() -> None:
    """In no stretch of time more calls than half of the pace lets through, and no 429."""
    world = await two_weeks_before(SPRING, 400)
    last_ends = SPRING_ENDS
    world.clock.move_to(last_ends)
    calls = len(world.aks.calls)
    await minded(world, last_ends + timedelta(hours=1))
    made = [call for call in world.aks.calls[calls:] if call.verb in {"list", "put"}]
    (run,) = [run for run in world.finished if run.run.cause is Cause.CLOCKS_CHANGED]
    assert (await record(world, run.run.id)).summary["outcomes"] == {"Updated": 400}
    assert (len(made), sum(call.verb == "put" for call in made)) == (800, 400)
    times = [call.at for call in made]
    for begin in range(0, len(times), 50):
        for end in range(begin, len(times), 50):
            seconds = (times[end] - times[begin]).total_seconds()
            # What is drawn is spent within eight seconds; storage's instants are whole seconds.
            assert end - begin <= 25 + 0.45 * (seconds + 10)
    assert run.summary["throttled"] == 0
