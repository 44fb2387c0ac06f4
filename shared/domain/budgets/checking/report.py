"""What a check of NodePools comes to: for each pool a week and its findings."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from textwrap import wrap
from typing import TypedDict

from shared.domain.budgets.checking.checks import check
from shared.domain.budgets.checking.findings import BudgetFinding, BudgetFindingJson
from shared.domain.budgets.checking.pdbs import check_pdbs
from shared.domain.budgets.checking.pools import Pool, pools_in
from shared.domain.budgets.checking.timeline import (
    LEGEND,
    MOST_SEGMENTS,
    SegmentJson,
    Week,
    week_of,
)
from shared.domain.budgets.checking.view import Question
from shared.domain.budgets.regular import rhythm_of


class PoolJson(TypedDict):
    """One NodePool: the week in which the window opens next, and what is wrong with it.

    `nodes` is how many the findings count with, null where nobody says. The week is empty where the
    NodePool's own schema refuses it.
    """

    name: str
    nodes: int | None
    week: list[SegmentJson]
    findings: list[BudgetFindingJson]


class ReportJson(TypedDict):
    """What is wrong with NodePools, and with the pod disruption budgets beside them.

    `notes` says in sentences what budgets cannot keep of the window, and is no finding.
    """

    pools: list[PoolJson]
    podDisruptionBudgets: list[BudgetFindingJson]
    notes: list[str]


@dataclass(frozen=True, slots=True)
class PoolReport:
    """A pool, its week, which is None where its schema refuses it, and its findings."""

    pool: Pool
    nodes: int | None
    week: Week | None
    findings: Sequence[BudgetFinding]

    def to_json(self) -> PoolJson:
        return {
            "name": self.pool.name,
            "nodes": self.nodes,
            "week": self.week.to_json() if self.week else [],
            "findings": [each.to_json() for each in self.findings],
        }

    def lines(self, columns: int) -> Iterator[str]:
        """Draw it for a terminal of so many columns."""
        nodes = "" if self.nodes is None else f", {self.nodes} node{'s' * (self.nodes != 1)}"
        yield f"NodePool {self.pool.name}{nodes}"
        if self.week is not None:
            yield from self.week.lines(columns)
        yield from (line for each in self.findings for line in _told(each, columns))
        if not self.findings:
            yield "  nothing is wrong"


@dataclass(frozen=True, slots=True)
class BudgetReport:
    """What a check of Kubernetes objects comes to."""

    pools: Sequence[PoolReport]
    pdbs: Sequence[BudgetFinding]
    notes: Sequence[str]

    @property
    def findings(self) -> int:
        """How many things are wrong."""
        return len(self.pdbs) + sum(len(each.findings) for each in self.pools)

    def to_json(self) -> ReportJson:
        return {
            "pools": [each.to_json() for each in self.pools],
            "podDisruptionBudgets": [each.to_json() for each in self.pdbs],
            "notes": list(self.notes),
        }

    def lines(self, columns: int) -> Iterator[str]:
        """Draw it for a terminal of so many columns; the sum is the last line."""
        for each in self.pools:
            yield from each.lines(columns)
            yield ""
        for finding in self.pdbs:
            yield from _told(finding, columns)
        for note in self.notes:
            yield from wrap(f"note: {note}", columns, subsequent_indent="  ")
        if any(each.week for each in self.pools):
            yield LEGEND
        pools = f"{len(self.pools)} NodePool{'s' * (len(self.pools) != 1)}"
        yield f"{pools}, {self.findings} finding{'s' * (self.findings != 1)}"


def report(objects: Sequence[Mapping[str, object]], question: Question) -> BudgetReport:
    """Check the NodePools among objects, and the pod disruption budgets.

    Raises InvalidInput if there is no NodePool.
    """
    pools = [_pool_report(pool, question) for pool in pools_in(objects)]
    lets_in = rhythm_of(question.window, question.now).lets_in if question.window else ()
    return BudgetReport(pools, check_pdbs(objects), [*lets_in, *_cut(pools)])


def _cut(pools: Sequence[PoolReport]) -> Iterator[str]:
    for each in pools:
        times = len(each.week.segments) if each.week else 0
        if times > MOST_SEGMENTS:
            yield (
                f"The week of NodePool {each.pool.name} changes {times} times; as JSON it has the "
                f"first {MOST_SEGMENTS} stretches."
            )


def _pool_report(pool: Pool, question: Question) -> PoolReport:
    week = None
    if pool.is_readable:
        week = week_of(pool.budgets, question.window, question.now)
    return PoolReport(pool, question.nodes or pool.nodes, week, check(pool, question))


def _told(finding: BudgetFinding, columns: int) -> Iterator[str]:
    place = "" if finding.budget is None else f" [{finding.budget}]"
    first = f"  {finding.code}{place}: {finding.message}"
    yield from wrap(first, columns, subsequent_indent="    ")
    yield from wrap(f"    -> {finding.to_json()['advice']}", columns, subsequent_indent="       ")
