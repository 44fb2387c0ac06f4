"""Serving one app until told to stop."""

import asyncio
import logging
import os
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TextIO

from local.host.arguments import Arguments
from local.host.assembly import HostOptions, load_host
from local.host.clock import SystemClock
from local.host.functions import UnusableBinding
from local.host.host import Host
from local.host.host_json import InvalidHostJson
from local.host.invocations import Callee
from local.host.logs import LogFormat, start_logging
from local.host.storage_queue import StorageError
from local.host.worker import AppDidNotLoad, Worker
from local.host.worker_process import WorkerProcess

logger = logging.getLogger("host")


async def serve_app(arguments: Arguments, stdout: TextIO, stop: asyncio.Event) -> tuple[int, int]:
    """Load the app, say `ready URL`, run until told to stop; exit code and calls that go on."""
    start_logging(LogFormat(arguments.log_format))
    ended: list[str] = []
    end = partial(_end, stop, ended)
    host = _loaded(arguments, end)
    url = await _started(host, arguments.port) if host else None
    if host is None or url is None:
        return 1, 0
    if not arguments.key:
        print(f"master key (made up): {host.keys.master}", file=sys.stderr)
    print(f"ready {url}", file=stdout, flush=True)
    await stop.wait()
    if ended:
        return 1, 1  # at once: what was taken stays hidden for its lease
    logger.info("Stopping")
    unfinished = await host.stop(arguments.grace)
    if unfinished:
        logger.warning("%d calls have not ended in %g s", unfinished, arguments.grace)
    return 0, unfinished


def _end(stop: asyncio.Event, ended: list[str], why: str) -> None:
    logger.error("%s; Azure's host ends by it, and so does this one", why)
    ended.append(why)
    stop.set()


def _loaded(arguments: Arguments, end: Callable[[str], None]) -> Host | None:
    clock, log_format = SystemClock(), LogFormat(arguments.log_format)

    def load_worker(app: Path) -> Callee:
        if arguments.worker_process:
            return WorkerProcess.load(app, log_format, clock, end)
        return Worker.load(app)

    options = HostOptions(
        arguments.key,
        arguments.message_lease,
        arguments.timer_status,
        load_worker,
        end if arguments.end_on_storage_errors else logger.warning,
    )
    try:
        return load_host(arguments.app, os.environ, clock, options)
    except AppDidNotLoad as error:
        why = f"{error}\n{error.stack_trace}"
    except (InvalidHostJson, UnusableBinding) as error:
        why = str(error)
    print(f"The app in {arguments.app} did not load: {why}", file=sys.stderr)
    return None


async def _started(host: Host, port: int) -> str | None:
    try:
        return await host.start(port)
    except OSError as error:
        print(f"Cannot listen on port {port}: {error}", file=sys.stderr)
    except (StorageError, ValueError) as error:
        print(f"The storage account does not answer: {error}", file=sys.stderr)
    await host.stop(0)
    return None
