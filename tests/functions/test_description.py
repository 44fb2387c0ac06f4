"""The API's description: valid, whole, and true."""

import json
import re
from typing import cast

import pytest
import schemathesis

from functions.api.describe import DESCRIBED
from functions.api.named import GROUP_EXAMPLE, NAME_EXAMPLE
from functions.api.policy import SUNDAYS
from functions.http.answering import found_in, problem
from functions.http.routes import Route
from local.host.payloads import HttpCall
from local.host.responses import HttpResponse
from shared.domain.errors import ClusterGone
from shared.domain.messages.audit import CORRELATION_HEADER
from shared.reconcile.shown.cluster_json import RememberedJson
from shared.reconcile.shown.one_cluster import LiveReadFailed
from tests.clusters import SUBSCRIPTION, cluster
from tests.functions.conftest import Loaded
from tests.functions.described import Description, Json, NotAsDescribed
from tests.functions.test_runs import work_off

ROUTES = [route for concern in DESCRIBED for route in concern.declared]
PLAIN = {"content-type": "application/json", "x-correlation-id": SUBSCRIPTION}
EXAMPLES = [
    pytest.param(route, example, id=f"{route.path}: {title}")
    for route in ROUTES
    for title, example in route.examples.items()
]


@pytest.fixture
async def description(loaded: Loaded) -> Description:
    """Give the description that the app gives of itself."""
    return await loaded.worker.description()


async def test_it_is_openapi(description: Description) -> None:
    """The document is valid by the schema of OpenAPI 3.1."""
    assert description.document["openapi"] == "3.1.0"
    schemathesis.openapi.from_dict(description.document).validate()


async def test_it_may_be_kept_for_a_while(loaded: Loaded) -> None:
    """The document is the same for everybody, so it may be cached."""
    result = await loaded.worker.invoke_http("openapi", HttpCall())
    headers = {name.lower(): value for name, value in result.response.headers.items()}
    assert headers["cache-control"] == "public, max-age=300"
    assert headers["content-type"] == "application/json"


async def test_every_http_function_is_described(loaded: Loaded, description: Description) -> None:
    """Each HTTP function is described under its own route and method, but for two.

    The description itself, and the fleet page, which is no part of an API.
    """
    registered = {
        (f"/api/{function.trigger.settings['route']}", method.lower(), name)
        for name, function in loaded.worker.functions.items()
        if function.trigger.type == "httpTrigger"
        for method in cast("list[str]", function.trigger.settings["methods"])
    }
    paths = cast("dict[str, dict[str, Json]]", description.document["paths"])
    described = {
        (path, method, operation["operationId"])
        for path, operations in paths.items()
        for method, operation in operations.items()
    }
    assert registered - described == {
        ("/api/openapi.json", "get", "openapi"),
        ("/api/fleet", "get", "fleet_page"),
    }
    assert described - registered == set()


async def test_the_parameters_of_paths_are_described(description: Description) -> None:
    """Whatever a path has in braces is a parameter of it, and nothing else is."""
    paths = cast("dict[str, dict[str, dict[str, list[Json]]]]", description.document["paths"])
    for path, operations in paths.items():
        for operation in operations.values():
            named = {f"{{{p['name']}}}" for p in operation["parameters"] if p["in"] == "path"}
            assert named == {part for part in path.split("/") if part.startswith("{")}


def test_what_is_remembered_of_a_cluster_is_described_with_a_problem(
    description: Description,
) -> None:
    """A cluster that is gone is a problem with all that is remembered of it, each member known."""
    remembered: RememberedJson = {
        "lastOutcome": {"reason": "UpToDate"},  # type: ignore[typeddict-item]  # any object will do
        "givenUp": {"reason": "AccessDenied"},  # type: ignore[typeddict-item]
        "imageAge": {"machines": 3},  # type: ignore[typeddict-item]
        "lastRemoved": {"at": "2026-11-21T12:00:00Z", "by": SUBSCRIPTION, "kind": None},
    }
    assert remembered.keys() == RememberedJson.__annotations__.keys()
    error = LiveReadFailed(ClusterGone("not found", status=404), remembered)
    answer = problem(found_in(error), SUBSCRIPTION)
    headers = {**answer.headers, "content-type": str(answer.mimetype), CORRELATION_HEADER: "x"}
    described = HttpResponse(answer.status_code, headers, answer.get_body())
    description.check("show_cluster", described)
    assert remembered.items() <= json.loads(described.body).items()


def test_patterns_are_what_readers_of_schemas_know(description: Description) -> None:
    """A pattern begins and ends a text, in the words of ECMA's regular expressions."""
    patterns = re.findall(r'"pattern": "(.*?)(?<!\\)"', json.dumps(description.document))
    assert len(patterns) > 10
    assert all(each.startswith("^") and each.endswith("$") for each in patterns)


async def test_everything_has_a_description(description: Description) -> None:
    """Each operation has a summary, each component a sentence."""
    components = cast("dict[str, dict[str, Json]]", description.document["components"])
    assert all(schema.get("description") for schema in components["schemas"].values())
    paths = cast("dict[str, dict[str, Json]]", description.document["paths"])
    assert all(operation["summary"] for path in paths.values() for operation in path.values())


@pytest.mark.usefixtures("without_policy")
@pytest.mark.parametrize(("route", "example"), EXAMPLES)
async def test_examples_work(world: Loaded, route: Route, example: Json | str) -> None:
    """Each example of a body is granted, for the cluster that the description names."""
    if "clusterId" in example or "{name}" in route.path:
        # A run over a cluster that was looked at within the same second would have to come back.
        await world.controls.put(cluster(NAME_EXAMPLE, group=GROUP_EXAMPLE), events=False)
    if route.path == "policy/restore":
        text = HttpCall(method="PUT", body=SUNDAYS.encode())
        assert (await world.worker.invoke_http("put_policy", text)).response.status == 200
    parts = {"subscriptionId": SUBSCRIPTION, "resourceGroup": GROUP_EXAMPLE, "name": NAME_EXAMPLE}
    call = HttpCall(
        method=route.method,
        headers={"content-type": "application/json"},
        route_params=parts if "{name}" in route.path else {},
        body=(example if isinstance(example, str) else json.dumps(example)).encode(),
    )
    result = await world.worker.invoke_http(route.handler.__name__, call)
    assert result.response.status in {200, 201, 202}, result.response.body
    await work_off(world)


@pytest.mark.parametrize(
    "answer",
    [
        HttpResponse(418, PLAIN, b"{}"),
        HttpResponse(200, {**PLAIN, "content-type": "text/plain"}, b"{}"),
        HttpResponse(200, PLAIN, b"{}"),
        HttpResponse(200, PLAIN, b'{"status":"ok","more":1}'),
        HttpResponse(200, PLAIN, b'{"status":7}'),
        HttpResponse(200, {"content-type": "application/json"}, b'{"status":"ok"}'),
        HttpResponse(200, {**PLAIN, "x-other": "1"}, b'{"status":"ok"}'),
        HttpResponse(400, {**PLAIN, "content-type": "application/problem+json"}, b"{}"),
    ],
)
def test_what_is_not_described_is_noticed(description: Description, answer: HttpResponse) -> None:
    """The check can fail: another status, header, media type, type, or member than described."""
    with pytest.raises(NotAsDescribed):
        description.check("health", answer)
