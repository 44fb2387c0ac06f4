"""Two who believe that they hold the same thing: of shards, listings, scopes and pace."""

import json
from collections.abc import Coroutine
from copy import replace
from datetime import datetime, timedelta

import pytest

from shared.domain.deciding.decision import Desired
from shared.domain.errors import AzureError, TooManyConflicts
from shared.domain.fleet.pace import Draw, Pace
from shared.domain.fleet.run import Run, RunScope, RunState
from shared.domain.fleet.run_records import RunRecord
from shared.domain.fleet.run_work import ListSubscription
from shared.domain.fleet.shard import Grip, HeldBy, Shard, ShardRow
from shared.domain.fleet.shard_records import ShardRecord
from shared.domain.messages.work import Claim, Refusal
from shared.domain.vocabulary.ids import ClusterId
from shared.domain.vocabulary.reasons import Cause
from shared.domain.vocabulary.rows import Reading
from shared.reconcile.fleet.mind import BATON_WITHIN
from shared.reconcile.fleet.store import SHARD as SHARD_ROW
from shared.reconcile.ground.claim import CLUSTERS_TABLE, ClusterClaims
from shared.reconcile.ground.pacer import LEASE_LASTS, SHARDS_TABLE
from shared.reconcile.ground.policies import POLICY_TABLE
from tests.clusters import FOREIGN_SUBSCRIPTION, SUBSCRIPTION, cluster, schedule
from tests.fakes.aks import FakeAks, Verb
from tests.policies import always
from tests.service.test_policies import ANY
from tests.service.updates.worlds import policy
from tests.service_world import SUNDAY_NIGHT, World

SHARD = Shard(SUBSCRIPTION, "westeurope")
MONTH = "naptimeruns202611"


def world_of(clusters: int, pace: Pace | None = None) -> World:
    """Make clusters without schedules in one shard."""
    world = World(pace=pace or Pace(1000, 100))
    for number in range(clusters):
        world.aks.add(cluster(f"aks-{number:03}"))
    return world


async def until_the_baton(world: World) -> Run:
    """Start a run and deliver its messages until a baton is on the queue."""
    run = await world.start()
    await world.until_batons()
    return run


async def shard_of(world: World, run: Run) -> ShardRecord:
    """Read the shard's row."""
    stored = await world.store.shard(run.id, SHARD)
    assert stored
    return stored.record


async def rewrite(world: World, record: ShardRecord) -> None:
    """Change the shard's row as somebody else would."""
    table = world.tables.of(MONTH)
    table._put(record.run_id, SHARD_ROW + SHARD.key, record.to_values())


async def check(world: World, clusters: int) -> None:
    """Check that all is done, and counted once."""
    (record,) = world.finished
    assert record.summary["outcomes"] == {"Created": clusters}
    assert len(world.aks.accepted_writes) == clusters


async def test_a_lease_keeps_others_out_until_it_ends() -> None:
    """While a lease stands nobody else gets it; after its time anybody does."""
    world = world_of(1)
    held = await world.pacer.grip(SHARD, "202611-a", 1, 4)
    assert isinstance(held, Grip)
    assert isinstance(await world.pacer.grip(SHARD, "202611-b", 1, 4), HeldBy)
    assert await world.pacer.holder(SHARD) == held.lease
    world.clock.advance(LEASE_LASTS)
    later = await world.pacer.grip(SHARD, "202611-b", 1, 4)
    assert isinstance(later, Grip)
    await world.pacer.release(SHARD, held, 4)
    assert await world.pacer.holder(SHARD) == later.lease


@pytest.mark.parametrize(("reading", "shifts"), [(1, 1), (24, 1), (26, 2), (30, 2)])
async def test_no_call_outlasts_the_lease(reading: int, shifts: int) -> None:
    """A write that might end after its holder's lease is left to the next holder."""
    world = world_of(1)
    leases: list[datetime] = []

    def takes(verb: Verb) -> timedelta:
        if verb == "clusters":
            return timedelta(0)
        row = world.tables.of(SHARDS_TABLE).stored["shard", SHARD.key]
        lease = ShardRow.of(Pace(), Reading(row, world.clock.now())).lease
        assert lease
        assert world.clock.now() + Desired(always(SUNDAY_NIGHT)).attempt_timeout <= lease.until
        leases.append(lease.until)
        slow = verb == "list" and len(set(leases)) == 1
        return timedelta(seconds=reading if slow else 1)

    world.aks.takes = takes
    await world.start()
    await world.run_and_mind()
    assert len(set(leases)) == shifts
    await check(world, 1)


@pytest.mark.parametrize(("seconds", "written"), [(20, 1), (40, 0)])
async def test_what_is_wanted_may_take_its_time_to_be_read(seconds: int, written: int) -> None:
    """The lease runs meanwhile: what is left of it has to be enough for a write."""
    world = world_of(1)
    await world.policies.put(policy(), "somebody", ANY)
    await until_the_baton(world)
    world.policies._policies.clear()
    table = world.tables.of(POLICY_TABLE)
    table.step = lambda: world.clock.advance(timedelta(seconds=seconds))
    await world.deliver_one()
    assert len(world.aks.accepted_writes) == written
    table.step = world.life.step
    await world.run_and_mind()
    await check(world, 1)


