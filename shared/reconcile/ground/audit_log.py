"""Who asked for what over HTTP: per month one table `naptimeaudit{yyyymm}`, the newest first."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial

from shared.domain.fleet.run import MONTH, RUN_ID, month_of, new_run_id
from shared.domain.messages.audit import (
    AuditAction,
    AuditOutcome,
    AuditRecord,
    AuditRecordJson,
    Completion,
    Json,
    Origin,
)
from shared.domain.vocabulary.ids import ClusterId
from shared.domain.vocabulary.instants import is_past_keeping, months_of
from shared.domain.vocabulary.pages import Page, PageAsked, Question, to_token
from shared.domain.vocabulary.rows import Row
from shared.ports.azure import Clock
from shared.ports.storage import Table, Tables
from shared.reconcile.ground.later_rows import read_some

AUDIT_PREFIX = "naptimeaudit"
PARTITION = "audit"

KEPT = timedelta(days=400)
"""How long the tables of past months are kept, from the end of the month: a year and a bit."""


@dataclass(frozen=True, slots=True)
class AuditLog:
    """Writes records of commands, and shows them.

    A record is written before its command can have any effect, and completed afterwards: what a
    crash came between stays as intended. A command whose intent cannot be written is not done.
    """

    tables: Tables
    clock: Clock
    word: Callable[[], str]
    """Random hexadecimal digits, 16 at least."""
    report: Callable[[AuditRecord], None]

    async def intend(
        self,
        origin: Origin,
        action: AuditAction,
        cluster_id: ClusterId | None = None,
        *,
        before: Json | None = None,
        wanted: Json | None = None,
    ) -> AuditRecord:
        """Write down what is about to be done."""
        now = self.clock.now()
        record_id = new_run_id(now, self.word())
        record = AuditRecord(record_id, origin, action, now, cluster_id, before, wanted)
        await self._table(record_id).insert(PARTITION, record_id, record.to_values())
        return record

    async def complete(self, record: AuditRecord, completion: Completion) -> None:
        """Write down what came of it."""
        done = replace(record, completion=completion, completed_at=self.clock.now())
        await self._table(record.id).merge(PARTITION, {record.id: done.to_values()})
        self.report(done)

    async def page(self, where: Mapping[str, str], asked: PageAsked) -> Page[AuditRecordJson]:
        """Give a page of records with these values (`clusterKey`, `action`, ...)."""
        question: Question = {"of": "audit", **where}
        month, after = asked.place(question, MONTH, RUN_ID)
        shown: list[AuditRecordJson] = []
        for each in await self._months():
            if month and each > month:
                continue
            place, room = after if each == month else "", asked.size - len(shown)
            table = self.tables.of(f"{AUDIT_PREFIX}{each}")
            found = await read_some(
                partial(_rows_behind, table, place, where), AuditRecord.of, room
            )
            shown += [record.to_json() for _, record in found]
            if len(found) == room:
                return Page(shown, to_token(question, each, found[-1][0].key))
        return Page(shown)

    async def drop_old(self, now: datetime) -> int:
        """Remove the tables of months that are past keeping, and give how many."""
        old = [each for each in await self._months() if is_past_keeping(each, now, KEPT)]
        for month in old:
            await self.tables.drop(f"{AUDIT_PREFIX}{month}")
        return len(old)

    async def _months(self) -> list[str]:
        return months_of(await self.tables.names(AUDIT_PREFIX), AUDIT_PREFIX)

    def _table(self, record_id: str) -> Table:
        return self.tables.of(f"{AUDIT_PREFIX}{month_of(record_id)}")


async def _rows_behind(
    table: Table, place: str, where: Mapping[str, str], last: Row | None, room: int
) -> Sequence[Row]:
    behind = last.key if last else place
    return await table.first(PARTITION, room, after=behind, where=where)


def records_with(
    cluster_id: ClusterId | None, action: AuditAction | None, outcome: AuditOutcome | None
) -> dict[str, str]:
    """Give the values of the rows of such records."""
    values = {
        "clusterKey": cluster_id.key if cluster_id else None,
        "action": action,
        "outcome": outcome,
    }
    return {name: str(value) for name, value in values.items() if value is not None}
