"""Reading host.json."""

import json
from datetime import timedelta
from pathlib import Path

import pytest

from local.host.app_folder import REPOSITORY
from local.host.host_json import HostJson, InvalidHostJson, QueueOptions

VERSION = {"version": "2.0"}


def queues(**fields: object) -> dict[str, object]:
    return {**VERSION, "extensions": {"queues": fields}}


def test_the_apps_own_file_is_followed() -> None:
    """The host.json of this repository is read, and its queue settings are those in it."""
    content = json.loads((REPOSITORY / "host.json").read_text("utf-8"))
    read = HostJson.read(REPOSITORY)
    assert read.route_prefix == content["extensions"]["http"]["routePrefix"]
    assert read.queues.batch_size == content["extensions"]["queues"]["batchSize"]
    assert read.queues.max_dequeue_count == content["extensions"]["queues"]["maxDequeueCount"]


def test_what_is_not_given_has_azures_default() -> None:
    """The defaults are those of Azure's host."""
    assert HostJson.parse(VERSION) == HostJson("api", timedelta(minutes=30), QueueOptions())
    assert QueueOptions() == QueueOptions(16, 8, 5, timedelta(), timedelta(minutes=1), base64=True)
    assert HostJson.parse(queues(batchSize=32)).queues.new_batch_threshold == 16


def test_what_is_given_is_read() -> None:
    """Prefix, time-out and every queue setting."""
    content = queues(
        batchSize=4,
        newBatchThreshold=0,
        maxDequeueCount=2,
        visibilityTimeout="00:00:30",
        maxPollingInterval="00:00:02",
        messageEncoding="none",
    )
    content |= {"functionTimeout": "-1"}
    expected = QueueOptions(4, 0, 2, timedelta(seconds=30), timedelta(seconds=2), base64=False)
    assert HostJson.parse(content) == HostJson("api", None, expected)
    root = {**VERSION, "extensions": {"http": {"routePrefix": ""}}, "functionTimeout": "01:00:00"}
    assert HostJson.parse(root) == HostJson("", timedelta(hours=1))


@pytest.mark.parametrize(
    ("content", "field"),
    [
        ([], "the whole"),
        ({}, "version"),
        ({"version": "1.0"}, "version"),
        ({**VERSION, "routePrefix": "api"}, "routePrefix"),
        ({**VERSION, "functionTimeout": 5}, "functionTimeout"),
        ({**VERSION, "functionTimeout": "soon"}, "functionTimeout"),
        ({**VERSION, "functionTimeout": "00:00:00"}, "functionTimeout"),
        ({**VERSION, "extensions": []}, "extensions"),
        ({**VERSION, "extensions": {"http": {"routePrefix": 1}}}, "extensions.http.routePrefix"),
        (queues(batchSize=0), "extensions.queues.batchSize"),
        (queues(batchSize=33), "extensions.queues.batchSize"),
        (queues(batchSize=True), "extensions.queues.batchSize"),
        (queues(batchSize="8"), "extensions.queues.batchSize"),
        (queues(newBatchThreshold=-1), "extensions.queues.newBatchThreshold"),
        (queues(maxDequeueCount=0), "extensions.queues.maxDequeueCount"),
        (queues(visibilityTimeout="30"), "extensions.queues.visibilityTimeout"),
        (queues(visibilityTimeout="8.00:00:00"), "extensions.queues.visibilityTimeout"),
        (queues(maxPollingInterval="00:00:00.05"), "extensions.queues.maxPollingInterval"),
        (queues(messageEncoding="utf-8"), "extensions.queues.messageEncoding"),
        (queues(batchsize=8), "extensions.queues.batchsize"),
    ],
)
def test_nonsense_is_refused_by_the_name_of_its_field(content: object, field: str) -> None:
    """The error says which field is wrong."""
    with pytest.raises(InvalidHostJson) as caught:
        HostJson.parse(content)
    assert field in str(caught.value)


@pytest.mark.parametrize("text", [None, "{", '"version"'])
def test_a_file_that_cannot_be_read_is_refused(tmp_path: Path, text: str | None) -> None:
    """A missing or broken host.json is an error that names it."""
    if text is not None:
        (tmp_path / "host.json").write_text(text, "utf-8")
    with pytest.raises(InvalidHostJson, match=r"host\.json"):
        HostJson.read(tmp_path)
