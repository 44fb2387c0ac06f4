"""Runs through the real worker library: asked for over HTTP, worked off by queue functions."""

import json
from base64 import b64decode
from datetime import UTC, datetime
from typing import NoReturn, cast
from uuid import uuid4

import pytest

from local.host.payloads import HttpCall, QueueMetadata
from shared.domain.fleet.run_work import Baton, ListSubscription, StartRun
from shared.domain.fleet.shard import Shard
from shared.domain.vocabulary.ids import ClusterId
from shared.world import app
from tests.clusters import FOREIGN_SUBSCRIPTION, SUBSCRIPTION, cluster, schedule
from tests.functions.conftest import Loaded
from tests.functions.test_api import Json, answer, post

RUN_ID = "202611-00000000abcdef"


async def call(world: Loaded, name: str, params: dict[str, str], **route: str) -> tuple[int, Json]:
    """Call a GET with a query."""
    http = HttpCall(params=params, route_params=route)
    return answer(await world.worker.invoke_http(name, http))


async def work_off(world: Loaded) -> None:
    """Do the host's part: hand each message to its function, until none can be seen."""
    functions = {"naptime-runs": "start_run", "naptime-shards": "reconcile_shard"}
    while True:
        taken = [(queue, text) for queue in functions for text in await world.messages(queue)]
        if not taken:
            return
        for queue, text in taken:
            message = b64decode(text).decode()
            result = await world.worker.invoke_queue(functions[queue], message)
            assert result.succeeded, result.exception


@pytest.fixture
async def group(world: Loaded) -> str:
    """Make a resource group of its own: two bare clusters, one protected, one without NAP."""
    name = f"rg-{uuid4().hex[:8]}"
    for number in range(3):
        await world.controls.put(cluster(f"aks-{number}", group=name), events=False)
    await world.controls.put(cluster("manual", group=name, mode="Manual"), events=False)
    await world.controls.put_schedule(ClusterId.of(SUBSCRIPTION, name, "aks-2"), schedule())
    return name


async def run_of(world: Loaded, group: str) -> str:
    """Do a run over a group to its end, and give its id."""
    status, body = await post(world, {"subscriptionId": SUBSCRIPTION, "resourceGroup": group})
    assert status == 202
    await work_off(world)
    return str(body["runId"])


async def test_a_run_is_accepted_and_joined(world: Loaded, group: str) -> None:
    """A run is accepted with where to look; the same run asked for again is the same."""
    wanted = {"subscriptionId": SUBSCRIPTION.upper(), "resourceGroup": group}
    raw = json.dumps(wanted).encode()
    result = await world.worker.invoke_http("reconcile", HttpCall(method="POST", body=raw))
    status, body = answer(result)
    headers = {name.lower(): value for name, value in result.response.headers.items()}
    assert (status, body["joined"]) == (202, False)
    assert headers["location"].endswith(f"/api/runs/{body['runId']}")
    status, again = await post(world, {**wanted, "resourceGroup": group.upper()})
    assert (status, again["joined"], again["runId"]) == (202, True, body["runId"])
    status, shown = await call(world, "show_run", {}, runId=str(body["runId"]))
    assert (status, shown["state"], shown["cause"]) == (200, "Active", "Asked")
    await work_off(world)


async def test_a_run_from_its_request_to_its_record(world: Loaded, group: str) -> None:
    """A run protects what has no schedule; its page shows progress, counts, calls and clusters."""
    run_id = await run_of(world, group)
    status, shown = await call(world, "show_run", {}, runId=run_id)
    assert (status, shown["state"]) == (200, "Finished")
    assert shown["outcomes"] == {"Created": 2, "Skipped": 1, "Unchanged": 1}
    assert shown["progress"] == {
        "subscriptions": 1,
        "subscriptionsListed": 1,
        "clusters": 4,
        "clustersDone": 4,
    }
    assert (shown["calls"], shown["throttled"]) == (6, 0)
    rows = cast("list[Json]", cast("Json", shown["clusters"])["value"])
    assert sorted(str(row["outcome"]) for row in rows) == ["Created", "Created", "Unchanged"]
    status, shown = await call(world, "show_run", {"outcome": "created"}, runId=run_id)
    assert len(cast("list[Json]", cast("Json", shown["clusters"])["value"])) == 2
    status, listed = await call(world, "list_runs", {"state": "Finished", "cause": "asked"})
    assert run_id in [run["runId"] for run in cast("list[Json]", listed["value"])]
    for number in range(2):
        assert await world.controls.schedule(ClusterId.of(SUBSCRIPTION, group, f"aks-{number}"))


