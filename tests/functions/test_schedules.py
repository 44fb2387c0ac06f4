"""Schedules by hand through the real worker library, against the simulator."""

import json
from copy import replace
from datetime import UTC, datetime, timedelta
from typing import cast
from uuid import uuid4

import pytest

from local.host.payloads import HttpCall
from shared.domain.vocabulary.ids import ClusterId
from shared.world import app
from tests.clusters import FOREIGN_SUBSCRIPTION, SUBSCRIPTION, Json, cluster, schedule
from tests.functions.conftest import Loaded

METHODS = {"GET": "show_schedule", "PUT": "put_schedule", "DELETE": "delete_schedule"}

type Texts = dict[str, str]
GUID = "0f0e0d0c-0b0a-4908-8706-050403020100"


class Answer:
    """A status, lower-cased headers and a JSON body."""

    def __init__(self, status: int, headers: dict[str, str], body: Json) -> None:
        self.status = status
        self.headers = {name.lower(): value for name, value in headers.items()}
        self.body = body

    def __getitem__(self, name: str) -> object:
        """Give a member of the body."""
        return self.body[name]


async def ask(  # noqa: PLR0913 - the parts of a request, each with its default
    world: Loaded,
    method: str,
    of: ClusterId,
    body: object = None,
    *,
    query: Texts | None = None,
    headers: Texts | None = None,
) -> Answer:
    """Call the route of one cluster's schedule."""
    call = HttpCall(
        method=method,
        body=b"" if body is None else json.dumps(body).encode(),
        headers={"content-type": "application/json", **(headers or {})},
        params=query or {},
        route_params=route_params(of),
    )
    return await answered(world, METHODS[method], call)


async def answered(world: Loaded, function: str, call: HttpCall) -> Answer:
    """Call a function and read its answer."""
    result = await world.worker.invoke_http(function, call)
    assert result.succeeded, result.exception
    response = result.response
    answer = Answer(response.status, dict(response.headers), json.loads(response.body))
    assert answer.headers["x-correlation-id"]
    return answer


def route_params(of: ClusterId) -> Texts:
    """Give the parts of a cluster's path."""
    return {
        "subscriptionId": of.subscription_id,
        "resourceGroup": of.resource_group,
        "name": of.name,
    }


async def a_cluster(world: Loaded, mode: str = "Auto") -> ClusterId:
    """Make a cluster that no other test knows."""
    made = ClusterId.of(SUBSCRIPTION, "rg-1", f"aks-{uuid4().hex[:8]}")
    # In a location of its own, so that no other test has used up the pace.
    await world.controls.put(cluster(made.name, mode=mode, location=f"westeurope{made.name[-4:]}"))
    return made


def wanted(days: int = 2, **window: object) -> Json:
    """Ask for a weekly window that opens about so many days from now, without a start date."""
    day = datetime.now(UTC) + timedelta(days=days)  # noqa: TID251 - the simulator's clock is real
    body = schedule(day=f"{day:%A}", **window)  # type: ignore[arg-type]  # by name
    cast("Json", body["maintenanceWindow"]).pop("startDate", None)
    return body


async def records(world: Loaded, of: ClusterId) -> list[Json]:
    """Give the audit records of a cluster."""
    call = HttpCall(params={"clusterId": str(of)})
    return cast("list[Json]", (await answered(world, "list_audit", call))["value"])


async def test_create_show_update_delete(world: Loaded) -> None:
    """A schedule is created, shown with its ETag, updated, and deleted; siblings stay."""
    of = await a_cluster(world)
    sibling = schedule("Friday")
    await world.controls.put_schedule(of, sibling, "aksManagedAutoUpgradeSchedule")
    missing = await ask(world, "GET", of)
    assert (missing.status, missing["reason"]) == (404, "ScheduleMissing")

    put = await ask(world, "PUT", of, wanted(2), headers={"if-none-match": "*"})
    assert (put.status, put["outcome"], put["reason"]) == (200, "Created", "Requested")
    shown = await ask(world, "GET", of)
    assert shown["name"] == "aksManagedNodeOSUpgradeSchedule"
    assert shown.headers["etag"] == put.headers["etag"] == shown["etag"]
    assert shown["nextOccurrences"]

    again = await ask(world, "PUT", of, wanted(2))
    assert (again.status, again["outcome"], again["changes"]) == (200, "Unchanged", [])
    etag = shown.headers["etag"]
    update = await ask(world, "PUT", of, wanted(3), headers={"if-match": etag})
    assert (update.status, update["outcome"]) == (200, "Updated")
    assert update.headers["etag"] != etag

    stale = await ask(world, "DELETE", of, query={"confirm": of.name}, headers={"if-match": etag})
    assert (stale.status, stale["reason"]) == (412, "ConditionFailed")
    assert stale["etag"] == update.headers["etag"]
    gone = await ask(world, "DELETE", of, query={"confirm": of.name.upper()})
    assert (gone.status, gone["outcome"], gone["comesBack"]) == (200, "Deleted", True)
    assert "at any time" in str(gone["warnings"])
    again = await ask(world, "DELETE", of, query={"confirm": of.name})
    assert (again.status, again["outcome"]) == (200, "Unchanged")
    (left,) = await world.controls.configurations(of)
    assert left["properties"] == sibling


