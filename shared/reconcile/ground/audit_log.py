"""Who asked for what over HTTP: per month one table `naptimeaudit{yyyymm}`, the newest first."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from copy import replace
from datetime import datetime, timedelta
from functools import partial
from itertools import count

from msgspec import Struct, field

from shared.domain.messages.audit import (
    Attempt,
    AuditAction,
    AuditOutcome,
    AuditRecord,
    AuditRecordJson,
    Completion,
    Json,
    Origin,
)
from shared.domain.vocabulary.ids import ClusterId
from shared.domain.vocabulary.instants import (
    ID_OF_MONTH,
    MONTH,
    is_past_keeping,
    month_of,
    months_of,
    newest_first,
)
from shared.domain.vocabulary.pages import Page, PageAsked, Question, to_token
from shared.domain.vocabulary.rows import Row
from shared.ports.azure import Clock
from shared.ports.storage import Table, Tables
from shared.reconcile.ground.later_rows import read_some

AUDIT_PREFIX = "naptimeaudit"
PARTITION = "audit"

_LAST = 0xFFFFFF
_RANDOM_DIGITS = 16

REFUSALS_A_MINUTE = 60
"""So many refused requests leave a record of their own, for each worker: whoever has a key and
sends nonsense in a loop keeps no other command from its record, which waits for the same table."""

_MINUTE = timedelta(minutes=1)
KEPT = timedelta(days=400)
"""How long the tables of past months are kept, from the end of the month: a year and a bit."""


class AuditLog(Struct, frozen=True):
    """Writes records of commands, and shows them.

    A record is written before its command can have any effect, and completed afterwards: what a
    crash came between stays as intended. A command whose intent cannot be written is not done.
    """

    tables: Tables
    clock: Clock
    word: Callable[[], str]
    """Random hexadecimal digits, 16 at least."""
    report: Callable[[AuditRecord], None]
    order: Iterator[int] = field(default_factory=count)
    """Tells records of one instant apart: the later sorts first."""

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
        record = AuditRecord(self._new_id(now), origin, action, now, cluster_id, before, wanted)
        await self._insert(record)
        return record

    async def conclude(self, origin: Origin, attempt: Attempt, completion: Completion) -> None:
        """Write down what was asked for and what came of it, at once."""
        now = self.clock.now()
        record = AuditRecord(
            *(self._new_id(now), origin, attempt.action, now, attempt.cluster_id),
            completion=completion,
            completed_at=now,
        )
        await self._insert(record)
        self.report(record)

    async def complete(self, record: AuditRecord, completion: Completion) -> None:
        """Write down what came of it."""
        done = replace(record, completion=completion, completed_at=self.clock.now())
        await self._table(record.id).merge(PARTITION, {record.id: done.to_values()})
        self.report(done)

    async def page(self, where: Mapping[str, str], asked: PageAsked) -> Page[AuditRecordJson]:
        """Give a page of records with these values (`clusterKey`, `action`, ...)."""
        question: Question = {"of": "audit", **where}
        month, after = asked.place(question, MONTH, ID_OF_MONTH)
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

    async def _insert(self, record: AuditRecord) -> None:
        await self._table(record.id).insert(PARTITION, record.id, record.to_values())
        record.origin.records.append(record.id)

    def _new_id(self, now: datetime) -> str:
        order = _LAST - next(self.order) % _LAST
        return newest_first(now, f"{order:06x}{self.word()[:_RANDOM_DIGITS]}")

    async def _months(self) -> list[str]:
        return months_of(await self.tables.names(AUDIT_PREFIX), AUDIT_PREFIX)

    def _table(self, record_id: str) -> Table:
        return self.tables.of(f"{AUDIT_PREFIX}{month_of(record_id)}")


class Refusals(Struct):
    """Puts on record what was refused before anything could be done, a bounded number a minute.

    What is beyond the bound is counted in the next record.
    """

    log: AuditLog
    since: datetime | None = None
    kept: int = 0
    left_out: int = 0

    async def keep(self, origin: Origin, attempt: Attempt, reason: str, message: str) -> None:
        """Write down that this was asked for and refused; nothing from the request unread."""
        if not self._has_room():
            self.left_out += 1
            return
        left_out, self.left_out = self.left_out, 0
        if left_out:
            message = f"({left_out} refused before this one left no record.) {message}"
        await self.log.conclude(origin, attempt, Completion(AuditOutcome.REFUSED, reason, message))

    def _has_room(self) -> bool:
        now = self.log.clock.now()
        if self.since is None or not self.since <= now < self.since + _MINUTE:
            self.since, self.kept = now, 0
        self.kept += 1
        return self.kept <= REFUSALS_A_MINUTE


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
