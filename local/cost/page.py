"""The table of docs/deploy.md: written by this program, and held to it by a test."""

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Final

from local.cost import prices
from local.cost.months import Month
from local.cost.work import Work, of_a_cluster_in_a_sweep, of_an_event

PAGE: Final = Path(__file__).resolve().parents[2] / "docs" / "deploy.md"
BEGINS, ENDS = "<!-- cost: make cost writes this -->\n", "<!-- /cost -->\n"
SIZES: Final = (10, 100, 1_000, 10_000)

_AMOUNTS: Final[dict[str, Callable[[Month], float]]] = {
    "events": lambda month: month.events,
    "looks in sweeps": lambda month: month.looks,
    "executions": lambda month: month.executions,
    "GB-seconds": lambda month: month.gb_seconds,
    "operations of queues": lambda month: month.queue_operations,
    "operations of tables": lambda month: month.table_operations,
    "calls to Azure": lambda month: month.calls,
    "GB of logs": lambda month: month.logs_gb,
}


async def text() -> str:
    """Count, reckon, and write all that stands between the two marks."""
    event, swept = await of_an_event(), await of_a_cluster_in_a_sweep()
    months = [Month(size, event, swept) for size in SIZES]
    return "\n".join([*_counted(event, swept), "", *_month(months), "", *_assumed(), ""])


def _counted(event: Work, swept: Work) -> Iterator[str]:
    yield "| counted | executions | messages | operations of tables | calls to Azure |"
    yield "|---|--:|--:|--:|--:|"
    for name, work in (("an event", event), ("a cluster's part of a sweep", swept)):
        each = (work.executions, work.messages, work.table_operations, work.calls)
        yield f"| {name} | {' | '.join(f'{number:.2f}' for number in each)} |"


def _month(months: Sequence[Month]) -> Iterator[str]:
    heads = " | ".join(f"{month.clusters:,} clusters" for month in months)
    yield f"| a month | {heads} |"
    yield "|---|" + "--:|" * len(months)
    for name, amount in _AMOUNTS.items():
        yield f"| {name} | {' | '.join(_number(amount(month)) for month in months)} |"
    costs = [month.dollars() for month in months]
    for name in costs[0]:
        yield f"| {name}, $ | {' | '.join(_dollars(cost[name]) for cost in costs)} |"
    together = " | ".join(f"**{sum(cost.values()):,.0f}**" for cost in costs)
    yield f"| **together, $** | {together} |"


def _assumed() -> Iterator[str]:
    yield (
        f"Assumed: {prices.WRITES_A_DAY} writes a day on each cluster, "
        f"{prices.CLUSTERS_OF_A_SUBSCRIPTION} clusters a subscription, "
        f"{prices.SWEEPS_A_DAY} sweeps a day, {prices.DAYS} days; each execution alone for "
        f"{prices.LEAST_SECONDS:g} s on {prices.INSTANCE_GB} GB, the least that is billed; a worker"
        f" that stays for {prices.STAYS_SECONDS:g} s and looks at its queues "
        f"{prices.LOOKS_A_SECOND} times a second."
    )
    yield ""
    yield (
        f"**List prices** in US dollars as of {prices.PRICED_ON}, each with its source in "
        "`local/cost/prices.py`, and **to be checked**: they differ by region and change."
    )


def _number(amount: float) -> str:
    return f"{amount:,.0f}" if amount >= 1 else f"{amount:.2f}"


def _dollars(amount: float) -> str:
    return f"{amount:,.2f}"


def with_table(page: str, table: str) -> str:
    """Give a page with the table between its marks; raises ValueError where they are not there."""
    before, begins, rest = page.partition(BEGINS)
    _, ends, after = rest.partition(ENDS)
    if not begins or not ends:
        raise ValueError(f"{PAGE.name} has no place for the table: {BEGINS.strip()}")
    return before + begins + "\n" + table + "\n" + ends + after
