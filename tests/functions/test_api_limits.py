"""What the HTTP API takes, and how it says no: queries, pages, media types, runs, storage."""

import asyncio
import json
from types import SimpleNamespace
from typing import NoReturn

import pytest
from azure.core.exceptions import HttpResponseError, ServiceRequestError

from local.host.payloads import HttpCall
from shared.clients.storage.transactions import TransactionRefused
from shared.domain.errors import TooManyConflicts
from shared.domain.fleet.run import RunState
from shared.world import app
from tests.clusters import SUBSCRIPTION, cluster
from tests.functions.conftest import Loaded
from tests.functions.test_api import answer, post
from tests.functions.test_runs import work_off


def asked(query: str, **params: str) -> HttpCall:
    """Make the call of a query: the host leaves out empty values, and joins repeated ones."""
    return HttpCall(url=f"http://127.0.0.1/api/clusters?{query}", params=params)


@pytest.mark.parametrize(
    ("call", "field", "rule"),
    [
        (asked("subscriptionId="), "subscriptionId", "must not be empty; leave it out instead"),
        (asked("reason=&outcome=Failed", outcome="Failed"), "reason", "must not be empty"),
        (asked("outcome=Failed&OUTCOME=Failed", outcome="Failed,Failed"), "outcome", "given once"),
        (asked("colour=blue", colour="blue"), "colour", "is not known here; known are"),
        (asked("outcome=null", outcome="null"), "outcome", "must be one of Created, Updated"),
        (asked("needsAttention=maybe", needsAttention="maybe"), "needsAttention", "must be `bool`"),
        (asked("pageSize=0", pageSize="0"), "pageSize", "must be `int` >= 1"),
        (asked("pageSize=501", pageSize="501"), "pageSize", "must be `int` <= 500"),
        (asked("pageSize=1.5", pageSize="1.5"), "pageSize", "must be `int`"),
        (asked("continuationToken=x", continuationToken="x" * 600), "continuationToken", "512"),
    ],
)
async def test_queries_that_are_refused(
    world: Loaded, call: HttpCall, field: str, rule: str
) -> None:
    """What a query cannot mean is refused by name and rule; a filter is never just ignored."""
    status, problem = answer(await world.worker.invoke_http("list_clusters", call))
    assert (status, problem["field"]) == (400, field)
    assert rule in str(problem["detail"])


async def test_all_that_is_wrong_is_said_at_once(world: Loaded) -> None:
    """Three wrong parameters are three problems in one answer."""
    call = HttpCall(params={"pageSize": "x", "reason": "y", "colour": "blue"})
    _, problem = answer(await world.worker.invoke_http("list_clusters", call))
    problems = problem["problems"]
    assert isinstance(problems, list)
    assert {each["field"] for each in problems} == {"pageSize", "reason", "colour"}


@pytest.mark.parametrize(
    ("name", "body"),
    [
        ("reconcile", json.dumps({f"{number:x}": 1 for number in range(6000)})),
        ("put_policy", "version = 1\n" + "".join(f"a{number} = 1\n" for number in range(6000))),
    ],
)
async def test_thousands_of_mistakes_are_no_answer_of_megabytes(
    world: Loaded, name: str, body: str
) -> None:
    """So many problems as anybody reads are named one by one; the sentence counts all of them."""
    method = "PUT" if name == "put_policy" else "POST"
    call = HttpCall(method=method, body=body.encode())
    status, problem = answer(await world.worker.invoke_http(name, call))
    told = problem["problems"]
    assert isinstance(told, list)
    assert (status, len(told)) == (400, 500)
    more = int(str(problem["detail"]).split(" and ")[-1].removesuffix(" more"))
    assert more >= 6000 - 5


@pytest.mark.parametrize("query", [{"code": "a-key"}, {"outcome": "failed"}, {"pageSize": "500"}])
async def test_queries_that_are_granted(world: Loaded, query: dict[str, str]) -> None:
    """The host's own key is none of our business; words are found in any casing."""
    call = HttpCall(params=query)
    assert answer(await world.worker.invoke_http("list_clusters", call))[0] == 200


@pytest.mark.parametrize(("levels", "rule"), [(15, "is not known here"), (16, "nest deeper")])
async def test_bodies_nest_so_deep(world: Loaded, levels: int, rule: str) -> None:
    """Sixteen levels are read, the object itself included; what is deeper is refused as that."""
    status, problem = await post(world, f'{{"a": {"[" * levels}{"]" * levels}}}'.encode())
    assert status == 400
    assert rule in str(problem["detail"])


