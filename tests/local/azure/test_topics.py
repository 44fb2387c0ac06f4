"""Custom topics: what is taken, what is refused and how, who gets it, and where it ends."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from azure.core.exceptions import ClientAuthenticationError, HttpResponseError
from azure.core.messaging import CloudEvent
from azure.eventgrid import EventGridEvent
from azure.eventgrid.aio import EventGridPublisherClient
from azure.identity.aio import ManagedIdentityCredential

from local.azure.event_grid.dead_letters import dead_letter
from local.azure.event_grid.deliveries import Delivery
from local.azure.event_grid.subscriptions import EventSubscription, topic_subscriptions_of
from local.azure.event_grid.topics import answer_topic
from local.azure.json_values import JsonObject, as_list, as_object
from local.azure.replies import Call, Reply
from local.azure.server import SimulatorServer
from local.azure.simulator import Setup, Simulator
from tests.local.azure.conftest import Served
from tests.local.azure.receiver import Receiver
from tests.local.azure.test_controls import refused
from tests.local.azure.world import NAPTIME, NODE_OS, NOW, World, a_setup, content, window
from tests.simulated_azure import trust

PATH = "/topics/naptime/api/events"
BATCH = "application/cloudevents-batch+json; charset=utf-8"
TOPIC_AUDIENCE = "https://eventgrid.azure.net/"


def an_event(**changes: object) -> JsonObject:
    event: JsonObject = {
        "specversion": "1.0",
        "type": "Naptime.NodeImageReleased",
        "source": "urn:naptime:test",
        "id": "1",
        "time": "2026-08-26T12:00:00Z",
        "data": {"location": "westeurope"},
        **changes,
    }
    return {name: value for name, value in event.items() if value is not ...}


def publish(  # noqa: PLR0913 - what a request consists of
    world: World,
    body: object,
    *,
    content_type: str = BATCH,
    audience: str = TOPIC_AUDIENCE,
    path: str = PATH,
    method: str = "POST",
    api_version: str = "2018-01-01",
) -> Reply:
    token = world.simulator.tokens.issue(audience, NAPTIME).text if audience else ""
    headers = {"Content-Type": content_type, "Authorization": f"Bearer {token}" if token else ""}
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    call = Call(method, path, {"api-version": api_version}, headers, data)
    return answer_topic(world.simulator, call, world.simulator.misfortune(call))


def published(world: World) -> list[tuple[str, JsonObject]]:
    return [(each.topic, each.event) for each in world.simulator.outbox.published]


def refusal(reply: Reply) -> tuple[int, str, str, str]:
    """Read an error; both its messages must be the same."""
    error = as_object(content(reply)["error"])
    (detail,) = (as_object(each) for each in as_list(error["details"]))
    assert detail["message"] == error["message"]
    return reply.status, str(error["code"]), str(detail["code"]), str(error["message"])


@pytest.mark.parametrize(
    ("content_type", "body", "count"),
    [
        (BATCH, [an_event(), an_event(id="2")], 2),
        ("application/cloudevents-batch+json", [], 0),
        ("Application/CloudEvents+JSON", an_event(), 1),
        ("application/json", an_event(), 1),
        (BATCH, [an_event(data=..., data_base64="AA==", subject="x", traceparent="00-1")], 1),
        (BATCH, [an_event(time=...)], 1),
    ],
)
def test_cloud_events_are_taken(world: World, content_type: str, body: object, count: int) -> None:
    """CloudEvents are taken in a batch or alone: 200 without a body, and kept as they are."""
    reply = publish(world, body, content_type=content_type)
    assert (reply.status, reply.body) == (200, b"")
    assert [topic for topic, _ in published(world)] == ["naptime"] * count
    given = body if isinstance(body, list) else [body]
    assert [event for _, event in published(world)] == given


@pytest.mark.parametrize(
    ("content_type", "body", "text"),
    [
        (BATCH, an_event(), "Token Expected: StartArray, Actual Token Received: StartObject."),
        (
            "application/json",
            [an_event()],
            "Token Expected: StartObject, Actual Token Received: StartArray.",
        ),
        (BATCH, [an_event(), "x"], "Actual Token Received: String."),
        (BATCH, b"[{", "It is not JSON."),
        (BATCH, b"[" * 100_000, "It is not JSON."),
        ("text/plain", [an_event()], "'text/plain' is none of CloudEvents."),
        ("", [an_event()], "'' is none of CloudEvents."),
        (BATCH, [an_event(), an_event(id=...)], "'id' must be"),
        (BATCH, [an_event(source="")], "'source' must be"),
        (BATCH, [an_event(type=7)], "'type' must be"),
        (BATCH, [an_event(specversion=...)], "'specversion' must be"),
        (BATCH, [an_event(specversion="0.3")], "The specversion must be '1.0'."),
        (BATCH, [an_event(subject=7)], "'subject' must be"),
        (BATCH, [an_event(data_base64="AA==")], "both data and data_base64"),
        (BATCH, [an_event(time="yesterday")], "'time' must be"),
        (BATCH, [an_event(time="2026-08-26T12:00:00")], "'time' must be"),
        (BATCH, [an_event(dataVersion="1")], "unexpected property 'dataVersion'"),
        (BATCH, [an_event(extension={})], "unexpected property 'extension'"),
        (BATCH, [an_event(eventType="x")], "unexpected property 'eventType'"),
    ],
)
def test_what_is_no_cloud_event_is_refused(
    world: World, content_type: str, body: object, text: str
) -> None:
    """One bad event, or another content type, refuses the whole request in Event Grid's shape."""
    status, code, detail, message = refusal(publish(world, body, content_type=content_type))
    assert (status, code, detail) == (400, "BadRequest", "InputJsonInvalid")
    assert text in message
    assert "Report '" in message
    assert published(world) == []


