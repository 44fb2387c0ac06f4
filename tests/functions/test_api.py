"""The HTTP functions through the real worker library."""

import json
from typing import cast
from uuid import uuid4

import pytest

from local.host.payloads import HttpCall
from local.host.worker import InvocationResult
from shared.domain.vocabulary.ids import ClusterId
from tests.clusters import FOREIGN_SUBSCRIPTION, SUBSCRIPTION, cluster, schedule
from tests.functions.conftest import Loaded

type Json = dict[str, object]


def a_cluster() -> ClusterId:
    """Give a cluster that no other test has left a row of."""
    return ClusterId.of(SUBSCRIPTION, "rg-1", f"aks-{uuid4().hex[:8]}")


async def post(world: Loaded, body: object) -> tuple[int, Json]:
    """Call POST /reconcile with a JSON body, or with bytes as they are."""
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    call = HttpCall(method="POST", url="http://127.0.0.1/api/reconcile", body=raw)
    return answer(await world.worker.invoke_http("reconcile", call))


async def get(world: Loaded, *parts: str) -> tuple[int, Json]:
    """Call GET /clusters/{subscriptionId}/{resourceGroup}/{name}."""
    names = dict(zip(("subscriptionId", "resourceGroup", "name"), parts, strict=True))
    return answer(await world.worker.invoke_http("show_cluster", HttpCall(route_params=names)))


def answer(result: InvocationResult) -> tuple[int, Json]:
    """Read status and JSON body; a problem says so in its content type."""
    assert result.succeeded, result.exception
    response = result.response
    kind = response.headers["content-type"].split(";")[0]
    assert kind == ("application/json" if response.status < 400 else "application/problem+json")
    return response.status, cast("Json", json.loads(response.body))


async def test_health(world: Loaded) -> None:
    """Health says ok and nothing else."""
    assert answer(await world.worker.invoke_http("health", HttpCall())) == (200, {"status": "ok"})


async def test_reconcile(world: Loaded) -> None:
    """One cluster is reconciled at once and its outcome answered."""
    wanted = a_cluster()
    await world.controls.put(cluster(wanted.name))
    status, body = await post(world, {"clusterId": str(wanted)})
    assert (status, body["outcome"], body["reason"]) == (200, "Created", "ScheduleMissing")
    assert await world.controls.schedule(wanted)
    status, body = await post(world, {"clusterId": str(wanted)})
    assert (status, body["outcome"], body["reason"]) == (200, "Unchanged", "UpToDate")


async def test_dry_run(world: Loaded) -> None:
    """A dry run answers what would be done, and nothing is written."""
    wanted = a_cluster()
    await world.controls.put(cluster(wanted.name))
    status, body = await post(world, {"clusterId": str(wanted), "dryRun": True})
    assert (status, body["outcome"], body["dryRun"]) == (200, "WouldCreate", True)
    assert body["nextStart"]
    assert await world.controls.schedule(wanted) is None


async def test_deferred_is_accepted(world: Loaded) -> None:
    """What has to wait is accepted, with where and when to look."""
    wanted = a_cluster()
    await world.controls.put(cluster(wanted.name, state="Creating"))
    raw = json.dumps({"clusterId": str(wanted)}).encode()
    result = await world.worker.invoke_http("reconcile", HttpCall(method="POST", body=raw))
    assert result.response.status == 202
    headers = {name.lower(): value for name, value in result.response.headers.items()}
    assert headers["location"].endswith(f"/api/clusters/{SUBSCRIPTION}/rg-1/{wanted.name}")
    assert int(headers["retry-after"]) > 0
    assert len(await world.messages("naptime-clusters")) == 0, "it is delayed"


async def test_failed_is_an_outcome(world: Loaded) -> None:
    """What Azure refuses for good is answered as Failed, and kept with what to do."""
    wanted = a_cluster()
    await world.controls.put(cluster(wanted.name))
    await world.controls.order("bad-request", method="PUT")
    status, body = await post(world, {"clusterId": str(wanted)})
    assert (status, body["outcome"], body["reason"]) == (200, "Failed", "RejectedByAzure")
    status, shown = await get(world, SUBSCRIPTION, "rg-1", wanted.name)
    assert status == 200
    given_up = cast("Json", shown["givenUp"])
    assert given_up["reason"] == "RejectedByAzure"
    assert given_up["advice"]


VALID = str(ClusterId.of(SUBSCRIPTION, "rg-1", "aks-1"))