async def test_all_configurations(world: Loaded) -> None:
    """All configurations of a cluster are shown as ARM has them, each under its own name."""
    of = await a_cluster(world)
    await world.controls.put_schedule(of, schedule(), "aksmanagednodeosupgradeschedule")
    await world.controls.put_schedule(of, schedule("Friday"), "aksManagedAutoUpgradeSchedule")
    call = HttpCall(route_params=route_params(of))
    shown = await answered(world, "list_configurations", call)
    assert {each["name"]: each["properties"] for each in cast("list[Json]", shown["value"])} == {
        "aksmanagednodeosupgradeschedule": schedule(),
        "aksManagedAutoUpgradeSchedule": schedule("Friday"),
    }


async def test_everything_that_is_wrong_at_once(world: Loaded) -> None:
    """A body that AKS would refuse is a 400 with every field, and ARM is not asked."""
    of = await a_cluster(world)
    window = {
        "schedule": {"weekly": {"intervalWeeks": 9, "dayOfWeek": "Someday"}},
        "durationHours": 3,
        "startTime": "25:00",
        "utcOffset": "+02:00",
        "startDate": "2020-01-01",
        "colour": "blue",
    }
    answer = await ask(world, "PUT", of, {"maintenanceWindow": window}, query={"force": "true"})
    assert answer.status == 400
    assert {problem["field"] for problem in cast("list[Json]", answer["problems"])} == {
        "maintenanceWindow.schedule.weekly.intervalWeeks",
        "maintenanceWindow.schedule.weekly.dayOfWeek",
        "maintenanceWindow.durationHours",
        "maintenanceWindow.startTime",
        "maintenanceWindow.startDate",
        "maintenanceWindow.colour",
    }
    assert await world.controls.journal() == []


async def test_advice_with_an_offer_that_is_accepted(world: Loaded) -> None:
    """A start that is too near is a 409 with an offer, and the offer goes through as it is."""
    of = await a_cluster(world)
    soon = datetime.now(UTC) + timedelta(minutes=20)  # noqa: TID251 - the simulator's clock is real
    body = schedule(f"{soon:%A}", f"{soon:%H:%M}", 4, utcOffset="+00:00")
    cast("Json", body["maintenanceWindow"]).pop("startDate")
    refused = await ask(world, "PUT", of, body)
    assert (refused.status, refused["reason"]) == (409, "StartTooSoon")
    assert await world.controls.schedule(of) is None
    offer = cast("Json", refused["offer"])
    start = datetime.fromisoformat(str(offer["earliestAcceptableStart"]))
    assert timedelta(days=6) < start - soon < timedelta(days=8)
    accepted = await ask(world, "PUT", of, offer["body"])
    assert (accepted.status, accepted["outcome"]) == (200, "Created")
    assert accepted["nextStart"] == offer["earliestAcceptableStart"]
    forced = await ask(world, "PUT", of, body, query={"force": "true"})
    assert (forced.status, forced["outcome"]) == (200, "Updated")
    assert cast("list[Json]", forced["advice"])[0]["reason"] == "StartTooSoon"


async def test_a_dry_run_of_the_first_schedule_has_no_tag(world: Loaded) -> None:
    """Where nothing is there yet, there is nothing that an ETag could stand for."""
    of = await a_cluster(world)
    answer = await ask(world, "PUT", of, wanted(2), query={"dryRun": "true"})
    assert (answer.status, answer["outcome"], answer["schedule"]) == (200, "WouldCreate", None)
    assert "etag" not in answer.headers


