"""Disruption budgets through the real worker library, against the simulator."""

import json
from typing import cast

import pytest
import yaml

from local.host.payloads import HttpCall
from local.host.responses import HttpResponse
from shared.domain.vocabulary.ids import ClusterId
from tests.clusters import FOREIGN_SUBSCRIPTION, Json, schedule
from tests.functions.conftest import Loaded
from tests.functions.test_schedules import Texts, a_cluster, route_params

SUNDAY_5: Json = {"nodes": "0", "reasons": ["Drifted"], "schedule": "0 5 * * 0", "duration": "164h"}
SUNDAYS = schedule("Sunday", "01:00", 4, utcOffset="+00:00", startDate="2020-01-01")


async def show(
    world: Loaded, of: ClusterId, query: Texts | None = None, accept: str = "*/*"
) -> HttpResponse:
    """Ask for budgets."""
    call = HttpCall(params=query or {}, headers={"accept": accept}, route_params=route_params(of))
    result = await world.worker.invoke_http("show_budgets", call)
    assert result.succeeded, result.exception
    return result.response


async def check(
    world: Loaded, of: ClusterId, body: object, query: Texts | None = None
) -> tuple[int, Json]:
    """Have NodePools checked."""
    call = HttpCall(
        method="POST",
        body=json.dumps(body).encode(),
        headers={"content-type": "application/json"},
        params=query or {},
        route_params=route_params(of),
    )
    result = await world.worker.invoke_http("check_budgets", call)
    assert result.succeeded, result.exception
    return result.response.status, json.loads(result.response.body)


async def on_sundays(world: Loaded) -> ClusterId:
    """Make a cluster whose window is Sunday, 01:00 to 05:00 UTC."""
    of = await a_cluster(world)
    await world.controls.put_schedule(of, SUNDAYS, "aksManagedNodeOSUpgradeSchedule")
    return of


def media_type(response: HttpResponse) -> str:
    """Give the media type of an answer."""
    headers = {name.lower(): value for name, value in response.headers.items()}
    assert headers["vary"] == "Accept"
    return headers["content-type"].partition(";")[0]


async def test_budgets_are_yaml_for_the_window_that_arm_has(world: Loaded) -> None:
    """Unless the caller says otherwise, with the notes as comments."""
    of = await on_sundays(world)
    response = await show(world, of)
    assert (response.status, media_type(response)) == (200, "application/yaml")
    text = response.body.decode()
    assert text.startswith(f"# For cluster {of.name}, whose node OS window starts at 01:00 +00:00")
    assert yaml.safe_load(text) == {
        "spec": {"disruption": {"budgets": [{"nodes": "10%"}, SUNDAY_5]}}
    }


@pytest.mark.parametrize(
    ("accept", "kind"),
    [
        ("", "application/yaml"),
        ("*/*", "application/yaml"),
        ("application/yaml", "application/yaml"),
        ("application/json", "application/json"),
        ("Application/JSON; charset=utf-8", "application/json"),
        ("application/yaml;q=0.5, application/json", "application/json"),
        ("application/yaml, application/json;q=0.9", "application/yaml"),
        ("application/json;q=0.2, */*;q=0.1", "application/json"),
        ("application/json;q=x, */*", "application/yaml"),
        ("text/html, application/*;q=0.9", "application/yaml"),
    ],
)
async def test_accept_decides_between_yaml_and_json(world: Loaded, accept: str, kind: str) -> None:
    """By its weights; YAML where it is a draw."""
    assert media_type(await show(world, await on_sundays(world), accept=accept)) == kind


async def test_what_is_asked_for_is_what_is_made(world: Loaded) -> None:
    """The rate, the reasons, the early end, and the cluster's window beside them."""
    of = await on_sundays(world)
    query = {"nodes": "3", "closeEarlyMinutes": "90", "reasons": "Drifted,Underutilized"}
    body = json.loads((await show(world, of, query, "application/json")).body)
    assert body["spec"]["disruption"]["budgets"] == [
        {"nodes": "3"},
        {
            "nodes": "0",
            "reasons": ["Drifted", "Underutilized"],
            "schedule": "30 3 * * 0",
            "duration": "165h30m",
        },
    ]
    assert body["window"]["startTime"] == "01:00"
    assert (body["letsIn"], body["until"], body["seasons"]) == ([], None, [])


async def test_a_patch_is_for_all_pools(world: Loaded) -> None:
    """A line for kubectl, and a patch for Kustomize."""
    response = await show(world, await on_sundays(world), {"format": "patch"})
    text = response.body.decode()
    assert "kubectl patch" in text
    assert yaml.safe_load(text)["patches"][0]["target"]["kind"] == "NodePool"


