"""How long the app takes to load in the worker library, and what it holds then.

Run as a program it loads the app once, in a process that has loaded nothing else, and prints
milliseconds and megabytes.
"""

import asyncio
import json
import statistics
import sys
import time
from dataclasses import asdict, dataclass, fields
from importlib import import_module
from typing import Final

from local.bench.processes import resident
from local.storage_emulator import REPOSITORY

RUNS: Final = 7


@dataclass(frozen=True, slots=True)
class Loading:
    """Loading the app, and then everything that its functions import when they first run."""

    milliseconds: float
    megabytes: float
    everything_milliseconds: float
    everything_megabytes: float


async def measure() -> Loading:
    """Load the app in fresh processes, one after the other, and give the medians."""
    results = [await _once() for _ in range(RUNS)]
    medians = (
        statistics.median(getattr(result, each.name) for result in results)
        for each in fields(Loading)
    )
    return Loading(*medians)


async def _once() -> Loading:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "local.bench.loading", cwd=REPOSITORY, stdout=asyncio.subprocess.PIPE
    )
    output, _ = await process.communicate()
    return Loading(**json.loads(output))


def _load() -> None:
    from local.host.worker import Worker  # noqa: PLC0415 - its own imports are not the app's

    before = time.perf_counter()
    Worker.load(REPOSITORY)
    loaded, held = time.perf_counter() - before, resident("self")
    for client in ("aks", "transport", "storage.queues", "storage.tables"):
        import_module(f"shared.clients.{client}")
    everything = time.perf_counter() - before
    figures = Loading(loaded * 1000, held, everything * 1000, resident("self"))
    print(json.dumps(asdict(figures)))


if __name__ == "__main__":
    _load()
