"""Bad days: a run is as patient as a message, and a refusal stops nothing outside its scope."""

from collections.abc import AsyncIterator
from datetime import datetime, timedelta

import pytest

from shared.domain.deciding.observed import ClusterPage
from shared.domain.deciding.outcome import OutcomeKind
from shared.domain.errors import (
    AccessDenied,
    AzureError,
    AzureUnavailable,
    ClusterGone,
    NotAuthenticated,
    Rejected,
    Throttled,
)
from shared.domain.fleet.pace import Pace
from shared.domain.fleet.run import RunScope, RunState
from shared.domain.fleet.run_records import RunRecord
from shared.domain.fleet.run_work import Baton
from shared.domain.fleet.unreadable import UnreadableJson
from shared.domain.messages.envelope import HeldBack
from shared.domain.messages.work import PATIENCE, ReconcileCluster
from shared.domain.vocabulary.ids import ClusterId
from shared.domain.vocabulary.instants import from_text
from shared.domain.vocabulary.pages import PageAsked
from shared.domain.vocabulary.reasons import Cause
from tests.clusters import SUBSCRIPTION, cluster, cluster_id
from tests.fakes.aks import Fault, Verb
from tests.service.test_fleet_runs import OTHER, QUICK, fleet, outcomes, unprotected
from tests.service_world import World

MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
DENIED = AccessDenied("no role", status=403, code="AuthorizationFailed")
NO_TOKEN = NotAuthenticated("no token", status=401)
ROLLOUT = Rejected("not here yet", status=400, code="NoRegisteredProviderFound")
UNKNOWN = Rejected("unknown", status=404, code="SubscriptionNotFound")
DOWN = AzureUnavailable("down", status=503)


def two_subscriptions(clusters: int = 3) -> World:
    """Give a world with some clusters in one subscription, and as many in the other."""
    world = World(pace=QUICK, subscriptions=frozenset({SUBSCRIPTION, OTHER}), has_topic=True)
    fleet(world, clusters, clusters)
    for number in range(clusters):
        world.aks.add(cluster(f"other-{number}", subscription=OTHER))
    return world


def refuse(
    world: World, error: AzureError, *verbs: Verb, where: str = "", until: datetime | None = None
) -> None:
    """Have calls refused whose place has a text in it, until an instant or for good."""

    def refuses(verb: Verb, place: str) -> AzureError | None:
        over = until is not None and world.clock.now() >= until
        return None if over or verb not in verbs or where not in place else error

    world.aks.refuses = refuses


async def record_of(world: World, run_id: str) -> RunRecord:
    """Read the record of a run."""
    stored = await world.store.run(run_id)
    assert stored
    return stored.record


async def unreadable_now(world: World, run_id: str) -> list[UnreadableJson]:
    """Name what a run could not read, as it is shown."""
    shown = await world.runs.run(run_id, {}, PageAsked())
    assert shown
    return shown["unreadableSubscriptions"]


@pytest.mark.parametrize("error", [DENIED, NO_TOKEN], ids=["403", "401"])
@pytest.mark.parametrize("verb", ["list", "put"])
async def test_a_run_has_the_patience_of_a_message(error: AzureError, verb: Verb) -> None:
    """A cluster that is denied in a run is deferred, and protected once the role is there."""
    world = World(pace=QUICK, has_topic=True)
    fleet(world, 3, 3)
    refuse(world, error, verb, where="/aks-001", until=world.clock.now() + HOUR)
    run = await world.start()
    await world.run(for_at_most=10 * MINUTE)
    record = await record_of(world, run.id)
    assert record.state is RunState.FINISHED
    assert outcomes(record) == {"Created": 2, "Deferred": 1}
    assert not world.all_given_up()
    await world.run_and_mind()
    assert not unprotected(world)
    assert not world.topic.of("ScheduleFailed")


async def test_what_a_run_has_deferred_is_given_up_after_a_day() -> None:
    """A role that never comes: recorded, told once, and not before 24 hours have passed."""
    world = World(pace=QUICK, has_topic=True)
    fleet(world, 1, 1)
    refuse(world, DENIED, "list")
    began = world.clock.now()
    await world.sweep()
    (given_up,) = world.all_given_up()
    assert PATIENCE <= given_up.given_up_at - began <= PATIENCE + HOUR
    assert len(world.topic.of("ScheduleFailed")) == 1


