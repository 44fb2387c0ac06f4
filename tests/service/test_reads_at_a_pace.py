"""Reading a cluster is paced as its writing is: one whose turn has not come costs no call."""

import asyncio
import json
from collections import Counter
from collections.abc import Sequence
from datetime import timedelta

import pytest
from azure.core.exceptions import ServiceRequestError

from shared.domain.deciding.observed import ObservedCluster, observe_cluster
from shared.domain.deciding.outcome import OutcomeKind
from shared.domain.errors import (
    AccessDenied,
    AzureError,
    SubscriptionThrottled,
    Throttled,
    TooManyConflicts,
)
from shared.domain.fleet.pace import Draw, Pace
from shared.domain.fleet.shard import Shard, ShardRow
from shared.domain.messages.seen import LONGEST, SeenCluster
from shared.domain.messages.work import ReconcileCluster, parse_reconcile_cluster
from shared.domain.vocabulary.reasons import Cause, Reason
from shared.domain.vocabulary.rows import Reading
from shared.reconcile.ground.at_once import AT_WORK
from shared.reconcile.ground.pacer import CONFLICTS_BORNE, SHARDS_TABLE
from shared.reconcile.ground.reads import LOT, MANY_UNKNOWN, READS_PARTITION
from tests.clusters import SUBSCRIPTION, cluster, cluster_id, schedule
from tests.fakes.aks import Call, Fault
from tests.fakes.clock import SATURDAY_NOON
from tests.fakes.limits import check_message
from tests.service_world import World

SECOND = timedelta(seconds=1)


async def updated_at_once(world: World, names: Sequence[str]) -> None:
    """Tell of an update of each."""
    for name in names:
        await world.ask(name)


def names(count: int, prefix: str = "aks") -> list[str]:
    return [f"{prefix}-{number:03}" for number in range(count)]


def most_in(calls: Sequence[Call], window: timedelta) -> int:
    """Count the calls of the stretch of time that has the most."""
    times = sorted(call.at for call in calls)
    return max((sum(at <= each < at + window for each in times) for at in times), default=0)


async def test_many_updates_at_once_cost_three_calls_each() -> None:
    """GET, LIST and PUT, each once, and no more time than the pace allows."""
    world = World(pace=Pace(20, 1))
    for name in names(120):
        world.aks.add(cluster(name))
    began = world.clock.now()
    await updated_at_once(world, names(120))
    await world.run()
    calls = Counter((call.cluster_id, call.verb) for call in world.aks.calls)
    assert set(calls.values()) == {1}
    assert len(calls) == 3 * 120
    assert len(world.aks.accepted_writes) == 120
    bound = timedelta(seconds=(2 * 120 - 20) / 1)
    assert world.clock.now() - began <= bound * 1.1 + timedelta(seconds=90)


async def test_a_crowd_that_nobody_knows_is_listed_and_not_guessed() -> None:
    """Where the others of the subscription are elsewhere, pages cost less than wrong guesses."""
    world = World(pace=Pace(20, 1))
    world.aks.add(cluster("else", location="northeurope"))
    await world.reconcile("else")
    for name in names(120):
        world.aks.add(cluster(name))
    before = len(world.aks.calls)
    await updated_at_once(world, names(120))
    await world.run()
    calls = Counter(call.verb for call in world.aks.calls[before:])
    assert (calls["list"], calls["put"]) == (120, 120)
    assert calls["get"] <= 120 + MANY_UNKNOWN
    assert calls["clusters"] <= 2
    assert len(world.aks.accepted_writes) == 121


async def test_a_crowd_that_cannot_be_listed_is_guessed() -> None:
    """A subscription that may not be listed, or a list that lags, costs a call more, no cluster."""
    world = World(pace=Pace(20, 1))
    world.aks.add(cluster("else", location="northeurope"))
    await world.reconcile("else")
    world.aks.refuses = lambda verb, _: AccessDenied("no") if verb == "clusters" else None
    for name in names(40):
        world.aks.add(cluster(name))
    await updated_at_once(world, names(40))
    await world.run()
    assert len(world.aks.accepted_writes) == 41
    assert len(world.aks.calls_of("clusters")) == 1


async def test_a_crowd_whose_listing_is_throttled_waits() -> None:
    """Where Resource Manager refuses the page, nobody calls in the subscription before its time."""
    world = World(pace=Pace(20, 1))
    world.aks.add(cluster("else", location="northeurope"))
    await world.reconcile("else")
    wait = timedelta(seconds=50)
    slow = SubscriptionThrottled("slow down", status=429, retry_after=wait)
    world.aks.faults.append(Fault("clusters", lambda: slow))
    for name in names(40):
        world.aks.add(cluster(name))
    await updated_at_once(world, names(40))
    await world.run()
    (refused,) = [number for number, call in enumerate(world.aks.calls) if call.error]
    assert world.aks.calls[refused + 1].at - world.aks.calls[refused].at >= wait
    assert len(world.aks.accepted_writes) == 41