@pytest.mark.parametrize(
    ("media_type", "status"),
    [
        ("", 400),
        ("application/json", 400),
        ("Application/JSON; charset=utf-8", 400),
        ("application/merge-patch+json", 400),
        ("text/plain", 415),
        ("application/x-www-form-urlencoded", 400),
        ("application/jsonp", 415),
    ],
)
async def test_media_types(world: Loaded, media_type: str, status: int) -> None:
    """What says that it is something other than JSON is not read; curl's own word for all is."""
    headers = {"content-type": media_type} if media_type else {}
    call = HttpCall(method="POST", headers=headers, body=b"{}")
    assert answer(await world.worker.invoke_http("reconcile", call))[0] == status


async def test_so_many_runs_and_no_more(world: Loaded) -> None:
    """The run that is one too many is a 429 that says when to come back; joining never is."""
    listed = HttpCall(params={"state": RunState.ACTIVE.value})
    _, others = answer(await world.worker.invoke_http("list_runs", listed))
    bodies = [{"fleet": True, "locations": [f"place{number}"]} for number in range(21)]
    statuses = [(await post(world, body))[0] for body in bodies]
    assert statuses[0] == 202
    assert statuses[-1] == 429
    call = HttpCall(method="POST", body=json.dumps(bodies[-1]).encode())
    result = await world.worker.invoke_http("reconcile", call)
    headers = {name.lower(): value for name, value in result.response.headers.items()}
    assert int(headers["retry-after"]) == 60
    assert (await post(world, bodies[0]))[1]["joined"] is True
    await work_off(world)
    assert answer(await world.worker.invoke_http("list_runs", listed))[1] == others


async def test_a_run_that_too_many_want_at_once(
    world: Loaded, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever is beaten to the start of a run each time is told when to come back."""

    async def beaten(*_: object) -> NoReturn:
        raise TooManyConflicts("the fleet")

    monkeypatch.setitem(app().__dict__, "commands", SimpleNamespace(start_run=beaten))
    status, problem = await post(world, {"fleet": True})
    assert (status, problem["reason"]) == (503, "Paced")


class _Response:
    """As much of a response as the SDK's error reads."""

    reason = "made up"

    def __init__(self, status: int) -> None:
        self.status_code = status


class Away:
    """A fleet whose storage is away."""

    def __init__(self, error: Exception) -> None:
        self.error = error

    async def clusters(self, *_: object, **__: object) -> NoReturn:
        """Fail."""
        raise self.error


def refused(status: int) -> HttpResponseError:
    """Make the SDK's error for a status."""
    return HttpResponseError("account xyz says no", response=_Response(status))  # type: ignore[arg-type]  # all it reads


@pytest.mark.parametrize("error", [ServiceRequestError("no route"), refused(500), refused(403)])
async def test_storage_that_is_away(
    world: Loaded, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    """Where naptime's own storage does not answer, it is a 503 that says when to come back."""
    monkeypatch.setitem(app().__dict__, "fleet", Away(error))
    result = await world.worker.invoke_http("list_clusters", HttpCall())
    status, problem = answer(result)
    assert (status, problem["reason"]) == (503, "StorageUnavailable")
    assert "xyz" not in str(problem)
    headers = {name.lower(): value for name, value in result.response.headers.items()}
    assert int(headers["retry-after"]) > 0


@pytest.mark.parametrize("error", [TransactionRefused(400, "InvalidInput"), ValueError("a bug")])
async def test_a_bug_is_no_problem(
    world: Loaded, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    """What naptime does wrong itself fails loudly: the host logs it and answers 500."""
    monkeypatch.setitem(app().__dict__, "fleet", Away(error))
    result = await world.worker.invoke_http("list_clusters", HttpCall())
    assert not result.succeeded


@pytest.mark.usefixtures("pace_of_its_own")
async def test_many_readers_of_one_shard(world: Loaded) -> None:
    """Whoever reads the clusters of one shard gets an answer, or is told when to come back."""
    names = [f"read-{number:03}" for number in range(20)]
    for name in names:
        await world.controls.put(cluster(name))

    async def read(name: str) -> tuple[int, str]:
        params = {"subscriptionId": SUBSCRIPTION, "resourceGroup": "rg-1", "name": name}
        result = await world.worker.invoke_http("show_cluster", HttpCall(route_params=params))
        headers = {key.lower(): value for key, value in result.response.headers.items()}
        return result.response.status, headers.get("retry-after", "")

    answers = await asyncio.gather(*(read(names[n % len(names)]) for n in range(200)))
    assert {status for status, _ in answers} <= {200, 503}
    assert all(int(after) > 0 for status, after in answers if status == 503)
    assert sum(status == 200 for status, _ in answers) >= 30
