"""The threats that a caller or an event can be, one by one, each shown to come to nothing.

Each test is one row: what is tried, and what is there against it. What only the deployment can
stop (a stolen identity, a flood of callers) is with the infrastructure's checks.
"""

import json
import logging
from base64 import b64decode
from datetime import UTC, datetime
from typing import cast

import pytest

from local.host.payloads import HttpCall, QueueMetadata
from shared.domain.vocabulary.ids import ClusterId
from shared.domain.vocabulary.pages import to_token
from tests.clusters import FOREIGN_SUBSCRIPTION, OWN_CLIENT_ID, SUBSCRIPTION, cluster, schedule
from tests.functions.conftest import Loaded
from tests.functions.test_api import Json, a_cluster, answer, get, post
from tests.payloads import cluster_written, recorded, schedule_deleted, schedule_written

VALID = str(ClusterId.of(SUBSCRIPTION, "rg-1", "aks-1"))

LONG_AGO, LATER = datetime(2026, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC)
"""When messages were inserted: before anything was read here, and after everything was."""

NO_IDS = [
    VALID.replace("rg-1", ".."),
    VALID.replace("rg-1", "../../providers/Microsoft.Authorization/roleAssignments"),
    VALID.replace("rg-1", "rg%2f1"),
    VALID.replace("rg-1", "rg\u2044x"),
    VALID.replace("aks-1", "aks-\u212a"),
    VALID.replace("aks-1", "aks-1' or '1' eq '1"),
    VALID.replace("Microsoft.ContainerService", "Microsoft.Authorization"),
    f"{VALID}?api-version=2020-01-01",
    f"{VALID}#",
    f"{VALID}/",
    f"{VALID}\n",
    f"{VALID}\x00",
    f"{VALID}/agentPools/x",
    f"{VALID}/maintenanceConfigurations/default/../x",
    f"https://evil.example{VALID}",
]
"""Text that tries to be more than a cluster's id."""

MALFORMED = [
    *("", "null", "[]", "7", '"x"', "{", "{}", '{"id": 1}'),
    "[" * 100_000,
    '{"a":' * 50_000,
    '{"a": 1, "a": 2}',
    '{"a": NaN}',
    '{"a": "\\ud800"}',
    '{"a": 1e999}',
    "x" * 2_000_000,
]
"""Bodies that are no JSON object that every reader would read alike, or larger than any needs."""


async def _event(world: Loaded, event: str, name: str = "on_cluster_created") -> list[Json]:
    """Deliver an event, and give the work that came of it."""
    result = await world.worker.invoke_event_grid(name, event)
    assert result.succeeded, "what cannot be used is acknowledged, or it would come again"
    return [json.loads(b64decode(text)) for text in await world.messages("naptime-clusters")]


async def _work(world: Loaded, cluster_id: ClusterId, *, at: datetime = LATER) -> None:
    """Do the work that an event put on the queue, as it was inserted at an instant."""
    (envelope,) = await _event(world, cluster_written(cluster_id))
    metadata = QueueMetadata(insertion_time=at)
    result = await world.worker.invoke_queue("reconcile_one", json.dumps(envelope), metadata)
    assert result.succeeded, result.exception


async def test_forged_event(world: Loaded) -> None:
    """Whatever an event claims, only the cluster's id goes on; the window is the settings'."""
    wanted = a_cluster()
    await world.controls.put(cluster(wanted.name), events=False)
    event = json.loads(cluster_written(wanted))
    event["data"] |= {"maintenanceWindow": schedule(hours=24), "window": "all day", "dryRun": False}
    (envelope,) = await _event(world, json.dumps(event))
    allowed = {"clusterId", "cause", "askedAt", "attempt", "eventId", "eventAt", "since"}
    assert set(cast("Json", envelope["work"])) <= allowed
    await world.worker.invoke_queue("reconcile_one", json.dumps(envelope))
    written = cast("Json", (await world.controls.schedule(wanted) or {})["properties"])
    window = cast("Json", written["maintenanceWindow"])
    assert (window["durationHours"], window["startTime"]) == (4, "01:00")


async def test_confused_deputy(world: Loaded) -> None:
    """A subscription that is not allowed is no work and no call, however it is named."""
    foreign = VALID.replace(SUBSCRIPTION, FOREIGN_SUBSCRIPTION)
    recorded_event = recorded("cluster_write")
    assert await _event(world, recorded_event.replace(SUBSCRIPTION, FOREIGN_SUBSCRIPTION)) == []
    event = json.loads(cluster_written(ClusterId.parse(VALID)))
    assert await _event(world, json.dumps(event | {"topic": "/subscriptions/x"})) == []
    other = {"topic": f"/subscriptions/{FOREIGN_SUBSCRIPTION}"}
    assert await _event(world, json.dumps(event | other)) == []
    for body in ({"clusterId": foreign}, {"subscriptionId": FOREIGN_SUBSCRIPTION}):
        assert (await post(world, body))[0] == 403
    assert (await get(world, FOREIGN_SUBSCRIPTION, "rg-1", "aks-1"))[0] == 403
    listed = HttpCall(params={"subscriptionId": FOREIGN_SUBSCRIPTION})
    assert answer(await world.worker.invoke_http("list_clusters", listed))[0] == 403
    assert await world.controls.journal() == []


