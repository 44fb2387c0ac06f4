"""`python -m local.walk`: through how many of the app's files an event, a shard and a PUT go."""

import asyncio
import sys

from local.walk.tracing import Walk, walked
from local.walk.ways import WAYS, Way
from tests.service_world import World


async def _warm(way: Way) -> None:
    # What is read and kept once for the life of a process is no part of the way.
    world = World()
    await way.prepare(world)
    await way.go(world)


async def walk(way: Way) -> tuple[Walk, int]:
    """Walk a way; with it comes how many writes it ended in."""
    await _warm(way)
    world = World()
    await way.prepare(world)
    found = await walked(lambda: way.go(world))
    return found, len(world.aks.accepted_writes)


async def _walk_all(*, with_files: bool) -> int:
    print(f"{'way':36} files  again  calls")
    for name, way in WAYS.items():
        found, writes = await walk(way)
        print(f"{name:36} {len(found.files):5}  {found.returns:5}  {found.calls:5}")
        if writes != way.writes:
            print(f"it ended in {writes} writes, not in {way.writes}", file=sys.stderr)
            return 1
        if with_files:
            print(*(f"    {file}" for file in found.files), sep="\n")
    return 0


def main() -> int:
    """Walk every way; with --files the files are listed in the order in which they are entered."""
    return asyncio.run(_walk_all(with_files="--files" in sys.argv[1:]))


if __name__ == "__main__":
    sys.exit(main())
