"""Whoever has listed a subscription goes on with one of its shards, in the same delivery."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta

import pytest

from shared.domain.fleet.pace import Pace
from shared.domain.fleet.run import Run, RunScope, RunState
from shared.domain.fleet.run_records import ListingState
from shared.domain.fleet.run_work import Baton, parse_baton
from shared.domain.fleet.shard import Grip, Shard, ShardRow
from shared.domain.fleet.shard_records import STUCK_AFTER, ShardRecord
from shared.domain.vocabulary.invalid import NaptimeError
from shared.domain.vocabulary.rows import Reading
from shared.reconcile.ground.pacer import SHARDS_TABLE
from tests.clusters import SUBSCRIPTION
from tests.fakes.aks import Verb
from tests.service.test_fleet_runs import OTHER, QUICK, fleet, outcomes, unprotected
from tests.service.updates.worlds import WEDNESDAY, planned, put, puts
from tests.service.updates.worlds import fleet as owned_fleet
from tests.service_world import Killed, World

SMALL, LARGE = Shard(SUBSCRIPTION, "westeurope"), Shard(SUBSCRIPTION, "northeurope")
SECOND = timedelta(seconds=1)
MONTH = "naptimeruns202611"


def two_shards(pace: Pace = QUICK) -> World:
    """Make a subscription with two clusters in one location, and three in another."""
    world = World(pace=pace)
    fleet(world, 2, 2, location=SMALL.location)
    fleet(world, 3, 3, location=LARGE.location, group="rg-2")
    return world


def one_shard(clusters: int, pace: Pace = QUICK) -> World:
    """Make a subscription with clusters in one location."""
    world = World(pace=pace)
    fleet(world, clusters, clusters)
    return world


def batons(world: World) -> list[Baton]:
    """Read the batons that wait, or will."""
    return [parse_baton(message.text) for message in world.batons.messages]


def looked_at(world: World) -> set[str]:
    """Name the locations of which a cluster was looked at."""
    some = (call.cluster_id for call in world.aks.calls_of("list"))
    places = (world.aks.clusters[each]["location"] for each in some if each)
    return {str(place) for place in places}


async def record_of(world: World, run: Run, shard: Shard) -> ShardRecord:
    """Read the row of a run's shard."""
    stored = await world.store.shard(run.id, shard)
    assert stored
    return stored.record


def at_each_look(world: World, see: Callable[[], None]) -> None:
    """Have something seen right before each cluster is looked at."""
    before = world.aks.takes

    def takes(verb: Verb) -> timedelta:
        if verb == "list":
            see()
        return before(verb)

    world.aks.takes = takes


async def test_one_of_two_shards_is_done_by_whoever_listed_them() -> None:
    """One baton is sent, that of the smaller shard; the larger one is done when that is."""
    world = two_shards()
    run = await world.start()
    await world.deliver_one()
    assert batons(world) == [Baton(run.id, SMALL, 1)]
    assert looked_at(world) == {LARGE.location}
    assert (await record_of(world, run, LARGE)).finished
    await world.run_and_mind()
    assert outcomes(world.finished[0]) == {"Created": 5}
    assert not unprotected(world)


async def test_a_run_over_one_shard_is_one_delivery() -> None:
    """From the run's message to its end, without any other message."""
    world = one_shard(3)
    await world.start()
    await world.deliver_one()
    assert outcomes(world.finished[0]) == {"Created": 3}
    assert (world.run_queue.messages, world.batons.messages) == ([], [])


async def test_a_fleet_takes_a_message_for_each_subscription_and_each_further_shard() -> None:
    """Two subscriptions with three shards: the run's message, two listings, and one baton."""
    world = World(pace=QUICK, subscriptions=frozenset({SUBSCRIPTION, OTHER}))
    fleet(world, 2, 2)
    fleet(world, 3, 3, location="northeurope", group="rg-2")
    fleet(world, 2, 2, subscription=OTHER)
    await world.start()
    deliveries = 0
    while world.next_visible():
        await world.deliver_one()
        deliveries += 1
    assert deliveries == 4
    assert outcomes(world.finished[0]) == {"Created": 7}