def test_a_megabyte_at_most(world: World) -> None:
    """All events of a request together may have a megabyte; more is 413."""
    empty = len(json.dumps([an_event(data="")]))
    most = an_event(data="x" * (1024 * 1024 - empty))
    assert publish(world, [most]).status == 200
    most["data"] = f"{most['data']}x"
    status, code, _, _ = refusal(publish(world, [most]))
    assert (status, code) == (413, "RequestEntityTooLarge")


@pytest.mark.parametrize("audience", ["", "https://management.azure.com/", "https://example.com"])
def test_tokens_are_checked(world: World, audience: str) -> None:
    """Without a token, or with one for another service, the answer is 401."""
    assert refusal(publish(world, [an_event()], audience=audience))[:2] == (401, "Unauthorized")
    assert published(world) == []


def test_a_token_for_topics_is_none_for_resource_manager(world: World) -> None:
    """A token that was right at a topic is refused by Resource Manager, and the other way round."""
    assert publish(world, [an_event()], audience=TOPIC_AUDIENCE).status == 200
    token = world.simulator.tokens.issue(TOPIC_AUDIENCE, NAPTIME).text
    header = {"Authorization": f"Bearer {token}"}
    assert world.call("GET", NODE_OS, headers=header).status == 401
    world.get(NODE_OS)
    assert publish(world, [an_event()], audience="https://management.azure.com").status == 401


@pytest.mark.parametrize(
    ("method", "path", "api_version", "status"),
    [
        ("GET", PATH, "2018-01-01", 404),
        ("POST", "/topics/naptime", "2018-01-01", 404),
        ("POST", "/topics/x/api/events", "2018-01-01", 404),
        ("POST", f"{PATH}/", "2018-01-01", 200),
        ("POST", PATH, "", 400),
        ("POST", PATH, "2026-01-01", 400),
    ],
)
def test_where_topics_are(
    world: World, method: str, path: str, api_version: str, status: int
) -> None:
    """Only a POST to a topic's end point, with its api-version, leads anywhere."""
    reply = publish(world, [an_event()], method=method, path=path, api_version=api_version)
    assert reply.status == status


def test_publishing_is_in_the_journal(world: World) -> None:
    """A call to a topic is in the journal with its operation, its caller and its code."""
    publish(world, [an_event()])
    publish(world, {})
    taken, bad = world.simulator.journal.entries(path="/topics/")
    assert (taken.operation, taken.caller, taken.status) == (
        "PublishCloudEventEvents",
        NAPTIME,
        200,
    )
    assert (bad.status, bad.code) == (400, "BadRequest")


async def test_faults_reach_topics(served: Served) -> None:
    """A fault strikes a topic where its path or its operation is named, in Event Grid's shape."""
    world = World(served.simulator)
    await served.control("POST", "faults", {"fault": "throttled-by-arm"})
    assert publish(world, [an_event()]).status == 200
    assert world.get(NODE_OS).status == 429
    order = {"fault": "throttled-by-arm", "path": "/topics/*", "retryAfter": 7}
    await served.control("POST", "faults", order)
    reply = publish(world, [an_event()])
    assert refusal(reply)[:2] == (429, "SubscriptionRequestsThrottled")
    assert reply.headers["Retry-After"] == "7"
    order = {"fault": "unavailable", "operation": "PublishCloudEventEvents"}
    await served.control("POST", "faults", order)
    assert world.get(NODE_OS).status == 404
    assert publish(world, [an_event()]).status == 503
    assert publish(world, [an_event()]).status == 200
    assert len(published(world)) == 2