async def test_the_last_known_state_of_clusters(world: Loaded, group: str) -> None:
    """What a run has seen is listed, with filters, page by page."""
    await run_of(world, group)
    found: list[Json] = []
    token = ""
    while True:
        query = {"subscriptionId": SUBSCRIPTION, "location": "West Europe", "outcome": "Created"}
        status, page = await call(world, "list_clusters", {**query, "continuationToken": token})
        assert status == 200
        found += cast("list[Json]", page["value"])
        if not page["continuationToken"]:
            break
        token = str(page["continuationToken"])
    ours = [each for each in found if f"/{group}/" in str(each["clusterId"])]
    assert len(ours) == 2
    assert ours[0]["explicitScheduleSeen"] is True
    assert ours[0]["nextStart"]
    assert ours[0]["readAt"]


async def test_given_up_is_listed_and_replayed(world: Loaded) -> None:
    """What was given up is listed with what to do; replayed, it works, and is off the list."""
    name = f"aks-{uuid4().hex[:8]}"
    wanted = ClusterId.of(SUBSCRIPTION, "rg-1", name)
    await world.controls.put(cluster(name))
    await world.controls.order("bad-request", method="PUT", times=1)
    status, body = await post(world, {"clusterId": str(wanted)})
    assert (status, body["outcome"]) == (200, "Failed")
    status, listed = await call(world, "list_given_up", {})
    ours = [
        each
        for each in cast("list[Json]", listed["value"])
        if str(each["clusterId"]).endswith(name)
    ]
    assert (status, ours[0]["reason"]) == (200, "RejectedByAzure")
    for _ in range(2):
        raw = json.dumps({"clusterId": str(wanted)}).encode()
        http = HttpCall(method="POST", body=raw)
        status, body = answer(await world.worker.invoke_http("replay_given_up", http))
        assert (status, body) == (202, {"replayed": 1})
    later = QueueMetadata(insertion_time=datetime(2100, 1, 1, tzinfo=UTC))
    for text in await world.messages("naptime-clusters"):
        await world.worker.invoke_queue("reconcile_one", b64decode(text).decode(), later)
    assert await world.controls.schedule(wanted)
    raw = json.dumps({"clusterId": str(wanted)}).encode()
    http = HttpCall(method="POST", body=raw)
    status, body = answer(await world.worker.invoke_http("replay_given_up", http))
    assert (status, body) == (202, {"replayed": 0})


@pytest.mark.parametrize(
    ("body", "status", "field"),
    [
        ({}, 400, "body"),
        ({"all": False}, 400, "body"),
        ({"all": True, "reason": "AccessDenied"}, 400, "body"),
        ({"reason": "Weather"}, 400, "reason"),
        ({"clusterId": "x"}, 400, "clusterId"),
        ({"everything": True}, 400, "everything"),
    ],
)
async def test_bad_replays_name_the_field(
    world: Loaded, body: object, status: int, field: str
) -> None:
    """Whatever is wrong with a replay is a problem that names the field, and replays nothing."""
    http = HttpCall(method="POST", body=json.dumps(body).encode())
    answered, problem = answer(await world.worker.invoke_http("replay_given_up", http))
    assert (answered, problem["field"]) == (status, field)
    assert await world.messages("naptime-clusters") == []


@pytest.mark.parametrize(
    ("name", "query", "status", "field"),
    [
        ("list_runs", {"state": "Idle"}, 400, "state"),
        ("list_runs", {"colour": "blue"}, 400, "colour"),
        ("list_runs", {"continuationToken": "x"}, 400, "continuationToken"),
        ("list_clusters", {"subscriptionId": "x"}, 400, "subscriptionId"),
        ("list_clusters", {"subscriptionId": FOREIGN_SUBSCRIPTION}, 403, "subscriptionId"),
        ("list_clusters", {"outcome": "Great"}, 400, "outcome"),
        ("list_clusters", {"reason": "Weather"}, 400, "reason"),
        ("list_given_up", {"continuationToken": "!"}, 400, "continuationToken"),
        ("show_run", {"outcome": "Great"}, 400, "outcome"),
    ],
)
async def test_bad_queries_name_the_field(
    world: Loaded, name: str, query: dict[str, str], status: int, field: str
) -> None:
    """Whatever is wrong with a query is a problem that names the parameter."""
    answered, problem = await call(world, name, query)
    assert (answered, problem["field"]) == (status, field)


@pytest.mark.parametrize("run_id", [RUN_ID, "x", "202611-a|b", "../runs"])
async def test_no_such_run(world: Loaded, run_id: str) -> None:
    """A run that is not there, or could not be, is a 404 with a reason."""
    status, problem = await call(world, "show_run", {}, runId=run_id)
    assert (status, problem["reason"]) == (404, "NoSuchRun")


async def test_the_sweep_starts_a_run_and_the_minder_minds_it(world: Loaded) -> None:
    """The timers' functions work: one asks for a run, the other finds nothing to mend in it."""
    result = await world.worker.invoke_timer("sweep_fleet")
    assert result.succeeded, result.exception
    result = await world.worker.invoke_timer("mind_runs")
    assert result.succeeded, result.exception
    await work_off(world)
    status, listed = await call(world, "list_runs", {"cause": "Swept"})
    assert status == 200
    assert cast("list[Json]", listed["value"])[0]["state"] == "Finished"