async def test_clusters_elsewhere_are_not_held_up_by_a_crowd() -> None:
    """An unknown cluster of a quiet location does not wait for those of a crowded one."""
    world = World(pace=Pace(10, 0.1))
    for name in names(40):
        world.aks.add(cluster(name))
    await updated_at_once(world, names(40))
    await world.run(for_at_most=timedelta(minutes=2))
    world.aks.add(cluster("else-0", location="northeurope"))
    await world.ask("else-0")
    await world.run(for_at_most=timedelta(minutes=3))
    world.aks.add(cluster("else-1", location="northeurope"))
    await world.ask("else-1")
    await world.run(for_at_most=timedelta(minutes=3))
    written = {call.cluster_id for call in world.aks.accepted_writes}
    assert {cluster_id("else-0"), cluster_id("else-1")} <= written
    assert len(written) < 40, "the crowd is still waiting"


async def test_a_known_cluster_waits_without_a_call() -> None:
    """Where a cluster is, is remembered; while its shard has nothing left, nothing is sent."""
    world = World()
    world.aks.add(cluster())
    await world.reconcile()
    await world.pacer.pause(Shard(SUBSCRIPTION, "westeurope"), timedelta(minutes=5))
    before = len(world.aks.calls)
    await world.ask()
    await world.run(for_at_most=timedelta(minutes=4))
    assert len(world.aks.calls) == before
    assert world.outcomes[-1][0].reason is Reason.PACED


async def test_reads_are_paced_over_all_locations() -> None:
    """Resource Manager counts reads by subscription, whatever AKS allows in each location."""
    world = World(read_pace=Pace(12, 2))
    locations = ["westeurope", "northeurope", "uksouth", "eastus"]
    for number, name in enumerate(names(60)):
        world.aks.add(cluster(name, location=locations[number % 4]))
    await updated_at_once(world, names(60))
    await world.run()
    assert len(world.aks.accepted_writes) == 60
    reads = [call for call in world.aks.calls if call.verb in {"get", "list"}]
    assert most_in(reads, 5 * SECOND) <= 12 + 2 * 5 + 2
    assert len(reads) <= 2 * 60 + 10


async def test_what_several_read_at_once_is_drawn_for_together() -> None:
    """Whoever finds a lot used up waits for the next, and draws none that another's replaces."""
    world = World(read_pace=Pace(250, 25))
    table = world.tables.of(SHARDS_TABLE)
    get = table.get

    async def after_others(partition: str, key: str) -> Reading:
        await asyncio.sleep(0)
        return await get(partition, key)

    table.get = after_others  # type: ignore[method-assign]  # this one table's
    await asyncio.gather(*(world.reads.draw(SUBSCRIPTION, 2) for _ in range(AT_WORK)))
    reading = await get(READS_PARTITION, Shard(SUBSCRIPTION, "").key)
    drawn = 250 - ShardRow.of(world.settings.read_pace, reading).bucket.tokens
    assert 2 * AT_WORK <= drawn < 2 * AT_WORK + LOT


async def test_what_a_run_reads_counts() -> None:
    """A run has a pace of its own; what it reads is not there for single clusters any more."""
    world = World(pace=Pace(100, 1), read_pace=Pace(30, 0.01))
    for name in names(40):
        world.aks.add(cluster(name))
        world.aks.set_schedule(cluster_id(name), schedule())
    await world.sweep()
    await world.ask("aks-000")
    await world.run(for_at_most=SECOND)
    assert world.outcomes[-1][0].reason is Reason.PACED
    assert world.outcomes[-1][0].calls == 0


async def test_a_throttled_reading_pauses_readings_only() -> None:
    """A 429 on the cluster itself is Resource Manager's, and says nothing of AKS's own limit."""
    world = World()
    world.aks.add(cluster())
    await world.reconcile()
    world.aks.faults.extend(Fault("get", throttled) for _ in range(5))
    await world.ask()
    await world.run(for_at_most=SECOND * 10)
    gets = len(world.aks.calls_of("get"))
    await world.run(for_at_most=SECOND * 20)
    assert len(world.aks.calls_of("get")) == gets
    assert isinstance(await world.pacer.draw(Shard(SUBSCRIPTION, "westeurope"), 10), Draw)


def throttled() -> AzureError:
    return Throttled("slow down", status=429, retry_after=timedelta(seconds=60))