async def test_a_shard_that_has_to_wait_is_not_gone_on_with() -> None:
    """Of six shards, two of which may not begin yet, whoever lists does one that may."""
    world = World(pace=Pace(4, 0.1))
    for number in range(6):
        size = 9 if number == 5 else 2
        fleet(world, size, size, location=f"place-{number}", group=f"rg-{number}")
    await world.start()
    await world.deliver_one()
    waiting = [message.visible_at > world.clock.now() for message in world.batons.messages]
    assert (len(waiting), sum(waiting)) == (5, 2)
    assert looked_at(world) == {"place-0"}


async def test_everything_else_is_sent_and_written_and_tokens_are_drawn_before_the_first_call() -> (
    None
):
    """When the first cluster is looked at: the listing's end, the other baton, lease and tokens."""
    world = two_shards(Pace(50, 0.1))
    seen: list[tuple[int, ListingState, str, bool, int]] = []

    def see() -> None:
        rows = world.tables.of(MONTH).stored
        state = rows[run.id, f"sub:{SUBSCRIPTION}"].text("state")
        row = world.tables.of(SHARDS_TABLE).stored["shard", LARGE.key]
        shard = ShardRow.of(world.settings.pace, Reading(row, world.clock.now()))
        assert shard.lease
        tokens = int(shard.bucket.tokens)
        sent = len(world.batons.messages)
        listed, at_work = ListingState(state), world.in_flight.shifts == 1
        seen.append((sent, listed, shard.lease.run_id, at_work, tokens))

    at_each_look(world, see)
    run = await world.start()
    await world.deliver_one()
    # Two calls for each of three clusters.
    assert seen == [(1, ListingState.LISTED, run.id, True, 44)] * 3


def storage_fails_in_shifts(world: World) -> None:
    """Have the table of the month fail once a cluster is being looked at."""
    months = world.tables.of(MONTH)

    def fail() -> None:
        raise NaptimeError

    at_each_look(world, lambda: setattr(months, "step", fail))


async def deliver_in_vain(world: World) -> None:
    """Deliver a message that storage keeps from its end; the host shows it again."""
    messages = {id(queue): [*queue.messages] for queue in (world.run_queue, world.batons)}
    with pytest.raises(NaptimeError):
        await world.deliver_one()
    world.tables.of(MONTH).step = world.life.step
    for queue in (world.run_queue, world.batons):
        queue.messages += [each for each in messages[id(queue)] if each not in queue.messages]


async def test_a_shard_that_fails_each_time_fails_on_a_baton_of_its_own() -> None:
    """The listing comes again, sends every baton and is done; none of them holds up the other."""
    world = two_shards()
    healthy = world.aks.takes
    storage_fails_in_shifts(world)
    run = await world.start()
    await deliver_in_vain(world)
    assert batons(world) == [Baton(run.id, SMALL, 1)]
    calls = len(world.aks.calls)
    await world.deliver_one()
    assert world.run_queue.messages == []
    assert {*batons(world)} == {Baton(run.id, SMALL, 1), Baton(run.id, LARGE, 1)}
    assert len(world.aks.calls) == calls
    world.aks.takes = healthy
    await world.run()
    assert outcomes(world.finished[0]) == {"Created": 2, "Unchanged": 3}
    assert len(world.aks.accepted_writes) == 5
    assert not world.minded


async def operations_of_a_listing() -> int:
    """Count the operations of the delivery that lists, and goes on with the larger shard."""
    world = two_shards()
    await world.start()
    before = world.life.operations
    await world.deliver_one()
    return world.life.operations - before


