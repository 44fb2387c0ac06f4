"""What a check of NodePools comes to: for each pool a week and its findings."""

from collections.abc import Iterator, Mapping, Sequence
from typing import TypedDict

from msgspec import Struct

from shared.domain.budgets.checking.checks import check
from shared.domain.budgets.checking.findings import BudgetFinding, BudgetFindingJson
from shared.domain.budgets.checking.pdbs import check_pdbs
from shared.domain.budgets.checking.pools import Pool, pools_in
from shared.domain.budgets.checking.timeline import (
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


class PoolReport(Struct, frozen=True):
    """A pool, its week in UTC and in the window's time, and its findings.

    There is no week where its schema refuses it, and no second one where the window is in UTC.
    """

    pool: Pool
    nodes: int | None
    week: Week | None
    local_week: Week | None
    findings: Sequence[BudgetFinding]

    def to_json(self) -> PoolJson:
        return {
            "name": self.pool.name,
            "nodes": self.nodes,
            "week": self.week.to_json() if self.week else [],
            "findings": [each.to_json() for each in self.findings],
        }

    def drawn(self, columns: int) -> list[str]:
        """Draw the week in so many columns: in UTC, and in the window's time where that differs."""
        if self.week is None:
            return []
        local = self.local_week.lines(columns) if self.local_week else []
        return [*self.week.lines(columns), *local]


class BudgetReport(Struct, frozen=True):
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
    week = local_week = None
    window, now = question.window, question.now
    if pool.is_readable:
        week = week_of(pool.budgets, window, now)
        if window is not None and window.utc_offset:
            local_week = week_of(pool.budgets, window, now, window.utc_offset)
    nodes = question.nodes or pool.nodes
    return PoolReport(pool, nodes, week, local_week, check(pool, question))
