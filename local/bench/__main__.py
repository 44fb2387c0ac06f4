"""`make bench`: the figures, in one table; nothing here passes or fails."""

import argparse
import asyncio
import statistics
import sys
import tempfile
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from time import monotonic
from typing import Final

from rich.console import Console
from rich.table import Table

from local.bench import choosing, events, loading, node_images, sweeps
from local.bench.events import SUBSCRIPTION, Sizes
from local.bench.figures import Part, Row
from local.bench.fleet_runs import RunDidNotEnd
from local.bench.limits import Limits
from local.bench.sweeps import Shape
from local.bench.updates import WORKERS, updated_at_once
from local.demo.setting_up import DID_NOT_START, Plan
from local.demo.stage import StageFailed

LONG: Final = Shape(4, 1000, Limits(10))
LARGE: Final = Shape(60, 20, Limits(1))
"""As many as end in five minutes with all but the updates; the page has figures of 200x50x1."""
CALLERS: Final = 50
MANY: Final = Shape(100, 10, Limits(0.2))
CHOICES: Final = 2000
UPDATES: Final = Shape(1, 600, Limits(1))
"""Twenty minutes, nearly all of it waiting for the pace; with `--only` the others go without it."""


@dataclass(slots=True)
class Arguments(argparse.Namespace):
    """The command line."""

    clusters: int = Sizes().clusters
    events: int = Sizes().events
    long: Shape = LONG
    large: Shape = LARGE
    callers: int = CALLERS
    many: Shape = MANY
    updates: Shape = UPDATES
    workers: int = WORKERS
    plain: int = 100
    locations: int = 60
    only: list[str] = field(default_factory=list)


type Measure = Callable[[], Awaitable[Part]]


def _shape(text: str) -> Shape:
    """Read SHARDSxCLUSTERSxFACTOR."""
    shards, clusters, factor = text.split("x")
    return Shape(int(shards), int(clusters), Limits(float(factor)))


def _text(shape: Shape) -> str:
    return f"{shape.shards}x{shape.clusters}x{shape.limits.factor:g}"


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m local.bench",
        description=f"{__doc__} A SHAPE is SHARDSxCLUSTERSxFACTOR: so many shards of so many"
        " clusters, with AKS's limits and the app's pace both times the factor.",
    )
    add = parser.add_argument
    add("--clusters", type=int, help=f"created, one by one ({Sizes().clusters})")
    add("--events", type=int, help=f"delivered, alone and in a flood ({Sizes().events} each)")
    add("--long", type=_shape, metavar="SHAPE", help=f"a long sweep ({_text(LONG)})")
    add("--large", type=_shape, metavar="SHAPE", help=f"a large fleet ({_text(LARGE)})")
    add("--callers", type=int, help=f"who watch the large fleet at once ({CALLERS})")
    add("--many", type=_shape, metavar="SHAPE", help=f"many small shards ({_text(MANY)})")
    add("--updates", type=_shape, metavar="SHAPE", help=f"updated at once ({_text(UPDATES)})")
    add("--workers", type=int, help=f"who see to the updates ({WORKERS})")
    add("--plain", type=int, help="clusters at 100 ms latency, and for the plain loop (100)")
    add("--locations", type=int, help="whose node images are looked at (60)")
    add("--only", action="append", choices=list(_measures(Arguments())), help="may be repeated")
    return parser


def _measures(arguments: Arguments) -> Mapping[str, Measure]:
    return {
        "app": partial(_app, Sizes(arguments.clusters, arguments.events)),
        "long": partial(sweeps.long_sweep, arguments.long),
        "large": partial(sweeps.large_fleet, arguments.large, arguments.callers),
        "many": partial(sweeps.many_shards, arguments.many),
        "plain": partial(sweeps.against_plain_loop, arguments.plain),
        "refused": partial(sweeps.refused_every_fifth, arguments.plain),
        "choosing": partial(choosing.measure, CHOICES),
        "images": partial(node_images.one_look, arguments.locations),
        "updates": partial(updated_at_once, arguments.updates, arguments.workers),
    }


async def _app(sizes: Sizes) -> Part:
    loaded = await loading.measure()
    with tempfile.TemporaryDirectory() as folder:
        plan = Plan({"clusters": []}, (SUBSCRIPTION,), (), Path(folder))
        found = await events.measure(plan, sizes)
    rows = (
        Row("event to accepted write, median", 2000, statistics.median(found.to_write), "ms"),
        Row("event to accepted write, slowest", 2000, max(found.to_write), "ms"),
        Row("after six idle seconds, slowest", 2000, max(found.after_idling), "ms"),
        Row("the first event after the start", 2000, found.first_event, "ms"),
        Row("Event Grid webhook, median", 50, statistics.median(found.handler), "ms"),
        Row("Event Grid webhook, 99 of 100", 50, _percentile(found.handler, 99), "ms"),
        Row("in a flood of events, median", 50, statistics.median(found.handler_in_flood), "ms"),
        Row("in a flood, 99 of 100", 50, _percentile(found.handler_in_flood, 99), "ms"),
        Row("loading the app (import and index)", 700, loaded.milliseconds, "ms"),
        Row("the same with every SDK", 700, loaded.everything_milliseconds, "ms"),
        Row("memory of the app, loaded", 120, loaded.megabytes, "MB"),
        Row("the same with every SDK", 120, loaded.everything_megabytes, "MB"),
        Row("memory of host and app, all clients in use", 120, found.megabytes, "MB"),
    )
    return Part("one cluster, one event, limits not enforced", rows)


def _percentile(values: tuple[float, ...], percent: int) -> float:
    return statistics.quantiles(values, n=100)[percent - 1]


async def _measure(arguments: Arguments, say: Callable[[str], None]) -> list[Part]:
    chosen = arguments.only or list(_measures(arguments))
    parts = []
    for name, measure in _measures(arguments).items():
        if name in chosen:
            began = monotonic()
            parts.append(await measure())
            say(f"{name}: measured in {monotonic() - began:.0f} s")
    return parts


def _table(parts: Iterable[Part]) -> Table:
    title = "naptime, measured; a ratio of 1 or less keeps the promise"
    table = Table("figure (promised)", "promised", "measured", "ratio", title=title)
    for part in parts:
        table.add_section()
        table.add_row(f"[bold]{part.title}[/bold]")
        for row in part.rows:
            table.add_row(*row.cells())
    return table


def main() -> int:
    """Measure and print."""
    arguments = _parser().parse_args(namespace=Arguments())
    progress = Console(stderr=True)
    try:
        parts = asyncio.run(_measure(arguments, progress.print))
    except (StageFailed, RunDidNotEnd, *DID_NOT_START) as error:
        progress.print(str(error), markup=False)
        return 1
    Console().print(_table(parts))
    return 0


if __name__ == "__main__":
    sys.exit(main())
