"""The queue functions through the real worker library."""

import json
import os
from base64 import b64decode, b64encode
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from azure.core.exceptions import HttpResponseError, ServiceRequestError
from azure.storage.queue.aio import QueueClient

from local.host.payloads import QueueMetadata
from shared.clients.clock import SystemClock
from shared.clients.storage.account import create_queue
from shared.clients.storage.transactions import TransactionRefused
from shared.domain.fleet.run_work import Baton, StartRun
from shared.domain.fleet.shard import Shard
from shared.domain.messages.given_up import GivenUp
from shared.domain.messages.outbox import PublishEvents
from shared.domain.messages.work import ReconcileCluster
from shared.domain.vocabulary.cloud_event import CloudEvent, EventType
from shared.domain.vocabulary.ids import ClusterId
from shared.domain.vocabulary.reasons import Cause
from shared.reconcile.cluster import waiting_room
from shared.telemetry.custom_events import WORK_GIVEN_UP
from shared.telemetry.log import EVENT_NAME
from shared.world import app
from tests.clusters import SUBSCRIPTION, cluster
from tests.functions.conftest import Loaded

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)


def a_name() -> str:
    """Give a cluster name that no other test has left a row of."""
    return f"aks-{uuid4().hex[:8]}"


def message(name: str) -> str:
    """Give the message that asks for a cluster."""
    cluster_id = ClusterId.of(SUBSCRIPTION, "rg-1", name)
    return ReconcileCluster(cluster_id, Cause.CLUSTER_WRITTEN, SystemClock().now()).to_message()


async def test_reconcile_one_creates_the_schedule(world: Loaded) -> None:
    """A message about a NAP cluster without a schedule ends in one, in ARM."""
    name = a_name()
    await world.controls.put(cluster(name))
    metadata = QueueMetadata(insertion_time=NOW)
    result = await world.worker.invoke_queue("reconcile_one", message(name), metadata)
    assert result.succeeded, result.exception
    schedule = await world.controls.schedule(ClusterId.of(SUBSCRIPTION, "rg-1", name))
    assert schedule
    assert schedule["name"] == "aksManagedNodeOSUpgradeSchedule"


QUEUE_FUNCTIONS = ["reconcile_one", "start_run", "reconcile_shard", "publish_events"]
NO_WORK = ["", "{}", "nonsense", '{"v": 2, "work": {}}', "[1]", '{"v": 1, "work": {"KEY": 1}}']


async def kept(text: str) -> list[GivenUp]:
    """Give the records of a message in the table of what was given up."""
    found = await app().viewer.given_up.page("", 1000)
    return [record for _, record in found if record.work == text]


@pytest.mark.parametrize("function", QUEUE_FUNCTIONS)
@pytest.mark.parametrize("text", NO_WORK)
async def test_no_work_is_given_up_once(
    world: Loaded, function: str, text: str, caplog: pytest.LogCaptureFixture
) -> None:
    """A message that is no work is one record, one event and one error, and not tried again."""
    text = text.replace("KEY", a_name())
    with caplog.at_level("INFO", "naptime"):
        result = await world.worker.invoke_queue(function, text)
    assert result.succeeded, result.exception
    ours = [record for record in caplog.records if record.name == "naptime"]
    assert [record.levelname for record in ours] == ["INFO", "ERROR"]
    assert [record.__dict__.get(EVENT_NAME) for record in ours] == [WORK_GIVEN_UP.name, None]
    (record,) = await kept(text)
    assert record.message


async def set_aside(queue: str, text: str, *, encoded: bool = True) -> None:
    """Put a message where the host would."""
    content = b64encode(text.encode()).decode() if encoded else text
    async with QueueClient.from_connection_string(
        os.environ["AzureWebJobsStorage"],  # noqa: SIM112 - the name is the host's
        f"{queue}-poison",
    ) as client:
        await create_queue(client)
        await client.send_message(content)


@pytest.mark.parametrize("queue", ["naptime-clusters", "naptime-runs", "naptime-shards"])
async def test_what_the_host_has_set_aside_is_kept(
    world: Loaded, queue: str, caplog: pytest.LogCaptureFixture
) -> None:
    """A poisoned message ends in the table, and loudly in the log, whatever queue it is of."""
    name = a_name()
    await set_aside(queue, message(name))
    result = await world.worker.invoke_timer("keep_poisoned")
    assert result.succeeded, result.exception
    given_up = await app().given_up.get(ClusterId.of(SUBSCRIPTION, "rg-1", name))
    assert given_up
    assert given_up.reason == "Poisoned"
    assert [record.levelname for record in caplog.records if record.name == "naptime"] == ["ERROR"]


async def test_what_is_not_base64_is_kept(world: Loaded) -> None:
    """A message that was sent without base64, which the host gives to no function, is kept."""
    text = json.dumps({"id": a_name()})
    await set_aside("naptime-clusters", text, encoded=False)
    await set_aside("naptime-clusters", "aGFsbG8=", encoded=False)
    result = await world.worker.invoke_timer("keep_poisoned")
    assert result.succeeded, result.exception
    (record,) = await kept(text)
    assert "base64" in record.message
    assert await kept("hallo")


