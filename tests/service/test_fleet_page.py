"""The fleet page's data: the same as the API says, in few bytes, from the tables alone."""

import json
from collections import Counter
from collections.abc import Mapping
from copy import replace
from datetime import timedelta
from typing import cast

import pytest

from shared.domain.deciding.observed import SeenSchedule
from shared.domain.deciding.outcome import OutcomeKind
from shared.domain.fleet.crowding import Crowding, crowds_of, start_of
from shared.domain.fleet.run import Run, RunScope, RunState, new_run_id
from shared.domain.fleet.run_records import RunRecord
from shared.domain.vocabulary.pages import PageAsked
from shared.domain.vocabulary.reasons import Cause, Reason
from shared.reconcile.shown.known_json import KnownClusterJson
from shared.reconcile.shown.page.rows import EXPLICIT, LEFT_OUT, NEEDS_A_PERSON, FleetPageJson
from shared.reconcile.shown.page.viewer import KEPT_FOR
from tests.fakes.clock import SATURDAY_NOON, FakeClock
from tests.page.a_fleet import SUBSCRIPTIONS, made_up, remembered
from tests.service.updates.worlds import fleet, policy, put
from tests.service_world import World
from tests.unit.domain.examples import configuration

AT_MOST = 150
"""Bytes for each cluster."""


def a_world() -> World:
    return World(subscriptions=frozenset(SUBSCRIPTIONS), clock=FakeClock())


async def data(world: World) -> FleetPageJson:
    return cast("FleetPageJson", json.loads((await world.fleet_page.data()).body))


async def listed(world: World) -> list[KnownClusterJson]:
    """Give all pages of `GET /clusters`."""
    found, token = list[KnownClusterJson](), ""
    while True:
        page = await world.fleet.clusters(None, {}, PageAsked(token, 500))
        found += page.items
        if page.token is None:
            return found
        token = page.token


@pytest.mark.parametrize("count", [400, 1600])
async def test_a_cluster_takes_few_bytes(count: int) -> None:
    """The data has at most 150 bytes a cluster, its tables included."""
    world = a_world()
    await remembered(world, world.clock.now(), count)
    answer = await world.fleet_page.data()
    assert len(json.loads(answer.body)["clusters"]) == count
    assert len(answer.body) / count <= AT_MOST


async def test_the_numbers_are_those_of_the_api() -> None:
    """Every cluster of `GET /clusters` is there, with the same place, state, findings and age."""
    world = a_world()
    await remembered(world, world.clock.now(), 200)
    page, api = await data(world), await listed(world)
    assert {ids(page, row): facts(page, row) for row in page["clusters"]} == {
        each["clusterId"]: api_facts(each) for each in api
    }
    assert len(page["clusters"]) == 200


def ids(page: FleetPageJson, row: list[object] | object) -> str:
    subscription, group, name = cast("list[int]", row)[:3]
    return (
        f"/subscriptions/{page['subscriptions'][subscription]}/resourceGroups/"
        f"{page['groups'][group]}/providers/Microsoft.ContainerService/managedClusters/{name}"
    )


def facts(page: FleetPageJson, listed: object) -> Mapping[str, object]:
    row = cast("list[int]", listed)
    ages, reasons = page["ages"], page["reasons"]
    findings = cast("list[int]", row[14])
    return {
        "location": page["locations"][row[3]],
        "rule": page["rules"][row[4]],
        "explicit": bool(row[8] & EXPLICIT),
        "left out": bool(row[8] & LEFT_OUT),
        "outcome": page["outcomes"][row[9]],
        "reason": reasons[row[10]][0],
        "findings": [reasons[place][0] for place in findings],
        "made by": page["makers"][row[7]] if row[7] >= 0 else None,
        "days": ages[row[15]][1],
        "machines": row[16],
    }


def api_facts(each: KnownClusterJson) -> Mapping[str, object]:
    age = each["imageAge"]
    assert age
    return {
        "location": each["location"],
        "rule": each["rule"],
        "explicit": each["explicitScheduleSeen"],
        "left out": each["outcome"] == OutcomeKind.SKIPPED,
        "outcome": each["outcome"],
        "reason": each["reason"],
        "findings": [found["reason"] for found in each["findings"]],
        "made by": each["madeBy"],
        "days": age["ageInDays"],
        "machines": age["machines"],
    }


