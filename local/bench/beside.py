"""Two versions in one run, in turn, and the best of each figure: what others do comes and goes."""

from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import replace
from pathlib import Path

from rich.table import Table

from local.bench.figures import Part, Row
from local.bench.versions import measuring
from local.storage_emulator import REPOSITORY

type Measure = Callable[[], Awaitable[Part]]


async def measured(
    measure: Measure, before: Path | None, times: int
) -> tuple[Part, dict[str, float]]:
    """Measure today's app, and the one before in turn with it; the latter's figures by name."""
    ours, theirs = list[Part](), list[Part]()
    for _ in range(times):
        for folder, parts in ((before, theirs), (REPOSITORY, ours)):
            if folder is not None:
                with measuring(folder):
                    parts.append(await measure())
    old = best(theirs).rows if theirs else ()
    return best(ours), {_name(row): row.measured for row in old}


def best(parts: Sequence[Part]) -> Part:
    """Give each figure as it was where it came nearest to what was promised."""
    rows = zip(*(part.rows for part in parts), strict=True)
    return replace(parts[0], rows=tuple(min(each, key=_ratio) for each in rows))


def _ratio(row: Row) -> float:
    return row.ratio


def table(parts: Iterable[tuple[Part, dict[str, float]]], before: str) -> Table:
    """Write all of it in one table; with a version before it, that one's figures as well."""
    title = "naptime, measured; a ratio of 1 or less keeps the promise"
    more = (before, f"now / {before}") if before else ()
    made = Table("figure (promised)", "promised", "measured", "ratio", *more, title=title)
    for part, old in parts:
        made.add_section()
        made.add_row(f"[bold]{part.title}[/bold]")
        for row in part.rows:
            made.add_row(*row.cells(), *_beside(row, old))
    return made


def _name(row: Row) -> str:
    """Name a figure; what is measured in another unit is another one."""
    return f"{row.what} [{row.unit}]"


def _beside(row: Row, old: dict[str, float]) -> tuple[str, ...]:
    if _name(row) not in old:
        return ()
    then = replace(row, promised=old[_name(row)])
    return then.cells()[1], then.cells()[3]
