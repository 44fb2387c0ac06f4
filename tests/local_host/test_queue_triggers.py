"""Queue triggers through the whole host, against a real storage emulator."""

import json
import uuid
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta

import pytest

from local.host.assembly import HostOptions, load_host
from local.host.clock import SystemClock
from local.host.storage_queue import StorageQueue
from tests.local_host.conftest import SAMPLE, RunningHost, send
from tests.local_host.recorder import recorder


def work_calls(text: str) -> list[tuple[str, int, str]]:
    """Give the calls of `work` with a message of exactly this text."""
    calls = (call for call in recorder.of("work") if isinstance(call, tuple))
    return [call for call in calls if call[0] == text]


def made_up(kind: str = "text") -> str:
    return f"{kind} {uuid.uuid4()}"


@asynccontextmanager
async def second_host(
    settings: Mapping[str, str], name: str, lease: timedelta
) -> AsyncIterator[StorageQueue]:
    """Run another host with queues of its own, and give its work queue."""
    own = {**settings, "WORK_QUEUE": name, "TEXT_QUEUE": f"{name}-text"}
    own |= {"AzureWebJobs.stubborn.Disabled": "true"}
    host = load_host(SAMPLE, own, SystemClock(), HostOptions(message_lease=lease))
    queue = StorageQueue(own["Other"], name)
    await host.start(0)
    try:
        yield queue
    finally:
        await host.stop(5)
        await queue.close()


async def test_a_message_calls_the_function_once(host: RunningHost) -> None:
    """A base64 message arrives decoded, with its metadata, and is gone afterwards."""
    text = made_up("é")
    await send(host.work_queue, text)
    await recorder.until(lambda: bool(work_calls(text)))
    ((_, dequeue_count, message_id),) = work_calls(text)
    assert dequeue_count == 1
    assert uuid.UUID(message_id)


async def test_a_failing_message_is_tried_and_then_poisoned(host: RunningHost) -> None:
    """It is tried as often as maxDequeueCount says; then its text is on the poison queue."""
    text = made_up("fail")
    await send(host.work_queue, text)
    await recorder.until(lambda: text in recorder.of("poisoned"))
    assert [count for _, count, _ in work_calls(text)] == [1, 2, 3]


async def test_a_message_that_is_not_base64_never_reaches_the_function(host: RunningHost) -> None:
    """It goes to the poison queue as it is, where it stays: it cannot be decoded there either."""
    text = made_up("plain text, not base64!")
    await host.work_queue.put(text)
    marker = made_up()
    await send(host.work_queue, marker)
    await recorder.until(lambda: bool(work_calls(marker)))
    assert not work_calls(text)


async def test_the_members_of_a_json_message_overwrite_its_metadata(host: RunningHost) -> None:
    """`{"id": "x"}` makes the message's id x: so messages are wrapped in an envelope."""
    text = json.dumps({"id": "overwritten", "unique": made_up()})
    await send(host.work_queue, text)
    await recorder.until(lambda: bool(work_calls(text)))
    assert work_calls(text)[0][2] == "overwritten"


async def test_metadata_that_cannot_be_read_fails_before_the_function(host: RunningHost) -> None:
    """`{"dequeueCount": "oops"}` is poisoned without the function being called."""
    text = json.dumps({"dequeueCount": "oops", "unique": made_up()})
    await send(host.work_queue, text)
    await recorder.until(lambda: text in recorder.of("poisoned"))
    assert not work_calls(text)


async def test_a_function_with_a_text_parameter_does_not_see_metadata(host: RunningHost) -> None:
    """With `msg: str` the same message arrives."""
    text = json.dumps({"dequeueCount": "oops", "unique": made_up()})
    await send(host.text_queue, text)
    await recorder.until(lambda: text in recorder.of("plain"))


async def test_no_more_messages_are_in_hand_than_allowed(host: RunningHost) -> None:
    """With a batch of 4 and a threshold of 2, at most 6 functions run at a time."""
    texts = [made_up("wait") for _ in range(10)]
    for text in texts:
        await send(host.work_queue, text)
    waiting = lambda: [text for text in texts if work_calls(text)]  # noqa: E731 - read twice
    most = 0
    while pending := [text for text in texts if text.replace("wait", "go") not in finished()]:
        await recorder.until(lambda: any(text in pending for text in waiting()))
        most = max(most, len([text for text in waiting() if text in pending]))
        recorder.add("go", next(t for t in pending if t in waiting()).replace("wait", "go"))
    assert 1 <= most <= 6


def finished() -> list[object]:
    return list(recorder.of("go"))


async def test_the_lease_of_a_running_message_is_renewed(
    sample_settings: Mapping[str, str],
) -> None:
    """A function may run longer than the lease without its message being given out again."""
    text = made_up("wait")
    async with second_host(sample_settings, "renewed", timedelta(seconds=2)) as queue:
        await send(queue, text)
        await recorder.until(lambda: bool(work_calls(text)))
        await SystemClock().sleep(3.2)  # the service's clock decides; it cannot be injected
        recorder.add("go", text.replace("wait", "go"))
        marker = made_up()
        await send(queue, marker)
        await recorder.until(lambda: bool(work_calls(marker)))
        assert len(work_calls(text)) == 1
    assert len(work_calls(text)) == 1


async def test_a_message_in_the_hand_of_a_host_that_died_comes_back(
    sample_settings: Mapping[str, str],
) -> None:
    """A message that was taken and neither deleted nor renewed is given out again."""
    queue = StorageQueue(sample_settings["Other"], "abandoned")
    await queue.make_sure()
    text = made_up()
    await send(queue, text)
    (taken,) = await queue.take(1, timedelta(seconds=1))
    async with second_host(sample_settings, "abandoned", timedelta(seconds=2)):
        await recorder.until(lambda: bool(work_calls(text)))
    assert work_calls(text)[0][1] == taken.metadata.dequeue_count + 1
    await queue.close()


async def test_a_message_taken_too_often_is_poisoned_unseen(
    sample_settings: Mapping[str, str],
) -> None:
    """One whose workers died each time goes to the poison queue without another call."""
    queue = StorageQueue(sample_settings["Other"], "killer")
    await queue.make_sure()
    text = made_up()
    await send(queue, text)
    for _ in range(3):
        (taken,) = await queue.take(1, timedelta(minutes=1))
        await queue.hide(taken, timedelta())
    async with second_host(sample_settings, "killer", timedelta(seconds=30)):
        await recorder.until(lambda: text in recorder.of("poisoned"))
    assert not work_calls(text)
    await queue.close()


async def test_a_deleted_queue_is_made_again(sample_settings: Mapping[str, str]) -> None:
    """A queue that somebody deletes while the host runs comes back, and works."""
    async with second_host(sample_settings, "deleted", timedelta(seconds=30)) as queue:
        await queue._client.delete_queue()
        text = made_up()
        await send(queue, text)
        await recorder.until(lambda: bool(work_calls(text)))


@pytest.mark.parametrize("count", [2, 3])
def test_a_receipt_belongs_to_its_message(count: int) -> None:
    """Messages are values: a renewed one is another one."""
    from local.host.payloads import QueueMetadata  # noqa: PLC0415

    assert replace(QueueMetadata(), dequeue_count=count).dequeue_count == count