async def test_a_token_opens_no_other_subscription(world: Loaded) -> None:
    """A forged token, even one with the right mark, only moves the start of one's own list."""
    question = {"of": "clusters", "in": None, "look": False, "crowded": False}
    place = (FOREIGN_SUBSCRIPTION, "known:" + "0" * 32)
    token = to_token(question, *place)
    call = HttpCall(params={"continuationToken": token})
    status, body = answer(await world.worker.invoke_http("list_clusters", call))
    assert (status, body["value"]) == (200, [])
    for wrong in (
        to_token(question, f"{SUBSCRIPTION}' or PartitionKey ne '", "known:" + "0" * 32),
        to_token(question, SUBSCRIPTION, "known:' or RowKey ne '"),
        to_token(question, SUBSCRIPTION, "claims"),
        to_token({**question, "in": FOREIGN_SUBSCRIPTION}, *place),
    ):
        call = HttpCall(params={"continuationToken": wrong})
        status, body = answer(await world.worker.invoke_http("list_clusters", call))
        assert (status, body["field"]) == (400, "continuationToken")


@pytest.mark.parametrize("text", NO_IDS)
async def test_resource_id_injection(world: Loaded, text: str) -> None:
    """What is more than an id is refused everywhere, and becomes no URL."""
    event = json.loads(cluster_written(ClusterId.parse(VALID)))
    event["data"]["resourceUri"] = text
    assert await _event(world, json.dumps(event | {"subject": text})) == []
    status, problem = await post(world, {"clusterId": text})
    assert (status, problem["field"]) == (400, "clusterId")
    *_, group, _, _, _, name = VALID.split("/")
    for parts in ((text, group, name), (SUBSCRIPTION, text, name), (SUBSCRIPTION, group, text)):
        assert (await get(world, *parts))[0] == 400
    assert await world.controls.journal() == []


@pytest.mark.parametrize(
    ("function", "call", "field"),
    [
        ("list_clusters", {"params": {"location": "westeurope\n"}}, "location"),
        ("reconcile", {"body": b'{"fleet": true, "locations": ["a\\n"]}'}, "locations[0]"),
        ("revoke_feed", {"route_params": {"feedId": "0" * 32 + "\n"}}, "feedId"),
        (
            "approve_run",
            {
                "route_params": {"runId": "202611-0"},
                "body": b'{"planHash": "%b\\n"}' % (b"0" * 32),
            },
            "planHash",
        ),
    ],
)
async def test_no_name_ends_in_a_line_break(
    world: Loaded, function: str, call: Json, field: str
) -> None:
    """A grammar is all of a text: a line break behind it is no part of a name, nor of a key."""
    method = "GET" if function.startswith("list") else "POST"
    http = HttpCall(method=method, **call)  # type: ignore[arg-type]  # each of its own type
    status, problem = answer(await world.worker.invoke_http(function, http))
    assert (status, problem["field"]) == (400, field)


@pytest.mark.parametrize("name", ["subscriptionId", "location", "reason", "outcome"])
@pytest.mark.parametrize("value", ["' or '1' eq '1", "x' | union T", "@value0", "x\ny", "é"])
async def test_query_injection(world: Loaded, name: str, value: str) -> None:
    """A filter is one of its words, or a name by its grammar; nothing else reaches a query."""
    call = HttpCall(params={name: value})
    status, problem = answer(await world.worker.invoke_http("list_clusters", call))
    assert (status, problem["field"]) == (400, name)


async def test_log_injection(world: Loaded, caplog: pytest.LogCaptureFixture) -> None:
    """Text from outside makes no line of a log, nor any of its own control characters."""
    caplog.set_level(logging.DEBUG)
    event = json.loads(cluster_written(ClusterId.parse(VALID)))
    forged = "x\nFORGED line\x1b[2J\u202e"
    await _event(world, json.dumps(event | {"id": forged}))
    await _event(world, json.dumps(event | {"subject": VALID + forged}))
    await _event(world, json.dumps(event | {"eventType": forged}))
    await post(world, {"clusterId": VALID + forged})
    await post(world, {forged: forged})
    await world.worker.invoke_queue("reconcile_one", json.dumps({"v": 1, "work": {forged: forged}}))
    ours = [record.getMessage() for record in caplog.records if record.name.startswith("naptime")]
    assert ours
    assert not any(char in message for message in ours for char in "\n\x1b\u202e")


