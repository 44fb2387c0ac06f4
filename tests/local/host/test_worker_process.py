"""The worker in a process of its own, and what calls meet between one worker and the next."""

import asyncio
import os
import signal
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from local.host.clock import SystemClock
from local.host.logs import LogFormat
from local.host.payloads import timer_payload
from local.host.worker_process import WorkerProcess

APP = """
import azure.functions as func
app = func.FunctionApp()

@app.timer_trigger("t", "0 0 0 * * *")
def tick(t: func.TimerRequest): ...
"""


async def until(holds: Callable[[], bool]) -> None:
    """Let the loop go on until something holds that a thread brings about."""
    async with asyncio.timeout(20):
        # A thread or another process is what changes, so there is no event to wait for.
        while not holds():  # noqa: ASYNC110 - see above
            await asyncio.sleep(0.01)


async def test_a_call_right_after_a_death_waits_for_the_next_worker(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However long it takes from a worker's first word until the host knows it as its own."""
    (tmp_path / "function_app.py").write_text(APP, "utf-8")
    (tmp_path / "host.json").write_text('{"version": "2.0"}', "utf-8")
    ends: list[str] = []
    worker = WorkerProcess.load(tmp_path, LogFormat.READABLE, SystemClock(), ends.append)
    assert (await worker.invoke("tick", timer_payload())).succeeded
    start, is_there, go_on = worker._started, threading.Event(), threading.Event()

    def slowly() -> object:
        made = start()
        is_there.set()
        go_on.wait(20)
        return made

    monkeypatch.setattr(worker, "_started", slowly)
    os.kill(worker._child.pid, signal.SIGKILL)
    await until(is_there.is_set)
    call = asyncio.create_task(worker.invoke("tick", timer_payload()))
    await asyncio.sleep(0.05)
    go_on.set()
    assert (await call).succeeded
    second = worker._child
    second.kill()
    await until(lambda: worker._child is not second)
    worker._child.kill()
    await until(lambda: bool(ends))
    assert ends == ["the worker has died 3 times within half an hour"]
