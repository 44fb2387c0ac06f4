"""`make bench`: the figures, in one table; nothing here passes or fails."""

import argparse
import asyncio
import statistics
import sys
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from time import monotonic
from typing import Final

from rich.console import Console

from local.bench import beside, choosing, events, loading, loops, node_images, sweeps
from local.bench.beside import Measure
from local.bench.cluster_events import SUBSCRIPTION
from local.bench.cold_start import Start
from local.bench.events import Sizes
from local.bench.figures import Part, Row
from local.bench.fleet_runs import RunDidNotEnd
from local.bench.limits import Limits
from local.bench.sweeps import Shape
from local.bench.updates import WORKERS, updated_at_once
from local.bench.versions import NoSuchCommit, checked_out, host_program
from local.demo.setting_up import DID_NOT_START, Plan
from local.demo.stage import StageFailed

LONG: Final = Shape(4, 1000, Limits(10))
LARGE: Final = Shape(60, 20, Limits(1))
"""As many as end in five minutes with all but the updates; the page has figures of 200x50x1."""
CALLERS: Final = 50
MANY: Final = Shape(100, 10, Limits(0.2))
CHOICES: Final = 2000
UPDATES: Final = Shape(1, 600, Limits(10))
"""Limits and pace of ten times as much: two minutes, and as many clusters wait for one bucket. What
they wait for at the limits of Azure, 1x600x1, takes twenty."""


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
    free: int = 1000
    before: str = ""
    times: int = 1
    locations: int = 60
    only: list[str] = field(default_factory=list)


COMPARED: Final = ("app", "large", "free", "plain", "refused")
"""What is measured beside a version before, unless others are named."""


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
    add("--free", type=int, help="clusters without latency or limits (1000)")
    add("--before", metavar="COMMIT", help="measure the app of this commit as well, in turn")
    add("--times", type=int, help="measure each so often, and take the best (1)")
    add("--locations", type=int, help="whose node images are looked at (60)")
    add("--only", action="append", choices=list(_measures(Arguments())), help="may be repeated")
    return parser


def _measures(arguments: Arguments) -> Mapping[str, Measure]:
    return {
        "app": partial(_app, Sizes(arguments.clusters, arguments.events)),
        "long": partial(sweeps.long_sweep, arguments.long),
        "large": partial(sweeps.large_fleet, arguments.large, arguments.callers),
        "many": partial(sweeps.many_shards, arguments.many),
        "plain": partial(loops.against_plain_loop, arguments.plain),
        "free": partial(loops.without_limits, arguments.free),
        "refused": partial(loops.refused_every_fifth, arguments.plain),
        "choosing": partial(choosing.measure, CHOICES),
        "images": partial(node_images.one_look, arguments.locations),
        "updates": partial(updated_at_once, arguments.updates, arguments.workers),
    }


async def _app(sizes: Sizes) -> Part:
    loaded = await loading.measure()
    with tempfile.TemporaryDirectory() as folder:
        host = host_program()
        plan = Plan({"clusters": []}, (SUBSCRIPTION,), (), Path(folder), host=host)
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
        *_of_starts(found.starts),
        Row("loading the app, processor time", 350, loaded.milliseconds, "ms"),
        Row("loading it with every SDK, processor time", 700, loaded.everything_milliseconds, "ms"),
        Row("memory of the app, loaded", 70, loaded.megabytes, "MB"),
        Row("memory with every SDK", 120, loaded.everything_megabytes, "MB"),
        Row("memory of host and app, all clients in use", 120, found.megabytes, "MB"),
    )
    return Part("one cluster, one event, limits not enforced", rows)


def _of_starts(found: tuple[Start, ...]) -> tuple[Row, ...]:
    """Give the best of some starts: what others do on the machine makes the rest."""
    words = "from the start of the process to the first event acknowledged"
    return (
        Row(words, 2000, min(each.took for each in found), "ms"),
        Row("processor time of host and app for it", 2000, min(x.processor for x in found), "ms"),
        Row("memory of host and app after it", 120, min(x.megabytes for x in found), "MB"),
    )


def _percentile(values: tuple[float, ...], percent: int) -> float:
    return statistics.quantiles(values, n=100)[percent - 1]


type Found = tuple[Part, dict[str, float]]


async def _measure(
    arguments: Arguments, before: Path | None, say: Callable[[str], None]
) -> list[Found]:
    chosen = arguments.only or list(COMPARED if before else _measures(arguments))
    parts = []
    for name, measure in _measures(arguments).items():
        if name in chosen:
            began = monotonic()
            parts.append(await beside.measured(measure, before, arguments.times))
            say(f"{name}: measured in {monotonic() - began:.0f} s")
    return parts


def _all(arguments: Arguments, say: Callable[[str], None]) -> list[Found]:
    if not arguments.before:
        return asyncio.run(_measure(arguments, None, say))
    with checked_out(arguments.before) as folder:
        return asyncio.run(_measure(arguments, folder, say))


def main() -> int:
    """Measure and print."""
    arguments = _parser().parse_args(namespace=Arguments())
    progress = Console(stderr=True)
    try:
        parts = _all(arguments, progress.print)
    except (StageFailed, RunDidNotEnd, NoSuchCommit, *DID_NOT_START) as error:
        progress.print(str(error), markup=False)
        return 1
    Console().print(beside.table(parts, arguments.before))
    return 0


if __name__ == "__main__":
    sys.exit(main())