async def test_poisoned_trigger_metadata_is_kept(world: Loaded) -> None:
    """A message whose members spoil the trigger's metadata fails before our code, and is kept.

    The host then moves it to the poison queue, which is read as text alone.
    """
    spoilt = json.dumps({"insertionTime": a_name()})
    assert not (await world.worker.invoke_queue("reconcile_one", spoilt)).succeeded
    await set_aside("naptime-clusters", spoilt)
    assert (await world.worker.invoke_timer("keep_poisoned")).succeeded
    assert await kept(spoilt)


@dataclass(frozen=True, slots=True)
class Failing:
    """A use case that meets trouble, whatever is asked of it."""

    error: Exception

    async def receive(self, *_: object) -> None:
        """Fail."""
        raise self.error

    async def publish(self, *_: object) -> None:
        """Fail."""
        raise self.error

    receive_run_work = receive_baton = receive


def refusal(status: int) -> HttpResponseError:
    """Make an answer of the storage service that is an error."""
    error = HttpResponseError("no: the account's key is in here")
    error.status_code = status
    return error


NO_SUCH_THING = TransactionRefused(400, "InvalidInput")


def moment(*_: object, **__: object) -> timedelta:
    """Wait for no time at all."""
    return timedelta()


OF_QUEUES = [
    ("reconcile_one", "naptime-clusters", "messages"),
    ("start_run", "naptime-runs", "run_messages"),
    ("reconcile_shard", "naptime-shards", "run_messages"),
    ("publish_events", "naptime-events", "publisher"),
]
WORK = {
    "naptime-clusters": message("aks-held"),
    "naptime-runs": StartRun("202611-abc").to_message(),
    "naptime-shards": Baton("202611-abc", Shard(SUBSCRIPTION, "westeurope"), 1).to_message(),
    "naptime-events": PublishEvents(
        (CloudEvent(EventType.SCHEDULE_CREATED, "1", "s", NOW, {}),), SystemClock().now()
    ).to_message(),
}


@pytest.mark.parametrize("of_queue", OF_QUEUES, ids=lambda each: str(each[0]))
@pytest.mark.parametrize("error", [refusal(503), refusal(403), ServiceRequestError("no route")])
async def test_storage_trouble_hides_a_message_again(
    world: Loaded,
    of_queue: tuple[str, str, str],
    error: Exception,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Trouble of storage and a missing role cost no delivery: the message is sent again.

    It is counted, and a word in the log says so, without what the storage service said.
    """
    function, queue, use_case = of_queue
    monkeypatch.setattr(app(), use_case, Failing(error))
    monkeypatch.setattr(waiting_room, "delay_before", moment)
    text = WORK[queue]
    for _ in range(7):
        result = await world.worker.invoke_queue(function, text)
        assert result.succeeded, result.exception
        (sent,) = await world.messages(queue)
        text = b64decode(sent).decode()
    body = json.loads(text)
    attempts = body.get("held", {}).get("attempt"), body["work"].get("attempt")
    assert 8 in attempts
    held = [record for record in caplog.records if record.name == "naptime"]
    assert {record.getMessage().split(" queue")[0] for record in held} == {"message held back"}
    assert "key" not in caplog.text


async def test_a_refused_setting_hides_a_message_again(
    world: Loaded, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """A setting with a typo costs no delivery: once it is right, what came meanwhile is done."""
    name = a_name()
    await world.controls.put(cluster(name))
    monkeypatch.setattr(waiting_room, "delay_before", moment)
    await app().close()
    app.cache_clear()
    with monkeypatch.context() as typo:
        typo.setenv("NAPTIME_LEAD_MINUTES", "forty")
        result = await world.worker.invoke_queue("reconcile_one", message(name))
        assert result.succeeded, result.exception
    assert "NAPTIME_LEAD_MINUTES" in caplog.text
    (sent,) = await world.messages("naptime-clusters")
    metadata = QueueMetadata(insertion_time=NOW)
    result = await world.worker.invoke_queue("reconcile_one", b64decode(sent).decode(), metadata)
    assert result.succeeded, result.exception
    assert await world.controls.schedule(ClusterId.of(SUBSCRIPTION, "rg-1", name))


async def test_after_a_day_of_trouble_a_message_is_kept(
    world: Loaded, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Patience ends after a day, as with Azure's weather; then the message is in the table."""
    cluster_id = ClusterId.of(SUBSCRIPTION, "rg-1", a_name())
    long_ago = SystemClock().now() - timedelta(hours=25)
    text = ReconcileCluster(cluster_id, Cause.ASKED, long_ago).to_message()
    monkeypatch.setattr(app(), "messages", Failing(refusal(503)))
    assert (await world.worker.invoke_queue("reconcile_one", text)).succeeded
    given_up = await app().given_up.get(cluster_id)
    assert given_up
    assert "storage" in given_up.message
    assert await world.messages("naptime-clusters") == []


@pytest.mark.parametrize("error", [ZeroDivisionError("a bug"), NO_SUCH_THING])
async def test_a_bug_is_a_failed_delivery(
    world: Loaded, error: Exception, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What does not pass by itself fails, and after five times is set aside by the host."""
    monkeypatch.setattr(app(), "messages", Failing(error))
    assert not (await world.worker.invoke_queue("reconcile_one", message(a_name()))).succeeded
    assert await world.messages("naptime-clusters") == []