def test_a_subscriber_gets_the_types_it_asked_for() -> None:
    """A host's own URL is its function for released images; a fragment names the types wanted."""
    urls = [
        "http://127.0.0.1:7071?code=K",
        "http://127.0.0.1:7071/runtime/webhooks/eventgrid?functionName=on_x",
        "http://127.0.0.1:9/hook#Naptime.ScheduleFailed,naptime.fleetruncompleted",
    ]
    host, function, some = topic_subscriptions_of(urls)
    released, failed = an_event(), an_event(type="NAPTIME.ScheduleFailed")
    assert host.url == (
        "http://127.0.0.1:7071/runtime/webhooks/eventgrid"
        "?functionName=on_node_image_released&code=K"
    )
    assert [each.wants(released) for each in (host, function, some)] == [True, True, False]
    assert [each.wants(failed) for each in (host, function, some)] == [False, True, True]
    assert some.url == "http://127.0.0.1:9/hook"
    assert all(each.cloud_events for each in (host, function, some))


type Serve = Callable[[Setup], SimulatorServer]


@pytest.fixture
async def serve() -> AsyncIterator[Serve]:
    started: list[SimulatorServer] = []

    def make(setup: Setup) -> SimulatorServer:
        server = SimulatorServer(Simulator(setup), report=lambda _: None)
        started.append(server)
        return server

    yield make
    for server in started:
        await server.stop()


async def test_topics_and_resources_are_apart(receiver: Receiver, serve: Serve) -> None:
    """Subscribers to topics hear of topics only, and the others of resources only."""
    setup = a_setup()
    setup.events_to = (f"{receiver.url}/resources",)
    setup.topic_events_to = (f"{receiver.url}/topics",)
    server = serve(setup)
    await server.start()
    world = World(server.simulator)
    publish(world, [an_event()])
    headers, body = await receiver.next()
    assert headers["aeg-subscription-name"] == "TOPIC-WEBHOOK-1"
    assert headers["content-type"].startswith("application/cloudevents+json")
    assert body == an_event()
    world.put(NODE_OS, window())
    assert (await receiver.next())[0]["aeg-subscription-name"] == "WEBHOOK-1"
    await server.settle_events()
    assert receiver.received.empty()
    assert server.simulator.outbox.is_idle


async def test_what_fails_comes_again_and_ends_in_the_folder(
    receiver: Receiver, serve: Serve, tmp_path: Path
) -> None:
    """A delivery from a topic is tried again, and where it is refused is a dead letter."""
    receiver.answers = [503, 400]
    setup = a_setup()
    setup.topic_events_to = (receiver.url,)
    setup.dead_letter = tmp_path / "dead"
    server = serve(setup)
    await server.start()
    publish(World(server.simulator), [an_event()])
    first = await receiver.next()
    await server.settle_events()
    assert list((tmp_path / "dead").iterdir()) == []
    server.simulator.clock.advance(10)
    assert (await receiver.next())[1] == first[1]
    await server.settle_events()
    (file,) = (tmp_path / "dead" / "TOPIC-WEBHOOK-1" / "2026" / "8" / "26" / "12").iterdir()
    assert json.loads(await asyncio.to_thread(file.read_text)) == [
        {
            **an_event(),
            "deadLetterReason": "Undeliverable",
            "deliveryAttempts": 2,
            "lastDeliveryOutcome": "BadRequest",
            "publishTime": "2026-08-26T12:00:00Z",
            "lastDeliveryAttemptTime": "2026-08-26T12:00:10Z",
        }
    ]


async def test_a_folder_that_is_gone_stops_nothing(
    receiver: Receiver, serve: Serve, tmp_path: Path
) -> None:
    """Where the dead letter cannot be written it is dropped, and deliveries go on."""
    receiver.answers = [400]
    setup = a_setup()
    setup.topic_events_to = (receiver.url,)
    setup.dead_letter = tmp_path / "dead"
    server = serve(setup)
    await server.start()
    setup.dead_letter.rmdir()
    setup.dead_letter.write_text("in the way")
    world = World(server.simulator)
    publish(world, [an_event()])
    await receiver.next()
    await server.settle_events()
    publish(world, [an_event(id="2")])
    assert as_object((await receiver.next())[1])["id"] == "2"