@pytest.mark.parametrize(
    ("body", "status", "field"),
    [
        (b"", 400, "body"),
        (b"not json", 400, "body"),
        (b"\xff\xfe", 400, "body"),
        (b"[" * 50_000, 400, "body"),
        ([], 400, "body"),
        ({}, 400, "clusterId"),
        ({"clusterId": 7}, 400, "clusterId"),
        ({"clusterId": None}, 400, "clusterId"),
        ({"fleet": False}, 400, "clusterId"),
        ({"fleet": "yes"}, 400, "fleet"),
        ({"clusterId": VALID, "fleet": True}, 400, "clusterId"),
        ({"subscriptionId": SUBSCRIPTION, "fleet": True}, 400, "subscriptionId"),
        ({"subscriptionId": "x"}, 400, "subscriptionId"),
        ({"subscriptionId": FOREIGN_SUBSCRIPTION}, 403, "subscriptionId"),
        ({"subscriptionId": SUBSCRIPTION, "resourceGroup": "a/b"}, 400, "resourceGroup"),
        ({"subscriptionId": SUBSCRIPTION, "resourceGroup": ""}, 400, "resourceGroup"),
        ({"fleet": True, "resourceGroup": "rg"}, 400, "resourceGroup"),
        ({"fleet": True, "locations": "westeurope"}, 400, "locations"),
        ({"fleet": True, "locations": ["west/europe"]}, 400, "locations[0]"),
        ({"fleet": True, "locations": ["westeurope", 7]}, 400, "locations[1]"),
        ({"clusterId": VALID, "locations": ["westeurope"]}, 400, "locations"),
        ({"clusterId": VALID, "dryRun": "yes"}, 400, "dryRun"),
        ({"clusterId": VALID, "colour": "blue"}, 400, "colour"),
        ({"clusterId": VALID + "/"}, 400, "clusterId"),
        ({"clusterId": VALID + "/agentPools/x"}, 400, "clusterId"),
        ({"clusterId": VALID.replace("rg-1", "..")}, 400, "clusterId"),
        ({"clusterId": VALID.replace("rg-1", "rg%2f1")}, 400, "clusterId"),
        ({"clusterId": VALID.replace("aks-1", "aks-\u212a")}, 400, "clusterId"),
        ({"clusterId": VALID + "\n"}, 400, "clusterId"),
        ({"clusterId": VALID + "?api-version=1"}, 400, "clusterId"),
        ({"clusterId": VALID.replace(SUBSCRIPTION, FOREIGN_SUBSCRIPTION)}, 403, "subscriptionId"),
        (b'{"clusterId": "' + b"x" * 2_000_000 + b'"}', 413, "body"),
    ],
)
async def test_bad_requests_name_the_field(
    world: Loaded, body: object, status: int, field: str
) -> None:
    """Whatever is wrong with a request is answered with a problem that names the field."""
    answered, problem = await post(world, body)
    assert (answered, problem["status"], problem["field"]) == (status, status, field)
    assert problem["reason"]
    assert problem["detail"]
    assert await world.controls.journal() == []


@pytest.mark.parametrize(
    ("parts", "status", "field"),
    [
        (("not-a-guid", "rg", "aks"), 400, "subscriptionId"),
        ((SUBSCRIPTION, "..", "aks"), 400, "resourceGroup"),
        ((SUBSCRIPTION, "rg", "a/b"), 400, "name"),
        ((SUBSCRIPTION, "rg", "x" * 64), 400, "name"),
        ((FOREIGN_SUBSCRIPTION, "rg", "aks"), 403, "subscriptionId"),
    ],
)
async def test_bad_paths_name_the_part(
    world: Loaded, parts: tuple[str, str, str], status: int, field: str
) -> None:
    """Whatever is wrong with a path is answered with a problem that names the part."""
    answered, problem = await get(world, *parts)
    assert (answered, problem["field"]) == (status, field)


async def test_show_a_cluster(world: Loaded) -> None:
    """A cluster is shown with its schedule, its next occurrences and the decision."""
    wanted = a_cluster()
    await world.controls.put(cluster(wanted.name))
    await world.controls.put_schedule(wanted, schedule(), "aksmanagednodeosupgradeschedule")
    status, shown = await get(world, SUBSCRIPTION.upper(), "RG-1", wanted.name.upper())
    assert status == 200
    assert shown["nodeAutoProvisioning"] is True
    assert cast("Json", shown["schedule"])["name"] == "aksmanagednodeosupgradeschedule"
    assert len(cast("list[Json]", shown["nextOccurrences"])) == 5
    assert cast("Json", shown["decision"])["action"] == "Leave"
    assert (shown["lastOutcome"], shown["givenUp"]) == (None, None)


async def test_show_a_cluster_that_is_not_there(world: Loaded) -> None:
    """A cluster that ARM does not know is a 404 with the reason."""
    status, problem = await get(world, SUBSCRIPTION, "rg-1", a_cluster().name)
    assert (status, problem["reason"]) == (404, "ClusterGone")
    assert problem["advice"]


@pytest.mark.parametrize(
    ("fault", "status", "reason"),
    [("forbidden", 403, "AccessDenied"), ("token-refused", 502, "NotAuthenticated")],
)
async def test_show_what_azure_refuses(world: Loaded, fault: str, status: int, reason: str) -> None:
    """What Azure refuses to show is a problem with Azure's reason and what to do."""
    wanted = a_cluster()
    await world.controls.put(cluster(wanted.name))
    await world.controls.order(fault, times=1)
    answered, problem = await get(world, SUBSCRIPTION, "rg-1", wanted.name)
    assert (answered, problem["reason"]) == (status, reason)
    assert problem["advice"]
