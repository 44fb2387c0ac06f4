"""The tail after a 429: who waits is who was named, as long as was asked, and not a moment more."""

import asyncio
from collections.abc import Callable
from datetime import datetime, timedelta
from itertools import count, pairwise

import pytest

from shared.domain.errors import AzureError, ReadThrottled, SubscriptionThrottled, Throttled
from shared.domain.fleet.pace import Draw, Pace
from shared.domain.fleet.shard import Shard
from shared.domain.messages.work import ReconcileCluster
from shared.domain.vocabulary.reasons import Cause
from shared.reconcile.ground.pacer import CONFLICTS_BORNE, SHARDS_TABLE
from shared.reconcile.ground.pauses import Paused
from tests.clusters import SUBSCRIPTION, cluster, cluster_id, schedule
from tests.fakes.aks import Call, Fault, Verb
from tests.service.test_beaten_to_a_row import Others
from tests.service_world import World

OTHER = "22222222-2222-2222-2222-222222222222"
QUICK = Pace(burst=1000, rate_per_second=1000)
SECOND, MINUTE = timedelta(seconds=1), timedelta(minutes=1)
HERE, THERE = Shard(SUBSCRIPTION, "westeurope"), Shard(SUBSCRIPTION, "northeurope")


def fleet(world: World, where: Shard, clusters: int, bare: int) -> None:
    """Make clusters, the first of them without a schedule."""
    for number in range(clusters):
        name = f"{where.location}-{number:03}"
        body = cluster(name, location=where.location, subscription=where.subscription_id)
        made = world.aks.add(body)
        if number >= bare:
            world.aks.set_schedule(made, schedule("Monday"))


async def stale_listing(world: World) -> None:
    """Let a run list, and more than a minute pass until its shards are worked on."""
    await world.until_batons()
    world.clock.advance(2 * MINUTE)


def configuration_calls(world: World) -> list[Call]:
    return [call for call in world.aks.calls if call.verb in {"list", "put"}]


def every_fifth(wait: timedelta) -> Callable[[Verb, str], AzureError | None]:
    numbers = count(1)

    def refuses(verb: Verb, _: str) -> AzureError | None:
        is_fifth = verb in {"list", "put"} and next(numbers) % 5 == 0
        return Throttled("slow down", status=429, retry_after=wait) if is_fifth else None

    return refuses


def pauses(calls: list[Call]) -> list[tuple[datetime, datetime]]:
    """Give each refusal's time, and that of the next call behind it."""
    nexts = pairwise(calls)
    return [(call.at, after.at) for call, after in nexts if call.error]


@pytest.mark.parametrize("seconds", [1, 2, 7, 40])
async def test_every_fifth_call_is_refused(seconds: int) -> None:
    """Whatever is refused, nothing is sent before its time, and all of it gets done."""
    world, wait = World(pace=QUICK), timedelta(seconds=seconds)
    fleet(world, HERE, 30, 12)
    world.aks.refuses = every_fifth(wait)
    record = await world.sweep()
    assert record.summary["outcomes"] == {"Created": 12, "Unchanged": 18}
    found = pauses(configuration_calls(world))
    assert len(found) >= 10
    assert min(after - at for at, after in found) >= wait
    assert record.summary["throttled"] == len(found)


async def test_a_short_pause_is_waited_for_to_the_moment() -> None:
    """A pause of a second lasts a second, though rows and queues know whole seconds only."""
    world = World(pace=QUICK)
    fleet(world, HERE, 30, 12)
    world.clock.advance(timedelta(milliseconds=730))
    world.aks.refuses = every_fifth(SECOND)
    await world.sweep()
    found = [after - at for at, after in pauses(configuration_calls(world))]
    assert found[:5] == [SECOND] * 5
    assert max(found) <= 3 * SECOND


async def test_too_many_others_after_a_pause_take_nothing_of_what_was_done_before_it() -> None:
    """Who gets no tokens then ends its shift: what it has made is told of and counted as made."""
    world = World(pace=QUICK, has_topic=True)
    fleet(world, HERE, 6, 6)
    number, conflicts = count(1), [None] * CONFLICTS_BORNE
    refused = Throttled("slow down", status=429, retry_after=SECOND)
    world.aks.refuses = lambda *_: refused if next(number) == 7 else None
    begun = world.clock.now()
    Others(
        world.tables.of(SHARDS_TABLE),
        at=lambda _: world.clock.now() > begun and bool(conflicts and [conflicts.pop()]),
    )
    await world.sweep()
    assert not conflicts
    assert world.finished[0].summary["outcomes"] == {"Created": 6}
    assert len(world.topic.of("ScheduleCreated")) == 6