async def test_killed_anywhere_in_it_the_message_alone_brings_the_run_to_its_end() -> None:
    """At each operation of storage and of Azure: all is done, once, and the minder has no part."""
    for at in range(await operations_of_a_listing()):
        world = two_shards()
        run = await world.start()
        world.life.left = world.life.operations + at
        await world.run()
        assert world.kills == 1
        (record,) = world.finished
        assert (record.run.id, record.state) == (run.id, RunState.FINISHED)
        counts = record.summary["outcomes"]
        assert sum(counts.values()) == len(world.aks.accepted_writes) == 5
        assert not unprotected(world)


async def test_a_message_that_is_delivered_twice_at_once_does_nothing_twice() -> None:
    """While one is at work on the shard the other sends its baton, which waits, and is dropped."""
    world = two_shards()
    await world.start()
    (message,) = world.run_queue.messages
    world.run_queue.messages.clear()
    receive = world.run_messages.receive_run_work
    await asyncio.gather(receive(message.text), receive(message.text))
    await world.run_and_mind()
    assert outcomes(world.finished[0]) == {"Created": 5}
    assert len(world.aks.calls_of("list")) == len(world.aks.accepted_writes) == 5


async def test_a_subscription_that_leaves_the_settings_meanwhile_is_not_written_to() -> None:
    """Its listing's worker died; one with other settings writes nothing, and the run ends."""
    world = two_shards()

    def dies() -> None:
        raise Killed

    at_each_look(world, dies)
    run = await world.start()
    await world.deliver_one()
    assert world.kills == 1
    assert (await record_of(world, run, LARGE)).generation == 1
    after = World(pace=QUICK, clock=world.clock, subscriptions=frozenset({OTHER}))
    after.tables.tables.update(world.tables.tables)
    after.aks.clusters.update(world.aks.clusters)
    after.run_queue.messages += world.run_queue.messages
    after.batons.messages += world.batons.messages
    await after.run_and_mind()
    assert not after.aks.calls
    assert after.finished[0].summary["reasons"] == {"SubscriptionLeftOut": 5}


async def stuck_run(world: World) -> Run:
    """Start a run whose batons are lost, and wait until it counts as stuck."""
    run = await world.start()
    await world.until_batons(2)
    world.batons.messages.clear()
    world.clock.advance(STUCK_AFTER)
    return run


async def test_of_a_stuck_run_it_goes_on_with_what_it_has_taken_over() -> None:
    """The other run's part has ended before the first cluster is looked at."""
    world = two_shards()
    stuck = await stuck_run(world)
    rows, key = world.tables.of(MONTH).stored, f"shard:{LARGE.key}"
    ended: list[bool] = []
    at_each_look(world, lambda: ended.append(rows[stuck.id, key].flag("finished")))
    second = await world.start()
    await world.deliver_one()
    assert looked_at(world) == {LARGE.location}
    assert ended == [True] * 3
    assert batons(world) == [Baton(second.id, SMALL, 1)]


async def test_whoever_dies_after_a_listing_leaves_no_part_of_a_stuck_run() -> None:
    """At each operation of the delivery: the other run's shards have ended when this run has."""
    at = kills = 0
    while kills == at:
        world = two_shards()
        stuck = await stuck_run(world)
        run = await world.start()
        world.life.left = world.life.operations + at
        await world.run()
        assert world.finished[-1].run.id == run.id
        world.life.revive()
        _, shards = await world.store.parts(stuck.id)
        assert [shard.finished for shard in shards.values()] == [True, True], at
        kills += world.kills
        at += 1
    assert at > 30


async def test_a_shard_that_another_run_is_at_work_on_is_not_gone_on_with() -> None:
    """Though it is the larger one: whoever lists goes on with one that its run has got."""
    world = two_shards()
    stuck = await stuck_run(world)
    table = world.tables.of(MONTH)
    stored = await world.store.shard(stuck.id, LARGE)
    assert stored
    at_work = {**stored.row.values, "progressedAt": world.clock.now()}
    table._put(stored.row.partition, stored.row.key, at_work)
    second = await world.start()
    await world.deliver_one()
    assert looked_at(world) == {SMALL.location}
    assert (await record_of(world, second, SMALL)).finished
    assert batons(world) == []


