"""What is under /admin."""

import json
import uuid

import pytest

from tests.local.host.conftest import MASTER, RunningHost
from tests.local.host.recorder import recorder


async def test_the_ping_needs_no_key(host: RunningHost) -> None:
    """Everybody may ask whether the host is there."""
    assert (await host.ask("GET", "/admin/host/ping", key=None)).status == 200


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/admin/host/status"),
        ("GET", "/admin/functions"),
        ("GET", "/admin/functions/echo"),
        ("GET", "/admin/host/keys"),
        ("POST", "/admin/functions/tick"),
        ("GET", "/admin/nothing"),
    ],
)
async def test_everything_else_needs_the_master_key(
    host: RunningHost, method: str, path: str
) -> None:
    """No key, a wrong key and the host key are 401."""
    keys = [None, "wrong", host.host.keys.default]
    assert [(await host.ask(method, path, key=key)).status for key in keys] == [401] * 3


async def test_the_status_says_that_it_runs(host: RunningHost) -> None:
    """The state is Running."""
    assert json.loads((await host.ask("GET", "/admin/host/status")).body)["state"] == "Running"


async def test_the_functions_are_listed(host: RunningHost) -> None:
    """All of them, the disabled one marked, each with its bindings; one alone in any case."""
    listed = json.loads((await host.ask("GET", "/admin/functions")).body)
    assert [one["name"] for one in listed if one["isDisabled"]] == ["off"]
    alone = json.loads((await host.ask("GET", "/admin/functions/ECHO")).body)
    assert alone == listed[0]
    assert alone["config"]["bindings"][0]["route"] == "echo/{name}/{number:int?}"


async def test_keys_can_be_read(host: RunningHost) -> None:
    """The host key, the system key and a function's key, as `az functionapp keys list` shows."""
    keys = host.host.keys
    expected = {
        "/admin/host/keys": [{"name": "default", "value": keys.default}],
        "/admin/host/systemkeys": [
            {"name": "eventgrid_extension", "value": keys.eventgrid_extension}
        ],
        "/admin/functions/echo/keys": [{"name": "default", "value": keys.functions["echo"]}],
        "/admin/functions/work/keys": [],
    }
    for path, listed in expected.items():
        assert json.loads((await host.ask("GET", path)).body)["keys"] == listed


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/admin/functions/nowhere"),
        ("GET", "/admin/functions/echo/nothing"),
        ("POST", "/admin/functions/nowhere"),
        ("POST", "/admin/functions/off"),
        ("DELETE", "/admin/functions/echo"),
        ("GET", "/admin"),
    ],
)
async def test_what_is_not_there_is_not_found(host: RunningHost, method: str, path: str) -> None:
    """Unknown functions and paths, and a disabled function, are 404."""
    assert (await host.ask(method, path)).status == 404


async def test_a_timer_can_be_run_by_hand(host: RunningHost) -> None:
    """The answer is 202 at once, and the function runs behind it."""
    before = len(recorder.of("tick"))
    answer = await host.ask("POST", "/ADMIN/Functions/tick", json={"input": ""})
    assert answer.status == 202
    await recorder.count("tick", before + 1)


async def test_the_input_is_the_payload(host: RunningHost) -> None:
    """A queue function gets it as its message, an Event Grid function as its event."""
    text = str(uuid.uuid4())
    await host.ask("POST", "/admin/functions/plain", json={"input": text})
    await recorder.until(lambda: text in recorder.of("plain"))
    event = {"id": text, "data": {}}
    await host.ask("POST", "/admin/functions/on_event", json={"input": json.dumps(event)})
    await recorder.until(lambda: event in recorder.of("on_event"))
    assert (await host.ask("POST", "/admin/functions/echo", json={"input": text})).status == 202


@pytest.mark.parametrize("body", [b"{", b"[]", b'"input"', b'{"input": null}'])
async def test_a_body_without_input_is_refused(host: RunningHost, body: bytes) -> None:
    """What is no object with an input is a 400."""
    answer = await host.ask("POST", "/admin/functions/tick", key=MASTER, body=body)
    assert answer.status == 400