async def test_a_place_has_two_lists_a_year_or_one_for_both(world: Loaded) -> None:
    """Budgets know UTC only."""
    of = await a_cluster(world)
    body = schedule("Sunday", "01:00", 4, utcOffset="+01:00", startDate="2020-01-01")
    await world.controls.put_schedule(of, body, "aksManagedNodeOSUpgradeSchedule")
    response = await show(world, of, {"zone": "Europe/Berlin"}, "application/json")
    made = json.loads(response.body)
    assert {each["utcOffset"] for each in made["seasons"]} == {"+01:00", "+02:00"}
    assert made["notes"][0] == "Budgets know UTC only, so two lists a year are needed."
    one = json.loads(
        (
            await show(world, of, {"zone": "Europe/Berlin", "superset": "true"}, "application/json")
        ).body
    )
    assert one["seasons"] == []
    assert one["spec"]["disruption"]["budgets"][1]["schedule"] == "0 4 * * 0"
    assert one["spec"]["disruption"]["budgets"][1]["duration"] == "163h"


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ({"nodes": "ten"}, "nodes"),
        ({"nodes": "0"}, "nodes"),
        ({"nodes": "10%25"}, "nodes"),
        ({"closeEarlyMinutes": "240"}, "closeEarlyMinutes"),
        ({"closeEarlyMinutes": "-1"}, "closeEarlyMinutes"),
        ({"reasons": "Drifted,Tired"}, "reasons"),
        ({"until": "tomorrow"}, "until"),
        ({"until": "2027-06-30T10:00"}, "until"),
        ({"zone": "Europe/Atlantis"}, "zone"),
        ({"zone": "../../etc/passwd"}, "zone"),
        ({"zone": "Europe"}, "zone"),
        ({"zone": "Asia/Kolkata"}, "zone"),
        ({"superset": "true"}, "superset"),
        ({"zone": "Europe/London", "until": "2027-06-30"}, "until"),
        ({"format": "xml"}, "format"),
    ],
)
async def test_a_wish_that_makes_no_sense_is_refused(
    world: Loaded, query: Texts, field: str
) -> None:
    """With the field that is wrong."""
    response = await show(world, await on_sundays(world), query)
    body = json.loads(response.body)
    assert (response.status, body["reason"], body["field"]) == (400, "InvalidRequest", field)


async def test_without_a_window_there_are_no_budgets(world: Loaded) -> None:
    """Neither without a schedule, nor with one that has no window or none that can be read."""
    of = await a_cluster(world)
    missing = await show(world, of)
    assert (missing.status, json.loads(missing.body)["reason"]) == (404, "ScheduleMissing")
    odd = schedule()
    cast("Json", odd["maintenanceWindow"])["schedule"] = {"fortnightly": {}}
    for properties in ({}, odd):
        await world.controls.put_schedule(of, properties, "aksManagedNodeOSUpgradeSchedule")
        response = await show(world, of)
        assert (response.status, json.loads(response.body)["reason"]) == (409, "NoWindow")


def node_pool(*budgets: Json) -> Json:
    """Write a NodePool that does not expire."""
    return {
        "kind": "NodePool",
        "metadata": {"name": "default"},
        "spec": {
            "disruption": {"budgets": list(budgets)},
            "template": {"spec": {"expireAfter": "Never"}},
        },
    }


async def test_budgets_that_were_made_pass_the_check(world: Loaded) -> None:
    """As they come out they go in again, alone and in a list of kubectl's."""
    of = await on_sundays(world)
    made = json.loads((await show(world, of, accept="application/json")).body)
    status, alone = await check(world, of, {"spec": made["spec"]})
    (pool,) = cast("list[Json]", alone["pools"])
    assert (status, pool["findings"]) == (200, [])
    pools = {"kind": "List", "items": [node_pool({"nodes": "10%"}, SUNDAY_5)]}
    status, listed = await check(world, of, pools)
    (pool,) = cast("list[Json]", listed["pools"])
    assert (pool["name"], pool["findings"]) == ("default", [])
    assert [each["state"] for each in cast("list[Json]", pool["week"])] == [
        "closed",
        "limited",
        "closed",
    ]


async def test_what_is_wrong_is_found_beside_both_windows(world: Loaded) -> None:
    """The node OS window, and that of Kubernetes upgrades, in one look."""
    of = await on_sundays(world)
    upgrades = schedule("Tuesday", "01:00", 4, utcOffset="+00:00", startDate="2020-01-01")
    await world.controls.put_schedule(of, upgrades, "aksmanagedautoupgradeschedule")
    body = node_pool({"nodes": "10%"}, SUNDAY_5)
    _, found = await check(world, of, body, {"nodes": "3", "minutesPerNode": "100"})
    (pool,) = cast("list[Json]", found["pools"])
    assert [each["code"] for each in cast("list[Json]", pool["findings"])] == [
        "BudgetRoundsUp",
        "RolloutDoesNotFit",
        "KubernetesWindowOutside",
    ]
    assert found["kubernetesWindow"] is not None


async def test_without_a_schedule_only_what_is_wrong_in_itself_is_found(world: Loaded) -> None:
    """The window is null then."""
    of = await a_cluster(world)
    broken: Json = {"nodes": "0", "schedule": "0 0 * * 7", "duration": "1h"}
    status, found = await check(world, of, node_pool(broken))
    assert (status, found["window"]) == (200, None)
    (pool,) = cast("list[Json]", found["pools"])
    (finding,) = cast("list[Json]", pool["findings"])
    assert (finding["code"], finding["budget"]) == ("BudgetInvalidCron", 0)


@pytest.mark.parametrize(
    ("body", "query"),
    [
        ({"kind": "Deployment"}, {}),
        ({"items": []}, {}),
        ({"items": [7]}, {}),
        (node_pool(), {"until": "2020-01-01"}),
        (node_pool(), {"nodes": "0"}),
        ({"budgets": []}, {}),
    ],
)
async def test_a_body_without_pools_is_refused(world: Loaded, body: Json, query: Texts) -> None:
    """Before or after the cluster is looked at."""
    status, problem = await check(world, await on_sundays(world), body, query)
    assert (status, problem["reason"]) == (400, "InvalidRequest")


async def test_other_subscriptions_are_not_looked_at(world: Loaded) -> None:
    """Neither for budgets nor for a check."""
    foreign = ClusterId.of(FOREIGN_SUBSCRIPTION, "rg-1", "aks-1")
    assert (await show(world, foreign)).status == 403
    assert (await check(world, foreign, node_pool()))[0] == 403
