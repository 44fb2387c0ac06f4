"""How long the app takes to load in the worker library, and what it holds then.

Run as a program it loads the app once, in a process that has loaded nothing else, and prints
milliseconds of processor time, which a busy machine does not change, and megabytes.
"""

import asyncio
import json
import os
import statistics
import sys
import tempfile
import time
from dataclasses import asdict, dataclass, fields
from importlib import import_module
from pathlib import Path
from typing import Final

from local.bench.processes import resident
from local.bench.versions import app_folder
from local.storage_emulator import REPOSITORY

RUNS: Final = 7
SDKS: Final = (
    "azure.identity.aio",
    "azure.storage.queue.aio",
    "azure.data.tables.aio",
    "azure.mgmt.containerservice.aio",
)


@dataclass(frozen=True, slots=True)
class Loading:
    """Loading the app, and then everything that its functions import when they first run."""

    milliseconds: float
    megabytes: float
    everything_milliseconds: float
    everything_megabytes: float


async def measure() -> Loading:
    """Load the app in fresh processes, one after the other, and give the medians.

    With bytecode, as the package has it; the first process writes it.
    """
    with tempfile.TemporaryDirectory() as cache:
        with_bytecode = os.environ | {"PYTHONPYCACHEPREFIX": cache, "PYTHONDONTWRITEBYTECODE": ""}
        results = [await _once(with_bytecode) for _ in range(1 + RUNS)][1:]
    medians = (
        statistics.median(getattr(result, each.name) for result in results)
        for each in fields(Loading)
    )
    return Loading(*medians)


async def _once(environment: dict[str, str]) -> Loading:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "local.bench.loading", str(app_folder())),
        cwd=REPOSITORY,
        env=environment,
        stdout=asyncio.subprocess.PIPE,
    )
    output, _ = await process.communicate()
    return Loading(**json.loads(output))


def _load(app: Path) -> None:
    from local.host.worker import Worker  # noqa: PLC0415 - its own imports are not the app's

    before = time.process_time()
    Worker.load(app)
    loaded, held = time.process_time() - before, resident("self")
    for sdk in SDKS:
        import_module(sdk)
    everything = time.process_time() - before
    figures = Loading(loaded * 1000, held, everything * 1000, resident("self"))
    print(json.dumps(asdict(figures)))


if __name__ == "__main__":
    _load(Path(sys.argv[1]))