async def test_a_long_pause_lasts_as_long_as_was_asked() -> None:
    """A pause that the queue waits for ends within the seconds that row and queue round it to."""
    world = World(pace=QUICK)
    fleet(world, HERE, 20, 0)
    wait = timedelta(seconds=40)
    refused = Throttled("slow down", status=429, retry_after=wait)
    world.aks.faults.append(Fault("list", lambda: refused))
    await world.sweep()
    ((at, after),) = pauses(configuration_calls(world))
    assert wait <= after - at <= wait + 2 * SECOND


async def test_after_a_pause_the_bucket_is_what_came_back() -> None:
    """AKS's bucket was empty when it refused; so is ours, whatever was in hand."""
    world = World(pace=Pace(burst=50, rate_per_second=0.9))
    fleet(world, HERE, 40, 0)
    refused = Throttled("slow down", status=429, retry_after=10 * SECOND)
    world.aks.faults.append(Fault("list", lambda: refused))
    await world.sweep()
    calls = configuration_calls(world)
    began = calls[0].at
    for last, call in enumerate(calls[1:], 1):
        assert last <= 0.9 * (call.at - began) / SECOND + 1


async def test_aks_pauses_its_shard_alone() -> None:
    """What AKS refuses in one location holds up no other."""
    world = World(pace=QUICK)
    fleet(world, HERE, 5, 0)
    fleet(world, THERE, 5, 0)
    wait = timedelta(minutes=2)
    refused = Throttled("slow down", status=429, retry_after=wait)
    world.aks.refuses = lambda verb, where: (
        refused if verb == "list" and HERE.location in where and not past(world, wait) else None
    )
    began = world.clock.now()
    await world.sweep()
    assert all(call.at - began < 10 * SECOND for call in of_shard(world, THERE))
    here = of_shard(world, HERE)
    assert [bool(call.error) for call in here] == [True] + [False] * 5
    assert here[1].at - here[0].at >= wait


async def test_resource_manager_pauses_the_subscription() -> None:
    """What Resource Manager refuses holds up all of the subscription, and no other."""
    world = World(pace=QUICK, subscriptions=frozenset({SUBSCRIPTION, OTHER}))
    elsewhere = Shard(OTHER, "uksouth")
    for where in (HERE, THERE, elsewhere):
        fleet(world, where, 5, 0)
    wait = timedelta(minutes=2)
    error = SubscriptionThrottled("slow down", status=429, retry_after=wait)
    world.aks.faults.append(Fault("list", lambda: error))
    began = world.clock.now()
    await world.sweep()
    (refused,) = [call for call in world.aks.calls if call.error]
    assert refused.cluster_id
    assert refused.cluster_id.subscription_id == SUBSCRIPTION
    held = [call for call in of_shard(world, HERE) + of_shard(world, THERE) if call is not refused]
    assert len(held) == 10
    assert all(call.at - refused.at >= wait for call in held)
    assert all(call.at - began < 10 * SECOND for call in of_shard(world, elsewhere))


async def test_a_refused_page_pauses_the_subscription() -> None:
    """What Resource Manager refuses while a page is read keeps others from calling, too."""
    world = World(pace=QUICK)
    fleet(world, HERE, 5, 0)
    wait = timedelta(minutes=2)
    error = SubscriptionThrottled("slow down", status=429, retry_after=wait)
    world.aks.faults.append(Fault("clusters", lambda: error))
    await world.start()
    await world.run(for_at_most=SECOND)
    assert world.pauses.left(THERE) > timedelta(minutes=1)
    (refused,) = world.aks.calls
    await world.run_and_mind()
    assert all(call.at - refused.at >= wait for call in world.aks.calls[1:])
    assert len(of_shard(world, HERE)) == 5


async def test_a_page_is_not_asked_for_during_a_pause() -> None:
    """A listing waits for the subscription's pause, and a call that was not sent is not counted."""
    world = World(pace=QUICK)
    fleet(world, HERE, 5, 0)
    error = SubscriptionThrottled("slow down", status=429, retry_after=20 * SECOND)
    with pytest.raises(SubscriptionThrottled):
        async with world.pauses.calling(HERE):
            raise error
    began = world.clock.now()
    record = await world.sweep()
    assert world.aks.calls[0].at - began >= 20 * SECOND
    assert (record.summary["calls"], record.summary["throttled"]) == (len(world.aks.calls), 0)


@pytest.mark.parametrize("verb", ["get", "clusters"])
async def test_aks_refuses_to_read_one_thing(verb: Verb) -> None:
    """AKS counts readings of each cluster, and listings, apart: nobody else waits for them."""
    world = World(pace=QUICK)
    fleet(world, HERE, 2, 2)
    slow = ReadThrottled("slow", status=429, code="Throttled", retry_after=timedelta(minutes=9))
    world.aks.refuses = lambda asked, _: slow if asked == verb else None
    refused = cluster_id(f"{HERE.location}-000")
    await world.queue.send(ReconcileCluster(refused, Cause.CLUSTER_WRITTEN, world.clock.now()))
    await world.start()
    await world.run(for_at_most=MINUTE)
    assert [call.verb for call in world.aks.calls if call.error] == [verb]
    assert world.pauses.left(HERE) == timedelta()
    world.aks.refuses = lambda *_: None
    await world.reconcile(f"{HERE.location}-001")
    assert world.aks.schedule(cluster_id(f"{HERE.location}-001"))


