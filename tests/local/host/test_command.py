"""`python -m local.host` as a process."""

import asyncio
import os
import signal
import sys
from collections.abc import Mapping
from pathlib import Path

import aiohttp
import pytest

from local.host.app_folder import REPOSITORY
from local.host.arguments import parse
from local.processes import Child, ChildDidNotStart
from local.storage_emulator import Ports
from tests.local.host.conftest import SAMPLE, RunningHost
from tests.local.host.test_worker import write_app

SLOW = """
import asyncio, time
@app.route(route="slow", auth_level=func.AuthLevel.ANONYMOUS)
async def slow(req: func.HttpRequest) -> func.HttpResponse:
    print("a print of the app")
    print("slow has begun", flush=True)
    await asyncio.sleep(0.5)
    return func.HttpResponse("ended")
"""


STUCK = """
import threading
@app.route(route="stuck", auth_level=func.AuthLevel.ANONYMOUS)
def stuck(req: func.HttpRequest) -> func.HttpResponse:
    print("stuck has begun", flush=True)
    threading.Event().wait()
"""


def emulator_of(child: Child) -> int:
    """Give the process id of the emulator that a host has started."""
    return int(Path(f"/proc/{child.pid}/task/{child.pid}/children").read_text("utf-8"))


async def until(child: Child, client: aiohttp.ClientSession, text: str) -> None:
    """Wait, a request at a time, until a host has logged a text."""
    async with asyncio.timeout(20):
        while text not in child.stderr_text():
            async with client.get(f"{child.url}/admin/host/ping"):
                pass


async def start(*arguments: str, app: Path = SAMPLE, settings: Mapping[str, str]) -> Child:
    argv = [sys.executable, "-m", "local.host", "--port", "0", "--app", str(app), *arguments]
    return await Child.start(argv, env={**os.environ, **settings}, cwd=REPOSITORY)


async def test_it_serves_and_ends_cleanly(sample_settings: Mapping[str, str]) -> None:
    """It says `ready URL`, takes the key that it was given, and ends with 0 on SIGTERM."""
    settings = {**sample_settings, "WORK_QUEUE": "command"}
    child = await start("--key", "given", "--log-format", "json", settings=settings)
    async with aiohttp.request("GET", f"{child.url}/api/secret?code=given") as answer:
        assert answer.status == 200
    assert await child.stop() == 0
    assert "master key" not in child.stderr_text()
    assert '"message": "Executed \'secret\'' in child.stderr_text()


async def test_it_starts_the_storage_emulator_and_lets_calls_end(tmp_path: Path) -> None:
    """Without AzureWebJobsStorage there is an emulator; a call under way ends before the host."""
    unset = {"AzureWebJobsStorage": ""}
    child = await start(app=write_app(tmp_path, SLOW), settings=unset)
    assert "master key (made up): " in child.stderr_text()
    async with aiohttp.ClientSession() as client:
        call = asyncio.create_task(client.get(f"{child.url}/api/slow"))
        await until(child, client, "slow has begun")
        stopped = asyncio.create_task(child.stop())
        assert await (await call).text() == "ended"
    assert await stopped == 0


async def test_a_call_that_does_not_end_does_not_hold_it_up(
    tmp_path: Path, sample_settings: Mapping[str, str]
) -> None:
    """After the grace, a thread that goes on for ever is left behind, and that is said."""
    app = write_app(tmp_path, STUCK)
    child = await start("--grace", "0", app=app, settings=sample_settings)
    async with aiohttp.ClientSession() as client:
        call = asyncio.create_task(client.get(f"{child.url}/api/stuck"))
        await until(child, client, "stuck has begun")
        assert await child.stop() == 0
        with pytest.raises(aiohttp.ClientError):
            await call
    assert "1 calls have not ended" in child.stderr_text()


# Only Linux lists the children of a process as files; elsewhere this test could not find whom to
# kill.
@pytest.mark.skipif(sys.platform != "linux", reason="children are found in /proc")
async def test_it_says_when_the_storage_emulator_dies(tmp_path: Path) -> None:
    """The host goes on, for what it can, and the log tells the exit code."""
    child = await start(app=write_app(tmp_path, SLOW), settings={"AzureWebJobsStorage": ""})
    os.kill(emulator_of(child), signal.SIGKILL)
    async with aiohttp.ClientSession() as client:
        await until(child, client, "The storage emulator has ended with -9")
    assert await child.stop() == 0