@pytest.mark.parametrize(
    ("scope", "writes"),
    [
        (RunScope(dry_run=True), 0),
        (RunScope(SUBSCRIPTION), 3),
        (RunScope(SUBSCRIPTION, "rg-2"), 3),
        (RunScope(locations=(LARGE.location,)), 3),
    ],
)
async def test_whatever_its_scope_a_run_goes_on(scope: RunScope, writes: int) -> None:
    """A dry run, one of a resource group, or of a location: the larger shard is done at once."""
    world = two_shards()
    await world.start(scope)
    await world.deliver_one()
    assert looked_at(world) == {LARGE.location}
    assert len(world.aks.accepted_writes) == writes
    await world.run_and_mind()
    assert world.finished[0].state is RunState.FINISHED


async def test_a_run_that_changes_schedules_goes_on() -> None:
    """What has been planned is changed in the delivery that lists it."""
    world = await owned_fleet(3)
    await put(world, WEDNESDAY)
    await planned(world)
    before = puts(world)
    await world.deliver_one()
    assert puts(world) == before + 3
    assert not world.batons.messages


async def no_tokens(world: World) -> None:
    """Have others take what there is."""
    await world.pacer.draw(SMALL, world.settings.pace.burst)


async def a_pause(world: World) -> None:
    """Have the shard paused by a 429."""
    await world.pacer.pause(SMALL, 20 * SECOND)


async def a_pause_of_all(world: World) -> None:
    """Have the subscription paused by a 429."""
    await world.reads.pause(SUBSCRIPTION, 20 * SECOND)


async def another_run(world: World) -> None:
    """Have another run at work on the shard."""
    assert isinstance(await world.pacer.grip(SMALL, "202611-other", 1, 4), Grip)


@pytest.mark.parametrize("what", [no_tokens, a_pause, a_pause_of_all, another_run])
async def test_what_keeps_a_shard_waiting_sends_its_next_baton(
    what: Callable[[World], Awaitable[None]],
) -> None:
    """Without tokens, in a pause, behind another run: nothing is called, and a baton waits."""
    world = one_shard(4, Pace(8, 0.5))
    await what(world)
    run = await world.start()
    await world.deliver_one()
    assert batons(world) == [Baton(run.id, SMALL, 2)]
    assert world.batons.messages[0].visible_at > world.clock.now()
    assert not world.aks.calls_of("list")
    await world.run_and_mind()
    assert outcomes(world.finished[0]) == {"Created": 4}


async def test_a_shard_that_is_not_done_is_passed_on() -> None:
    """What its first tokens do not suffice for comes with the next baton."""
    world = one_shard(8, Pace(8, 0.5))
    run = await world.start()
    await world.deliver_one()
    assert len(world.aks.accepted_writes) == 4
    assert batons(world) == [Baton(run.id, SMALL, 2)]
    await world.run_and_mind()
    assert outcomes(world.finished[0]) == {"Created": 8}


async def test_who_lists_shares_the_worker_with_other_shifts() -> None:
    """Two that list side by side, and go on, count as two shifts of one worker."""
    world = World(pace=QUICK, subscriptions=frozenset({SUBSCRIPTION, OTHER}))
    fleet(world, 3, 3)
    fleet(world, 3, 3, subscription=OTHER)
    shifts: list[int] = []
    at_each_look(world, lambda: shifts.append(world.in_flight.shifts))
    await world.start()
    await world.deliver_one()
    messages, world.run_queue.messages = world.run_queue.messages, []
    receive = world.run_messages.receive_run_work
    await asyncio.gather(*(receive(message.text) for message in messages))
    assert max(shifts) == 2
    assert world.in_flight.shifts == 0
    assert outcomes(world.finished[0]) == {"Created": 6}
