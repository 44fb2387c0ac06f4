"""A run over the fleet: every cluster protected, at the pace, counted once, and to its end."""

from collections.abc import AsyncIterator
from contextlib import ExitStack
from copy import replace
from datetime import time, timedelta
from itertools import pairwise
from typing import cast

import pytest

from shared.domain.deciding.decision import Desired
from shared.domain.deciding.observed import ClusterPage
from shared.domain.errors import (
    AccessDenied,
    AzureError,
    AzureUnavailable,
    ConnectionFailed,
    OperationInProgress,
    Rejected,
    ResourceLocked,
    Throttled,
)
from shared.domain.fleet.pace import CALLS_AT_ONCE, Pace
from shared.domain.fleet.run import RunScope, RunState
from shared.domain.fleet.run_records import RunRecord
from shared.domain.messages.work import Claim
from shared.domain.policy.choose import Policy, Rule
from shared.domain.policy.match import Match
from shared.domain.vocabulary.pages import PageAsked
from shared.domain.vocabulary.reasons import Cause, Reason
from shared.reconcile.fleet.ask import TooManyActive
from shared.reconcile.ground.at_once import LEAST_AT_ONCE, LEAST_IN_ALL, InFlight
from tests.clusters import SUBSCRIPTION, cluster, cluster_id, schedule
from tests.fakes.aks import Fault, Verb
from tests.policies import always
from tests.service_world import SUNDAY_NIGHT, World

OTHER = "22222222-2222-2222-2222-222222222222"
THIRD = "33333333-3333-3333-3333-333333333333"
QUICK = Pace(burst=1000, rate_per_second=100)


def fleet(  # noqa: PLR0913 - where they are
    world: World,
    clusters: int,
    bare: int,
    *,
    location: str = "westeurope",
    group: str = "rg-1",
    subscription: str = SUBSCRIPTION,
) -> None:
    """Make clusters, the first of them without a schedule."""
    for number in range(clusters):
        name = f"aks-{number:03}"
        made = world.aks.add(
            cluster(name, location=location, group=group, subscription=subscription)
        )
        if number >= bare:
            day = ["Monday", "Tuesday", "Wednesday", "Thursday"][number % 4]
            world.aks.set_schedule(made, schedule(day, f"{number % 24:02}:00"))


def outcomes(record: RunRecord) -> object:
    """Give the counts by outcome."""
    return record.summary["outcomes"]


def items(record: RunRecord, name: str) -> list[dict[str, str]]:
    """Give a list in a run's record."""
    return cast("dict[str, list[dict[str, str]]]", record.summary)[name]


def unprotected(world: World) -> list[str]:
    """Name the NAP clusters without a node OS schedule."""
    return [str(found) for found in world.aks.clusters if world.aks.schedule(found) is None]


async def test_every_cluster_is_protected_with_the_calls_promised() -> None:
    """One LIST for a compliant cluster, LIST and PUT for one without, and the listing's pages."""
    world = World(pace=QUICK)
    fleet(world, 120, 30)
    record = await world.sweep()
    assert record.state is RunState.FINISHED
    assert outcomes(record) == {"Created": 30, "Unchanged": 90}
    assert not unprotected(world)
    assert len(world.aks.calls_of("clusters")) == 2
    assert len(world.aks.calls_of("list")) == 120
    assert len(world.aks.calls_of("put")) == 30
    assert not world.aks.calls_of("get")
    assert record.summary["calls"] == 152
    assert record.summary["throttled"] == 0


async def test_unprotected_clusters_come_first() -> None:
    """Clusters that are not known to have a schedule are looked at before those that are."""
    world = World()
    fleet(world, 60, 0)
    await world.sweep()
    world.aks.calls.clear()
    world.aks.add(cluster("aks-new-1"))
    world.aks.add(cluster("aks-new-2"))
    await world.sweep()
    first = {call.cluster_id for call in world.aks.calls_of("list")[:2]}
    assert first == {cluster_id("aks-new-1"), cluster_id("aks-new-2")}


