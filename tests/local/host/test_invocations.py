"""Calls, and the host's own lines about them."""

import asyncio
import logging
import uuid
from datetime import timedelta

import pytest

from local.host.invocations import Invoker
from local.host.payloads import QueueMetadata, queue_payload
from local.host.worker import Worker
from tests.local.host.recorder import recorder


async def test_a_call_past_the_function_timeout_is_said_and_goes_on(
    worker: Worker, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The Python code is not cancelled; the log says that Azure would start the worker anew."""
    said = asyncio.Event()

    def note(record: logging.LogRecord) -> bool:
        if "has passed functionTimeout" in record.getMessage():
            said.set()
        return True

    monkeypatch.setattr(logging.getLogger("host"), "filters", [note])
    invoker = Invoker(worker, timedelta(microseconds=1))
    text = f"wait {uuid.uuid4()}"
    call = asyncio.create_task(invoker.call("work", queue_payload(text, QueueMetadata()), "test"))
    await asyncio.wait_for(said.wait(), 10)
    assert not call.done()
    recorder.add("go", text)
    assert (await call).succeeded


async def test_draining_waits_for_calls(worker: Worker) -> None:
    """It counts what has not ended in time, and comes back as soon as all have."""
    invoker = Invoker(worker)
    assert await invoker.drain(0) == 0
    text = f"wait {uuid.uuid4()}"
    call = asyncio.create_task(invoker.call("work", queue_payload(text, QueueMetadata()), "test"))
    await asyncio.sleep(0)
    assert await invoker.drain(0) == 1
    recorder.add("go", text)
    assert await invoker.drain(10) == 0
    assert (await call).succeeded
