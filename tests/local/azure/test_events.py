"""Event Grid: which events changes raise, who gets them, and how deliveries are retried."""

import asyncio
from collections.abc import AsyncIterator, Callable
from datetime import timedelta

import pytest
from aiohttp import ClientSession, web

from local.azure.event_grid.deliveries import MOST_ATTEMPTS, Delivery, Progress
from local.azure.event_grid.subscriptions import EventSubscription, subscriptions_of
from local.azure.json_values import JsonObject, as_list, as_object
from local.azure.server import SimulatorServer
from local.azure.simulator import Simulator
from tests.local.azure.receiver import Receiver
from tests.local.azure.world import CLUSTER, NAPTIME, NODE_OS, NOW, World, a_setup, window

ANYONE = EventSubscription("webhook-1", "http://127.0.0.1:1/hook", ready=True)


def raised(world: World) -> list[JsonObject]:
    return [each.event for each in world.simulator.outbox.published]


def test_write_of_a_configuration_raises_an_event(world: World) -> None:
    """An accepted PUT raises ResourceWriteSuccess with the caller's claims."""
    world.put(NODE_OS, window())
    (event,) = raised(world)
    data = as_object(event["data"])
    assert event["eventType"] == "Microsoft.Resources.ResourceWriteSuccess"
    assert data["operationName"] == (
        "Microsoft.ContainerService/managedClusters/maintenanceConfigurations/write"
    )
    assert event["topic"] == f"/subscriptions/{data['subscriptionId']}"
    assert as_object(data["claims"])["appid"] == NAPTIME
    assert str(event["subject"]) == NODE_OS.replace("resourceGroups", "resourcegroups")
    assert "httpRequest" not in data


def test_update_and_delete_carry_their_request(world: World) -> None:
    """Updates and deletes say by which request they came about; deletes spell resourceGroups."""
    world.put(NODE_OS, window())
    world.put(NODE_OS, window())
    world.delete(NODE_OS)
    _, update, delete = raised(world)
    assert as_object(as_object(update["data"])["httpRequest"])["method"] == "PUT"
    assert as_object(as_object(delete["data"])["httpRequest"])["method"] == "DELETE"
    assert delete["eventType"] == "Microsoft.Resources.ResourceDeleteSuccess"
    assert delete["subject"] == NODE_OS


def test_what_changes_nothing_raises_nothing(world: World) -> None:
    """Reads, refused writes and deletes of nothing raise no event."""
    world.get(CLUSTER)
    world.put(NODE_OS, window(durationHours=1))
    world.delete(NODE_OS)
    assert raised(world) == []


def test_a_host_means_both_functions() -> None:
    """A Functions host's own URL means its two event functions, with the key kept."""
    made = subscriptions_of(["http://127.0.0.1:7071/runtime/webhooks/eventgrid?code=K"])
    assert [each.url for each in made] == [
        f"http://127.0.0.1:7071/runtime/webhooks/eventgrid?functionName={name}&code=K"
        for name in ("on_cluster_created", "on_schedule_changed")
    ]
    assert subscriptions_of(["http://127.0.0.1:7071"])[0].url.endswith("on_cluster_created")
    assert "code" not in str(made[0].to_json())


def test_filters_by_function(world: World) -> None:
    """Each function gets the operations that it is for; any other webhook gets all."""
    urls = ["http://127.0.0.1:1", "http://127.0.0.1:1/other", "http://127.0.0.1:1/?functionName=f"]
    subscriptions = subscriptions_of(urls)
    world.put(NODE_OS, window())
    (event,) = raised(world)
    wanting = [each.function or "webhook" for each in subscriptions if each.wants(event)]
    assert wanting == ["on_schedule_changed", "webhook", "f"]


def attempt(delivery: Delivery, *outcomes: int | None) -> None:
    for outcome in outcomes:
        delivery.record(delivery.due, outcome, "no answer", 1.0)


def a_delivery() -> Delivery:
    return Delivery({}, ANYONE, NOW, NOW)


def test_retry_timetable() -> None:
    """Retries come after 10 s, 30 s, 1 m, 5 m, 10 m, 30 m, 1 h, 3 h, 6 h, and end after a day."""
    delivery = a_delivery()
    waits = []
    while True:
        before = delivery.due
        attempt(delivery, 500)
        if delivery.progress is not Progress.PENDING:
            break
        waits.append((delivery.due - before).total_seconds())
    assert waits == [10, 30, 60, 300, 600, 1800, 3600, 10800, 21600, 43200]
    assert delivery.progress is Progress.DEAD


def test_thirty_attempts_at_most() -> None:
    """After 30 attempts a delivery is given up, whatever time is left."""
    delivery = a_delivery()
    for _ in range(MOST_ATTEMPTS):
        assert delivery.progress is Progress.PENDING
        delivery.record(NOW, 500, "", 0.001)
    assert delivery.progress is Progress.DEAD


@pytest.mark.parametrize("status", [400, 401, 403, 413])
def test_refusals_are_final(status: int) -> None:
    """A webhook that answers 400, 401, 403 or 413 is not asked again."""
    delivery = a_delivery()
    attempt(delivery, status)
    assert delivery.progress is Progress.DEAD


@pytest.mark.parametrize(
    ("status", "delivered"), [(200, True), (202, True), (204, True), (205, False), (None, False)]
)
def test_success_is_200_to_204(status: int | None, *, delivered: bool) -> None:
    """Statuses 200 to 204 are success; others, and no answer at all, are tried again."""
    delivery = a_delivery()
    attempt(delivery, status)
    assert (delivery.progress is Progress.DELIVERED) is delivered