async def test_dry_run_shows_the_changes(world: Loaded) -> None:
    """A dry run answers with what would change and what is advised against, and writes nothing."""
    of = await a_cluster(world, mode="Manual")
    before = wanted(2)
    await world.controls.put_schedule(of, before)
    answer = await ask(world, "PUT", of, wanted(2, hours=8), query={"dryRun": "true"})
    assert (answer.status, answer["outcome"], answer["dryRun"]) == (200, "WouldUpdate", True)
    assert answer["accepted"] is False
    assert answer["changes"] == [
        {"path": "maintenanceWindow.durationHours", "observed": 6, "desired": 8}
    ]
    assert cast("list[Json]", answer["advice"])[0]["reason"] == "NotAutoProvisioned"
    assert await world.controls.journal(method="PUT") == []
    assert await records(world, of) == []


async def test_deletion_that_the_role_does_not_allow(world: Loaded) -> None:
    """A 403 on the deletion names the parameter that grants it, and is in the record."""
    of = await a_cluster(world)
    await world.controls.put_schedule(of, schedule())
    await world.controls.order("forbidden", method="DELETE")
    answer = await ask(world, "DELETE", of, query={"confirm": of.name})
    assert (answer.status, answer["reason"]) == (403, "DeleteNotGranted")
    assert "allowScheduleDelete" in str(answer["advice"])
    assert await world.controls.schedule(of)
    (record,) = await records(world, of)
    assert (record["outcome"], record["reason"]) == ("Failed", "DeleteNotGranted")


@pytest.mark.parametrize("confirm", [None, "", "aks-other"])
async def test_deletion_without_the_right_name(world: Loaded, confirm: str | None) -> None:
    """A deletion that does not name the cluster once more is refused before anything is asked."""
    of = await a_cluster(world)
    query = {} if confirm is None else {"confirm": confirm}
    answer = await ask(world, "DELETE", of, query=query)
    assert (answer.status, answer["field"]) == (400, "confirm")
    assert await world.controls.journal() == []


@pytest.mark.parametrize("method", METHODS)
async def test_foreign_subscriptions(world: Loaded, method: str) -> None:
    """A cluster of a subscription that naptime may not act on is refused before ARM is asked."""
    of = ClusterId.of(FOREIGN_SUBSCRIPTION, "rg-1", "aks-1")
    body = wanted() if method == "PUT" else None
    query = {"confirm": of.name} if method == "DELETE" else {}
    answer = await ask(world, method, of, body, query=query)
    assert (answer.status, answer["reason"]) == (403, "ForeignSubscription")
    assert await world.controls.journal() == []


@pytest.mark.parametrize("tag", ["abc", '"abc', "W/abc", '"a" "b"', "*, *"])
async def test_a_condition_without_etags_is_refused(world: Loaded, tag: str) -> None:
    """A condition that is no list of ETags is a 400 that names the header, not a condition met."""
    of = await a_cluster(world)
    answer = await ask(world, "PUT", of, wanted(), headers={"if-match": tag})
    assert (answer.status, str(answer["field"]).lower()) == (400, "if-match")


async def test_who_asked_is_recorded(world: Loaded) -> None:
    """A write leaves a record of who asked and what came of it; a forged name does not get in."""
    of = await a_cluster(world)
    forged = {"x-ms-client-principal-name": "ceo@example.com", "x-ms-client-request-id": GUID}
    put = await ask(world, "PUT", of, wanted(2), headers=forged)
    assert put["correlationId"] == put.headers["x-correlation-id"] == GUID
    (record,) = await records(world, of)
    assert (record["action"], record["outcome"]) == ("PutSchedule", "Created")
    assert record["caller"] == {"name": "function key", "id": None}
    assert (record["correlationId"], record["before"]) == (GUID, None)
    assert record["after"] == cast("Json", put["schedule"])["properties"]


