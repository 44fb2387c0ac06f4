"""The schedule of Kubernetes upgrades: who made it is kept, and what is refused is given up."""

from collections.abc import Callable
from datetime import timedelta

import pytest

from shared.domain.deciding.outcome import OutcomeKind
from shared.domain.errors import AzureError, ConnectionFailed, DeniedByPolicy, OperationInProgress
from shared.domain.vocabulary.pages import PageAsked
from tests.clusters import cluster_id, schedule
from tests.fakes.aks import Fault, Verb
from tests.service.test_kubernetes import AUTO_UPGRADE, REASON, upgraded
from tests.service.test_kubernetes_written import a_world, other
from tests.service_world import World

A_DAY = timedelta(hours=25)


def refuse_the_other(world: World, error: Callable[[str], AzureError]) -> None:
    """Have every write of that schedule refused from now on, and no other."""
    accept = world.aks.refuses

    def refuses(verb: Verb, where: str) -> AzureError | None:
        is_other = verb == "put" and world.aks.schedule(cluster_id()) is not None
        return error("no") if is_other else accept(verb, where)

    world.aks.refuses = refuses


async def made_by(world: World) -> str | None:
    """Tell who made it, by the live view, which has to agree with the list."""
    live = (await world.viewer.look(cluster_id()))["kubernetesMadeBy"]
    known = await world.memory.recall(cluster_id())
    assert known
    assert known.upgrades_made_by == live
    return live


async def test_who_made_it_is_known() -> None:
    """What naptime made is its own in the view and the list, until somebody changes it."""
    world = a_world()
    await world.reconcile()
    today = world.clock.now().date()
    assert await made_by(world) == f"naptime, {today}"
    live = await world.viewer.look(cluster_id())
    assert live["kubernetesWindow"] == live["window"]
    await world.sweep()
    assert await made_by(world) == f"naptime, {today}"
    world.aks.set_schedule(cluster_id(), schedule("Tuesday"), AUTO_UPGRADE)
    await world.sweep()
    assert await made_by(world) == "somebody else"


async def test_what_somebody_else_made_is_theirs() -> None:
    """One that was there before is nobody's of naptime, and one that is not there has no maker."""
    world = a_world()
    world.aks.set_schedule(cluster_id(), schedule("Saturday"), AUTO_UPGRADE)
    await world.reconcile()
    assert await made_by(world) == "somebody else"
    world.aks.remove_schedule(cluster_id(), AUTO_UPGRADE)
    assert (await world.viewer.look(cluster_id()))["kubernetesMadeBy"] is None


async def test_an_unanswered_write_is_known_again() -> None:
    """What ARM accepted without an answer is naptime's own when it is seen, and told once."""
    world = a_world()
    world.aks.set_schedule(cluster_id(), schedule("Saturday"))

    def goes_down() -> None:
        world.aks.outage_until = world.clock.now() + timedelta(minutes=10)
        world.aks.outage_error = lambda: ConnectionFailed("lost")

    lost = Fault("put", lambda: ConnectionFailed("lost"), applied=True, meanwhile=goes_down)
    world.aks.faults.append(lost)
    await world.ask()
    await world.run()
    first, *_, last = [outcome.kubernetes for outcome, _ in world.outcomes]
    assert first
    assert first.kind is OutcomeKind.DEFERRED
    assert last
    assert last.kind is OutcomeKind.CREATED
    assert len(world.aks.accepted_writes) == 1
    assert await made_by(world) == f"naptime, {world.clock.now().date()}"
    assert len(world.topic.of("KubernetesScheduleCreated")) == 1
    await world.reconcile()
    assert len(world.topic.of("KubernetesScheduleCreated")) == 1


async def test_a_terminal_refusal_is_given_up() -> None:
    """It is listed with its reason, told once by an event of its own, and the other stands."""
    world = a_world()
    refuse_the_other(world, DeniedByPolicy)
    outcome = await world.reconcile()
    assert (outcome.kind, outcome.reason) == (OutcomeKind.CREATED, "ScheduleMissing")
    await world.run()
    (record,) = world.all_given_up()
    assert record.reason == "DeniedByPolicy"
    assert record.message == f"{AUTO_UPGRADE}: no"
    (shown,) = (await world.replayer.list(PageAsked())).items
    assert shown["clusterId"] == str(cluster_id())
    live = await world.viewer.look(cluster_id())
    assert live["givenUp"]
    assert live["givenUp"]["reason"] == "DeniedByPolicy"
    (told,) = world.topic.of("KubernetesScheduleFailed")
    assert told.data["reason"] == "DeniedByPolicy"
    assert world.topic.of("ScheduleFailed") == []
    for _ in range(2):
        await world.sweep()
        await world.run()
        await world.reconcile()
    assert len(world.topic.of("KubernetesScheduleFailed")) == 1
    assert len(world.topic.of("ScheduleCreated")) == 1
    assert len(world.all_given_up()) == 1


