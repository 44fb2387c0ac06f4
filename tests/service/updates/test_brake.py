"""The brake: more updates than need no approval are none, until somebody approves the plan."""

from contextlib import suppress
from datetime import timedelta

import pytest

from shared.domain.fleet.run import RunScope, RunState
from shared.domain.messages.audit import AuditAction, AuditOutcome
from shared.domain.updates.left_out import MOST_NAMED
from shared.domain.vocabulary.pages import PageAsked
from shared.domain.vocabulary.reasons import Cause, Reason
from shared.reconcile.fleet.updates.approve import NothingToApprove, OtherPlan
from tests.clusters import cluster, cluster_id, schedule
from tests.service.test_policies import PERSON
from tests.service.updates.worlds import (
    OWNED,
    SUNDAY,
    WEDNESDAY,
    days,
    fleet,
    policy,
    put,
    puts,
    record,
)
from tests.service_world import Killed, World

NONE_BY_ITSELF = f"{OWNED}at_most = 0\n"


async def braked(clusters: int = 11, update: str = OWNED) -> tuple[World, str, str]:
    """Give a world with a run that waits for an approval, its id, and the hash of its plan."""
    world = await fleet(clusters)
    await put(world, policy(window="wednesday", update=update))
    found = await world.sweep()
    assert found.state is RunState.NEEDS_APPROVAL
    return world, found.run.id, found.summary["updatePlan"]["planHash"]


async def test_eleven_of_eleven_are_not_changed_and_ten_are() -> None:
    """Ten updates need nobody; the eleventh stops all of them, over all runs to come."""
    world = await fleet(10)
    await put(world, WEDNESDAY)
    assert (await world.sweep()).state is RunState.FINISHED
    assert days(world) == ["Wednesday"] * 10
    world, run_id, _ = await braked()
    before = puts(world)
    for _ in range(3):
        world.clock.advance(timedelta(hours=6))
        assert (await world.sweep()).state is RunState.NEEDS_APPROVAL
    assert (puts(world), days(world)) == (before, ["Sunday"] * 11)
    assert (await record(world, run_id)).to_json()["updatePlan"] == {
        "planHash": (await record(world, run_id)).summary["updatePlan"]["planHash"],
        "updates": 11,
        "forClocks": 0,
        "owned": 11,
        "atMost": 10,
        "needsApproval": True,
    }


async def test_the_brake_counts_the_run_and_not_its_shards() -> None:
    """Six in each of two locations are twelve: no shard has too many, and the run has."""
    world = await fleet(0)
    for number in range(12):
        location = "westeurope" if number % 2 else "southeastasia"
        world.aks.add(cluster(f"aks-{number}", location=location))
    await world.sweep()
    await put(world, WEDNESDAY)
    found = await world.sweep()
    assert found.state is RunState.NEEDS_APPROVAL
    assert days(world) == ["Sunday"] * 12


async def test_the_policy_says_how_many() -> None:
    """With `at_most = 0` the first update needs an approval; with 11, eleven need none."""
    for most, state in ((0, RunState.NEEDS_APPROVAL), (11, RunState.FINISHED)):
        world = await fleet(11)
        await put(world, policy(window="wednesday", update=f"{OWNED}at_most = {most}\n"))
        assert (await world.sweep()).state is state


async def test_creations_are_never_braked() -> None:
    """A cluster without a schedule gets one in the very run whose updates are stopped."""
    world = await fleet(11)
    await put(world, WEDNESDAY)
    world.aks.add(cluster("aks-new"))
    found = await world.sweep()
    assert found.state is RunState.NEEDS_APPROVAL
    assert found.summary["outcomes"] == {"Created": 1, "Unchanged": 11}
    assert days(world) == ["Sunday"] * 11 + ["Wednesday"]


async def test_it_is_told_once_a_day_with_what_an_approval_needs() -> None:
    """The event names the run, the plan and the numbers; the same plan is the same event."""
    world, run_id, plan = await braked()
    await world.sweep()
    await world.run()
    events = world.topic.of("ApprovalNeeded")
    assert len({event.id for event in events}) == 1
    assert {event.data["planHash"] for event in events} == {plan}
    assert events[0].data["runId"] == run_id
    assert (events[0].data["updates"], events[0].data["atMost"]) == (11, 10)


async def test_an_approval_does_exactly_the_plan() -> None:
    """The new run changes the eleven; one that changed meanwhile is left out and named."""
    world, run_id, plan = await braked()
    world.aks.set_schedule(cluster_id("aks-3"), schedule("Friday"))
    run = await world.approver.approve(run_id, plan, PERSON)
    assert run
    await world.run_and_mind()
    done = await record(world, run.id)
    assert done.summary["reasons"] == {"Outdated": 10, "ChangedSincePlanned": 1}
    assert sorted(days(world)) == ["Friday"] + ["Wednesday"] * 10
    origin = await record(world, run_id)
    assert (origin.state, origin.approved_run) == (RunState.FINISHED, run.id)
    (audited,) = [each for each in world.audited if each.completion.outcome is AuditOutcome.STARTED]
    assert audited.action is AuditAction.APPROVE_RUN
    assert audited.wanted == {"runId": run_id, "planHash": plan}


