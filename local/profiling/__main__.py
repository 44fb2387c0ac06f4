"""`make profile`: where a sweep's processor time, calls, storage operations and memory go."""

import argparse
import asyncio
import platform
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from pathlib import Path

from local.bench.fleet_runs import RunDidNotEnd
from local.demo.setting_up import DID_NOT_START
from local.demo.stage import StageFailed
from local.profiling.sweeping import Fleet, watched_sweeps
from local.profiling.tables import counted, held, processor
from local.storage_emulator import REPOSITORY


@dataclass(slots=True)
class Arguments(argparse.Namespace):
    """The command line."""

    shards: int = Fleet().shards
    clusters: int = Fleet().clusters


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m local.profiling", description=__doc__)
    parser.add_argument("--shards", type=int, help="subscriptions, one location each (20)")
    parser.add_argument("--clusters", type=int, help="clusters of each (50)")
    return parser


def _machine() -> str:
    lines = Path("/proc/cpuinfo").read_text("utf-8").splitlines()
    model = next((line.partition(":")[2].strip() for line in lines if "model name" in line), "?")
    cores = sum(line.startswith("processor") for line in lines)
    return f"{cores} x {model}, Python {platform.python_version()}"


def _commit() -> str:
    git = ("git", "rev-parse", "--short", "HEAD")
    done = subprocess.run(git, cwd=REPOSITORY, capture_output=True, text=True, check=False)  # noqa: S603 - a fixed command
    return done.stdout.strip() or "no commit"


async def _profile(fleet: Fleet) -> AsyncIterator[Iterator[str]]:
    yield processor(await watched_sweeps(fleet, "samples"), fleet.size)
    yield counted(await watched_sweeps(fleet, "counts"), fleet.size)
    yield held(await watched_sweeps(fleet, "memory"))


async def _print(fleet: Fleet) -> None:
    print(f"{fleet.size:,} clusters in {fleet.shards} shards, no limits; {_machine()}, {_commit()}")
    async for lines in _profile(fleet):
        print("", *lines, sep="\n", flush=True)


def main() -> int:
    """Measure and print."""
    arguments = _parser().parse_args(namespace=Arguments())
    fleet = Fleet(arguments.shards, arguments.clusters)
    try:
        asyncio.run(_print(fleet))
    except (StageFailed, RunDidNotEnd, *DID_NOT_START) as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
