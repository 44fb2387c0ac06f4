"""The queue functions through the real worker library."""

from datetime import UTC, datetime
from uuid import uuid4

import pytest

from local.host.payloads import QueueMetadata
from shared.domain.messages.work import ReconcileCluster
from shared.domain.vocabulary.ids import ClusterId
from shared.domain.vocabulary.reasons import Cause
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


@pytest.mark.parametrize("text", ["", "{}", "nonsense", '{"v": 2, "work": {}}', "[1]"])
async def test_no_work_is_given_up_at_once(
    world: Loaded, text: str, caplog: pytest.LogCaptureFixture
) -> None:
    """A message that is no work is kept in the table and logged as an error, not tried again."""
    result = await world.worker.invoke_queue("reconcile_one", text)
    assert result.succeeded, result.exception
    assert [record.levelname for record in caplog.records if record.name == "naptime"] == ["ERROR"]


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
