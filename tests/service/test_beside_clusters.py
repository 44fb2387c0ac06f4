"""What the fleet page's data says beside its clusters: plans that wait, removals, given-up work."""

import json
from copy import replace
from datetime import timedelta
from typing import cast

import pytest

from shared.domain.fleet.run import RunScope, RunState, new_run_id
from shared.domain.messages.given_up import GivenUp
from shared.domain.updates.plan import braked
from shared.domain.vocabulary.pages import PageAsked
from shared.reconcile.shown.page.ended_runs import MOST_OVERTAKEN
from shared.reconcile.shown.page.rows import (
    ChangeRow,
    ClusterRow,
    FleetPageJson,
    GivenUpRow,
    GivenUpWhyRow,
    PlannedRow,
    RemovalRow,
    UpgradeRow,
    WaitingRow,
)
from shared.reconcile.shown.page.viewer import KEPT_FOR
from tests.clusters import cluster, cluster_id, schedule
from tests.fakes.clock import FakeClock
from tests.page.a_fleet import SUBSCRIPTIONS, made_up, remembered
from tests.service.test_fleet_page import AT_MOST, ids
from tests.service.test_kubernetes import AUTO_UPGRADE, upgraded
from tests.service.test_kubernetes_written import desired
from tests.service.test_policies import PERSON
from tests.service.test_tugs_of_war import TERRAFORM, removed
from tests.service.updates.test_brake import braked as braked_world
from tests.service.updates.worlds import SUNDAY, put, record
from tests.service_world import World


async def data(world: World) -> FleetPageJson:
    """Give the data as of now."""
    world.clock.advance(KEPT_FOR)
    return cast("FleetPageJson", json.loads((await world.fleet_page.data()).body))


def waiting_in(page: FleetPageJson) -> list[WaitingRow]:
    return [WaitingRow(*row) for row in page["waiting"]]


def plan_of(page: FleetPageJson, row: WaitingRow) -> dict[str, list[ChangeRow]]:
    """Give what would change, by cluster."""
    plan: dict[str, list[ChangeRow]] = {}
    for places, clusters in (PlannedRow(*each) for each in row.plan):
        for place in clusters:
            changes = [ChangeRow(*page["changes"][change]) for change in places]
            plan[ids(page, page["clusters"][place])] = changes
    return plan


async def test_a_plan_that_waits_is_told() -> None:
    """It has the hash, the numbers and the clusters of the API's, and each field that changes."""
    world, run_id, plan_hash = await braked_world()
    page = await data(world)
    (api,) = (await world.runs.runs({"state": RunState.NEEDS_APPROVAL.value}, PageAsked())).items
    (row,) = waiting_in(page)
    assert (
        (row.run, row.plan_hash)
        == (run_id, plan_hash)
        == (api["runId"], api["updatePlan"]["planHash"])
    )
    verdict = api["updatePlan"]
    numbers = (verdict["updates"], verdict["atMost"], verdict["owned"])
    assert (row.updates, row.at_most, row.owned) == numbers == (11, 10, 11)
    plan = plan_of(page, row)
    approved = braked(await world.plans.of(run_id))
    assert set(plan) == {str(each) for each in approved}
    assert len(plan) + row.unknown == row.updates
    shown = await world.runs.run(run_id, {}, PageAsked("", 500))
    assert shown
    for each in shown["clusters"]["value"]:
        assert plan[each["clusterId"]] == [
            ChangeRow(
                found["path"].removeprefix("maintenanceWindow."),
                str(found["observed"]),
                str(found["desired"]),
            )
            for found in each["drift"]["changes"]
        ]
    assert (
        ChangeRow("schedule.weekly.dayOfWeek", "Sunday", "Wednesday")
        in plan[str(cluster_id("aks-0"))]
    )


async def test_an_approved_plan_waits_no_more() -> None:
    """As soon as somebody approves it, it is gone."""
    world, run_id, plan_hash = await braked_world()
    assert waiting_in(await data(world))
    await world.approver.approve(run_id, plan_hash, PERSON)
    assert waiting_in(await data(world)) == []


async def test_a_later_look_overtakes_a_plan() -> None:
    """The newer plan is told cluster by cluster; of the older one only that it is overtaken."""
    world, run_id, _ = await braked_world()
    world.clock.advance(timedelta(hours=6))
    later = await world.sweep()
    newer, older = waiting_in(await data(world))
    assert (newer.run, newer.is_overtaken, older.run, older.is_overtaken) == (
        later.run.id,
        False,
        run_id,
        True,
    )
    assert newer.plan
    assert not older.plan


async def test_a_month_without_an_approval_is_a_few_rows() -> None:
    """Of a hundred runs that were overtaken the newest are named, and the one that waits first."""
    world, run_id, _ = await braked_world()
    waits = await record(world, run_id)
    for hours in range(1, 31):
        at = waits.run.started_at - timedelta(hours=hours)
        before = replace(waits.run, id=new_run_id(at, "0" * 16), started_at=at)
        await world.store.insert_run(replace(waits, run=before))
    first, *overtaken = waiting_in(await data(world))
    assert (first.run, first.is_overtaken) == (run_id, False)
    assert [each.is_overtaken for each in overtaken] == [True] * MOST_OVERTAKEN


async def test_a_policy_that_was_put_back_overtakes_its_plan() -> None:
    """A later run that has nothing to change leaves nothing to approve."""
    world, _, _ = await braked_world()
    await put(world, SUNDAY)
    assert (await world.sweep()).state is RunState.FINISHED
    (row,) = waiting_in(await data(world))
    assert row.is_overtaken