async def test_the_pace_holds_and_is_used() -> None:
    """200 calls take (200 - burst) / rate and a baton's delay more, and no stretch has too many."""
    world = World()
    fleet(world, 200, 0)
    began = world.clock.now()
    await world.start()
    await world.run()
    listed = [call.at for call in world.aks.calls_of("list")]
    bound = timedelta(seconds=(200 - 50) / 0.9)
    assert bound - timedelta(seconds=2) <= listed[-1] - began <= bound + timedelta(seconds=30)
    for first, start in enumerate(listed):
        for last, end in enumerate(listed[first:], first):
            assert last - first + 1 <= 50 + 0.9 * (end - start).total_seconds() + 1


async def test_the_end_of_a_shard_waits_for_no_more_than_it_needs() -> None:
    """The last clusters wait for one token each and one to spare, not for two each."""
    world = World()
    fleet(world, 60, 0)
    began = world.clock.now()
    await world.start()
    await world.run()
    bound = timedelta(seconds=(60 - 50) / 0.9)
    assert world.aks.calls_of("list")[-1].at - began <= bound + timedelta(seconds=4)


async def test_what_came_back_during_a_shift_is_not_waited_for() -> None:
    """Where calls are slow the next baton goes on at once with what came back meanwhile."""
    world = World(pace=Pace(burst=100, rate_per_second=5))
    fleet(world, 200, 0)
    world.aks.takes = lambda _: timedelta(milliseconds=100)
    await world.start()
    await world.run()
    listed = [call.at for call in world.aks.calls_of("list")]
    gaps = [later - earlier for earlier, later in pairwise(listed[:120])]
    assert max(gaps) <= timedelta(seconds=2)


