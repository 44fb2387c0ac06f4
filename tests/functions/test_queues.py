"""The queue functions through the real worker library."""

from datetime import UTC, datetime
from uuid import uuid4

import pytest

from local.host.payloads import QueueMetadata
from shared.domain.messages.given_up import GivenUp
from shared.domain.messages.work import ReconcileCluster
from shared.domain.vocabulary.ids import ClusterId
from shared.domain.vocabulary.reasons import Cause
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
    return ReconcileCluster(cluster_id, Cause.CLUSTER_WRITTEN, NOW).to_message()


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


async def test_poison_is_reported(world: Loaded, caplog: pytest.LogCaptureFixture) -> None:
    """A poisoned message ends in the table under its cluster, and loudly in the log."""
    name = a_name()
    result = await world.worker.invoke_queue("report_poisoned_cluster", message(name))
    assert result.succeeded, result.exception
    given_up = await app().viewer.given_up.get(ClusterId.of(SUBSCRIPTION, "rg-1", name))
    assert given_up
    assert given_up.reason == "Poisoned"
    assert [record.levelname for record in caplog.records if record.name == "naptime"] == ["ERROR"]


async def test_poisoned_trigger_metadata_is_reported(world: Loaded) -> None:
    """A message whose members spoil the trigger's metadata fails before our code, and is kept.

    The host then moves it to the poison queue, whose function takes the text alone.
    """
    spoilt = '{"insertionTime": "not a time"}'
    assert not (await world.worker.invoke_queue("reconcile_one", spoilt)).succeeded
    result = await world.worker.invoke_queue("report_poisoned_cluster", spoilt)
    assert result.succeeded, result.exception