@pytest.mark.parametrize("same", [True, False])
async def test_a_baton_waits_for_a_lease_that_stands(same: bool) -> None:  # noqa: FBT001 - a case
    """Held by another run, or by a holder of this baton who has died: it works after that."""
    world = world_of(3)
    run = await until_the_baton(world)
    grip = await world.pacer.grip(SHARD, run.id if same else "202611-other", 1, 4)
    assert isinstance(grip, Grip)
    await world.run_and_mind()
    assert world.aks.calls_of("list")[0].at >= grip.lease.until
    await check(world, 3)
    assert not any(mended.batons for mended in world.minded)


async def test_a_baton_that_came_late_is_not_lost() -> None:
    """Where its holder is at work, however long the queue kept it, the minder sends no other."""
    world = world_of(3)
    run = await until_the_baton(world)
    world.clock.advance(BATON_WITHIN + timedelta(seconds=10))
    assert isinstance(await world.pacer.grip(SHARD, run.id, 1, 4), Grip)
    mended = await world.mind()
    assert mended
    assert mended.batons == 0


async def test_a_listing_that_is_delivered_again_sends_no_baton_of_its_own() -> None:
    """Its shards have gone on since; and once the run has ended it does nothing at all."""
    world = world_of(8, Pace(4, 0.5))
    run = await until_the_baton(world)
    listing = ListSubscription(run.id, SUBSCRIPTION).to_message()
    await world.deliver_one()
    batons = [message.text for message in world.batons.messages]
    await world.run_messages.receive_run_work(listing)
    assert [message.text for message in world.batons.messages] == batons
    await world.run_and_mind()
    calls = len(world.aks.calls)
    await world.run_messages.receive_run_work(listing)
    assert len(world.aks.calls) == calls
    await check(world, 8)


async def test_a_holder_that_hung_writes_nothing() -> None:
    """Where somebody took over meanwhile, the late holder's counts are dropped, not added."""
    world = world_of(4)
    run = await until_the_baton(world)

    def taken_over(verb: Verb, _: str) -> AzureError | None:
        if verb == "list" and not world.aks.calls_of("list"):
            record = replace(record_before, generation=7)
            table = world.tables.of(MONTH)
            table._put(run.id, SHARD_ROW + SHARD.key, record.to_values())
        return None

    record_before = await shard_of(world, run)
    world.aks.refuses = taken_over
    await world.deliver_one()
    assert len(world.aks.accepted_writes) == 4
    assert (await shard_of(world, run)).pending == 4
    await world.batons.send(replace(record_before, generation=7).baton)
    await world.run_and_mind()
    (record,) = world.finished
    assert record.summary["outcomes"] == {"Unchanged": 4}
    assert len(world.aks.accepted_writes) == 4


async def test_rows_count_more_than_counts() -> None:
    """A shard whose count says that nothing is left is looked over, and what is left is done."""
    world = world_of(3)
    run = await until_the_baton(world)
    await rewrite(world, replace(await shard_of(world, run), pending=0))
    await world.run_and_mind()
    await check(world, 3)


async def test_a_long_listing_says_that_it_is_alive() -> None:
    """A listing of many slow pages is not taken for dead: nobody lists a second time."""
    world = world_of(450)

    def slow(verb: Verb, _: str) -> AzureError | None:
        if verb == "clusters":
            world.clock.advance(timedelta(minutes=2))
        return None

    run = await world.start()
    world.aks.refuses = slow
    await world.deliver_one()
    assert not (await world.mind() or pytest.fail("killed")).listed
    world.aks.refuses = lambda _verb, _where: None
    await world.run_and_mind()
    assert len(world.aks.calls_of("clusters")) == 5
    assert world.finished[0].run.id == run.id
    await check(world, 450)


async def test_a_listing_that_was_taken_over_stops() -> None:
    """A lister that finds its row changed by another stops, and sends no baton."""
    world = world_of(250)
    run = await world.start()
    mended = 0

    def slow(verb: Verb, _: str) -> AzureError | None:
        nonlocal mended
        if verb == "clusters":
            world.clock.advance(timedelta(minutes=2))
            table = world.tables.of(MONTH)
            row = table.stored[run.id, f"sub:{SUBSCRIPTION}"]
            table._put(run.id, row.key, row.values)
            mended += 1
        return None

    world.aks.refuses = slow
    await world.deliver_one()
    assert (mended, world.batons.messages) == (1, [])
    world.aks.refuses = lambda _verb, _where: None
    await world.run_and_mind()
    await check(world, 250)


