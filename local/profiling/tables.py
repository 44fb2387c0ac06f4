"""What the instruments have found, as tables for docs/performance.md."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from local.azure.json_values import as_object
from local.profiling.layers import LAYERS
from local.profiling.sweeping import Watched

TITLES: Final = ("first sweep", "nothing to do")


def _numbers(found: object) -> Mapping[str, float]:
    return {
        name: value for name, value in as_object(found).items() if isinstance(value, int | float)
    }


def _table(head: str, rows: Mapping[str, Sequence[float]], form: str) -> Iterator[str]:
    yield f"| {head} | {' | '.join(TITLES)} |"
    yield f"|---|{'--:|' * len(TITLES)}"
    for name, values in rows.items():
        yield f"| {name} | {' | '.join(format(each, form) for each in values)} |"


def _side_by_side(
    found: Sequence[Mapping[str, float]], names: Sequence[str], divisor: float
) -> dict[str, list[float]]:
    rows = {name: [each.get(name, 0) / divisor for each in found] for name in names}
    return {name: values for name, values in rows.items() if any(values)}


def processor(sweeps: Sequence[Watched], clusters: int) -> Iterator[str]:
    """Show the milliseconds of a cluster by layer, and their sum."""
    found = [_numbers(each.found) for each in sweeps]
    rows = _side_by_side(found, LAYERS, clusters / 1000)
    rows["all of it"] = [sum(each.values()) / clusters * 1000 for each in found]
    yield from _table("processor time, ms a cluster", rows, ".2f")


def counted(sweeps: Sequence[Watched], clusters: int) -> Iterator[str]:
    """Show the calls of own functions and the storage operations of a cluster."""
    entered = [_numbers(each.found["entered"]) for each in sweeps]
    rows = _side_by_side(entered, LAYERS, clusters)
    rows["all of them"] = [sum(each.values()) / clusters for each in entered]
    yield from _table("own functions entered, a cluster", rows, ".1f")
    yield ""
    asked = [_numbers(each.found["asked"]) for each in sweeps]
    names = sorted({name for each in asked for name in each})
    rows = _side_by_side(asked, names, clusters)
    rows["all of them"] = [sum(each.values()) / clusters for each in asked]
    rows["calls to ARM"] = [len(each.swept.run_calls) / clusters for each in sweeps]
    yield from _table("storage operations, a cluster", rows, ".2f")


def held(sweeps: Sequence[Watched]) -> Iterator[str]:
    """Show the megabytes at the peak, and what had asked for them."""
    found = [_numbers(each.found["held"]) for each in sweeps]
    rows = _side_by_side(found, LAYERS, 1e6)
    rows["the peak of all"] = [_numbers(each.found)["peak"] / 1e6 for each in sweeps]
    yield from _table("allocated by Python at the peak, MB", rows, ".1f")
