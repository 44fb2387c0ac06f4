"""Queue triggers through the whole host, against a real storage emulator."""

import asyncio
import base64
import json
import logging
import uuid
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path

import pytest
from azure.core.exceptions import HttpResponseError

from local.host.assembly import HostOptions, load_host
from local.host.back_off import BackOff
from local.host.clock import Clock, SystemClock
from local.host.host_json import QueueOptions
from local.host.invocations import Invoker
from local.host.queue_messages import HeldMessage, MessageProcessor
from local.host.queues import QueueListener
from local.host.storage_queue import Message, MessageIsGone, StorageQueue
from local.host.worker import Worker
from local.storage_emulator import Ports
from tests.local.host.conftest import SAMPLE, RunningHost, opened_queue, send
from tests.local.host.manual_clock import ManualClock
from tests.local.host.recorder import recorder

LOGGED = logging.getLogger("host").warning


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
    async with opened_queue(own["Other"], name) as queue:
        await host.start(0)
        try:
            yield queue
        finally:
            await host.stop(5)


async def test_a_message_calls_the_function_once(host: RunningHost) -> None:
    """A base64 message arrives decoded, with its metadata, and is gone afterwards."""
    text = made_up("é")
    await send(host.work_queue, text)
    await recorder.until(lambda: bool(work_calls(text)))
    ((_, dequeue_count, message_id),) = work_calls(text)
    assert dequeue_count == 1
    assert str(uuid.UUID(message_id)) == message_id


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


async def test_no_more_messages_are_in_hand_than_allowed(
    sample_settings: Mapping[str, str],
) -> None:
    """With a batch of 4, the next is taken when 2 are left: at most 6 functions run at a time."""
    async with opened_queue(sample_settings["Other"], "full") as queue:
        texts = [made_up("wait") for _ in range(10)]
        for text in texts:
            await send(queue, text)
        async with second_host(sample_settings, "full", timedelta(minutes=1)):
            await recorder.until(lambda: len(started(texts)) == 4)
            for text in started(texts)[:2]:
                recorder.add("go", text)
            await recorder.until(lambda: len(started(texts)) == 8)
            assert len([text for text in started(texts) if text not in recorder.of("go")]) == 6
            for text in texts:
                recorder.add("go", text)
            await recorder.until(lambda: len(started(texts)) == 10)
        assert [len(work_calls(text)) for text in texts] == [1] * 10


def started(texts: Sequence[str]) -> list[str]:
    return [text for text in texts if work_calls(text)]


async def test_a_lease_is_renewed_at_half_its_time(sample_settings: Mapping[str, str]) -> None:
    """A renewed message has a new receipt, and the one from before is worth nothing."""
    clock = ManualClock()
    async with opened_queue(sample_settings["Other"], "renewed") as queue:
        await send(queue, "text")
        (taken,) = await queue.take(1, timedelta(minutes=10))
        held = HeldMessage(queue, taken, timedelta(minutes=10))
        async with held.kept(clock):
            assert await clock.next_due() == clock.now() + timedelta(minutes=5)
            await clock.move(minutes=4.9)
            assert held.message == taken
            await clock.move(minutes=0.1)
            assert held.message != taken
        with pytest.raises(MessageIsGone):
            await queue.delete(taken)
        await queue.delete(held.message)


async def test_a_lost_lease_does_not_end_the_function(sample_settings: Mapping[str, str]) -> None:
    """Where a message is gone, renewing it fails, quietly, and goes on being tried."""
    clock = ManualClock()
    async with opened_queue(sample_settings["Other"], "lost") as queue:
        await send(queue, "text")
        (taken,) = await queue.take(1, timedelta(minutes=10))
        await queue.delete(taken)
        async with HeldMessage(queue, taken, timedelta(minutes=10)).kept(clock):
            await clock.move(minutes=5)
            assert await clock.next_due() == clock.now() + timedelta(minutes=5)


async def test_a_message_in_the_hand_of_a_host_that_died_comes_back(
    sample_settings: Mapping[str, str],
) -> None:
    """A message that was taken and neither deleted nor renewed is given out again."""
    async with opened_queue(sample_settings["Other"], "abandoned") as queue:
        text = made_up()
        await send(queue, text)
        (taken,) = await queue.take(1, timedelta(seconds=1))
        async with second_host(sample_settings, "abandoned", timedelta(seconds=2)):
            await recorder.until(lambda: bool(work_calls(text)))
        assert work_calls(text)[0][1] == taken.metadata.dequeue_count + 1