async def test_runs_do_not_pile_up_messages_for_one_cluster() -> None:
    """A cluster that a message has patience with gets no other from the sweeps meanwhile."""
    world = World(pace=QUICK)
    fleet(world, 2, 2)
    refuse(world, DENIED, "list", where="/aks-001")
    for _ in range(4):
        run = await world.start()
        await world.run(for_at_most=6 * HOUR)
        assert (await record_of(world, run.id)).summary["outcomes"]["Deferred"] == 1
    assert len(world.queue.messages) == 1


async def test_a_cluster_that_was_given_up_is_tried_again_by_the_next_sweep() -> None:
    """A sweep after the day has another message for it, which finds the role."""
    world = World(pace=QUICK)
    fleet(world, 1, 1)
    refuse(world, DENIED, "list", until=world.clock.now() + timedelta(hours=25, minutes=10))
    await world.sweep()
    assert world.all_given_up()
    await world.start()
    await world.run_and_mind()
    assert not unprotected(world)
    assert not world.all_given_up()


async def test_the_first_run_while_roles_spread() -> None:
    """Minutes of 403 on everything: the run ends, and every cluster is protected by itself."""
    world = two_subscriptions()
    until = world.clock.now() + 12 * MINUTE
    refuse(world, DENIED, "clusters", "get", "list", "put", until=until)
    run = await world.start()
    await world.run(for_at_most=5 * MINUTE)
    assert (await record_of(world, run.id)).state is RunState.FINISHED
    await world.run(for_at_most=HOUR)
    assert not unprotected(world)
    assert not world.all_given_up()


async def test_roles_that_arrive_bit_by_bit() -> None:
    """What may be read before it may be written is written in the end, however many refusals."""
    world = World(pace=QUICK)
    fleet(world, 40, 40)
    refuse(world, DENIED, "put", until=world.clock.now() + 12 * MINUTE)
    run = await world.start()
    await world.run(for_at_most=4 * MINUTE)
    record = await record_of(world, run.id)
    assert outcomes(record) == {"Deferred": 40}
    await world.run(for_at_most=HOUR)
    assert not unprotected(world)


@pytest.mark.parametrize(
    "error", [DENIED, NO_TOKEN, ROLLOUT, UNKNOWN], ids=lambda e: e.code or "401"
)
async def test_a_subscription_that_cannot_be_read_is_read_later(error: AzureError) -> None:
    """The run ends at once without it and says so; a run over it alone follows once it is read."""
    world = two_subscriptions()
    began = world.clock.now()
    refuse(world, error, "clusters", where=OTHER, until=began + 3 * HOUR)
    run = await world.start()
    await world.run(for_at_most=MINUTE / 2)
    record = await record_of(world, run.id)
    assert record.state is RunState.FINISHED
    assert outcomes(record) == {"Created": 3}
    (found,) = await unreadable_now(world, run.id)
    assert (found["subscriptionId"], found["azureCode"]) == (OTHER, error.code or None)
    assert found["since"]
    assert found["nextTryAt"]
    assert from_text(found["since"]) - began < MINUTE <= from_text(found["nextTryAt"]) - began
    await world.run(for_at_most=2 * HOUR)
    (found,) = await unreadable_now(world, run.id)
    assert found["nextTryAt"]
    assert world.clock.now() < from_text(found["nextTryAt"]) <= world.clock.now() + HOUR
    assert len(world.aks.calls_of("clusters")) < 12, "slowly"
    await world.run(for_at_most=3 * HOUR)
    assert not unprotected(world)
    _, follower = sorted(world.finished, key=lambda each: each.run.started_at)
    assert follower.run.scope == RunScope(OTHER)
    assert (await unreadable_now(world, run.id))[0]["nextTryAt"] is None


