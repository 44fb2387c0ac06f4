"""Whatever is asked, the API answers as it says of itself: never a 5xx, each 4xx a problem.

Through the real worker library, where every answer is held to the description as well.
"""

import json
from typing import cast

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from functions.api.describe import DESCRIBED
from functions.http.reading import FORM
from local.host.payloads import HttpCall
from tests.clusters import SUBSCRIPTION
from tests.examples import examples
from tests.functions.conftest import Loaded
from tests.functions.test_api import answer
from tests.functions.test_runs import work_off
from tests.unit.domain.strategies import json_values

ROUTES = {route.handler.__name__: route for concern in DESCRIBED for route in concern.declared}
WITH_BODY = [name for name, route in ROUTES.items() if "body" in route.parts]
WITH_PATH = [name for name, route in ROUTES.items() if "path" in route.parts]
LISTS = [name for name in ROUTES if name not in {*WITH_BODY, *WITH_PATH}]

some = settings(
    max_examples=examples(25, 60), suppress_health_check=[HealthCheck.function_scoped_fixture]
)

words = st.text(max_size=40) | st.sampled_from(
    [*("true", "false", "null", "0", "1", "-1", "1e9", "100", "500", "501", ","), SUBSCRIPTION]
)
names = st.sampled_from(
    sorted(
        {
            field
            for route in ROUTES.values()
            for kind in route.parts.values()
            for field in kind.__struct_encode_fields__
        }
    )
)
queries = st.dictionaries(names | st.text(min_size=1, max_size=20), words, max_size=4)
objects = st.dictionaries(names | st.text(max_size=10), json_values | words, max_size=5)
bodies = st.one_of(
    objects.map(lambda value: json.dumps(value).encode()),
    json_values.map(lambda value: json.dumps(value).encode()),
    st.binary(max_size=200),
)


async def ask(world: Loaded, name: str, call: HttpCall) -> None:
    """Ask, and see that the answer is a problem or what was asked for."""
    status, body = answer(await world.worker.invoke_http(name, call))
    assert status < 500, body
    if status >= 400:
        assert body["reason"]
        assert body["advice"]
        assert body["detail"]
        assert len(str(body)) < 20_000


@pytest.mark.parametrize("name", LISTS)
@given(query=queries)
@some
async def test_any_query(loaded: Loaded, name: str, query: dict[str, str]) -> None:
    """Any query of any route is granted or refused by name."""
    await ask(loaded, name, HttpCall(params=query))


@pytest.mark.parametrize("name", WITH_PATH)
@given(parts=st.lists(words, min_size=3, max_size=3), query=queries)
@some
async def test_any_path(loaded: Loaded, name: str, parts: list[str], query: dict[str, str]) -> None:
    """Any text in the place of an id is refused, or is an id of something that is not there."""
    route = ROUTES[name]
    kind = route.parts["path"]
    given_parts = dict(zip(kind.__struct_encode_fields__, parts, strict=False))
    await ask(loaded, name, HttpCall(method=route.method, route_params=given_parts, params=query))


@pytest.mark.parametrize("name", WITH_BODY)
@given(body=bodies)
@some
async def test_any_body(world: Loaded, name: str, body: bytes) -> None:
    """Any bytes in a body are refused by field and rule, or granted."""
    route = ROUTES[name]
    parts = {"subscriptionId": SUBSCRIPTION, "resourceGroup": "rg", "name": "aks-nowhere"}
    call = HttpCall(
        method=route.method, body=body, route_params=parts if "path" in route.parts else {}
    )
    await ask(world, name, call)
    await work_off(world)  # a run that was granted, and finds no cluster


@given(
    kind=st.text(max_size=40) | st.sampled_from(["text/plain", "application/x-www-form-urlencoded"])
)
@some
async def test_any_content_type(loaded: Loaded, kind: str) -> None:
    """A body said to be something else is 415; without a type, or as curl sends it, JSON."""
    call = HttpCall(method="POST", headers={"content-type": kind}, body=b"{}")
    status, body = answer(await loaded.worker.invoke_http("reconcile", call))
    assert status in {400, 415}
    plain = kind.partition(";")[0].strip().lower()
    assert (status == 400) == ("json" in kind or plain in {"", FORM})
    assert cast("str", body["reason"]) in {"InvalidRequest", "NotJson"}
