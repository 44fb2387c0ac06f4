"""The webhook of Event Grid triggers through the whole host."""

import json
import uuid
from collections.abc import Mapping

import pytest

from tests.local.host.conftest import MASTER, Answer, RunningHost
from tests.local.host.recorder import recorder

NOTIFICATION = {"aeg-event-type": "Notification"}
VALIDATION = {"aeg-event-type": "SubscriptionValidation"}


async def post(
    host: RunningHost,
    content: object,
    *,
    function: str = "on_event",
    key: str | None = MASTER,
    headers: Mapping[str, str] = NOTIFICATION,
) -> Answer:
    path = f"/runtime/webhooks/eventgrid?functionName={function}"
    return await host.ask("POST", path, key=key, headers=headers, json=content)


def event(**data: object) -> dict[str, object]:
    return {"id": str(uuid.uuid4()), "eventType": "Made.Up", "data": data}


async def test_an_event_is_delivered(host: RunningHost) -> None:
    """One event in a batch calls the function once, and is acknowledged with 202."""
    sent = event(subject="é")
    assert (await post(host, [sent])).status == 202
    assert recorder.of("on_event").count(sent) == 1


async def test_a_single_object_is_delivered(host: RunningHost) -> None:
    """A CloudEvent comes alone, without an array."""
    sent = event() | {"specversion": "1.0", "type": "Made.Up", "source": "urn:made-up"}
    assert (await post(host, sent)).status == 202
    assert recorder.of("on_event").count(sent) == 1


async def test_a_batch_is_dispatched_one_by_one(host: RunningHost) -> None:
    """Each event of a batch is a call of its own; one that fails does not keep the others off."""
    sent = [event(fail=True), event(), event()]
    answer = await post(host, sent)
    assert answer.status == 500
    assert answer.body == b"Exception while executing function: on_event"
    assert all(recorder.of("on_event").count(one) == 1 for one in sent)


async def test_the_body_decides_which_class_the_function_gets(host: RunningHost) -> None:
    """A CloudEvent reaches a function annotated EventGridEvent as a CloudEvent."""
    cloud = event() | {"specversion": "1.0", "type": "Made.Up", "source": "urn:made-up"}
    assert (await post(host, cloud, function="on_typed_event")).status == 202
    assert (await post(host, [event()], function="on_typed_event")).status == 202
    assert list(recorder.of("on_typed_event"))[-2:] == ["CloudEvent", "EventGridEvent"]


@pytest.mark.parametrize(
    "content",
    [
        [{"eventType": "V", "data": {"validationCode": "512d38b6"}}],
        {"type": "V", "data": json.dumps({"validationCode": "512d38b6"})},
    ],
)
async def test_the_handshake_is_answered(host: RunningHost, content: object) -> None:
    """The code is given back with 200, for both schemas."""
    answer = await post(host, content, headers=VALIDATION)
    assert answer.status == 200
    assert json.loads(answer.body) == {"validationResponse": "512d38b6"}


async def test_the_name_of_the_header_value_has_no_case(host: RunningHost) -> None:
    """The event type header is compared without case."""
    assert (await post(host, [event()], headers={"AEG-Event-Type": "notification"})).status == 202


@pytest.mark.parametrize("content", [[], {}, {"data": "no json"}, [{"data": {}}]])
async def test_a_handshake_without_code_fails(host: RunningHost, content: object) -> None:
    """Whatever is no handshake is a 500, as of the extension's own exception."""
    assert (await post(host, content, headers=VALIDATION)).status == 500


async def test_unsubscribing_is_acknowledged(host: RunningHost) -> None:
    """The notice that a subscription is gone is a 202."""
    assert (await post(host, [], headers={"aeg-event-type": "Unsubscribe"})).status == 202


@pytest.mark.parametrize("headers", [{}, {"aeg-event-type": "Other"}])
async def test_any_other_event_type_is_refused(host: RunningHost, headers: dict[str, str]) -> None:
    """A missing or unknown event type header is a 400."""
    assert (await post(host, [event()], headers=headers)).status == 400


@pytest.mark.parametrize("function", ["nowhere", "On_Event", "work", ""])
async def test_an_unknown_function_is_not_found(host: RunningHost, function: str) -> None:
    """Names count with their case, and only those of functions with this trigger."""
    answer = await post(host, [event()], function=function)
    assert answer.status == 404
    assert answer.body == f"cannot find function: '{function}'".encode()


async def test_only_the_system_key_and_the_master_key_open_it(host: RunningHost) -> None:
    """A host key does not, and without a key the answer is 401 before anything else."""
    keys = host.host.keys
    given = [None, "wrong", keys.default, keys.eventgrid_extension, MASTER]
    answers = [await post(host, [event()], key=key) for key in given]
    assert [answer.status for answer in answers] == [401, 401, 401, 202, 202]
    assert (await post(host, [event()], key=None, function="nowhere")).status == 401


@pytest.mark.parametrize("body", [b"[{", b"", b"\xff", b"[" * 200_000, b"1" * 5000, b"[1]", b"7"])
async def test_a_body_that_is_no_event_fails(host: RunningHost, body: bytes) -> None:
    """What is no JSON, or no object in it, is a 500, as of the extension's own exception."""
    path = "/runtime/webhooks/eventgrid?functionName=on_event"
    answer = await host.ask("POST", path, headers=NOTIFICATION, body=body)
    assert answer.status == 500


@pytest.mark.parametrize(("levels", "status"), [(62, 202), (63, 500)])
async def test_an_event_may_be_64_levels_deep(host: RunningHost, levels: int, status: int) -> None:
    """Deeper than 64 levels, the list and the event among them, is a 500."""
    deep: object = {}
    for _ in range(levels - 1):
        deep = {"a": deep}
    assert (await post(host, [event() | {"deep": deep}])).status == status


async def test_an_event_is_written_again(host: RunningHost) -> None:
    """Times are trimmed and in UTC, numbers are shortened, the last of doubled names counts."""
    path = "/runtime/webhooks/eventgrid?functionName=on_event"
    unique = event()["id"]
    body = (
        f'[{{"id": "gone", "id": "{unique}", "eventTime": "2026-08-26T12:00:00.1200000+02:00",'
        ' "data": {"at": "2026-08-26T12:00:00.000Z", "n": 1.50, "day": "2026-08-26"}}]'
    )
    answer = await host.ask("POST", path, headers=NOTIFICATION, body=body.encode())
    assert answer.status == 202
    assert recorder.of("on_event")[-1] == {
        "id": unique,
        "eventTime": "2026-08-26T10:00:00.12Z",
        "data": {"at": "2026-08-26T12:00:00Z", "n": 1.5, "day": "2026-08-26"},
    }


async def test_the_origin_that_asks_is_allowed(host: RunningHost) -> None:
    """CloudEvents' abuse protection is always 200, with the origin, and needs the key as well."""
    path = "/runtime/webhooks/eventgrid?functionName=on_event"
    asked = {"WebHook-Request-Origin": "eventgrid.azure.net"}
    answer = await host.ask("OPTIONS", path, headers=asked)
    assert answer.status == 200
    assert answer.headers["WebHook-Allowed-Origin"] == "eventgrid.azure.net"
    unnamed = await host.ask("OPTIONS", path)
    assert (unnamed.status, unnamed.headers["Webhook-Allowed-Origin"]) == (200, "")
    assert (await host.ask("OPTIONS", path, key=None, headers=asked)).status == 401