async def test_the_callers_name_with_entra_in_front(
    world: Loaded, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where the platform says that authentication is on, its headers name the caller, cleaned."""
    behind_entra = replace(app().settings, entra=True)
    monkeypatch.setattr(app(), "settings", behind_entra)
    of = await a_cluster(world)
    named = {
        "x-ms-client-principal-name": "ops\x1b@example.com" + "x" * 200,
        "x-ms-client-principal-id": GUID,
    }
    await ask(world, "PUT", of, wanted(2), headers=named)
    (record,) = await records(world, of)
    caller = cast("Json", record["caller"])
    assert str(caller["name"]).startswith("ops?@example.com")
    assert len(str(caller["name"])) == 120
    assert caller["id"] == GUID


async def test_other_commands_are_recorded(world: Loaded) -> None:
    """POST /reconcile and the replay leave records too; a dry run leaves none."""
    of = await a_cluster(world)
    for dry_run in (True, False):
        raw = json.dumps({"clusterId": str(of), "dryRun": dry_run}).encode()
        await world.worker.invoke_http("reconcile", HttpCall(method="POST", body=raw))
    raw = json.dumps({"clusterId": str(of)}).encode()
    await world.worker.invoke_http("replay_given_up", HttpCall(method="POST", body=raw))
    found = {(record["action"], record["outcome"]) for record in await records(world, of)}
    assert found == {("Reconcile", "Created"), ("Replay", "Replayed")}


async def test_an_azure_refusal_is_a_problem(world: Loaded) -> None:
    """What Azure refuses is a problem with its reason, and a cluster that is not there a 404."""
    of = await a_cluster(world)
    await world.controls.order("bad-request", method="PUT")
    refused = await ask(world, "PUT", of, wanted(2))
    assert (refused.status, refused["reason"]) == (502, "RejectedByAzure")
    nowhere = ClusterId.of(SUBSCRIPTION, "rg-1", f"aks-{uuid4().hex[:8]}")
    for method in METHODS:
        body = wanted() if method == "PUT" else None
        query = {"confirm": nowhere.name} if method == "DELETE" else {}
        gone = await ask(world, method, nowhere, body, query=query)
        assert (gone.status, gone["reason"]) == (404, "ClusterGone")


async def test_a_refused_attempt_is_on_record(world: Loaded) -> None:
    """What is refused before naptime looks at the cluster leaves its record: who, what, and why."""
    of = await a_cluster(world)
    tag = {"x-ms-client-request-id": GUID}
    short = {"maintenanceWindow": {"durationHours": 1}}
    assert (await ask(world, "PUT", of, short, headers=tag)).status == 400
    assert (await ask(world, "PUT", of, {"tags": 1}, headers=tag)).status == 400
    text = {**tag, "content-type": "text/plain"}
    assert (await ask(world, "PUT", of, wanted(), headers=text)).status == 415
    assert (await ask(world, "PUT", of, wanted(), query={"x": "y"}, headers=tag)).status == 400
    assert (await ask(world, "DELETE", of, query={"confirm": "another"}, headers=tag)).status == 400
    found = await records(world, of)
    assert [(each["action"], each["outcome"], each["reason"]) for each in found] == [
        ("DeleteSchedule", "Refused", "InvalidRequest"),
        ("PutSchedule", "Refused", "InvalidRequest"),
        ("PutSchedule", "Refused", "NotJson"),
        ("PutSchedule", "Refused", "InvalidRequest"),
        ("PutSchedule", "Refused", "InvalidRequest"),
    ]
    assert {each["correlationId"] for each in found} == {GUID}
    assert "durationHours" in str(found[-1]["message"])
    assert await world.controls.journal(path=of.name) == []


async def test_a_refused_attempt_elsewhere_is_on_record(world: Loaded) -> None:
    """Whoever tries a subscription that naptime may not act on is on record with it."""
    of = ClusterId.of(FOREIGN_SUBSCRIPTION, "rg-1", f"aks-{uuid4().hex[:8]}")
    assert (await ask(world, "PUT", of, wanted())).status == 403
    (record,) = await records(world, of)
    assert (record["outcome"], record["reason"]) == ("Refused", "ForeignSubscription")


async def test_a_refused_dry_run_leaves_no_record(world: Loaded) -> None:
    """A question has no record, refused or not."""
    of = await a_cluster(world)
    assert (await ask(world, "PUT", of, {}, query={"dryRun": "true"})).status == 400
    assert await records(world, of) == []


async def test_advice_against_is_recorded_once(world: Loaded) -> None:
    """A command that wrote its own record gets no second one."""
    of = await a_cluster(world, mode="Manual")
    assert (await ask(world, "PUT", of, wanted())).status == 409
    (record,) = await records(world, of)
    assert (record["outcome"], record["reason"]) == ("Refused", "NotAutoProvisioned")