async def test_a_look_at_a_part_does_not_overtake() -> None:
    """A run over one location has planned nothing anew for the others."""
    world, _, _ = await braked_world()
    await world.sweep(RunScope(locations=("northeurope",)))
    (row,) = waiting_in(await data(world))
    assert not row.is_overtaken


async def test_the_last_full_run_may_wait() -> None:
    """A run that ended by asking somebody has looked at everything too."""
    world, run_id, _ = await braked_world()
    last = (await data(world))["lastFullRun"]
    assert last
    assert last["runId"] == run_id


async def test_a_plan_is_read_once() -> None:
    """What a run has planned never changes: a second look reads no cluster of it again."""
    world, run_id, _ = await braked_world()
    first = await data(world)
    assert [row.run for row in waiting_in(first)] == [run_id]
    reader = world.fleet_page.runs
    kept = reader._kept[run_id]
    assert (await data(world))["waiting"] == first["waiting"]
    assert reader._kept[run_id] is kept


async def test_a_cluster_that_is_gone_is_counted() -> None:
    """What is planned for a cluster that nobody knows any more is in the number, without a name."""
    world, _, _ = await braked_world()
    del world.aks.clusters[cluster_id("aks-3")]
    await world.reconcile("aks-3")
    (row,) = waiting_in(await data(world))
    assert row.unknown == 1
    assert sum(len(PlannedRow(*each).clusters) for each in row.plan) == 10


async def test_removals_are_told() -> None:
    """Who removed a schedule last, when, and how often in thirty days, is what the API says."""
    world = World(has_topic=True)
    world.aks.add(cluster())
    world.aks.add(cluster("aks-other"))
    await world.reconcile()
    await world.reconcile("aks-other")
    for number in range(2):
        await removed(world, number)
    page = await data(world)
    (row,) = (RemovalRow(*each) for each in page["removals"])
    assert ids(page, page["clusters"][row.cluster]) == str(cluster_id())
    assert row.times == 2
    assert list(page["callers"][row.by]) == [TERRAFORM, "application"]
    last = (await world.viewer.look(cluster_id()))["lastRemoved"]
    assert last
    assert (last["by"], last["kind"]) == (TERRAFORM, "application")
    world.clock.advance(timedelta(days=31))
    (row,) = (RemovalRow(*each) for each in (await data(world))["removals"])
    assert row.times == 0


async def test_what_was_given_up_is_told() -> None:
    """Its reason, advice, attempts and Azure's code are those of the API's record."""
    world = World(subscriptions=frozenset(SUBSCRIPTIONS), clock=FakeClock())
    now = world.clock.now()
    await remembered(world, now, 20)
    one = next(made_up(1, now)).observed.id
    record = GivenUp(
        one, "AccessDenied", "It may not.", "Assign the role.", now, 5, "{}", azure_code="Denied"
    )
    await world.given_up.put(record)
    page = await data(world)
    (row,) = (GivenUpRow(*each) for each in page["givenUp"])
    assert ids(page, page["clusters"][row.cluster]) == str(one)
    why = GivenUpWhyRow(*page["givenUpWhys"][row.why])
    assert why == ("AccessDenied", "Assign the role.", "Denied")
    assert (page["texts"][row.message], row.attempts) == ("It may not.", 5)


@pytest.mark.parametrize(
    ("channel", "there", "why"),
    [
        ("none", None, ""),
        ("stable", None, "any hour: no configuration is named aksManagedAutoUpgradeSchedule"),
        ("stable", {}, "any hour: aksManagedAutoUpgradeSchedule has no maintenance window"),
        ("stable", schedule("Tuesday"), "The auto-upgrade channel is stable."),
    ],
)
async def test_the_other_schedule_is_told(
    channel: str, there: dict[str, object] | None, why: str
) -> None:
    """When AKS upgrades Kubernetes is told: in a window, at any hour, or never by itself."""
    world = World()
    world.aks.add(upgraded(channel=channel))
    world.aks.set_schedule(cluster_id(), schedule("Saturday"))
    if there is not None:
        world.aks.set_schedule(cluster_id(), there, AUTO_UPGRADE)
    await world.reconcile()
    page = await data(world)
    (row,) = page["clusters"]
    found = UpgradeRow(*page["upgrades"][ClusterRow(*row).upgrades])
    assert (found.channel, found.is_upgraded) == (channel, channel == "stable")
    assert why in found.why
    words = page["windows"][found.window][0] if found.window >= 0 else ""
    assert ("Tue " in words) == bool(there)


async def test_a_schedule_that_a_dry_run_would_make_is_told() -> None:
    """Where naptime is asked to make the other schedule, its window is told as a planned one."""
    world = World(desired=desired(), dry_run=True)
    world.aks.add(upgraded())
    await world.reconcile()
    page = await data(world)
    (found,) = (UpgradeRow(*each) for each in page["upgrades"])
    assert found.is_planned
    assert found.window >= 0


async def test_all_of_it_together_stays_small() -> None:
    """Also where every cluster was given up, and its schedule removed, a cluster has few bytes."""
    world = World(subscriptions=frozenset(SUBSCRIPTIONS), clock=FakeClock())
    now = world.clock.now()
    await remembered(world, now, 2000)
    for made in made_up(2000, now):
        record = GivenUp(
            made.observed.id, "AccessDenied", f"{made.number} no", "Assign it.", now, 5, "{}"
        )
        await world.given_up.put(record)
    answer = await world.fleet_page.data()
    assert len(json.loads(answer.body)["givenUp"]) == 2000
    assert len(answer.body) / 2000 <= AT_MOST