async def test_what_was_read_is_kept_for_a_minute() -> None:
    """A cluster that was read before its shard was found empty is not read again at once."""
    world = World(pace=Pace(4, 0.5))
    for name in ("a-1", "b-1"):
        world.aks.add(cluster(name, location="uksouth"))
    await updated_at_once(world, ["a-1", "b-1"])
    await world.run()
    world.aks.add(cluster("c-1"))
    await world.pacer.draw(Shard(SUBSCRIPTION, "westeurope"), 4)
    await world.ask("c-1")
    await world.run()
    read = [call.cluster_id for call in world.aks.calls_of("get")]
    assert read.count(cluster_id("c-1")) == 1


async def test_a_cluster_that_is_being_made_is_read_again() -> None:
    """Only naptime's own pace leaves what was read true; what Azure is at changes it."""
    world = World()
    world.aks.add(cluster(state="Creating"))
    await world.ask()
    await world.run(for_at_most=SECOND)
    world.aks.add(cluster())
    await world.run()
    assert world.outcomes[-1][0].kind is OutcomeKind.CREATED


async def test_trouble_with_the_row_after_the_calls_loses_nothing() -> None:
    """Where tokens cannot be given back, what came of the cluster is told and remembered."""
    world = World()
    world.aks.add(cluster())
    world.aks.set_schedule(cluster_id(), schedule())
    table, interferences = world.tables.of(SHARDS_TABLE), list[int]()

    def interfere() -> None:
        if world.aks.calls_of("list"):
            interferences.append(1)
            for place, row in [*table.stored.items()]:
                table._put(*place, row.values)

    table.step = interfere
    outcome = await world.reconcile()
    assert len(interferences) >= CONFLICTS_BORNE
    assert outcome.kind is OutcomeKind.UNCHANGED
    assert await world.memory.recall(cluster_id())


async def test_trouble_of_storage_after_the_calls_loses_nothing() -> None:
    """What ARM has accepted is told and remembered, although the shard's row cannot be reached."""
    world = World(has_topic=True)
    world.aks.add(cluster())

    def away() -> None:
        if world.aks.calls_of("put"):
            raise ServiceRequestError("the storage account does not answer")

    world.tables.of(SHARDS_TABLE).step = away
    await world.ask()
    await world.run(for_at_most=SECOND)
    assert [outcome.kind for outcome, _ in world.outcomes] == [OutcomeKind.CREATED]
    assert await world.memory.recall(cluster_id())
    await world.run()
    assert len(world.topic.of("ScheduleCreated")) == 1


def test_too_many_at_once_is_no_bug() -> None:
    """Whoever meets too many others is told to come back, as with every other pace."""
    error = TooManyConflicts("a row")
    assert (error.reason, error.retryable) == (Reason.PACED, True)
    assert error.retry_after


@pytest.mark.parametrize("tag", ["", "off", "a" * 250])
def test_what_was_read_survives_the_queue(tag: str) -> None:
    """A message holds what was read, tags included; without it it says only where."""
    seen = SeenCluster(observed(tag), SATURDAY_NOON)
    work = ReconcileCluster(cluster_id(), Cause.CLUSTER_WRITTEN, seen.read_at)
    paced = work.deferred(seen, paced=True)
    assert parse_reconcile_cluster(paced.to_message()) == paced
    assert (paced.seen, paced.location) == (seen, "westeurope")
    otherwise = parse_reconcile_cluster(work.deferred(seen).to_message())
    assert (otherwise.seen, otherwise.location) == (None, "westeurope")


@pytest.mark.parametrize("letter", ["x", "é", '"', "\N{GRINNING FACE}"])
@pytest.mark.parametrize("tags", range(10, 51, 10))
def test_what_was_read_never_makes_a_message_too_large(letter: str, tags: int) -> None:
    """A queue takes 48 KiB: a cluster with more tags, in whatever letters, is read again."""
    body = cluster(tags={f"tag-{number}": letter * 250 for number in range(tags)})
    seen = SeenCluster(observe_cluster(body), SATURDAY_NOON)
    work = ReconcileCluster(cluster_id(), Cause.CLUSTER_WRITTEN, seen.read_at)
    paced = work.deferred(seen, paced=True)
    check_message(paced.to_message(), timedelta())
    room = LONGEST - 1_000
    assert (paced.seen is None) == (tags * len(json.dumps(letter * 250)) > room)


def test_nonsense_about_what_was_read_is_read_anew() -> None:
    """A later version may keep more, or otherwise; the cluster itself is there to be read."""
    bodies: list[dict[str, object]] = [{}, {"readAt": "now"}, {"readAt": "2026-11-21T12:00:00Z"}]
    assert [SeenCluster.of(body, cluster_id()) for body in bodies] == [None, None, None]


def observed(tag: str) -> ObservedCluster:
    return observe_cluster(cluster(tags={"naptime": tag}))