@pytest.mark.parametrize(
    ("statuses", "reason", "outcome"),
    [
        ([500, 403], "Undeliverable", "Forbidden"),
        ([None] * 30, "MaxDeliveryAttemptsExceeded", "TimedOut"),
        ([503] * 30, "MaxDeliveryAttemptsExceeded", "Busy"),
        ([418] * 30, "MaxDeliveryAttemptsExceeded", "418"),
    ],
)
def test_why_a_letter_is_dead(statuses: list[int | None], reason: str, outcome: str) -> None:
    """A dead letter says why it was given up, and what the last attempt came to."""
    subscription = EventSubscription("webhook-1", "http://127.0.0.1:1/hook", ready=True)
    delivery = Delivery(an_event(), subscription, NOW, NOW)
    for status in statuses:
        delivery.record(NOW, status, "TimeoutError: ", 0.001)
    letter = dead_letter(delivery)
    assert (letter["deadLetterReason"], letter["lastDeliveryOutcome"]) == (reason, outcome)
    assert delivery.to_json()["deadLetterReason"] == reason


def test_a_letter_dies_of_age() -> None:
    """A delivery that would come after a day is dead for its age."""
    subscription = EventSubscription("webhook-1", "http://127.0.0.1:1/hook", ready=True)
    delivery = Delivery(an_event(), subscription, NOW, NOW)
    while not delivery.dead_reason:
        delivery.record(delivery.due, 500, "", 1.0)
    assert delivery.dead_reason == "TimeToLiveExceeded"


async def test_the_controls_show_topics(served: Served) -> None:
    """GET events shows to which topic an event was published; POST events can publish, too."""
    publish(World(served.simulator), [an_event()])
    await served.control("POST", "events", {"events": [an_event(id="2")], "topic": "other"})
    await served.control("POST", "events", {"id": "3", "topic": "/subscriptions/x"})
    shown = [as_object(each) for each in as_list((await served.control("GET", "events"))["value"])]
    assert [each["topic"] for each in shown] == ["naptime", "other", ""]
    contents = await served.control("GET", "")
    assert contents["topic"] == f"{served.server.url}{PATH}"
    assert (await refused(served, "GET", "topics"))[0] == 404


@pytest.fixture
async def client(
    served: Served, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[EventGridPublisherClient]:
    trust(served.server.certificates.bundle())
    monkeypatch.setenv("IDENTITY_ENDPOINT", served.server.urls["identityEndpoint"])
    monkeypatch.setenv("IDENTITY_HEADER", "secret")
    async with (
        ManagedIdentityCredential(client_id=NAPTIME) as credential,
        EventGridPublisherClient(served.server.urls["topic"], credential) as client,
    ):
        yield client


async def test_the_sdk_publishes(served: Served, client: EventGridPublisherClient) -> None:
    """The real client publishes CloudEvents to the topic's URL, with a managed identity's token."""
    when = datetime(2026, 8, 26, 12, tzinfo=UTC)
    event = CloudEvent(
        source="urn:naptime:test",
        type="Naptime.NodeImageReleased",
        id="westeurope/AKSUbuntu/2404gen2containerd/202608.20.0",
        subject="locations/westeurope/AKSUbuntu/2404gen2containerd",
        time=when,
        data={"location": "westeurope"},
    )
    await client.send([event, event])
    await client.send(event)
    ((topic, first), _, _) = published(World(served.simulator))
    assert topic == "naptime"
    assert first == {
        "specversion": "1.0",
        "id": event.id,
        "source": event.source,
        "type": event.type,
        "subject": event.subject,
        "time": first["time"],
        "data": event.data,
    }
    assert datetime.fromisoformat(str(first["time"])) == when
    assert served.simulator.journal.entries(path="/topics/")[0].caller == NAPTIME


async def test_the_sdk_is_told_of_the_schema(
    served: Served, client: EventGridPublisherClient
) -> None:
    """An event in the Event Grid schema is refused, and the client says so."""
    event = EventGridEvent("subject", "Naptime.NodeImageReleased", {}, "1")
    with pytest.raises(HttpResponseError, match="CloudEventV10") as caught:
        await client.send(event)
    assert caught.value.status_code == 400
    assert published(World(served.simulator)) == []
    served.simulator.tokens._key = b"another"
    served.simulator.tokens._known.clear()
    with pytest.raises(ClientAuthenticationError):
        await client.send(CloudEvent(source="x", type="y"))