def test_reversed_groups(world: World) -> None:
    """In reversed groups the last event of a group is due first."""
    world.simulator.outbox.subscriptions.append(ANYONE)
    world.simulator.outbox.reverse_in_groups(2, NOW)
    world.put(NODE_OS, window())
    assert world.simulator.outbox.due(NOW + timedelta(hours=1)) == []
    world.delete(NODE_OS)
    (first,) = world.simulator.outbox.due(NOW)
    assert first.event["eventType"] == "Microsoft.Resources.ResourceDeleteSuccess"
    (second,) = world.simulator.outbox.due(NOW + timedelta(seconds=1))
    assert second.event["eventType"] == "Microsoft.Resources.ResourceWriteSuccess"


@pytest.fixture
async def serve() -> AsyncIterator[Callable[[str], SimulatorServer]]:
    started: list[SimulatorServer] = []

    def make(url: str) -> SimulatorServer:
        setup = a_setup()
        setup.events_to = (url,)
        server = SimulatorServer(Simulator(setup), report=lambda _: None)
        started.append(server)
        return server

    yield make
    for server in started:
        await server.stop()


async def test_delivery_in_the_event_grid_schema(
    receiver: Receiver, serve: Callable[[str], SimulatorServer]
) -> None:
    """An event arrives as a one-element array with Event Grid's headers."""
    server = serve(receiver.url)
    await server.start()
    World(server.simulator).put(NODE_OS, window())
    headers, body = await receiver.next()
    assert (headers["aeg-event-type"], headers["aeg-delivery-count"]) == ("Notification", "0")
    assert {"aeg-subscription-name", "aeg-data-version", "aeg-metadata-version"} <= set(headers)
    assert [as_object(each)["dataVersion"] for each in as_list(body)] == ["2"]


async def test_delivery_as_cloud_event(
    receiver: Receiver, serve: Callable[[str], SimulatorServer]
) -> None:
    """With the fragment an event arrives as one CloudEvent, after CloudEvents' own handshake."""
    server = serve(f"{receiver.url}#CloudEventSchemaV1_0")
    await server.start()
    World(server.simulator).put(NODE_OS, window())
    headers, body = await receiver.next()
    assert headers["content-type"].startswith("application/cloudevents+json")
    event = as_object(body)
    assert (event["specversion"], event["type"]) == (
        "1.0",
        "Microsoft.Resources.ResourceWriteSuccess",
    )
    assert "dataVersion" not in event


async def test_failed_delivery_comes_again(
    receiver: Receiver, serve: Callable[[str], SimulatorServer]
) -> None:
    """A delivery that failed comes again once ten simulated seconds have passed."""
    receiver.answers = [500]
    server = serve(receiver.url)
    await server.start()
    World(server.simulator).put(NODE_OS, window())
    first = await receiver.next()
    await server.settle_events()
    assert receiver.received.empty()
    server.simulator.clock.advance(10)
    again = await receiver.next()
    assert again[1] == first[1]
    assert again[0]["aeg-delivery-count"] == "1"
    await server.settle_events()
    assert server.simulator.outbox.is_idle


async def test_every_event_can_arrive_twice(
    receiver: Receiver, serve: Callable[[str], SimulatorServer]
) -> None:
    """When asked for, every event arrives twice."""
    server = serve(receiver.url)
    await server.start()
    server.simulator.event_copies = 2
    World(server.simulator).put(NODE_OS, window())
    assert (await receiver.next())[1] == (await receiver.next())[1]


async def test_events_wait_for_the_endpoint(
    receiver: Receiver, serve: Callable[[str], SimulatorServer]
) -> None:
    """Before the handshake is answered nothing is delivered and nothing is lost."""
    server = serve("http://127.0.0.1:9/hook")
    await server.start()
    World(server.simulator).put(NODE_OS, window())
    assert not server.simulator.outbox.is_idle
    server.simulator.outbox.subscriptions[0].url = receiver.url
    _, body = await receiver.next()
    assert as_object(as_list(body)[0])["eventType"] == "Microsoft.Resources.ResourceWriteSuccess"


async def test_handshake_by_its_url(
    receiver: Receiver, serve: Callable[[str], SimulatorServer]
) -> None:
    """A webhook that cannot answer the handshake is taken on once somebody opens validationUrl."""
    asked: asyncio.Queue[str] = asyncio.Queue()

    async def silent(request: web.BaseRequest) -> web.StreamResponse:
        data = as_object(as_object(as_list(await request.json())[0])["data"])
        await asked.put(str(data["validationUrl"]))
        return web.Response()

    runner = web.ServerRunner(web.Server(silent))
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    server = serve(f"http://127.0.0.1:{runner.addresses[0][1]}/hook")
    await server.start()
    (subscription,) = server.simulator.outbox.subscriptions
    async with asyncio.timeout(10), ClientSession() as session:
        url = await asked.get()
        async with session.get(url.replace("code=", "code=0")) as response:
            assert (response.status, subscription.ready) == (404, False)
        async with session.get(url) as response:
            assert (response.status, subscription.ready) == (200, True)
    subscription.url = receiver.url
    World(server.simulator).put(NODE_OS, window())
    await receiver.next()
    await runner.cleanup()
