"""What is written counts on a look right before it, and on a cluster that was just read."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial

import pytest

from shared.domain.deciding.conditions import Condition
from shared.domain.deciding.decision import Desired
from shared.domain.deciding.outcome import OutcomeKind
from shared.domain.deciding.wish import Wish
from shared.domain.errors import Paced
from shared.domain.fleet.shard import Shard
from shared.domain.messages.audit import Caller, Origin
from shared.domain.vocabulary.rows import Row, Values
from shared.domain.window.body import read_window
from shared.reconcile.cluster.change import AdvisedAgainst
from shared.reconcile.ground.claim import CLUSTERS_TABLE
from tests.clusters import SUBSCRIPTION, Json, cluster, cluster_id, schedule
from tests.fakes.aks import Verb
from tests.fakes.clock import FakeClock
from tests.policies import always
from tests.service_world import SUNDAY_NIGHT, World

ORIGIN = Origin(Caller("ops@example.com", "id-1"), "0f0e0d0c-0b0a-4908-8706-050403020100")
type Way = Callable[[World], Awaitable[None]]

STALL = timedelta(seconds=3)
ONE_SECOND = timedelta(seconds=1)
THURSDAYS = read_window(schedule("Thursday", startDate=None))


class StallingClock(FakeClock):
    """A worker that stands still for a while, once, before it looks at its clock again.

    The look that takes down when an answer came is a part of the answer, whatever it says.
    """

    def __init__(self) -> None:
        super().__init__()
        self.looks_left = -1
        self.answers: Callable[[], int] = lambda: 0
        self._answers_before = 0

    def now(self) -> datetime:
        """Give the instant, after standing still if it is time for that."""
        takes_down, self._answers_before = self.answers() != self._answers_before, self.answers()
        self.looks_left -= not takes_down
        if self.looks_left == 0 and not takes_down:
            self.advance(STALL)
        return super().now()


class AlwaysStallingClock(FakeClock):
    """A worker that stands still each time before it looks at its clock."""

    def now(self) -> datetime:
        """Give the instant after standing still."""
        self.advance(STALL)
        return super().now()


@dataclass(frozen=True)
class ArmsClock(FakeClock):
    """The same time for ARM, which stands still for nobody."""

    of: FakeClock

    def now(self) -> datetime:
        """Give the instant."""
        return FakeClock.now(self.of)

    def advance(self, by: timedelta) -> None:
        """Move on."""
        self.of.advance(by)


async def by_event(world: World) -> None:
    """Reconcile the cluster of one message."""
    await world.ask()
    await world.run()


async def by_run(world: World) -> None:
    """Sweep the fleet."""
    await world.sweep()


async def by_put(world: World) -> None:
    """Let a person put a schedule."""
    await world.putter.put(cluster_id(), Wish(THURSDAYS), ORIGIN)


async def by_delete(world: World) -> None:
    """Let a person delete the schedule."""
    await world.deleter.delete(cluster_id(), Condition(), ORIGIN)


ALL_WAYS: list[Way] = [by_event, by_run, by_put, by_delete]


def world_for(way: object, clock: FakeClock | None = None) -> World:
    """Make a world with one cluster, which has a schedule where that is to be deleted."""
    world = World(clock=clock)
    world.aks.clock = ArmsClock(world.clock)
    world.aks.add(cluster())
    if way is by_delete:
        world.aks.set_schedule(cluster_id(), schedule())
    return world


@pytest.mark.parametrize("way", ALL_WAYS)
async def test_no_storage_call_between_the_look_and_the_write(way: Way) -> None:
    """A write is the very next thing that is done after its LIST, whoever asked for it."""
    world = world_for(way)
    steps: list[tuple[Verb, int]] = []

    def takes(verb: Verb) -> timedelta:
        world.life.step()
        steps.append((verb, world.life.operations))
        return timedelta(0)

    world.aks.takes = takes
    await way(world)
    verbs = [verb for verb, _ in steps]
    at = verbs.index("delete" if way is by_delete else "put")
    assert verbs[at - 1] == "list"
    assert steps[at][1] - steps[at - 1][1] == 1


@pytest.mark.parametrize("way", ALL_WAYS)
async def test_a_stall_between_the_look_and_the_write(way: Way) -> None:
    """Wherever a worker stands still, a write is sent within a second of its LIST or not at all."""
    clock = StallingClock()
    await way(world_for(way, clock))
    looks = -clock.looks_left
    again = 0
    for stalls_at in range(1, looks):
        clock = StallingClock()
        world = world_for(way, clock)
        clock.answers = partial(len, world.aks.calls)
        clock.looks_left = stalls_at
        await way(world)
        calls = [call for call in world.aks.calls if call.verb in {"list", "put", "delete"}]
        (at,) = [at for at, call in enumerate(calls) if call.verb != "list"]
        assert calls[at].at - calls[at - 1].at <= ONE_SECOND
        again += at > 1
    assert again


async def test_a_worker_that_always_stalls_sends_nothing() -> None:
    """Who cannot write within a second of the look, time and again, is told to come back."""
    world = world_for(by_put, AlwaysStallingClock())
    with pytest.raises(Paced):
        await by_put(world)
    assert not world.aks.calls_of("put")
    assert len(world.aks.calls_of("list")) > 1


def slow_claims(world: World, by: timedelta, then: Callable[[], None] = lambda: None) -> None:
    """Let the table of claims take its time for each new one, and something happen meanwhile."""
    table = world.tables.of(CLUSTERS_TABLE)
    insert = table.insert

    async def slow(partition: str, key: str, values: Values) -> Row | None:
        made = await insert(partition, key, values)
        world.clock.advance(by)
        then()
        return made

    table.insert = slow  # type: ignore[method-assign]  # what a busy table does


@pytest.mark.parametrize("way", [by_event, by_run])
async def test_a_schedule_that_is_made_during_a_slow_claim(way: Way) -> None:
    """A person's schedule that comes while the claim takes its time is not written over."""
    world = world_for(way)
    friday = partial(world.aks.set_schedule, cluster_id(), schedule("Friday"))
    slow_claims(world, timedelta(seconds=4), friday)
    await way(world)
    assert not world.aks.calls_of("put")