async def test_a_message_taken_too_often_is_poisoned_unseen(
    sample_settings: Mapping[str, str],
) -> None:
    """One whose workers died each time goes to the poison queue without another call."""
    async with opened_queue(sample_settings["Other"], "killer") as queue:
        text = made_up()
        await send(queue, text)
        for _ in range(3):
            (taken,) = await queue.take(1, timedelta(minutes=1))
            await queue.hide(taken, timedelta())
        async with second_host(sample_settings, "killer", timedelta(seconds=30)):
            await recorder.until(lambda: text in recorder.of("poisoned"))
        assert not work_calls(text)


async def test_a_deleted_queue_is_made_again(sample_settings: Mapping[str, str]) -> None:
    """A queue that somebody deletes while the host runs comes back, and works."""
    async with second_host(sample_settings, "deleted", timedelta(seconds=30)) as queue:
        await queue._client.delete_queue()
        text = made_up()
        await send(queue, text)
        await recorder.until(lambda: bool(work_calls(text)))


def listener(
    queue: StorageQueue,
    worker: Worker,
    clock: Clock,
    on_error: Callable[[str], None] = LOGGED,
) -> QueueListener:
    options = QueueOptions(base64=False)
    lease = timedelta(minutes=1)
    processor = MessageProcessor(
        "plain",
        queue=queue,
        poison=None,
        options=options,
        lease=lease,
        invoker=Invoker(worker),
        clock=clock,
    )
    return QueueListener(
        queue=queue,
        processor=processor,
        options=options,
        lease=lease,
        clock=clock,
        on_error=on_error,
        back_off=BackOff(timedelta(seconds=1), lambda: 0.5),
    )


async def test_messages_need_not_be_base64(
    worker: Worker, sample_settings: Mapping[str, str]
) -> None:
    """With messageEncoding none the text reaches the function as it lies in the queue."""
    text = made_up("not base64!")
    async with opened_queue(sample_settings["Other"], "plain") as queue:
        await queue.put(text)
        listening = listener(queue, worker, SystemClock())
        run = asyncio.create_task(listening.run())
        await recorder.until(lambda: text in recorder.of("plain"))
        listening.stop()
        await run
        assert await queue.texts() == []


class StoppingQueue(StorageQueue):
    """A queue whose listener is told to stop while it takes messages."""

    stop: Callable[[], None]

    async def take(self, most: int, lease: timedelta) -> Sequence[Message]:
        """Take messages, and stop."""
        messages = await super().take(most, lease)
        self.stop()
        return messages


async def test_messages_taken_while_stopping_stay_hidden(
    worker: Worker, sample_settings: Mapping[str, str]
) -> None:
    """They come back when their lease is over, a delivery spent; no function is called now."""
    queue = StoppingQueue(sample_settings["Other"], "stopping")
    await queue.make_sure()
    text = made_up()
    await queue.put(text)
    listening = listener(queue, worker, ManualClock())
    queue.stop = listening.stop
    await listening.run()
    assert await queue.texts() == []
    assert text not in recorder.of("plain")
    await queue.close()


async def test_a_poisoned_message_is_not_given_out_for_ever(
    worker: Worker, sample_settings: Mapping[str, str]
) -> None:
    """Where there is no further queue the function sees a message so often, then never again."""
    text = made_up()
    async with opened_queue(sample_settings["Other"], "last-poison") as queue:
        await queue.put(text)
        for _ in range(QueueOptions().max_dequeue_count):
            await queue.take(1, timedelta(seconds=1))
            await until_visible(queue, text)
        listening = listener(queue, worker, SystemClock())
        run = asyncio.create_task(listening.run())
        await until_visible(queue)
        listening.stop()
        await run
    assert text not in recorder.of("plain")


async def until_visible(queue: StorageQueue, *texts: str) -> None:
    async with asyncio.timeout(10):
        while await queue.texts() != [*texts]:  # noqa: ASYNC110 - storage tells nobody
            await asyncio.sleep(0.05)