async def test_a_listing_that_breaks_off_is_worked_on_as_far_as_it_came() -> None:
    """The clusters of the pages before the refused one are protected in the run."""
    world = World(pace=Pace(1000, 100))
    fleet(world, 150, 150)
    until = world.clock.now() + 2 * HOUR

    def refuses(verb: Verb, _: str) -> AzureError | None:
        second = world.aks.calls[-1:] and world.aks.calls[-1].accepted
        later = verb == "clusters" and second and world.aks.calls[-1].verb == "clusters"
        return ROLLOUT if later and world.clock.now() < until else None

    world.aks.refuses = refuses
    run = await world.start()
    await world.run(for_at_most=MINUTE / 2)
    record = await record_of(world, run.id)
    assert (record.state, outcomes(record)) == (RunState.FINISHED, {"Created": 100})
    (found,) = await unreadable_now(world, run.id)
    assert found["azureCode"] == ROLLOUT.code
    assert record.summary["calls"] == len(world.aks.calls)
    await world.run(for_at_most=3 * HOUR)
    assert not unprotected(world)


async def test_an_outage_of_one_listing_holds_nobody_up() -> None:
    """Its run says so from the first refusal on, ends in minutes, and the rest follows."""
    world = two_subscriptions()
    refuse(world, DOWN, "clusters", where=OTHER, until=world.clock.now() + 3 * HOUR)
    run = await world.start()
    await world.run(for_at_most=timedelta(seconds=8))
    assert (await record_of(world, run.id)).state is RunState.ACTIVE
    (found,) = await unreadable_now(world, run.id)
    assert found["reason"] == "AzureUnavailable"
    again = await world.asker.ask(RunScope(), Cause.ASKED)
    assert not again.joined, "it only waits for one subscription"
    await world.run(for_at_most=3 * MINUTE)
    assert (await record_of(world, run.id)).state is RunState.FINISHED
    await world.run(for_at_most=6 * HOUR)
    assert not unprotected(world)


async def test_a_retry_after_of_a_listing_is_the_least_wait() -> None:
    """Whether the run waits for it or the patience after it, nothing is sent before."""
    for wait in (timedelta(seconds=40), timedelta(minutes=20), timedelta(hours=5)):
        world = two_subscriptions()
        slow = Throttled("slow down", status=429, retry_after=wait)
        world.aks.faults.append(Fault("clusters", lambda slow=slow: slow))  # type: ignore[misc]  # a default binds it
        await world.sweep()
        refused = next(call for call in world.aks.calls_of("clusters") if call.error)
        calls = [call.at for call in world.aks.calls_of("clusters") if call.at > refused.at]
        assert min(calls) >= refused.at + wait
        assert not unprotected(world)


async def test_sweeps_share_the_patience_with_a_subscription() -> None:
    """However many runs meet it there is one message; after a day it is given up, and told."""
    world = two_subscriptions()
    began = world.clock.now()
    refuse(world, DENIED, "clusters", where=OTHER)
    for _ in range(3):
        run = await world.start()
        await world.run(for_at_most=6 * HOUR)
        (found,) = (await record_of(world, run.id)).summary["unreadableSubscriptions"]
        assert found["since"]
        assert from_text(found["since"]) - began < MINUTE
    assert len(world.run_queue.messages) == 1
    await world.run(for_at_most=8 * HOUR)
    (given_up,) = world.all_given_up()
    assert OTHER in given_up.message
    assert PATIENCE <= given_up.given_up_at - began <= PATIENCE + HOUR
    assert not world.run_queue.messages


PLACE = RunScope(locations=("westeurope",))
GROUP = RunScope(OTHER, "rg-1")


@pytest.mark.parametrize(
    ("by", "then"),
    [
        *((RunScope(), RunScope()), (RunScope(OTHER), RunScope()), (RunScope(), PLACE)),
        *((PLACE, RunScope()), (GROUP, RunScope())),
    ],
)
async def test_a_subscription_that_was_given_up_is_forgotten_when_it_is_read(
    by: RunScope, then: RunScope
) -> None:
    """Any run that can read it takes back that it was given up, by whichever run."""
    world = two_subscriptions()
    refuse(world, DENIED, "clusters", where=OTHER, until=world.clock.now() + 25 * HOUR)
    await world.sweep(by)
    assert world.all_given_up()
    world.clock.advance(HOUR)
    await world.sweep(then)
    assert not world.all_given_up()
    assert not unprotected(world)


async def test_who_reads_a_resource_group_takes_nothing_back_of_its_subscription() -> None:
    """A role may be on the group alone."""
    world = two_subscriptions()
    refuse(world, DENIED, "clusters", where=OTHER, until=world.clock.now() + 25 * HOUR)
    await world.sweep()
    world.clock.advance(HOUR)
    await world.sweep(GROUP)
    assert world.all_given_up()


