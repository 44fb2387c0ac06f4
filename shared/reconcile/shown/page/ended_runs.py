"""Runs that have ended: the last one over everything, and those that wait for an approval."""

import json
from collections.abc import Mapping, Sequence
from functools import partial

from msgspec import Struct, field

from shared.domain.deciding.conditions import DifferenceJson
from shared.domain.deciding.own.drift import DriftJson
from shared.domain.fleet.run import RunState
from shared.domain.fleet.run_records import RunRecord
from shared.domain.vocabulary.ids import ClusterId
from shared.domain.vocabulary.plain_text import one_line
from shared.reconcile.fleet.store import RunStore
from shared.reconcile.fleet.updates.plans import PlanReader
from shared.reconcile.ground.later_rows import read_together
from shared.reconcile.shown.page.rows import ChangeRow

RUNS_LOOKED_THROUGH = 200
"""Runs over everything come every six hours; those about one location come between them."""

MOST_PLANS = 3
"""So many plans are told cluster by cluster: one of the fleet, or some of its subscriptions."""

MOST_WAITING, MOST_OVERTAKEN = 20, 5
"""Where nobody approves for a month there are a hundred of the latter."""

LONGEST_VALUE = 120
"""Characters of what a field is and is to be; a list of not-allowed dates has no end."""

_PREFIX = "maintenanceWindow."

type Changes = Mapping[ClusterId, tuple[ChangeRow, ...]]


class WaitingRun(Struct, frozen=True):
    """A run that waits for somebody's approval, and what it would change.

    One that is overtaken has been followed by a later look at the same clusters, which planned
    anew; its changes are not told.
    """

    record: RunRecord
    is_overtaken: bool
    changes: Changes = field(default_factory=dict)


class EndedRuns(Struct, frozen=True):
    """The last run over everything, and the runs that wait, the newest first."""

    last_full: RunRecord | None = None
    waiting: Sequence[WaitingRun] = ()


class EndedRunsReader(Struct, frozen=True):
    """Reads them. A plan never changes, so that it is read once, and kept while its run waits."""

    store: RunStore
    plans: PlanReader
    dry_run: bool
    _kept: dict[str, Changes] = field(default_factory=dict)

    async def read(self) -> EndedRuns:
        """Read what there is of this month and the one before."""
        finished = await self._with(RunState.FINISHED)
        waiting = await self._with(RunState.NEEDS_APPROVAL)
        looks = [record for record in (*finished, *waiting) if self._is_look(record)]
        full = (record for record in looks if record.run.looks_at_everything)
        return EndedRuns(
            max(full, key=lambda record: record.run.started_at, default=None),
            await self._told(
                _few([WaitingRun(each, _is_overtaken(each, looks)) for each in waiting])
            ),
        )

    async def _with(self, state: RunState) -> list[RunRecord]:
        where, found = {"state": state.value}, list[RunRecord]()
        for month in (await self.store.months())[:2]:
            found += await self.store.runs_of(month, RUNS_LOOKED_THROUGH, where=where)
        return found

    def _is_look(self, record: RunRecord) -> bool:
        """Say whether it looked at all of its clusters, and did what it could."""
        return record.run.updates is None and (self.dry_run or not record.only_looks)

    async def _told(self, waiting: Sequence[WaitingRun]) -> list[WaitingRun]:
        ids = [each.record.run.id for each in waiting if not each.is_overtaken][:MOST_PLANS]
        for gone in self._kept.keys() - set(ids):
            self._kept.pop(gone, None)
        for new in set(ids) - self._kept.keys():
            drifts = await read_together(new, partial(self.plans.drifts, new))
            self._kept[new] = _changes_in(drifts or {})
        return [
            WaitingRun(each.record, each.is_overtaken, self._kept.get(each.record.run.id, {}))
            for each in waiting
        ]


def _few(waiting: Sequence[WaitingRun]) -> list[WaitingRun]:
    """Leave the oldest out, above all those that are overtaken."""
    present = [each for each in waiting if not each.is_overtaken][:MOST_WAITING]
    return present + [each for each in waiting if each.is_overtaken][:MOST_OVERTAKEN]


def _is_overtaken(record: RunRecord, looks: Sequence[RunRecord]) -> bool:
    scope, started_at = record.run.scope, record.run.started_at
    return any(
        later.run.started_at > started_at
        and (later.run.scope.is_everything or later.run.scope.key == scope.key)
        for later in looks
    )


def _changes_in(drifts: Mapping[ClusterId, DriftJson]) -> Changes:
    """Give what an approval carries out; clusters with the same change share it."""
    known: dict[tuple[ChangeRow, ...], tuple[ChangeRow, ...]] = {}
    found = {
        each: tuple(map(_change, drift["changes"]))
        for each, drift in drifts.items()
        if drift["update"] and not drift["clocks"]
    }
    return {each: known.setdefault(changes, changes) for each, changes in found.items()}


def _change(difference: DifferenceJson) -> ChangeRow:
    path = difference["path"].removeprefix(_PREFIX)
    return ChangeRow(path, _value(difference["observed"]), _value(difference["desired"]))


def _value(value: object) -> str:
    """Give a value of ARM's as text; nothing where there is none."""
    if value is None:
        return ""
    text = value if isinstance(value, str) else json.dumps(value, separators=(",", ":"))
    return one_line(text, LONGEST_VALUE)
