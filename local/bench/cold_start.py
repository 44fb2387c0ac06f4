"""From the start of the process to the first event that is acknowledged: the host, worker and app.

Each start is one of its own, over the storage and the identity of a stage that is up already.
"""

import sys
import tempfile
import time
from dataclasses import dataclass
from http import HTTPStatus
from typing import Final

from local.bench.cluster_events import delivered
from local.bench.processes import processor_seconds, resident
from local.bench.versions import host_program
from local.demo.naptime_api import NaptimeApi
from local.demo.stage import Stage, StageFailed
from local.demo.surroundings import clean_environment
from local.processes import Child
from local.storage_emulator import REPOSITORY

STARTS: Final = 5


@dataclass(frozen=True, slots=True)
class Start:
    """One start: milliseconds until the answer, and of the processor; megabytes after it."""

    took: float
    processor: float
    megabytes: float


async def starts(stage: Stage) -> tuple[Start, ...]:
    """Start a host again and again, with bytecode as the package has it, which the first writes."""
    with tempfile.TemporaryDirectory() as cache:
        bytecode = {"PYTHONPYCACHEPREFIX": cache}
        found = [await _start(stage, bytecode, number) for number in range(1 + STARTS)]
    return tuple(found[1:])


async def _start(stage: Stage, bytecode: dict[str, str], number: int) -> Start:
    argv = (sys.executable, "-m", *host_program(), "--port=0", f"--key={stage.api.key}")
    environment = clean_environment() | dict(stage.settings) | bytecode
    before = time.perf_counter()
    host = await Child.start(argv, env=environment, cwd=REPOSITORY)
    try:
        api = NaptimeApi(stage.azure.session, host.url, stage.api.key)
        status = await delivered(api, 80_000 + number)
        took = time.perf_counter() - before
        if status != HTTPStatus.ACCEPTED:
            raise StageFailed(f"the first event was answered {status}")
        return Start(took * 1000, processor_seconds(host.pid) * 1000, resident(host.pid))
    finally:
        await host.stop()