async def test_answers_repeat_no_control_characters(world: Loaded) -> None:
    """A problem shows what was wrong cut short, and without control characters."""
    _, problem = await post(world, {"x\x1b\n" * 100: "y\u202e\n" * 1000})
    text = json.dumps(problem, ensure_ascii=False)
    assert not any(char in text for char in "\x1b\u202e")
    assert len(text) < 1500


async def test_tags_set_no_window(world: Loaded) -> None:
    """No tag of a cluster changes what is written; `naptime=off` is the only one that is read."""
    wanted = a_cluster()
    tags = {"naptime": "00:00-24:00", "naptime-window": "daily", "durationHours": "24"}
    await world.controls.put(cluster(wanted.name, tags=tags), events=False)
    assert (await post(world, {"clusterId": str(wanted)}))[1]["outcome"] == "Created"
    written = cast("Json", (await world.controls.schedule(wanted) or {})["properties"])
    window = cast("Json", written["maintenanceWindow"])
    assert (window["durationHours"], window["startTime"]) == (4, "01:00")


@pytest.mark.parametrize("text", MALFORMED, ids=range(len(MALFORMED)))
async def test_oversized_and_deep(world: Loaded, text: str) -> None:
    """What is too large, too deep or ambiguous is refused before anything is made of it."""
    for name in ("on_cluster_created", "on_schedule_changed", "on_node_image_released"):
        assert await _event(world, text, name) == []
    for name in ("reconcile", "replay_given_up"):
        call = HttpCall(method="POST", body=text.encode())
        status, problem = answer(await world.worker.invoke_http(name, call))
        assert (status, problem["reason"]) in {(400, "InvalidRequest"), (413, "BodyTooLarge")}
    if "\\ud" in text:
        return  # the local host cannot put half a surrogate pair into a message's metadata
    for name in ("reconcile_one", "start_run", "reconcile_shard"):
        result = await world.worker.invoke_queue(name, text[:60_000])
        assert result.succeeded, "it would be refused each time"


async def test_replay(world: Loaded) -> None:
    """The same event again, and again, is one write."""
    wanted = a_cluster()
    await world.controls.put(cluster(wanted.name), events=False)
    for _ in range(3):
        await _work(world, wanted)
    writes = await world.controls.journal(method="PUT", path=f"*{wanted.name}*")
    assert len(writes) == 1


async def test_flood(world: Loaded) -> None:
    """Fifty events at once are one write, and what came before the last read costs no call."""
    wanted = a_cluster()
    await world.controls.put(cluster(wanted.name), events=False)
    await _work(world, wanted)
    calls = len(await world.controls.journal())
    for _ in range(50):
        await _work(world, wanted, at=LONG_AGO)
    assert len(await world.controls.journal()) == calls


async def test_self_triggered_loop(world: Loaded) -> None:
    """Naptime's own write is no work for it; that somebody deleted its schedule always is."""
    wanted = ClusterId.parse(VALID)
    name = "on_schedule_changed"
    assert await _event(world, schedule_written(wanted, OWN_CLIENT_ID), name) == []
    assert len(await _event(world, schedule_written(wanted, "somebody"), name)) == 1
    assert len(await _event(world, schedule_deleted(wanted, OWN_CLIENT_ID), name)) == 1


async def test_personal_data(world: Loaded, caplog: pytest.LogCaptureFixture) -> None:
    """Who did it, from where and with which claims is in events, and in nothing of naptime's."""
    caplog.set_level(logging.DEBUG)
    event = cluster_written(ClusterId.parse(VALID))
    (envelope,) = await _event(world, event)
    await _event(world, event.replace("aks-1", "../x"))
    await _event(world, event[:-10])
    kept = json.dumps(envelope) + "".join(
        record.getMessage() for record in caplog.records if record.name.startswith("naptime")
    )
    assert not any(claim in kept for claim in ("A. Person", "203.0.113.7", "5a3c1f0a"))


async def test_a_persons_schedule_is_never_written(world: Loaded) -> None:
    """A schedule that somebody made is left alone, however often naptime is asked or told."""
    wanted = a_cluster()
    await world.controls.put(cluster(wanted.name), events=False)
    await world.controls.put_schedule(wanted, schedule("Tuesday", "03:00", 4))
    await _work(world, wanted)
    assert (await post(world, {"clusterId": str(wanted)}))[1]["outcome"] == "Unchanged"
    assert await world.controls.journal(method="PUT") == []
    assert await world.controls.journal(method="DELETE") == []
