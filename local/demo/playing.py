"""The story or the stage alone, from the command line to the exit code; nothing stays behind."""

import asyncio
import os
import shutil
import signal
import sys
import tempfile
from collections.abc import Coroutine
from contextlib import AsyncExitStack, suppress
from pathlib import Path
from typing import Final, NoReturn

from local.demo.arguments import Arguments, parse
from local.demo.fleet import fleet
from local.demo.guide import write_guide
from local.demo.performance import INTRODUCTION, Wanted, perform
from local.demo.setting_up import DID_NOT_START, plan_of, staged
from local.demo.show import Show
from local.demo.stage import Stage, StageFailed
from local.demo.telling import Teller

INTERRUPTED: Final = 130
CHECKED_EVERY_SECONDS: Final = 1.0
_BROKEN: Final = 1
_PIPE_CLOSED: Final = 128 + signal.SIGPIPE


def run() -> int:
    """Do what the command line says; the exit code."""
    return asyncio.run(main(parse()))


async def main(arguments: Arguments) -> int:
    """Do what was asked for, with logs and certificates in a folder of its own; the exit code."""
    stop = asyncio.Event()
    # First of all: from here on there is something to stop and to remove.
    for one in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        asyncio.get_running_loop().add_signal_handler(one, stop.set)
    folder, code = Path(tempfile.mkdtemp(prefix="naptime-")), _BROKEN
    try:
        code = await _played(arguments, folder, stop)
    except BrokenPipeError:
        code = _nobody_reads_on()
    finally:
        if arguments.keep_logs or code == _BROKEN:
            print(f"logs: {folder}")
        else:
            shutil.rmtree(folder)
    return code


async def _played(arguments: Arguments, folder: Path, stop: asyncio.Event) -> int:
    show = Show.on_stdout(plain=arguments.plain, details=arguments.details)
    try:
        code = await _unless(stop, _on_stage(arguments, show, folder))
    except (StageFailed, *DID_NOT_START) as error:
        show.told(str(error), ok=False)
        return _BROKEN
    if code is None:
        show.stopped("stopped, and everything that was started with it")
        return 0 if arguments.stay_up else INTERRUPTED
    return code


async def _unless(stop: asyncio.Event, performance: Coroutine[object, None, int]) -> int | None:
    """Run to the end, or until told to stop: None, and everything has been stopped in its turn."""
    playing = asyncio.create_task(performance)
    stopping = asyncio.create_task(stop.wait())
    await asyncio.wait({playing, stopping}, return_when=asyncio.FIRST_COMPLETED)
    stopping.cancel()
    playing.cancel()
    with suppress(asyncio.CancelledError):
        return await playing
    return None


async def _on_stage(arguments: Arguments, show: Show, folder: Path) -> int:
    members = fleet()
    plan = plan_of(members, folder, arguments.port)
    async with AsyncExitStack() as stack:
        if not arguments.stay_up:
            show.line(INTRODUCTION)
        with show.waiting("starting") as say:
            stage = await stack.enter_async_context(staged(plan, say))
        teller = Teller(stage, show, members)
        if arguments.stay_up:
            write_guide(teller, folder)
            await _stay_up(stage)
        wanted = Wanted(arguments.table, arguments.promises, arguments.promised)
        code = await perform(teller, wanted)
        if arguments.and_stay_up:
            write_guide(teller, folder)
            await _stay_up(stage)
        return code


async def _stay_up(stage: Stage) -> NoReturn:
    """Stay until cancelled; StageFailed if one of the programs ends on its own."""
    while True:
        stage.check()
        await asyncio.sleep(CHECKED_EVERY_SECONDS)


def _nobody_reads_on() -> int:
    """Let the rest of the output go nowhere, as the end of Python would try to write it again."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return _PIPE_CLOSED