@pytest.mark.parametrize(("places", "late"), [(1, 5), (4, 5), (10, 35)])
async def test_shards_do_not_slow_each_other(places: int, late: int) -> None:
    """Many shards take as long as one; those of one subscription begin seconds apart."""
    ends = []
    for shards in (1, 15):
        subscriptions = [f"{n:08}-0000-0000-0000-000000000000" for n in range(-(-shards // places))]
        world = World(subscriptions=frozenset(subscriptions))
        for number in range(shards):
            where = {"location": f"place{number % places}", "group": f"rg-{number % places}"}
            fleet(world, 80, 0, subscription=subscriptions[number // places], **where)
        began = world.clock.now()
        await world.start()
        await world.run()
        ends.append(world.aks.calls_of("list")[-1].at - began)
    assert ends[1] <= ends[0] + timedelta(seconds=late)


async def test_a_dry_run_writes_nothing() -> None:
    """A dry run counts what would be created, and leaves neither schedules nor memories."""
    world = World(pace=QUICK)
    fleet(world, 10, 5)
    world.aks.add(cluster("aks-creating", state="Creating"))
    record = await world.sweep(RunScope(dry_run=True))
    assert outcomes(record) == {"WouldCreate": 5, "Deferred": 1, "Unchanged": 5}
    assert not world.aks.calls_of("put")
    assert await world.memory.recall(cluster_id("aks-000")) is None
    assert not world.queue.messages


async def test_the_switch_stops_every_write_of_a_run() -> None:
    """NAPTIME_DRY_RUN makes a dry run of every run."""
    world = World(pace=QUICK, dry_run=True)
    fleet(world, 3, 3)
    assert outcomes(await world.sweep()) == {"WouldCreate": 3}
    assert not world.aks.calls_of("put")


async def test_what_would_be_done_is_shown_where_every_write_is_stopped() -> None:
    """With NAPTIME_DRY_RUN the clusters are listed with what would be done, and as unprotected."""
    world = World(pace=QUICK, dry_run=True)
    fleet(world, 3, 2)
    await world.sweep()
    shown = (await world.fleet.clusters(None, {}, PageAsked())).items
    assert sorted((each["outcome"], each["explicitScheduleSeen"]) for each in shown) == [
        ("Unchanged", True),
        ("WouldCreate", False),
        ("WouldCreate", False),
    ]
    assert all(each["dryRun"] for each in shown)
    assert await world.memory.told(cluster_id("aks-000")) == frozenset()


async def test_what_a_dry_run_showed_keeps_nothing_from_being_done() -> None:
    """Once the switch is off, a run protects what the dry run saw without a schedule."""
    world = World(pace=QUICK, dry_run=True)
    fleet(world, 3, 2)
    await world.sweep()
    awake = World(pace=QUICK, clock=world.clock)
    fleet(awake, 3, 2)
    for name, table in world.tables.tables.items():
        awake.tables.of(name).stored |= table.stored
    awake.clock.advance(timedelta(minutes=1))
    await awake.sweep()
    assert len(awake.aks.calls_of("put")) == 2
    shown = (await awake.fleet.clusters(None, {"outcome": "Created"}, PageAsked())).items
    assert [each["explicitScheduleSeen"] for each in shown] == [True, True]


async def test_clusters_that_are_not_looked_at_are_counted() -> None:
    """Without NAP, excluded, going or coming: counted with their reasons, and never listed."""
    world = World(pace=QUICK)
    world.aks.add(cluster("aks-manual", mode="Manual"))
    world.aks.add(cluster("aks-off", tags={"naptime": "off"}))
    world.aks.add(cluster("aks-going", state="Deleting"))
    world.aks.add(cluster("aks-coming", state="Creating"))
    run = await world.start()
    await world.run(for_at_most=timedelta(seconds=10))
    stored = await world.store.run(run.id)
    assert stored
    assert stored.record.summary["reasons"] == {
        "ClusterCreating": 1,
        "ClusterDeleting": 1,
        "Excluded": 1,
        "NotAutoProvisioned": 1,
    }
    assert not world.aks.calls_of("list")
    world.aks.add(cluster("aks-coming"))
    await world.run()
    assert world.aks.schedule(cluster_id("aks-coming"))


@pytest.mark.parametrize(
    ("scope", "names"),
    [
        (RunScope(SUBSCRIPTION), {"a", "b", "c"}),
        (RunScope(SUBSCRIPTION, "RG-2"), {"c"}),
        (RunScope(locations=("North Europe",)), {"b", "d"}),
        (RunScope(SUBSCRIPTION, locations=("northeurope",)), {"b"}),
        (RunScope(), {"a", "b", "c", "d"}),
    ],
)
async def test_scopes(scope: RunScope, names: set[str]) -> None:
    """A run looks at the clusters of its subscription, group and locations, and at no other."""
    world = World(pace=QUICK, subscriptions=frozenset({SUBSCRIPTION, OTHER}))
    world.aks.add(cluster("a"))
    world.aks.add(cluster("b", location="northeurope"))
    world.aks.add(cluster("c", group="rg-2"))
    world.aks.add(cluster("d", location="northeurope", subscription=OTHER))
    await world.sweep(scope)
    looked_at = {call.cluster_id.name for call in world.aks.calls_of("list") if call.cluster_id}
    assert looked_at == names


async def test_a_person_may_start_so_many_runs() -> None:
    """Twenty of people's runs may be under way; joining goes on, and so do timers and events.

    Nor do theirs count: a release that reaches many locations is when people want a run.
    """
    world = World()
    for number in range(21):
        scope = RunScope(locations=(f"released{number}",))
        await world.asker.ask(scope, Cause.NODE_IMAGE_RELEASED)
    scopes = [RunScope(locations=(f"place{number}",)) for number in range(21)]
    for scope in scopes[:20]:
        await world.asker.ask(scope, Cause.ASKED)
    with pytest.raises(TooManyActive, match="20"):
        await world.asker.ask(scopes[20], Cause.ASKED)
    assert (await world.asker.ask(scopes[0], Cause.ASKED)).joined
    assert not (await world.asker.ask(scopes[20], Cause.SWEPT)).joined


async def test_the_same_run_asked_for_twenty_times_is_one() -> None:
    """While a run of a scope is under way, whoever asks for it again joins it."""
    world = World(pace=QUICK)
    fleet(world, 5, 5)
    asked = [await world.asker.ask(RunScope(locations=("b", "A")), Cause.ASKED) for _ in range(10)]
    asked += [await world.asker.ask(RunScope(locations=("a", "B")), Cause.ASKED) for _ in range(10)]
    assert len({each.run.id for each in asked}) == 1
    assert [each.joined for each in asked] == [False] + [True] * 19
    assert (await world.asker.ask(RunScope(dry_run=True), Cause.ASKED)).run.id != asked[0].run.id
    await world.run_and_mind()
    again = await world.asker.ask(RunScope(locations=("a", "b")), Cause.ASKED)
    assert not again.joined


async def test_a_subscription_that_cannot_be_read_is_a_finding() -> None:
    """One subscription answers 403: it is in the run's record with what to do; others are done."""
    world = World(pace=QUICK, subscriptions=frozenset({SUBSCRIPTION, OTHER}))
    fleet(world, 3, 3)
    denied = AccessDenied("no role", status=403)
    world.aks.refuses = lambda verb, where: denied if (verb, where) == ("clusters", OTHER) else None
    record = await world.sweep()
    assert outcomes(record) == {"Created": 3}
    (unreadable,) = items(record, "unreadableSubscriptions")
    assert unreadable["subscriptionId"] == OTHER
    assert unreadable["reason"] == "AccessDenied"
    assert "role" in unreadable["advice"]


async def test_a_subscription_that_is_throttled_for_a_minute_is_listed_later() -> None:
    """429 for a minute delays that subscription alone; nothing of it is lost."""
    world = World(pace=QUICK, subscriptions=frozenset({SUBSCRIPTION, OTHER}))
    fleet(world, 3, 3)
    world.aks.add(cluster("d", subscription=OTHER))
    until = world.clock.now() + timedelta(minutes=1)

    def refuses(verb: Verb, where: str) -> AzureError | None:
        late = world.clock.now() >= until
        return None if late or (verb, where) != ("clusters", OTHER) else Throttled("slow down")

    world.aks.refuses = refuses
    record = await world.sweep()
    assert outcomes(record) == {"Created": 4}
    writes = world.aks.accepted_writes
    assert [call.at < until for call in writes] == [True] * 3 + [False]
    assert not record.summary["unreadableSubscriptions"]
    assert record.summary["throttled"] == sum(bool(call.error) for call in world.aks.calls) > 0
    assert record.summary["calls"] == len(world.aks.calls)


async def test_the_pages_before_a_refused_one_are_calls_as_well() -> None:
    """A listing that breaks off on its second page and is begun again has cost both pages."""
    world = World(pace=QUICK)
    fleet(world, 150, 0)
    down = AzureUnavailable("down", status=503)

    def refuses(verb: Verb, _: str) -> AzureError | None:
        return down if verb == "clusters" and len(world.aks.calls_of(verb)) == 1 else None

    world.aks.refuses = refuses
    record = await world.sweep()
    assert len(world.aks.calls_of("clusters")) == 4
    assert record.summary["calls"] == len(world.aks.calls)
    assert outcomes(record) == {"Unchanged": 150}


async def test_an_outage_of_the_listing_for_hours_is_a_finding() -> None:
    """A subscription that stays unavailable is given up on for this run, which then ends."""
    world = World(pace=QUICK, subscriptions=frozenset({SUBSCRIPTION, OTHER}))
    fleet(world, 1, 1)
    down = AzureUnavailable("down", status=503)
    world.aks.refuses = lambda verb, where: down if (verb, where) == ("clusters", OTHER) else None
    record = await world.sweep()
    (unreadable,) = items(record, "unreadableSubscriptions")
    assert unreadable["reason"] == "AzureUnavailable"


async def test_a_429_pauses_the_shard_for_everybody() -> None:
    """After a 429 nobody calls for that shard until Retry-After is over; then the run goes on."""
    world = World()
    fleet(world, 20, 0)
    wait = timedelta(seconds=40)
    world.aks.faults.append(Fault("list", lambda: Throttled("slow down", retry_after=wait)))
    began = world.clock.now()
    await world.start()
    await world.run(for_at_most=timedelta(seconds=5))
    await world.ask("aks-003")
    record = await world.sweep()
    assert record.summary["throttled"] == 1
    assert outcomes(record) == {"Unchanged": 20}
    refused = next(call.at for call in world.aks.calls if call.error)
    assert refused == began
    after = [call.at for call in world.aks.calls_of("list") if call.at > refused]
    assert min(after) >= refused + wait


@pytest.mark.parametrize(
    ("seconds", "expected"), [(15, {"Created": 3}), (600, {"Created": 2, "Deferred": 1})]
)
async def test_a_retry_after_of_any_answer_is_the_least_wait(
    seconds: int, expected: dict[str, int]
) -> None:
    """A run waits for some seconds; a cluster that asks for more goes on alone, as long after."""
    world = World(pace=QUICK)
    fleet(world, 3, 3)
    wait = timedelta(seconds=seconds)
    busy = AzureUnavailable("busy", status=503, retry_after=wait)
    world.aks.faults.append(Fault("put", lambda: busy))
    record = await world.sweep()
    refused = next(call for call in world.aks.calls if call.error)
    assert outcomes(record) == expected
    assert record.finished_at
    assert record.finished_at - record.run.started_at < timedelta(minutes=1)
    await world.run_and_mind()
    calls = [call.at for call in world.aks.calls if call.cluster_id == refused.cluster_id]
    again = [at for at in calls if at > refused.at]
    assert min(again) >= refused.at + wait
    assert len(world.aks.accepted_writes) == 3


async def test_a_single_cluster_waits_for_its_turn() -> None:
    """A single cluster is held back by the shard's pace, with nothing sent, and comes later."""
    world = World(pace=Pace(burst=10, rate_per_second=0.1))
    fleet(world, 12, 0)
    await world.start()
    await world.run(for_at_most=timedelta(seconds=1))
    await world.ask("aks-003")
    await world.run(for_at_most=timedelta(seconds=1))
    (paced,) = [outcome for outcome, _ in world.outcomes if outcome.reason is Reason.PACED]
    assert paced.calls == 0
    assert paced.retry_after
    await world.run_and_mind()
    last = [found for found, cause in world.outcomes if cause is Cause.CLUSTER_WRITTEN][-1]
    assert last.reason is Reason.UP_TO_DATE


async def test_terminal_errors_in_a_row_stop_the_writes_of_one_shard() -> None:
    """Ten equal refusals stop a group's writes, say so, and let reads and other shards go on."""
    world = World(pace=Pace(burst=12, rate_per_second=1))
    fleet(world, 60, 40, location="westeurope")
    fleet(world, 5, 5, location="northeurope", group="rg-2")
    locked = Rejected("locked", status=409, code="ScopeLocked")
    world.aks.refuses = lambda verb, where: locked if verb == "put" and "/rg-1/" in where else None
    record = await world.sweep()
    assert outcomes(record) == {"Created": 5, "Failed": 10, "Skipped": 30, "Unchanged": 20}
    reasons = record.summary["reasons"]
    assert isinstance(reasons, dict)
    assert reasons["WritesStopped"] == 30
    (stopped,) = items(record, "stoppedShards")
    assert (stopped["location"], stopped["reason"]) == ("westeurope", "RejectedByAzure")
    assert stopped["resourceGroup"] == "rg-1"
    assert len(world.all_given_up()) == 10
    assert len(world.aks.calls_of("list")) == 65


async def test_different_refusals_stop_nothing() -> None:
    """Refusals that differ, or that a success interrupts, do not add up."""
    world = World(pace=Pace(burst=4, rate_per_second=1))
    fleet(world, 30, 30)
    world.aks.faults.extend(
        Fault("put", lambda n=n: Rejected("bad") if n % 2 else ResourceLocked("no"))  # type: ignore[misc]  # a default binds it
        for n in range(16)
    )
    record = await world.sweep()
    assert outcomes(record) == {"Created": 14, "Failed": 16}
    assert not record.summary["stoppedShards"]


async def test_weather_in_a_run_goes_on_by_itself() -> None:
    """A cluster that fails three times within a run is handed to the queue, and protected later."""
    world = World(pace=QUICK)
    fleet(world, 5, 5)
    busy = OperationInProgress("Updating", status=409)
    until = world.clock.now() + timedelta(minutes=20)
    world.aks.refuses = lambda verb, where: (
        busy if verb == "put" and where.endswith("aks-002") and world.clock.now() < until else None
    )
    record = await world.sweep()
    assert outcomes(record) == {"Created": 4, "Deferred": 1}
    assert not unprotected(world)
    assert [len(world.aks.accepted_writes), len(world.all_given_up())] == [5, 0]


async def test_a_write_without_an_answer_counts_as_created() -> None:
    """A write that was applied without an answer is found by the next baton, and counts once."""
    world = World(pace=QUICK)
    fleet(world, 3, 3)
    world.aks.faults.append(Fault("put", lambda: ConnectionFailed("lost"), applied=True))
    record = await world.sweep()
    assert outcomes(record) == {"Created": 3}
    assert len(world.aks.accepted_writes) == 3


async def test_a_claimed_cluster_is_left_to_whoever_is_at_it() -> None:
    """A run writes nothing on a cluster that somebody has claimed, and comes back to it."""
    world = World(pace=QUICK)
    fleet(world, 2, 2)
    assert isinstance(await world.claims.claim(cluster_id("aks-001"), None), Claim)
    await world.start()
    await world.run(for_at_most=timedelta(minutes=1))
    assert [call.cluster_id for call in world.aks.accepted_writes] == [cluster_id("aks-000")]
    await world.run_and_mind()
    assert not unprotected(world)


async def shown_crowded(world: World, **only: bool) -> list[str]:
    """Name the clusters that the fleet view shows, each with the start that it shares."""
    page = await world.fleet.clusters(None, {}, PageAsked(), **only)
    return [f"{each['clusterId'].rpartition('/')[2]} {each['crowdedStart']}" for each in page.items]


async def test_a_crowd_is_one_finding() -> None:
    """What many clusters of a shard share is found of their start, at the next listing."""
    world = World(pace=QUICK, crowd_size=4)
    fleet(world, 5, 5)
    for number in range(4):
        body = cluster(f"own-{number}", location="uksouth")
        world.aks.set_schedule(world.aks.add(body), schedule("Sunday"))
    record = await world.sweep()
    assert record.summary["crowdedStarts"] == []
    assert record.summary["reasons"] == {"ScheduleMissing": 5, "UpToDate": 4}
    record = await world.sweep()
    (found,) = record.summary["crowdedStarts"]
    start = found["start"]
    assert (found["location"], found["clusters"]) == ("westeurope", 5)
    assert found["reason"] == "WindowsCrowded"
    assert record.summary["reasons"] == {"UpToDate": 9}
    assert await shown_crowded(world, attention=True) == []
    assert sorted(await shown_crowded(world, crowded=True)) == [
        f"aks-00{number} {start}" for number in range(5)
    ]
    assert sorted(await shown_crowded(world))[5:] == [f"own-{number} None" for number in range(4)]


async def test_a_crowd_is_counted_as_of_now() -> None:
    """Clusters that were read before and after their start are one crowd, and stay it past it."""
    world = World(pace=QUICK, crowd_size=4)
    fleet(world, 5, 5)
    await world.sweep()
    world.clock.advance(timedelta(days=7))
    for number in range(2):
        await world.ask(f"aks-00{number}")
    await world.run()
    record = await world.sweep()
    assert [found["clusters"] for found in record.summary["crowdedStarts"]] == [5]
    world.clock.advance(timedelta(days=7))
    assert len(await shown_crowded(world, crowded=True)) == 5


async def test_a_cluster_that_has_left_a_crowd_is_not_shown_in_it() -> None:
    """Another window than the crowd's is seen as soon as the cluster is looked at."""
    world = World(pace=QUICK, crowd_size=4)
    fleet(world, 5, 5)
    await world.sweep()
    await world.sweep()
    world.aks.set_schedule(cluster_id("aks-001"), schedule("Monday"))
    await world.ask("aks-001")
    await world.run()
    shown = sorted(await shown_crowded(world, crowded=True))
    assert [each.split(" ")[0] for each in shown] == [f"aks-00{number}" for number in (0, 2, 3, 4)]


async def test_a_dry_deployment_shows_the_crowd_that_it_would_make() -> None:
    """Where every write is stopped, what would be written counts."""
    world = World(pace=QUICK, crowd_size=4, dry_run=True)
    fleet(world, 5, 5)
    await world.sweep()
    record = await world.sweep()
    assert [found["clusters"] for found in record.summary["crowdedStarts"]] == [5]


async def test_a_run_names_the_crowds_of_its_scope() -> None:
    """Not those of other locations; and of one resource group none, as it is a part of a crowd."""
    world = World(pace=QUICK, crowd_size=4)
    fleet(world, 5, 5)
    await world.sweep()
    for scope, crowds in (
        (RunScope(locations=("westeurope",)), 1),
        (RunScope(locations=("northeurope",)), 0),
        (RunScope(SUBSCRIPTION, "rg-1"), 0),
    ):
        assert len((await world.sweep(scope)).summary["crowdedStarts"]) == crowds


def test_shifts_share_what_a_worker_has_in_flight() -> None:
    """One shift alone may take as many as there are connections; many get few each, and some."""
    in_flight = InFlight()
    assert in_flight.at_once == CALLS_AT_ONCE
    with in_flight.beside_others(), in_flight.beside_others():
        assert in_flight.at_once == in_flight.in_all == CALLS_AT_ONCE // 2
    with ExitStack() as many:
        for _ in range(90):
            many.enter_context(in_flight.beside_others())
        assert (in_flight.at_once, in_flight.in_all) == (LEAST_AT_ONCE, LEAST_IN_ALL)
    assert in_flight.shifts == 0


async def test_a_shift_makes_room_for_others() -> None:
    """Where many shifts are at work, one looks at a few clusters and lets the others go on."""
    world = World(pace=QUICK)
    fleet(world, 60, 0)
    await world.start()
    await world.until_batons()
    with ExitStack() as others:
        for _ in range(90):
            others.enter_context(world.in_flight.beside_others())
        await world.deliver_one()
    assert len(world.aks.calls_of("list")) == LEAST_IN_ALL
    await world.deliver_one()
    assert len(world.aks.calls_of("list")) == 60


async def test_a_page_that_is_read_twice_counts_once() -> None:
    """A cluster that two pages of ARM's listing hold is looked at once."""
    world = World(pace=QUICK)
    world.aks.add(cluster("aks-off", tags={"naptime": "off"}))
    fleet(world, 3, 3)
    pages = world.aks.list_clusters

    async def twice(subscription_id: str, resource_group: str | None) -> AsyncIterator[ClusterPage]:
        async for page in pages(subscription_id, resource_group):
            yield page
            yield ClusterPage(page.clusters[:3])

    world.aks.list_clusters = twice  # type: ignore[method-assign]  # ARM's pages overlap
    record = await world.sweep()
    assert outcomes(record) == {"Created": 3, "Skipped": 1}
    assert len(world.aks.calls_of("list")) == 3


async def test_two_runs_share_a_shard() -> None:
    """A run over the fleet and one over a location at once keep the pace together."""
    world = World()
    fleet(world, 60, 20)
    await world.start()
    await world.start(RunScope(locations=("westeurope",)))
    for number in range(10):
        await world.ask(f"aks-{number:03}")
    await world.run_and_mind()
    assert len(world.finished) == 2
    assert not unprotected(world)
    assert len(world.aks.accepted_writes) == 20
    paced = [call.at for call in world.aks.calls if call.verb in {"list", "put"}]
    for first, start in enumerate(paced):
        for last, end in enumerate(paced[first:], first):
            assert last - first + 1 <= 50 + 0.9 * (end - start).total_seconds() + 1


async def test_a_bug_on_one_cluster_does_not_hold_up_its_shard() -> None:
    """A cluster that naptime fails on for no known reason goes on by itself; the run ends."""
    world = World(pace=QUICK)
    fleet(world, 3, 3)

    def refuses(verb: Verb, where: str) -> AzureError | None:
        if verb == "list" and where.endswith("aks-001"):
            raise ZeroDivisionError
        return None

    world.aks.refuses = refuses
    run = await world.start()
    while not world.finished:
        world.clock.move_to(world.next_visible() or world.clock.now())
        await world.deliver_one()
    assert world.finished[0].run.id == run.id
    assert outcomes(world.finished[0]) == {"Created": 2, "Deferred": 1}
    assert len(world.bugs) == 3


async def test_a_run_knows_the_tags_that_rules_look_at() -> None:
    """In a run as with a single cluster, a rule about a tag or the sku chooses the window."""
    ring = always(replace(SUNDAY_NIGHT, start_time=time(3))).windows["settings"]
    other = always(SUNDAY_NIGHT).windows["settings"]
    rules = (
        Rule("canary", ring, Match(tags={"ring": ("canary",)})),
        Rule("automatic", ring, Match(sku=("automatic",))),
        Rule("rest", other),
    )
    policy = Policy({"early": ring, "late": other}, rules)
    world = World(desired=Desired(policy))
    world.aks.add(cluster("aks-1", tags={"Ring": "canary", **{f"t{n}": "x" for n in range(50)}}))
    world.aks.add({**cluster("aks-2"), "sku": {"name": "Automatic"}})
    world.aks.add(cluster("aks-3"))
    await world.sweep()
    hours = {
        call.cluster_id.name: call.window.start_time.hour
        for call in world.aks.accepted_writes
        if call.cluster_id and call.window
    }
    assert hours == {"aks-1": 3, "aks-2": 3, "aks-3": 1}