@pytest.mark.parametrize("name", ["start_run", "reconcile_shard"])
@pytest.mark.parametrize("text", ["", "{}", '{"v":1,"work":{"do":"dropEverything"}}'])
async def test_no_work_of_a_run_is_given_up_at_once(
    world: Loaded, name: str, text: str, caplog: pytest.LogCaptureFixture
) -> None:
    """A message that is no work of a run is kept and logged as an error, not tried again."""
    result = await world.worker.invoke_queue(name, text)
    assert result.succeeded, result.exception
    assert [record.levelname for record in caplog.records if record.name == "naptime"] == ["ERROR"]


async def test_messages_of_a_run_that_is_no_more(world: Loaded) -> None:
    """Messages of a run whose rows are gone do nothing, and fail nothing."""
    shard = Shard(SUBSCRIPTION, "westeurope")
    for name, work in (
        ("start_run", StartRun(RUN_ID)),
        ("start_run", ListSubscription(RUN_ID, SUBSCRIPTION)),
        ("start_run", ListSubscription(RUN_ID, FOREIGN_SUBSCRIPTION)),
        ("reconcile_shard", Baton(RUN_ID, shard, 1)),
    ):
        result = await world.worker.invoke_queue(name, work.to_message())
        assert result.succeeded, result.exception


async def ask_of(
    world: Loaded, name: str, body: Json, query: dict[str, str] | None = None, run: str = RUN_ID
) -> tuple[int, Json]:
    """Ask for something about a run."""
    http = HttpCall(
        method="POST",
        headers={"content-type": "application/json"},
        params=query or {},
        route_params={"runId": run},
        body=json.dumps(body).encode(),
    )
    return answer(await world.worker.invoke_http(name, http))


PLAN: Json = {"planHash": "0" * 32}


async def test_a_run_that_waits_for_nobody_is_not_approved(world: Loaded, group: str) -> None:
    """A run that planned nothing is a 409, one that is none a 404, a hash that is none a 400."""
    run_id = await run_of(world, group)
    status, body = await ask_of(world, "approve_run", PLAN, run=run_id)
    assert (status, body["reason"]) == (409, "NothingToApprove")
    assert (await ask_of(world, "approve_run", PLAN))[0] == 404
    status, body = await ask_of(world, "approve_run", {"planHash": "all"}, run=run_id)
    assert (status, body["field"]) == (400, "planHash")


async def test_a_revert_needs_the_hash_of_its_dry_run(world: Loaded, group: str) -> None:
    """The dry run says what would be put back; without its hash nothing is begun."""
    run_id = await run_of(world, group)
    status, shown = await ask_of(world, "revert_run", {}, {"dryRun": "true"}, run_id)
    assert (status, shown["updates"], shown["clusters"]) == (200, 0, [])
    status, body = await ask_of(world, "revert_run", {}, run=run_id)
    assert (status, body["field"]) == (400, "planHash")
    status, body = await ask_of(world, "revert_run", PLAN, run=run_id)
    assert (status, body["reason"]) == (409, "OtherPlan")
    status, begun = await ask_of(world, "revert_run", {"planHash": shown["planHash"]}, run=run_id)
    assert status == 202
    await work_off(world)
    _, done = await call(world, "show_run", {}, runId=str(begun["runId"]))
    assert (done["state"], done["updates"]) == ("Finished", {"kind": "Revert", "runId": run_id})


async def test_a_schedule_is_handed_to_naptime(world: Loaded, group: str) -> None:
    """A person's schedule becomes naptime's own, and is shown as that; none is a 404."""
    where = {"subscriptionId": SUBSCRIPTION, "resourceGroup": group}
    for name, status in (("aks-2", 200), ("aks-0", 404)):
        http = HttpCall(method="POST", route_params={**where, "name": name})
        got, body = answer(await world.worker.invoke_http("release_schedule", http))
        assert got == status, body
    http = HttpCall(route_params={**where, "name": "aks-2"})
    _, shown = answer(await world.worker.invoke_http("show_cluster", http))
    assert str(shown["madeBy"]).startswith("naptime, which took it over")


class Noting:
    """An audit log of which only old months are to be dropped, and a minder that fails."""

    def __init__(self) -> None:
        self.dropped: list[datetime] = []

    async def drop_old(self, now: datetime) -> int:
        """Note that it was asked for."""
        self.dropped.append(now)
        return 0

    async def mind(self, _: datetime) -> NoReturn:
        """Fail."""
        raise RuntimeError("seeded")


async def test_old_audit_months_go_whatever_happens_before(
    world: Loaded, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where runs cannot be minded, months that are past keeping are dropped; the tick fails."""
    noting = Noting()
    monkeypatch.setitem(app().__dict__, "audit", noting)
    monkeypatch.setitem(app().__dict__, "minder", noting)
    result = await world.worker.invoke_timer("mind_runs")
    assert not result.succeeded
    assert len(noting.dropped) == 1