async def test_a_lost_message_of_patience_is_sent_again() -> None:
    """The minder misses it; and one that comes twice does nothing the second time."""
    world = two_subscriptions()
    refuse(world, DENIED, "clusters", where=OTHER, until=world.clock.now() + HOUR)
    await world.start()
    await world.run(for_at_most=MINUTE / 2)
    lost = world.run_queue.messages.pop()
    world.clock.advance(10 * MINUTE)
    mended = await world.mind()
    assert mended
    assert mended.listed == 1
    world.run_queue.messages.append(lost)
    await world.run_and_mind()
    assert not unprotected(world)
    assert len(world.finished) == 2


async def test_a_subscription_that_left_the_settings_is_waited_for_no_more() -> None:
    """Its message ends without a call."""
    world = two_subscriptions()
    refuse(world, DENIED, "clusters", where=OTHER)
    await world.start()
    await world.run(for_at_most=MINUTE / 2)
    calls = len(world.aks.calls)
    after = World(pace=QUICK, clock=world.clock, subscriptions=frozenset({SUBSCRIPTION}))
    after.ports.tables.tables.update(world.tables.tables)
    (message,) = world.run_queue.messages
    await after.run_messages.receive_run_work(message.text)
    assert len(world.aks.calls) == calls
    assert not after.aks.calls
    assert not await after.patience.refusals()


async def test_runs_that_follow_by_themselves_are_never_too_many() -> None:
    """Thirty subscriptions that a person's run could not read can all be read at once."""
    others = frozenset(f"{number:08x}-0000-4000-8000-000000000000" for number in range(30))
    world = World(pace=QUICK, subscriptions=others)
    for number, each in enumerate(sorted(others)):
        world.aks.add(cluster(f"aks-{number}", subscription=each))
    refuse(world, DENIED, "clusters", until=world.clock.now() + MINUTE / 2)
    await world.start(cause=Cause.ASKED)
    await world.run(for_at_most=10 * MINUTE)
    assert not unprotected(world)
    assert len(world.finished) == 31


async def test_a_dry_run_that_is_asked_for_looks_once() -> None:
    """What it cannot read it names, without trying again."""
    world = two_subscriptions()
    refuse(world, DENIED, "clusters", where=OTHER)
    record = await world.sweep(RunScope(dry_run=True))
    (found,) = record.summary["unreadableSubscriptions"]
    assert found["nextTryAt"] is None
    assert not world.run_queue.messages


async def test_a_resource_group_that_is_not_there_is_not_waited_for() -> None:
    """Whoever asked for it has mistyped it, most likely."""
    world = World(pace=QUICK)
    unknown = Rejected("no such group", status=404, code="ResourceGroupNotFound")
    refuse(world, unknown, "clusters")
    record = await world.sweep(RunScope(SUBSCRIPTION, "rg-x"))
    (found,) = record.summary["unreadableSubscriptions"]
    assert (found["azureCode"], found["nextTryAt"]) == (unknown.code, None)
    assert not world.run_queue.messages


@pytest.mark.parametrize("locked", ["rg-1", "rg-2"])
async def test_the_brake_is_on_the_resource_group(locked: str) -> None:
    """Thirty clusters in a locked group and six in another: the six are written in that run."""
    world = World(pace=Pace(40, 10))
    other = "rg-2" if locked == "rg-1" else "rg-1"
    for number in range(30):
        world.aks.add(cluster(f"locked-{number:02}", group=locked))
    for number in range(6):
        world.aks.add(cluster(f"good-{number}", group=other))
    lock = Rejected("locked", status=409, code="ScopeLocked")
    refuse(world, lock, "put", where=f"/{locked}/")
    record = await world.sweep()
    counts = record.summary["outcomes"]
    assert (counts["Created"], counts["Skipped"] + counts["Failed"]) == (6, 30)
    (stopped,) = record.summary["stoppedShards"]
    assert (stopped["resourceGroup"], stopped["reason"]) == (locked, "RejectedByAzure")


