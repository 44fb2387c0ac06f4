"""Runs that come by themselves where clocks change, so that no sweep comes too late for it."""

from collections.abc import Callable
from datetime import datetime, timedelta

from msgspec import Struct

from shared.domain.fleet.run import Run, RunScope, new_run_id
from shared.domain.updates.clocks import windows_to_change
from shared.domain.updates.plan import UpdateKind, UpdateOrder
from shared.domain.vocabulary.reasons import Cause
from shared.domain.vocabulary.rows import Row, Values
from shared.ports.storage import Table
from shared.reconcile.fleet.ask import RunAsker
from shared.reconcile.ground.policies import PolicyHome

CLOCKS_PARTITION = "clocks"

AGAIN_AFTER = timedelta(hours=1)
"""How long after the first run another is asked for, as clusters may have been held back.

Each time it is twice as long: eight runs in the six days that a weekly window is closed.
"""
MOST_DOUBLED = 10


class ClockRuns(Struct, frozen=True):
    """Asks for a run between the last opening before the clocks change and the first after."""

    table: Table
    asker: RunAsker
    policies: PolicyHome
    random: Callable[[], str]
    dry_run: bool = False

    async def ask(self, now: datetime) -> Run | None:
        """Ask for one run for all windows; None where none needs it, or one is under way.

        `now` is aware; the row says when that was, so that some time passes before the next.
        """
        if self.dry_run:
            return None
        version = await self.policies.in_force()
        desired = await self.policies.wanted(version.hash if version else "")
        due = [*windows_to_change(desired.policy, now)]
        if not [name for name in due if await self._take(name, now)]:
            return None
        order = UpdateOrder(UpdateKind.CLOCKS)
        run_id = new_run_id(now, self.random())
        run = Run(run_id, Cause.CLOCKS_CHANGED, RunScope(), now, updates=order)
        await self.asker.begin(run)
        return run

    async def _take(self, name: str, now: datetime) -> bool:
        """Say whether this call is the one that asks for a run for a window."""
        reading = await self.table.get(CLOCKS_PARTITION, name)
        if reading.row is None:
            first: Values = {"askedAt": now, "asked": 1}
            return await self.table.insert(CLOCKS_PARTITION, name, first) is not None
        again: Values = {"askedAt": now, "asked": reading.row.whole("asked") + 1}
        return _is_over(reading.row, now) and bool(await self.table.replace(reading.row, again))


def _is_over(row: Row, now: datetime) -> bool:
    asked_at, asked = row.instant("askedAt"), row.whole("asked")
    doubled = min(max(asked - 1, 0), MOST_DOUBLED)
    return asked_at is None or now - asked_at >= AGAIN_AFTER * 2**doubled