async def test_a_cluster_that_cannot_be_read_holds_up_no_shard() -> None:
    """In a run it is left to the queue with its wait; the shard's others are looked at."""
    world = World(pace=QUICK)
    fleet(world, HERE, 12, 12)
    slow = ReadThrottled("slow", status=429, code="Throttled", retry_after=timedelta(minutes=9))
    hammered = cluster_id(f"{HERE.location}-003")
    world.aks.refuses = lambda verb, key: (
        slow
        if verb == "get" and key == hammered.key and not past(world, timedelta(hours=1))
        else None
    )
    await world.start()
    await stale_listing(world)
    await world.run(for_at_most=MINUTE)
    gets = [call for call in world.aks.calls_of("get") if call.cluster_id == hammered]
    assert len(gets) == 1
    left = [str(found) for found in world.aks.clusters if world.aks.schedule(found) is None]
    assert left == [str(hammered)]
    await world.run_and_mind()
    assert world.aks.schedule(hammered)


async def test_resource_manager_empties_no_bucket_of_aks() -> None:
    """After a 429 of Resource Manager the shard has the tokens that it had."""
    world = World(pace=Pace(burst=50, rate_per_second=0.001))
    fleet(world, HERE, 20, 0)
    error = SubscriptionThrottled("slow down", status=429, retry_after=20 * SECOND)
    world.aks.faults.append(Fault("list", lambda: error))
    record = await world.sweep()
    assert record.summary["outcomes"] == {"Unchanged": 20}
    assert isinstance(await world.pacer.draw(HERE, 50 - 21), Draw)


async def test_another_worker_waits_as_well() -> None:
    """What one worker was asked to wait for, every other finds in the rows."""
    one = World(pace=QUICK)
    fleet(one, HERE, 5, 0)
    fleet(one, THERE, 5, 0)
    error = SubscriptionThrottled("slow down", status=429, retry_after=30 * SECOND)
    with pytest.raises(SubscriptionThrottled):
        async with one.pauses.calling(HERE):
            raise error
    another = World(pace=QUICK, clock=one.clock)
    another.ports.tables = one.ports.tables
    assert another.pauses.left(THERE) == timedelta()
    assert await another.pauses.wait(THERE) >= 30 * SECOND


async def test_many_refused_at_once_write_the_row_once() -> None:
    """Twenty calls in flight that are refused together cost one change of the row."""
    world = World(pace=QUICK)
    answered = asyncio.Event()

    async def call() -> None:
        async with world.pauses.calling(HERE):
            await answered.wait()
            raise Throttled("slow down", status=429, retry_after=SECOND)

    calls = [asyncio.create_task(call()) for _ in range(20)]
    await asyncio.sleep(0)
    answered.set()
    found = await asyncio.gather(*calls, return_exceptions=True)
    assert {type(each) for each in found} == {Throttled}
    assert world.tables.of(SHARDS_TABLE).versions == 1


async def test_nothing_is_sent_in_a_pause() -> None:
    """A call whose turn comes within a pause is not sent, and says how long that lasts."""
    world = World(pace=QUICK)
    with pytest.raises(Throttled):
        await refused_in(world, HERE)
    world.clock.advance(timedelta(milliseconds=400))
    with pytest.raises(Paused) as found:
        await refused_in(world, HERE)
    assert found.value.retry_after == timedelta(milliseconds=600)
    world.clock.advance(timedelta(milliseconds=600))
    with pytest.raises(Throttled):
        await refused_in(world, HERE)


async def test_a_clock_that_steps_back_prolongs_no_pause_for_long() -> None:
    """A worker whose clock is set back by a day waits for half an hour at most."""
    world = World(pace=QUICK)
    with pytest.raises(Throttled):
        await refused_in(world, HERE)
    world.clock.advance(-timedelta(days=1))
    assert world.pauses.left(HERE) <= timedelta(minutes=30)


async def refused_in(world: World, shard: Shard) -> None:
    """Make a call that AKS refuses for a second."""
    async with world.pauses.calling(shard):
        raise Throttled("slow down", status=429, retry_after=SECOND)


def past(world: World, wait: timedelta) -> bool:
    """Say whether a wait has passed since the first refusal."""
    refused = [call.at for call in world.aks.calls if call.error]
    return bool(refused) and world.clock.now() - refused[0] >= wait


def of_shard(world: World, shard: Shard) -> list[Call]:
    found = configuration_calls(world)
    return [
        call
        for call in found
        if call.cluster_id
        and call.cluster_id.subscription_id == shard.subscription_id
        and call.cluster_id.name.startswith(shard.location)
    ]