async def test_it_can_be_replayed() -> None:
    """Once the refusal is over a replay makes it, and it is among what was given up no more."""
    world = a_world()
    accept = world.aks.refuses
    refuse_the_other(world, DeniedByPolicy)
    await world.reconcile()
    await world.run()
    assert await world.replayer.replay_one(cluster_id()) == 1
    await world.run()
    assert len(world.all_given_up()) == 1
    world.aks.refuses = accept
    assert await world.replayer.replay_all("DeniedByPolicy") == 1
    await world.run()
    assert other(world)
    assert world.all_given_up() == []


async def test_a_deferral_of_a_day_is_given_up() -> None:
    """What Azure puts off for a whole day is given up as well, and told."""
    world = a_world()
    refuse_the_other(world, OperationInProgress)
    await world.ask()
    await world.run(for_at_most=A_DAY)
    (record,) = world.all_given_up()
    assert record.reason == "OperationInProgress"
    assert len(world.topic.of("KubernetesScheduleFailed")) == 1


@pytest.mark.parametrize("made", [True, False])
async def test_a_run_forgets_what_is_over(made: bool) -> None:  # noqa: FBT001 - a parameter of pytest
    """What somebody made meanwhile, or what nobody asks for any more, is forgotten by a run."""
    world = a_world()
    refuse_the_other(world, DeniedByPolicy)
    await world.reconcile()
    await world.run()
    if made:
        world.aks.set_schedule(cluster_id(), schedule("Saturday"), AUTO_UPGRADE)
    else:
        world.aks.add(upgraded(channel="none"))
    await world.sweep()
    assert world.all_given_up() == []


async def test_both_are_refused() -> None:
    """The record is the node OS schedule's, each has an event, and one replay makes both."""
    world = a_world()
    accept = world.aks.refuses
    world.aks.refuses = lambda verb, where: (
        DeniedByPolicy("no") if verb == "put" else accept(verb, where)
    )
    outcome = await world.reconcile()
    await world.run()
    assert outcome.kind is OutcomeKind.FAILED
    assert outcome.kubernetes
    assert outcome.kubernetes.kind is OutcomeKind.FAILED
    (record,) = world.all_given_up()
    assert record.message == "no"
    assert len(world.topic.of("ScheduleFailed")) == 1
    assert len(world.topic.of("KubernetesScheduleFailed")) == 1
    world.aks.refuses = accept
    await world.replayer.replay_one(cluster_id())
    await world.run()
    assert world.aks.schedule(cluster_id())
    assert other(world)
    assert world.all_given_up() == []


async def test_a_later_failure_of_the_first_is_told() -> None:
    """That the other was given up keeps no run from telling of the node OS schedule."""
    world = a_world()
    refuse_the_other(world, DeniedByPolicy)
    await world.reconcile()
    await world.run()
    accept = world.aks.refuses
    world.aks.remove_schedule(cluster_id())
    world.aks.refuses = lambda verb, where: (
        DeniedByPolicy("no") if verb == "put" else accept(verb, where)
    )
    await world.sweep()
    assert len(world.topic.of("ScheduleFailed")) == 1
    (record,) = world.all_given_up()
    assert record.message == "no"


async def test_the_view_says_what_would_be_made() -> None:
    """The decision has the planned window and its first start; none where it is not asked for."""
    world = a_world()
    decision = (await world.viewer.look(cluster_id()))["decision"]
    assert decision
    assert decision["kubernetes"] == {
        "window": decision["window"],
        "nextStart": decision["nextStart"],
    }
    await world.reconcile()
    after = (await world.viewer.look(cluster_id()))["decision"]
    assert after
    assert after["kubernetes"] is None


async def test_a_dry_run_reports_no_finding_that_it_would_mend() -> None:
    """What would be made is said as that, and is nothing for a person to look at."""
    world = a_world(dry_run=True)
    world.aks.set_schedule(cluster_id(), schedule("Saturday"))
    outcome = await world.reconcile()
    assert outcome.kubernetes
    assert outcome.kubernetes.kind is OutcomeKind.WOULD_CREATE
    record = await world.sweep()
    assert record.summary["reasons"] == {"UpToDate": 1}
    assert REASON not in [found.reason for found in outcome.findings]
    known = await world.memory.recall(cluster_id())
    assert known
    assert known.standing.upgrades is None
