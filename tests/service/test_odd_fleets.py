"""Fleets and subscriptions that change, vanish or cannot be read: runs end, and lists are true."""

from collections.abc import AsyncIterator
from datetime import timedelta

from shared.domain.deciding.observed import ClusterPage, UnreadableCluster
from shared.domain.errors import Rejected, Throttled
from shared.domain.fleet.pace import Pace
from shared.domain.fleet.run import RunScope
from shared.domain.vocabulary.pages import PageAsked
from shared.domain.vocabulary.reasons import Cause
from shared.reconcile.fleet.ask import JOINED_WITHIN
from tests.clusters import SUBSCRIPTION, cluster, cluster_id
from tests.fakes.aks import Fault
from tests.service.test_fleet_runs import OTHER, fleet, items, outcomes
from tests.service_world import World

MOST_TRIES = 1000


async def test_a_listing_that_naptime_fails_on_ends_as_a_finding() -> None:
    """A bug in the listing of one subscription keeps neither the run nor later sweeps for ever."""
    world = World(subscriptions=frozenset({SUBSCRIPTION, OTHER}), pace=Pace(1000, 100))
    fleet(world, 2, 2)
    real = world.aks.list_clusters

    async def broken(
        subscription_id: str, resource_group: str | None
    ) -> AsyncIterator[ClusterPage]:
        if subscription_id == OTHER:
            raise ZeroDivisionError
        async for page in real(subscription_id, resource_group):
            yield page

    world.aks.list_clusters = broken  # type: ignore[method-assign]  # a bug
    await world.start()
    for _ in range(MOST_TRIES):
        # The host's part: what fails comes again five times, then it is poisoned, and minded.
        try:
            await world.run_and_mind(for_at_most=timedelta(minutes=10))
        except ZeroDivisionError:
            continue
        if world.finished:
            break
    (record,) = world.finished
    assert outcomes(record) == {"Created": 2}
    (unreadable,) = items(record, "unreadableSubscriptions")
    assert (unreadable["subscriptionId"], unreadable["reason"]) == (OTHER, "Poisoned")


async def test_a_cluster_that_cannot_be_named_is_counted() -> None:
    """A NAP cluster whose id is unreadable has failed in each run over its location."""
    world = World(pace=Pace(1000, 100))
    fleet(world, 2, 2)
    elsewhere = UnreadableCluster("northeurope", auto_provisioning=True)
    without_nap = UnreadableCluster("westeurope", auto_provisioning=False)
    nameless = UnreadableCluster("westeurope", auto_provisioning=True)
    world.aks.unreadable = (elsewhere, without_nap, nameless)
    record = await world.sweep(RunScope(locations=("westeurope",)))
    assert outcomes(record) == {"Created": 2, "Failed": 1}
    assert record.summary["reasons"] == {"ScheduleMissing": 2, "ClusterIdUnreadable": 1}


async def test_a_run_that_never_ends_is_joined_for_a_day() -> None:
    """Whatever keeps a run from ending, a sweep of the next day is a run of its own."""
    world = World()
    fleet(world, 1, 1)
    first = await world.start()
    world.clock.advance(JOINED_WITHIN)
    assert (await world.asker.ask(RunScope(), Cause.SWEPT)).joined
    world.clock.advance(timedelta(minutes=1))
    again = await world.asker.ask(RunScope(), Cause.SWEPT)
    assert not again.joined
    assert again.run.id != first.id


async def test_a_retry_after_of_hours_is_not_waited_for() -> None:
    """A subscription that asks for hours is a finding of this run; the next sweep tries again."""
    world = World(subscriptions=frozenset({SUBSCRIPTION, OTHER}), pace=Pace(1000, 100))
    fleet(world, 2, 2)
    slow = Throttled("not today", status=429, retry_after=timedelta(hours=6))
    world.aks.refuses = lambda verb, where: slow if (verb, where) == ("clusters", OTHER) else None
    record = await world.sweep()
    (unreadable,) = items(record, "unreadableSubscriptions")
    assert unreadable["reason"] == "Throttled"
    assert record.finished_at
    assert record.finished_at - record.run.started_at < timedelta(hours=1)


async def test_what_became_excluded_is_shown_as_such() -> None:
    """A cluster that is tagged, or deleted, or excluded from the start, says so in the list."""
    world = World(pace=Pace(1000, 100))
    for name in ("tagged", "going"):
        world.aks.add(cluster(name))
    world.aks.add(cluster("off", tags={"naptime": "off"}))
    await world.sweep()
    world.aks.add(cluster("tagged", tags={"naptime": "off"}))
    world.aks.add(cluster("going", state="Deleting"))
    await world.sweep()
    writes = world.memory.writes
    await world.sweep()
    assert world.memory.writes == writes + 1, "what is known already is not written again"
    shown = (await world.fleet.clusters(None, {}, PageAsked())).items
    reasons = {each["clusterId"].rsplit("/", 1)[1]: each["reason"] for each in shown}
    assert reasons == {"tagged": "Excluded", "going": "ClusterDeleting", "off": "Excluded"}
    known = await world.memory.recall(cluster_id("tagged"))
    assert known
    assert known.explicit, "its schedule is still there"


async def test_a_dry_run_remembers_nothing_of_what_is_left_out() -> None:
    """Nothing came of a cluster in a dry run."""
    world = World()
    world.aks.add(cluster("off", tags={"naptime": "off"}))
    await world.sweep(RunScope(dry_run=True))
    assert await world.memory.recall(cluster_id("off")) is None


async def test_the_record_of_a_cluster_that_is_gone_goes_too() -> None:
    """What was given up of a cluster is forgotten when the cluster is no more."""
    world = World(pace=Pace(1000, 100))
    world.aks.add(cluster())
    world.aks.faults.append(Fault("put", lambda: Rejected("bad")))
    await world.sweep()
    assert await world.given_up.get(cluster_id())
    world.aks.clusters.clear()
    await world.sweep(RunScope(locations=("westeurope",)))
    assert await world.given_up.get(cluster_id()), "only a run over all of them can tell"
    await world.sweep()
    assert await world.given_up.get(cluster_id()), "a list may lag"
    world.clock.advance(timedelta(hours=1))
    await world.sweep()
    assert await world.given_up.get(cluster_id()) is None