async def test_locks_on_many_groups_stop_no_other() -> None:
    """Refusals that are spread over groups add up in none of them."""
    world = World(pace=Pace(4, 10))
    for number in range(24):
        world.aks.add(cluster(f"aks-{number:02}", group=f"rg-{number:02}"))
    lock = Rejected("locked", status=409, code="ScopeLocked")
    world.aks.refuses = lambda verb, where: (
        lock if verb == "put" and int(where.rpartition("-")[2]) < 20 else None
    )
    record = await world.sweep()
    assert outcomes(record) == {"Created": 4, "Failed": 20}
    assert record.summary["stoppedShards"] == []


async def test_a_missing_role_stops_the_subscription_and_nothing_is_given_up() -> None:
    """Ten refusals from several groups are enough; what was not written is left to the queue."""
    world = World(pace=Pace(4, 10))
    for number in range(40):
        world.aks.add(cluster(f"aks-{number:02}", group=f"rg-{number:02}"))
    refuse(world, DENIED, "put", until=world.clock.now() + 4 * MINUTE)
    run = await world.start()
    await world.run(for_at_most=3 * MINUTE)
    record = await record_of(world, run.id)
    assert outcomes(record) == {"Deferred": 40}
    (stopped,) = record.summary["stoppedShards"]
    assert (stopped["resourceGroup"], stopped["reason"]) == (None, "AccessDenied")
    assert len(world.aks.calls_of("put")) < 20
    await world.run(for_at_most=HOUR)
    assert not unprotected(world)


async def test_clusters_that_were_given_up_come_last() -> None:
    """Clusters that failed before hold up no other of their shard."""
    world = World(pace=Pace(4, 10))
    fleet(world, 8, 8)
    refuse(world, Rejected("bad", status=400), "put", where="/aks-001")
    await world.sweep()
    world.aks.refuses = lambda _verb, _where: None
    for number in range(8, 16):
        world.aks.add(cluster(f"aks-{number:03}"))
    listed = len(world.aks.calls_of("list"))
    await world.sweep()
    order = [call.cluster_id for call in world.aks.calls_of("list")[listed:]]
    assert order[-1] == cluster_id("aks-001")


async def test_a_deferred_cluster_is_no_failure_in_the_fleet() -> None:
    """What the queue has patience with is shown as deferred."""
    world = World(pace=QUICK)
    fleet(world, 1, 1)
    refuse(world, DENIED, "list")
    await world.start()
    await world.run(for_at_most=MINUTE)
    (shown,) = (await world.fleet.clusters(None, {}, PageAsked())).items
    assert (shown["outcome"], shown["reason"]) == (OutcomeKind.DEFERRED, "AccessDenied")


def lagging(world: World, *missing: str) -> None:
    """Have the listings lag: some clusters are not in them, though they are there."""
    real = world.aks.list_clusters

    async def without(
        subscription_id: str, resource_group: str | None
    ) -> AsyncIterator[ClusterPage]:
        async for page in real(subscription_id, resource_group):
            kept = [each for each in page.clusters if each.id.name not in missing]
            yield ClusterPage(kept, page.unreadable)

    world.aks.list_clusters = without  # type: ignore[method-assign]  # ARM's list lags


async def test_a_cluster_that_one_listing_misses_is_kept() -> None:
    """What is known of it, and that it was given up, stays until another listing an hour later."""
    world = World(pace=QUICK)
    fleet(world, 3, 3)
    refuse(world, Rejected("bad", status=400), "put", where="/aks-001")
    await world.sweep()
    real = world.aks.list_clusters
    lagging(world, "aks-001", "aks-002")
    for _ in range(3):
        world.clock.advance(15 * MINUTE)
        await world.sweep()
        assert await world.given_up.get(cluster_id("aks-001"))
        assert await world.memory.recall(cluster_id("aks-002"))
    world.aks.list_clusters = real  # type: ignore[method-assign]  # it has caught up
    await world.sweep()
    lagging(world, "aks-001", "aks-002")
    world.clock.advance(2 * HOUR)
    await world.sweep()
    assert await world.memory.recall(cluster_id("aks-002")), "it was there meanwhile"
    world.clock.advance(HOUR)
    await world.sweep()
    assert await world.memory.recall(cluster_id("aks-002")) is None
    assert await world.given_up.get(cluster_id("aks-001")) is None
    assert await world.memory.recall(cluster_id("aks-000"))


