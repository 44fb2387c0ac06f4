"""`make scale`: a run over 10,000 clusters, the limits on, with one worker and with ten."""

import argparse
import asyncio
import sys
from time import monotonic

from local.scale.fleet import PLACES, SIZES, subscriptions
from local.scale.workers import Swept, sweep


def _told(found: Swept) -> str:
    messages = ", ".join(f"{each:,}" for each in found.messages)
    return (
        f"| {found.workers} | {found.seconds:.0f} s | {found.bound:.0f} s | {found.worst:.2f} |"
        f" {found.calls:,} | {found.throttled} | {found.unprotected} | {found.written_twice} |"
        f" {found.table_operations:,} | {messages} |"
    )


async def _sweeps(workers: list[int]) -> None:
    print(f"{sum(SIZES):,} clusters, {len(SIZES)} subscriptions, {len(PLACES)} locations")
    heads = "workers | last call | bound | ratio | calls | 429 | unprotected | written twice"
    print(f"| {heads} | operations of tables | messages, each worker |")
    for each in workers:
        began = monotonic()
        print(_told(await sweep(subscriptions(), each)), flush=True)
        print(f"(simulated in {monotonic() - began:.0f} s)", file=sys.stderr)


def main() -> int:
    """Sweep with each number of workers."""
    parser = argparse.ArgumentParser("python -m local.scale", description=__doc__)
    parser.add_argument("--workers", type=int, nargs="*", default=[1, 10], help="1 and 10")
    asyncio.run(_sweeps(parser.parse_args().workers))
    return 0


if __name__ == "__main__":
    sys.exit(main())