async def test_who_needs_a_person_is_who_the_api_says() -> None:
    """As many clusters need a person as `GET /clusters?needsAttention=true` gives."""
    world = a_world()
    await remembered(world, world.clock.now(), 300)
    page = await data(world)
    asked = await world.fleet.clusters(None, {}, PageAsked("", 500), attention=True)
    assert 0 < len(asked.items) == sum(bool(row[8] & NEEDS_A_PERSON) for row in page["clusters"])


async def test_windows_open_when_the_domain_says() -> None:
    """A cluster's openings are the occurrences of its window, five at least."""
    world = a_world()
    await remembered(world, world.clock.now(), 60)
    page = await data(world)
    day = SATURDAY_NOON.replace(hour=0) - timedelta(days=1)
    by_id = {ids(page, row): row for row in page["clusters"]}
    for made in made_up(60, world.clock.now()):
        window, row = made.known.outcome.window, by_id[str(made.observed.id)]
        if window is None:
            assert row[6] == -1
            continue
        starts = page["windows"][row[6]][4]
        found = window.occurrences(day)
        assert len(starts) >= 5
        assert starts == [(next(found).start - day) // timedelta(minutes=1) for _ in starts]


async def test_forecasts_are_those_of_the_api() -> None:
    """A cluster's forecasts are as many, as certain and as late as `GET /clusters` says."""
    world = a_world()
    await remembered(world, world.clock.now(), 60)
    page, api = await data(world), await listed(world)
    by_id = {ids(page, row): row for row in page["clusters"]}
    for each in api:
        shown = [page["forecasts"][i] for i in page["forecastLists"][by_id[each["clusterId"]][17]]]
        assert [row[1] for row in shown] == [found["pickUp"] for found in each["forecasts"]]
        versions = [page["images"][row[0]][2] for row in shown]
        assert versions == [
            cast("dict[str, str]", found["image"])["version"] for found in each["forecasts"]
        ]


async def test_a_kubernetes_upgrade_is_told_of() -> None:
    """Where Kubernetes is upgraded by itself, the forecasts say what that does to node images."""
    world = a_world()
    made = next(made_up(1, world.clock.now()))
    known, observed = made.known, replace(made.observed, upgrade_channel="stable")
    await world.memory.remember([replace(known, outcome=replace(known.outcome, cluster=observed))])
    page, (listed_one,) = await data(world), await listed(world)
    (row,) = page["forecasts"]
    told = [page["texts"][place] for place in row[7]]
    why = listed_one["forecasts"][0]["byKubernetesUpgrade"]["why"]
    assert why in told


async def test_a_schedule_of_upgrades_that_cannot_be_read_is_said() -> None:
    """It is somebody's, and holds an upgrade back or not: the page says neither."""
    world = a_world()
    made = next(made_up(1, world.clock.now()))
    outcome = replace(
        made.known.outcome,
        cluster=replace(made.observed, upgrade_channel="stable"),
        auto_upgrade=SeenSchedule(configuration({"schedule": "?"}).schedule),
    )
    await world.memory.remember([replace(made.known, outcome=outcome)])
    (row,) = (await data(world))["upgrades"]
    assert "is there, and cannot be read." in str(row)


async def test_a_change_to_another_kind_of_recurrence_is_shown_from_nothing_to_something() -> None:
    """What a weekly schedule has and a daily one has not is shown as empty on one side."""
    world = await fleet(11)
    daily = policy().replace('on = "Sunday"', 'on = "daily"')
    await put(world, daily)
    assert (await world.sweep()).state is RunState.NEEDS_APPROVAL
    changes = {tuple(map(str, each)) for each in (await data(world))["changes"]}
    weekly = '{"intervalWeeks":1,"dayOfWeek":"Sunday"}'
    assert changes == {
        ("schedule.daily", "", '{"intervalDays":1}'),
        ("schedule.weekly", weekly, ""),
    }


async def test_a_plan_that_a_later_version_made_leaves_the_page_there() -> None:
    """After a roll-back a run that waits is named without its changes; all else is as it was."""
    world = await fleet(11)
    await put(world, policy().replace('on = "Sunday"', 'on = "daily"'))
    waits = (await world.sweep()).run.id
    table = world.tables.of("naptimeruns202611")
    for (partition, key), row in list(table.stored.items()):
        if partition == waits and key.startswith("batch:"):
            table._put(partition, key, {**row.values, "c00": '{"later":1}'})
    page = await data(world)
    assert len(page["clusters"]) == 11
    ((run, *_, plan, unknown),) = page["waiting"]
    assert (run, plan, unknown) == (waits, [], 0)


async def test_nothing_new_is_the_same_answer() -> None:
    """A minute and an hour later the data is the same to the byte, unprotected clusters or not."""
    world = a_world()
    await remembered(world, world.clock.now(), 120)
    first = await world.fleet_page.data()
    for later in (timedelta(minutes=1), timedelta(hours=1)):
        world.clock.advance(later)
        assert await world.fleet_page.data() == first


async def test_what_is_written_is_seen_soon() -> None:
    """What a run finds is in the data as soon as the kept answer is over."""
    world = a_world()
    await remembered(world, world.clock.now(), 20)
    first = await world.fleet_page.data()
    made = next(made_up(1, world.clock.now()))
    outcome = replace(made.known.outcome, kind=OutcomeKind.FAILED, reason=Reason.ACCESS_DENIED)
    await world.memory.remember([replace(made.known, outcome=outcome)])
    world.clock.advance(KEPT_FOR)
    assert (await world.fleet_page.data()).etag != first.etag


async def test_azure_is_not_asked() -> None:
    """The data comes from the tables alone: while ARM is down it is what it was."""
    world = a_world()
    await remembered(world, world.clock.now(), 20)
    await world.fleet_page.data()
    assert world.aks.calls == []


async def test_the_last_full_run_is_one_over_everything() -> None:
    """Neither a run about one location nor one that only looked is the last full run."""
    world = a_world()
    await remembered(world, world.clock.now(), 5)
    assert (await data(world))["lastFullRun"] is None
    now = world.clock.now()
    scopes = [
        (RunScope(), False),
        (RunScope(locations=("westeurope",)), False),
        (RunScope(dry_run=True), True),
    ]
    for hour, (scope, only_looks) in enumerate(scopes):
        at = now + timedelta(hours=hour)
        run = Run(new_run_id(at, f"{hour:016}"), Cause.SWEPT, scope, at)
        record = RunRecord(run, RunState.FINISHED, only_looks, finished_at=at)
        await world.store.insert_run(record)
    world.clock.advance(timedelta(hours=4))
    found = (await data(world))["lastFullRun"]
    assert found
    assert found["runId"] == new_run_id(now, f"{0:016}")


async def test_a_crowd_names_its_clusters() -> None:
    """The clusters that share a crowded start are as many as the crowd was counted to have."""
    world = a_world()
    await remembered(world, world.clock.now(), 2000)
    now, counted = world.clock.now(), 0
    for each in SUBSCRIPTIONS:
        known = [some async for some in world.memory.of_subscription(each)]
        crowds = crowds_of(each, ((some.location, start_of(some, now)) for some in known), 8)
        await world.memory.note_crowding(each, Crowding(now, tuple(crowds)))
        counted += len(crowds)
    page = await data(world)
    assert len(page["crowds"]) == counted > 0
    members = Counter(row[18] for row in page["clusters"] if row[18] >= 0)
    assert {place: crowd[3] for place, crowd in enumerate(page["crowds"])} == members


async def test_many_sentences_of_azures_do_not_fill_the_answer() -> None:
    """A refusal in other words for each of a thousand clusters leaves the data small."""
    world = a_world()
    known = []
    for made in made_up(1000, world.clock.now()):
        said = f"{made.number} " + "it is not to be done " * 40
        outcome = replace(
            made.known.outcome, kind=OutcomeKind.FAILED, reason=Reason.ACCESS_DENIED, message=said
        )
        known.append(replace(made.known, outcome=outcome))
    await world.memory.remember(known)
    page = await data(world)
    assert len(page["texts"]) < 1000
    assert max(len(text) for text in page["texts"] if "to be done" in text) <= 200
    assert all(page["reasons"][row[10]][0] == "AccessDenied" for row in page["clusters"])