@pytest.mark.parametrize("way", [by_event, by_run, by_put])
@pytest.mark.parametrize("slow", [0, 19, 20])
async def test_least_lead_is_the_setting(way: Way, slow: int) -> None:
    """However long claims and writes take, a write is accepted with the lead that is set."""
    lead = timedelta(minutes=30)
    world = World(desired=Desired(always(SUNDAY_NIGHT), lead=lead))
    world.aks.add(cluster())
    world.clock.move_to(datetime.fromisoformat("2026-11-22T00:29:29Z"))
    slow_claims(world, timedelta(seconds=slow))
    world.aks.takes = lambda verb: timedelta(seconds=slow if verb == "put" else 0)
    await way(world)
    (written,) = world.aks.accepted_writes
    assert written.window
    start = written.window.next_start(written.at)
    assert start
    assert start.start - written.at >= lead


def turned_off() -> Json:
    """Give the cluster without node auto-provisioning."""
    return cluster(mode="Manual")


def tagged() -> Json:
    """Give the cluster with the tag that takes it out."""
    return cluster(tags={"naptime": "off"})


@pytest.mark.parametrize("changed", [turned_off, tagged])
async def test_what_changes_during_a_run_is_heeded(changed: Callable[[], Json]) -> None:
    """A tag that is set, or NAP that is turned off, between the listing and the write counts."""
    world = World()
    world.aks.add(cluster())
    shard = Shard(SUBSCRIPTION, "westeurope")
    run = await world.start()
    await world.until_batons()
    await world.pacer.pause(shard, timedelta(minutes=18))
    world.aks.add(changed())
    await world.run_and_mind()
    assert world.finished[0].run.id == run.id
    assert not world.aks.calls_of("put")
    (outcome,) = [outcome for outcome, _ in world.outcomes]
    assert outcome.kind is OutcomeKind.SKIPPED


async def test_what_was_just_listed_is_not_read_again() -> None:
    """A run that is at a cluster within a minute of its listing makes two calls for it."""
    world = World()
    world.aks.add(cluster())
    await world.sweep()
    assert [call.verb for call in world.aks.calls] == ["clusters", "list", "put"]


async def test_what_was_listed_a_while_ago_is_read_again() -> None:
    """Later than that the cluster is read once more, and only where something is to be written."""
    world = World()
    world.aks.add(cluster())
    world.aks.add(cluster("aks-2"))
    world.aks.set_schedule(cluster_id("aks-2"), schedule())
    await world.reconcile("aks-2")
    await world.start()
    await world.until_batons()
    world.aks.calls.clear()
    await world.pacer.pause(Shard(SUBSCRIPTION, "westeurope"), timedelta(minutes=5))
    await world.run_and_mind()
    calls = [(call.verb, call.cluster_id) for call in world.aks.calls]
    first, second = cluster_id(), cluster_id("aks-2")
    assert sorted(calls) == sorted(
        [("get", first), ("list", first), ("put", first), ("list", second)]
    )


async def test_a_sweep_late_after_its_listing_reads_no_cluster_that_is_as_it_should_be() -> None:
    """Nothing is known of it, and the listing is old: its configurations alone are read."""
    world = World()
    world.aks.add(cluster())
    world.aks.set_schedule(cluster_id(), schedule())
    await world.start()
    await world.until_batons()
    world.aks.calls.clear()
    await world.pacer.pause(Shard(SUBSCRIPTION, "westeurope"), timedelta(minutes=5))
    await world.run_and_mind()
    assert [call.verb for call in world.aks.calls] == ["list"]


@dataclass(frozen=True)
class OtherClock(ArmsClock):
    """ARM's clock, which says something else than the worker's."""

    ahead: timedelta = timedelta(0)

    def now(self) -> datetime:
        """Give the instant by ARM's clock."""
        return super().now() + self.ahead


@pytest.mark.parametrize("way", [by_event, by_run, by_put])
@pytest.mark.parametrize("minutes", [-20, -1, 1, 20])
async def test_the_later_of_two_clocks_counts(way: Way, minutes: int) -> None:
    """Whichever of ARM's clock and the worker's is ahead, the lead counts from that one."""
    world = World()
    ahead = timedelta(minutes=minutes)
    world.aks.clock = OtherClock(world.clock, ahead)
    world.aks.add(cluster())
    desired = world.settings.desired
    start = datetime.fromisoformat("2026-11-22T01:00:00Z")
    later = max(ahead, timedelta(0))
    # By the later clock the coming start is just too near, by the earlier it would do.
    world.clock.move_to(start - desired.horizon - later + timedelta(seconds=30))
    if way is by_put:
        with pytest.raises(AdvisedAgainst) as refused:
            await world.putter.put(cluster_id(), Wish(SUNDAY_NIGHT), ORIGIN)
        assert refused.value.reason == "StartTooSoon"
        return
    await way(world)
    (written,) = world.aks.accepted_writes
    assert written.window
    first = next(written.window.occurrences(written.at))
    assert first.start - max(written.at, world.clock.now()) >= desired.lead
    assert first.start > start
