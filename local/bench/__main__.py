"""`make bench`: the figures, in one table; nothing here passes or fails."""

import argparse
import asyncio
import statistics
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.table import Table

from local.bench import events, loading
from local.bench.events import SUBSCRIPTION, Sizes
from local.demo.setting_up import DID_NOT_START, Plan
from local.demo.stage import StageFailed


@dataclass(frozen=True, slots=True)
class Row:
    """One figure: what was promised, what came of it, and their ratio (1 or less keeps it)."""

    what: str
    promised: float
    measured: float
    unit: str

    def cells(self) -> tuple[str, str, str, str]:
        """Write it for people."""
        ratio = self.measured / self.promised
        return (
            self.what,
            f"{self.promised:.0f} {self.unit}",
            f"{self.measured:.1f} {self.unit}",
            f"{ratio:.2f}",
        )


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m local.bench", description=__doc__)
    add = parser.add_argument
    add("--clusters", type=int, default=Sizes().clusters, help="clusters created, one by one")
    add("--events", type=int, default=Sizes().events, help="events delivered, one by one")
    return parser.parse_args()


async def _measure(sizes: Sizes) -> list[Row]:
    loaded = await loading.measure()
    with tempfile.TemporaryDirectory() as folder:
        plan = Plan({"clusters": []}, (SUBSCRIPTION,), (), Path(folder))
        found = await events.measure(plan, sizes)
    return [
        Row("event to accepted write, median", 2000, statistics.median(found.to_write), "ms"),
        Row("event to accepted write, slowest", 2000, max(found.to_write), "ms"),
        Row("after six idle seconds, slowest", 2000, max(found.after_idling), "ms"),
        Row("the first event after the start", 2000, found.first_event, "ms"),
        Row("Event Grid webhook, median", 50, statistics.median(found.handler), "ms"),
        Row("Event Grid webhook, 99 of 100", 50, _percentile(found.handler, 99), "ms"),
        Row("loading the app (import and index)", 700, loaded.milliseconds, "ms"),
        Row("the same with every SDK", 700, loaded.everything_milliseconds, "ms"),
        Row("memory of the app, loaded", 120, loaded.megabytes, "MB"),
        Row("the same with every SDK", 120, loaded.everything_megabytes, "MB"),
        Row("memory of host and app, all clients in use", 120, found.megabytes, "MB"),
    ]


def _percentile(values: tuple[float, ...], percent: int) -> float:
    return statistics.quantiles(values, n=100)[percent - 1]


def main() -> int:
    """Measure and print."""
    arguments = _arguments()
    try:
        rows = asyncio.run(_measure(Sizes(arguments.clusters, arguments.events)))
    except (StageFailed, *DID_NOT_START) as error:
        Console(stderr=True).print(str(error), markup=False)
        return 1
    table = Table("figure", "promised", "measured", "ratio", title="naptime, measured")
    for row in rows:
        table.add_row(*row.cells())
    Console().print(table)
    return 0


if __name__ == "__main__":
    sys.exit(main())