@pytest.mark.parametrize("lines", ["\r\n", " ", "\t"])
async def test_base64_may_have_blanks_in_it(host: RunningHost, lines: str) -> None:
    """Line breaks and blanks within base64 are passed over, as .NET does."""
    text = made_up()
    encoded = base64.b64encode(text.encode()).decode()
    await host.work_queue.put(f"{encoded[:8]}{lines}{encoded[8:]}{lines}")
    await recorder.until(lambda: bool(work_calls(text)))


async def test_bytes_that_are_no_text_are_a_failed_call(
    worker: Worker, sample_settings: Mapping[str, str]
) -> None:
    """Base64 of what is not UTF-8 comes back as after a failed call, and is seen by nobody."""
    encoded = base64.b64encode(b"\xff" + uuid.uuid4().bytes).decode()
    async with (
        opened_queue(sample_settings["Other"], "bytes") as queue,
        opened_queue(sample_settings["Other"], "bytes-poison") as poison,
    ):
        await queue.put(encoded)
        options = QueueOptions(max_dequeue_count=2, visibility_timeout=timedelta())
        processor = MessageProcessor(
            "plain",
            queue=queue,
            poison=poison,
            options=options,
            lease=timedelta(minutes=1),
            invoker=Invoker(worker),
            clock=SystemClock(),
        )
        for expected in ([], [encoded]):
            (taken,) = await queue.take(1, timedelta(minutes=1))
            await processor.process(taken)
            assert await poison.texts() == expected


async def test_a_queue_is_waited_for_and_not_made(sample_settings: Mapping[str, str]) -> None:
    """The host makes no queue; it reads one as soon as somebody else has made it."""
    own = {**sample_settings, "WORK_QUEUE": "awaited", "TEXT_QUEUE": "awaited-text"}
    own |= {"AzureWebJobs.stubborn.Disabled": "true"}
    host = load_host(SAMPLE, own, SystemClock(), HostOptions())
    await host.start(0)
    queue = StorageQueue(own["Other"], "awaited")
    try:
        assert not await queue.exists()
        await queue.make_sure()
        text = made_up()
        await send(queue, text)
        await recorder.until(lambda: bool(work_calls(text)))
    finally:
        await queue.close()
        await host.stop(5)


@pytest.mark.parametrize(("status", "ends"), [(403, True), (500, False), (503, False)])
async def test_what_storage_refuses_ends_the_host_by_option(
    worker: Worker, status: int, *, ends: bool
) -> None:
    """A refused receive is told to whoever ends the host; outages of a receive are waited out."""
    told: list[str] = []
    clock = ManualClock()
    queue = RefusingQueue(Ports(1, 1, 1).connection_string, "refused")
    queue.status = status
    listening = listener(queue, worker, clock, told.append)
    run = asyncio.create_task(listening.run())
    await clock.next_due()
    listening.stop()
    await run
    await queue.close()
    assert bool(told) is ends


class RefusingQueue(StorageQueue):
    """A queue that cannot be read."""

    status: int

    async def take(self, most: int, lease: timedelta) -> Sequence[Message]:
        """Refuse, as storage does."""
        error = HttpResponseError(f"{self.name}: {most} for {lease}")
        error.status_code = self.status
        raise error


async def test_storage_that_does_not_answer_is_asked_again(
    worker: Worker, caplog: pytest.LogCaptureFixture
) -> None:
    """An outage is logged and slows the polling down; it does not end the listener."""
    clock = ManualClock()
    queue = StorageQueue(Ports(1, 1, 1).connection_string, "nowhere")
    listening = listener(queue, worker, clock)
    run = asyncio.create_task(listening.run())
    assert await clock.next_due() == clock.now() + timedelta(milliseconds=100)
    assert "Cannot read nowhere" in caplog.text
    listening.stop()
    await run
    await queue.close()


async def test_a_netrc_is_not_for_the_storage_account(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, sample_settings: Mapping[str, str]
) -> None:
    """What ~/.netrc has for any machine is no reason to lose the account's own key."""
    netrc = tmp_path / "netrc"
    netrc.write_text("default login somebody password secret\n", "utf-8")
    netrc.chmod(0o600)
    monkeypatch.setenv("NETRC", str(netrc))
    async with opened_queue(sample_settings["Other"], f"netrc-{uuid.uuid4()}") as queue:
        await queue.put("text")
        assert list(await queue.texts()) == ["text"]
