"""One 404 is no proof: ARM's replicas lag behind what events and listings say."""

from collections.abc import Callable
from datetime import timedelta

import pytest

from shared.domain.deciding.observed import REPLICATION
from shared.domain.deciding.outcome import Outcome, OutcomeKind
from shared.domain.errors import AzureError, ClusterGone, WriteTargetGone
from shared.domain.messages.work import ReconcileCluster
from shared.domain.vocabulary.reasons import Cause, Reason
from tests.clusters import cluster, cluster_id
from tests.fakes.aks import Verb
from tests.service_world import World

MINUTE = timedelta(minutes=1)
VERBS: list[tuple[Verb, type[AzureError]]] = [
    ("get", ClusterGone),
    ("list", ClusterGone),
    ("put", WriteTargetGone),
]


def lagging(
    world: World, verb: Verb, error: type[AzureError], for_as_long: timedelta
) -> Callable[[Verb, str], AzureError | None]:
    """Make one kind of call find nothing for a while."""
    until = world.clock.now() + for_as_long

    def refuses(asked: Verb, _: str) -> AzureError | None:
        lags = asked == verb and world.clock.now() < until
        return error("no such cluster", status=404) if lags else None

    return refuses


def last(world: World) -> Outcome:
    """Give the last outcome."""
    return world.outcomes[-1][0]


@pytest.mark.parametrize(("verb", "error"), VERBS)
@pytest.mark.parametrize("by_run", [False, True])
async def test_a_replica_that_lags(verb: Verb, error: type[AzureError], *, by_run: bool) -> None:
    """A cluster that is told of, and not to be found for minutes, has its schedule after that."""
    world = World()
    world.aks.add(cluster())
    world.aks.refuses = lagging(world, verb, error, 6 * MINUTE)
    if by_run:
        await world.sweep()
        await world.run()
    else:
        await world.ask()
        await world.run()
    assert last(world).kind is OutcomeKind.CREATED
    assert len(world.aks.accepted_writes) == 1
    assert await world.given_up.get(cluster_id()) is None


@pytest.mark.parametrize("verb", ["get", "list"])
async def test_a_cluster_missing_for_ten_minutes_is_gone(verb: Verb) -> None:
    """After ten minutes a cluster that nobody finds is gone: skipped, and nothing is given up."""
    world = World()
    world.aks.add(cluster())
    began = world.clock.now()
    world.aks.refuses = lagging(world, verb, ClusterGone, timedelta(days=2))
    await world.ask()
    await world.run()
    kinds = [outcome.kind for outcome, _ in world.outcomes]
    assert kinds[-1] is OutcomeKind.SKIPPED
    assert set(kinds[:-1]) == {OutcomeKind.DEFERRED}
    assert {outcome.reason for outcome, _ in world.outcomes} == {Reason.CLUSTER_GONE}
    assert REPLICATION <= world.clock.now() - began <= 2 * REPLICATION
    assert await world.given_up.get(cluster_id()) is None


async def test_a_write_that_never_finds_its_cluster_is_given_up() -> None:
    """A write that finds nothing for ten minutes, though reads do, is given up and told."""
    world = World()
    world.aks.add(cluster())
    began = world.clock.now()
    world.aks.refuses = lagging(world, "put", WriteTargetGone, timedelta(days=2))
    await world.ask()
    await world.run()
    given_up = await world.given_up.get(cluster_id())
    assert given_up
    assert given_up.reason == "WriteTargetGone"
    assert REPLICATION <= given_up.given_up_at - began <= 2 * REPLICATION


async def test_an_event_of_yesterday_is_no_doubt() -> None:
    """What an event said long ago, or nobody ever said, does not hold against ARM's answer."""
    world = World()
    now = world.clock.now()
    late = ReconcileCluster(
        cluster_id(), Cause.CLUSTER_WRITTEN, now, event_at=now - timedelta(days=1)
    )
    await world.queue.send(late)
    asked = ReconcileCluster(cluster_id("aks-2"), Cause.ASKED, now)
    await world.queue.send(asked)
    await world.run()
    assert [outcome.kind for outcome, _ in world.outcomes] == [OutcomeKind.SKIPPED] * 2
    assert len(world.aks.calls_of("get")) == 2


async def test_a_person_right_after_a_creation() -> None:
    """Whoever asks for a cluster that an event has just told of gets it as soon as it is found."""
    world = World()
    world.aks.add(cluster())
    world.aks.refuses = lagging(world, "get", ClusterGone, 3 * MINUTE)
    await world.memory.note_event(cluster_id(), world.clock.now())
    outcome = await world.requests.reconcile(cluster_id(), dry_run=False)
    assert outcome
    assert outcome.kind is OutcomeKind.DEFERRED
    await world.run()
    assert last(world).kind is OutcomeKind.CREATED


async def test_a_cluster_that_is_doubted_is_still_listed() -> None:
    """While it is looked for again, a cluster that is known stays in the list of clusters."""
    world = World()
    world.aks.add(cluster())
    await world.reconcile()
    world.aks.refuses = lagging(world, "get", ClusterGone, timedelta(days=2))
    world.clock.advance(MINUTE)
    await world.ask()
    await world.run(for_at_most=MINUTE)
    known = await world.memory.recall(cluster_id())
    assert known
    assert known.has_nap
    await world.run()
    known = await world.memory.recall(cluster_id())
    assert known
    assert not known.has_nap