async def test_what_is_not_looked_at_any_more_is_named() -> None:
    """Gone, exempt, without the feature: each left out with its reason, and the rest is changed."""
    world, run_id, plan = await braked()
    world.aks.remove(cluster_id("aks-0"))
    world.aks.add(cluster("aks-1", tags={"naptime": "off"}))
    world.aks.add(cluster("aks-2", mode="Manual"))
    run = await world.approver.approve(run_id, plan, PERSON)
    assert run
    await world.run_and_mind()
    done = await record(world, run.id)
    assert done.summary["reasons"]["Outdated"] == 8
    assert done.summary["findingCounts"]["leftOutOfPlan"] == 3
    left = {each["clusterId"]: each["reason"] for each in done.summary["leftOutOfPlan"]}
    assert left == {
        str(cluster_id("aks-0")): Reason.CLUSTER_GONE,
        str(cluster_id("aks-1")): Reason.EXCLUDED,
        str(cluster_id("aks-2")): Reason.NOT_AUTO_PROVISIONED,
    }
    shown = await world.runs.run(run.id, {}, PageAsked(size=100))
    assert shown
    assert len(shown["leftOutOfPlan"]) == 3
    (told,) = [each for each in world.topic.of("FleetRunCompleted") if each.data["runId"] == run.id]
    assert told.data["leftOutOfPlan"] == 3
    assert sorted(days(world)) == ["Sunday"] * 2 + ["Wednesday"] * 8


async def test_of_many_that_are_gone_the_first_are_named_and_all_counted() -> None:
    """A row has room for sixty of a subscription, whatever their names are."""
    world, run_id, plan = await braked(70)
    for number in range(65):
        world.aks.remove(cluster_id(f"aks-{number}"))
    run = await world.approver.approve(run_id, plan, PERSON)
    assert run
    await world.run_and_mind()
    done = await record(world, run.id)
    assert done.summary["reasons"] == {"ClusterGone": 65, "Outdated": 5}
    assert done.summary["findingCounts"]["leftOutOfPlan"] == 65
    shown = await world.runs.run(run.id, {}, PageAsked(size=100))
    assert shown
    assert len(shown["leftOutOfPlan"]) == MOST_NAMED


async def test_an_approval_is_for_one_plan() -> None:
    """Another hash approves nothing, and the answer says which plan there is."""
    world, run_id, plan = await braked()
    with pytest.raises(OtherPlan) as caught:
        await world.approver.approve(run_id, "0" * 32, PERSON)
    assert caught.value.plan_hash == plan
    await world.run_and_mind()
    assert days(world) == ["Sunday"] * 11
    assert await world.approver.approve("202611-ffffffff0", plan, PERSON) is None


@pytest.mark.parametrize("run_id", ["202611-there-is-none", "200001-there-is-none", "no id"])
async def test_a_run_that_is_not_there_can_neither_be_approved_nor_put_back(run_id: str) -> None:
    """Nor tried out; and of what was asked no record is left, for nothing was attempted."""
    world = World()
    await world.sweep()
    assert await world.approver.approve(run_id, "0" * 32, PERSON) is None
    assert await world.approver.revert(run_id, "0" * 32, PERSON) is None
    assert await world.approver.try_out(run_id) is None
    assert not world.audited


async def test_an_approval_is_used_once() -> None:
    """A second one starts nothing: not even when the schedules are as they were by then."""
    world, run_id, plan = await braked()
    run = await world.approver.approve(run_id, plan, PERSON)
    assert run
    await world.run_and_mind()
    await put(world, SUNDAY)
    found = await world.sweep()
    other = found.summary["updatePlan"]["planHash"]
    assert await world.approver.approve(found.run.id, other, PERSON)
    await world.run_and_mind()
    assert days(world) == ["Sunday"] * 11
    with pytest.raises(NothingToApprove) as caught:
        await world.approver.approve(run_id, plan, PERSON)
    assert caught.value.approved_run == run.id
    await put(world, WEDNESDAY)
    before = puts(world)
    await world.run_and_mind()
    assert puts(world) == before


async def test_a_worker_that_dies_of_an_approval_is_asked_again() -> None:
    """Killed at any of its steps, the approval can be given again, and is one run."""
    for steps in range(1, 12):
        world, run_id, plan = await braked(1, NONE_BY_ITSELF)
        world.life.left = world.life.operations + steps
        with suppress(Killed):
            await world.approver.approve(run_id, plan, PERSON)
        world.life.revive()
        with suppress(NothingToApprove):
            await world.approver.approve(run_id, plan, PERSON)
        await world.run_and_mind()
        assert (puts(world), days(world)) == (2, ["Wednesday"])


async def test_runs_for_an_image_change_nothing() -> None:
    """There is one for each location: ten updates in each of forty would be four hundred."""
    world = await fleet(2)
    await put(world, WEDNESDAY)
    world.clock.advance(timedelta(hours=2))
    run = await world.start(RunScope(locations=("westeurope",)), Cause.NODE_IMAGE_RELEASED)
    await world.run_and_mind()
    assert "updatePlan" not in (await record(world, run.id)).summary
    assert days(world) == ["Sunday"] * 2