async def test_what_is_only_given_up_is_missed_twice_as_well() -> None:
    """A record of a cluster of which nothing else is known is kept for as long."""
    world = World(pace=QUICK)
    fleet(world, 1, 1)
    gone = str(cluster("gone")["id"])
    work = ReconcileCluster(ClusterId.parse(gone), Cause.ASKED, world.clock.now())
    await world.poison.record(work.to_message(), "why")
    await world.sweep()
    assert await world.given_up.get(cluster_id("gone"))
    assert len((await world.fleet.clusters(None, {}, PageAsked())).items) == 1
    world.clock.advance(HOUR)
    await world.sweep()
    assert await world.given_up.get(cluster_id("gone")) is None


async def test_a_404_on_the_cluster_itself_is_believed() -> None:
    """One listing is enough once the cluster was asked for and was not there."""
    world = World(pace=QUICK)
    fleet(world, 2, 2)
    await world.sweep()
    del world.aks.clusters[cluster_id("aks-001")]
    world.clock.advance(20 * MINUTE)
    await world.ask("aks-001")
    await world.run()
    await world.sweep()
    assert await world.memory.recall(cluster_id("aks-001")) is None


async def test_a_404_of_a_cluster_that_was_just_listed_is_looked_at_again() -> None:
    """One answer of a replica that lags does not leave a cluster to the next sweep."""
    world = World(pace=QUICK)
    fleet(world, 2, 2)
    world.aks.faults.append(Fault("list", lambda: ClusterGone("no such cluster", status=404)))
    run = await world.start()
    await world.run(for_at_most=MINUTE / 2)
    assert outcomes(await record_of(world, run.id)) == {"Created": 1, "Deferred": 1}
    await world.run(for_at_most=10 * MINUTE)
    assert not unprotected(world)


async def test_nap_that_is_turned_off_is_no_absence() -> None:
    """A cluster that is listed without node auto-provisioning is forgotten at once."""
    world = World(pace=QUICK)
    fleet(world, 2, 2)
    await world.sweep()
    world.aks.add(cluster("aks-001", mode="Manual"))
    await world.sweep()
    assert await world.memory.recall(cluster_id("aks-001")) is None


async def test_a_subscription_that_is_taken_off_is_not_written_to() -> None:
    """A run that is under way writes nothing more there, and ends."""
    world = two_subscriptions(30)
    await world.start()
    await world.until_batons(2)
    after = World(pace=QUICK, clock=world.clock, subscriptions=frozenset({SUBSCRIPTION}))
    after.tables.tables.update(world.tables.tables)
    after.aks.clusters.update(world.aks.clusters)
    after.batons.messages += world.batons.messages
    await after.run_and_mind()
    assert {call.cluster_id.subscription_id for call in after.aks.calls if call.cluster_id} == {
        SUBSCRIPTION
    }
    (record,) = after.finished
    assert record.summary["reasons"] == {"ScheduleMissing": 30, "SubscriptionLeftOut": 30}


async def test_leaving_dry_run_joins_no_dry_run() -> None:
    """A run that was asked for while writes were stopped is not the answer to a real one."""
    dry = World(pace=QUICK, dry_run=True)
    await dry.start()
    real = World(pace=QUICK, clock=dry.clock)
    real.tables.tables.update(dry.tables.tables)
    next(real.ports.ids)
    first = await real.asker.ask(RunScope(), Cause.ASKED)
    assert not first.joined
    assert (await real.asker.ask(RunScope(), Cause.ASKED)).joined
    assert not (await dry.asker.ask(RunScope(), Cause.ASKED)).joined


async def test_no_baton_is_sent_before_its_row() -> None:
    """Whoever gets it at once finds its generation written down, however it was passed on."""
    world = World(pace=Pace(6, 1))
    fleet(world, 20, 10)
    send, sent = world.batons.send, list[tuple[int, int]]()

    async def checked(work: Baton | HeldBack, delay: timedelta = timedelta()) -> None:
        assert isinstance(work, Baton)
        stored = await world.store.shard(work.run_id, work.shard)
        assert stored
        sent.append((work.generation, stored.record.generation))
        await send(work, delay)

    world.batons.send = checked  # type: ignore[method-assign]  # a witness
    await world.start()
    await world.start(RunScope(locations=("westeurope",)))
    await world.run_and_mind()
    assert len(sent) > 10
    assert all(baton == row for baton, row in sent)
    passed_on = {generation for generation, _ in sent}
    assert len(passed_on) > 4