def to_its_end(work: Coroutine[None, None, bool]) -> bool:
    """Do the whole of somebody else's work between two operations: fakes never wait."""
    with pytest.raises(StopIteration) as ended:
        work.send(None)
    return bool(ended.value.value)


async def open_again(world: World) -> Run:
    """Do a run to its end, but for its being closed: that is forgotten."""
    record = await world.sweep()
    table = world.tables.of(MONTH)
    active = replace(record, state=RunState.ACTIVE, finished_at=None)
    table._put("runs", record.run.id, active.to_values())
    world.finished.clear()
    world.topic.events.clear()
    return record.run


@pytest.mark.parametrize("at", range(6))
async def test_of_two_who_close_a_run_one_reports_it(at: int) -> None:
    """Two shards that finish at once, or one and the minder: one report; events with one id."""
    world = World(has_topic=True)
    world.aks.add(cluster())
    run = await open_again(world)
    months, operations, others = world.tables.of(MONTH), 0, []

    def meanwhile() -> None:
        nonlocal operations
        operations += 1
        if operations == at:
            months.step = world.event_queue.step = world.life.step
            others.append(to_its_end(world.closer.close_if_last(run.id)))

    months.step = world.event_queue.step = meanwhile
    closed = await world.closer.close_if_last(run.id)
    assert [closed, *others].count(True) == 1
    assert len(others) == (at > 0)
    await world.run()
    assert [record.run.id for record in world.finished] == [run.id]
    assert {event.id for event in world.topic.of("FleetRunCompleted")} == {run.id}


async def test_two_who_ask_at_the_very_same_time() -> None:
    """Whoever finds the scope taken between reading and writing joins the other's run."""
    world = world_of(1)
    table = world.tables.of(SHARDS_TABLE)
    other = Run("202611-ffffffff0000", Cause.ASKED, RunScope(), world.clock.now())
    await world.store.insert_run(RunRecord(other))
    steps = 0

    def meanwhile() -> None:
        nonlocal steps
        steps += 1
        if steps == 2:
            table.step = world.life.step
            table._put("scope", RunScope().key, {"run": json.dumps(other.to_json())})

    table.step = meanwhile
    asked = await world.asker.ask(RunScope(), Cause.SWEPT)
    assert (asked.run.id, asked.joined) == (other.id, True)


async def test_a_scope_whose_run_never_began_is_begun() -> None:
    """Where the asker died between scope and run, the next to ask, or the minder, begins it."""
    world = world_of(2)
    run = await world.start()
    del world.tables.of(MONTH).stored["runs", run.id]
    world.run_queue.messages.clear()
    asked = await world.asker.ask(RunScope(), Cause.SWEPT)
    assert (asked.run.id, asked.joined) == (run.id, True)
    await world.run_and_mind()
    await check(world, 2)


async def test_a_row_that_everybody_changes_is_tried_again() -> None:
    """A draw that others interfere with is made again from what they left; then it is an error."""
    world = world_of(1)
    table = world.tables.of(SHARDS_TABLE)
    assert isinstance(await world.pacer.draw(SHARD, 10), Draw)
    interferences = 3

    def interfere() -> None:
        nonlocal interferences
        if interferences:
            interferences -= 1
            row = table.stored["shard", SHARD.key]
            table._put("shard", SHARD.key, row.values)

    table.step = interfere
    assert isinstance(await world.pacer.draw(SHARD, 10), Draw)
    interferences = 1000
    with pytest.raises(TooManyConflicts):
        await world.pacer.draw(SHARD, 10)


async def test_a_subscription_that_left_the_settings_is_said_so() -> None:
    """A run over a subscription that naptime may not act on any more ends with that finding."""
    world = world_of(1)
    record = await world.sweep(RunScope(FOREIGN_SUBSCRIPTION))
    unreadable = record.summary["unreadableSubscriptions"]
    assert isinstance(unreadable, list)
    assert "NAPTIME_SUBSCRIPTIONS" in unreadable[0]["message"]
    assert not world.aks.calls


class OvertakenClaims(ClusterClaims, frozen=True):
    """Claims before each of which somebody else has reconciled the cluster."""

    aks: FakeAks

    async def claim_new(self, cluster_id: ClusterId) -> Claim | Refusal:
        """Let somebody be first, then claim."""
        self.aks.set_schedule(cluster_id, schedule())
        others = ClusterClaims(self.table)
        claim = await others.claim_new(cluster_id)
        if isinstance(claim, Claim):
            await others.release(claim, concluded=True)
        return await others.claim_new(cluster_id)


async def test_a_cluster_that_was_reconciled_meanwhile_is_read_again() -> None:
    """Where somebody was at a cluster between a run's read and its write, the run reads again."""
    world = world_of(1)
    world.claims = OvertakenClaims(world.tables.of(CLUSTERS_TABLE), world.aks)
    await until_the_baton(world)
    await world.run_and_mind()
    assert not world.aks.accepted_writes
    assert world.finished[0].summary["outcomes"] == {"Unchanged": 1}