# PR_SET_PDEATHSIG is Linux's own; elsewhere a child of a killed parent stays (local/processes.py).
@pytest.mark.skipif(sys.platform != "linux", reason="only Linux kills the children of a killed one")
async def test_the_storage_emulator_dies_with_it(tmp_path: Path) -> None:
    """Where the host is killed, no emulator lingers."""
    child = await start(app=write_app(tmp_path, SLOW), settings={"AzureWebJobsStorage": ""})
    emulator = os.pidfd_open(emulator_of(child))
    ended: asyncio.Future[None] = asyncio.get_running_loop().create_future()
    asyncio.get_running_loop().add_reader(emulator, ended.cancel)
    await child.kill()
    await asyncio.wait({ended}, timeout=20)
    asyncio.get_running_loop().remove_reader(emulator)
    os.close(emulator)
    assert ended.cancelled()


async def test_an_app_that_does_not_load_ends_it(
    tmp_path: Path, sample_settings: Mapping[str, str]
) -> None:
    """The exception, its traceback and the exit code 1 say so."""
    app = write_app(tmp_path, "raise RuntimeError('at import')")
    with pytest.raises(ChildDidNotStart, match="ended with 1") as caught:
        await start(app=app, settings=sample_settings)
    assert "did not load: RuntimeError: at import" in str(caught.value)
    assert "Traceback" in str(caught.value)


async def test_a_setting_that_is_missing_ends_it(
    tmp_path: Path, sample_settings: Mapping[str, str]
) -> None:
    """The function and the setting are named."""
    text = '@app.timer_trigger("t", "%WHEN%")\ndef f(t: func.TimerRequest): ...'
    with pytest.raises(ChildDidNotStart, match="function f: schedule: %WHEN% is not set"):
        await start(app=write_app(tmp_path, text), settings=sample_settings)


async def test_a_port_that_is_taken_ends_it(
    host: RunningHost, tmp_path: Path, sample_settings: Mapping[str, str]
) -> None:
    """The port is named."""
    port = host.url.rsplit(":", 1)[1]
    app = write_app(tmp_path, SLOW)
    with pytest.raises(ChildDidNotStart, match=f"Cannot listen on port {port}"):
        await start("--port", port, app=app, settings=sample_settings)


async def test_storage_that_does_not_answer_ends_it(sample_settings: Mapping[str, str]) -> None:
    """A storage account that is not there is no reason to hang."""
    nowhere = Ports(1, 1, 1).connection_string
    with pytest.raises(ChildDidNotStart, match="storage account does not answer"):
        await start(settings={**sample_settings, "AzureWebJobsStorage": nowhere})


@pytest.mark.parametrize("lease", ["0", "604801", "x"])
def test_a_lease_that_storage_would_refuse_is_refused(
    capsys: pytest.CaptureFixture[str], lease: str
) -> None:
    """From a second to seven days."""
    with pytest.raises(SystemExit):
        parse(["--message-lease", lease])
    assert "--message-lease" in capsys.readouterr().err


def test_the_app_is_this_repositorys_by_default() -> None:
    """Whatever the working directory is."""
    assert parse([]).app == REPOSITORY


OWN_PROCESS = """
import asyncio, os
@app.route(route="pid", auth_level=func.AuthLevel.ANONYMOUS)
async def pid(req: func.HttpRequest) -> func.HttpResponse:
    return func.HttpResponse(str(os.getpid()))

@app.route(route="stuck", auth_level=func.AuthLevel.ANONYMOUS)
async def stuck(req: func.HttpRequest) -> func.HttpResponse:
    print("stuck has begun", flush=True)
    await asyncio.sleep(60)
"""


async def test_a_worker_of_its_own_may_die(
    tmp_path: Path, sample_settings: Mapping[str, str]
) -> None:
    """Its call fails at once, the next worker serves; the third death ends the host with 1."""
    app = write_app(tmp_path, OWN_PROCESS)
    child = await start("--worker-process", app=app, settings=sample_settings)
    async with aiohttp.ClientSession() as client:
        seen = []
        for _ in range(3):
            async with client.get(f"{child.url}/api/pid") as answer:
                seen.append(int(await answer.text()))
            call = asyncio.create_task(client.get(f"{child.url}/api/stuck").__aenter__())
            await until_counted(child, client, "stuck has begun", len(seen))
            os.kill(seen[-1], signal.SIGKILL)
            if len(seen) < 3:
                assert (await call).status == 500
            else:
                call.cancel()
        assert await child.wait() == 1
    assert len({*seen, child.pid}) == 4
    assert "has died 3 times" in child.stderr_text()


async def until_counted(child: Child, client: aiohttp.ClientSession, text: str, count: int) -> None:
    async with asyncio.timeout(20):
        while child.stderr_text().count(text) < count:
            async with client.get(f"{child.url}/admin/host/ping"):
                pass


async def test_a_worker_of_its_own_says_why_it_does_not_load(
    tmp_path: Path, sample_settings: Mapping[str, str]
) -> None:
    """An app that cannot be imported is told as where there is one process."""
    app = write_app(tmp_path, "import nowhere_at_all")
    with pytest.raises(ChildDidNotStart, match="nowhere_at_all"):
        await start("--worker-process", app=app, settings=sample_settings)
