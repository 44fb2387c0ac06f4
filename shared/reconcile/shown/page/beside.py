"""What only some clusters have, in rows that name them: it costs the other clusters nothing."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime

from msgspec import Struct, field

from shared.domain.fleet.last_known import Remembered
from shared.domain.messages.given_up import GivenUp
from shared.domain.vocabulary.ids import ClusterId
from shared.reconcile.shown.page.ended_runs import Changes, WaitingRun
from shared.reconcile.shown.page.places import Places, Texts
from shared.reconcile.shown.page.rows import (
    NONE,
    CallerRow,
    ChangeRow,
    GivenUpRow,
    GivenUpWhyRow,
    PlannedRow,
    RemovalRow,
    WaitingRow,
)


class Beside(Struct, frozen=True):
    """The tables under way; `minute` counts minutes up to an instant."""

    now: datetime
    minute: Callable[[datetime], int]
    texts: Texts
    callers: Places[CallerRow] = field(default_factory=Places)
    whys: Places[GivenUpWhyRow] = field(default_factory=Places)
    changes: Places[ChangeRow] = field(default_factory=Places)

    def removals(self, clusters: Sequence[Remembered]) -> list[RemovalRow]:
        """Give the last removal of each cluster whose schedule somebody else has removed."""
        return list(self._removals(clusters))

    def _removals(self, clusters: Sequence[Remembered]) -> Iterator[RemovalRow]:
        for place, known in enumerate(clusters):
            if (last := known.touches.last_removed) is None:
                continue
            by = self.callers.of(CallerRow(last.by.id, last.by.kind)) if last.by else NONE
            times = len(known.touches.removals(self.now))
            yield RemovalRow(place, self.minute(last.at), by, times)

    def given_up(
        self, records: Mapping[ClusterId, GivenUp], places: Mapping[ClusterId, int]
    ) -> list[GivenUpRow]:
        """Give what was given up of the clusters that are shown."""
        return [
            GivenUpRow(
                places[each],
                self.whys.of(GivenUpWhyRow(record.reason, record.advice, record.azure_code)),
                self.texts.of_message(record.message),
                self.minute(record.given_up_at),
                record.attempts,
            )
            for each, record in records.items()
            if each in places
        ]

    def waiting(
        self, runs: Sequence[WaitingRun], places: Mapping[ClusterId, int]
    ) -> list[WaitingRow]:
        """Give the runs that wait for an approval, and what they would change."""
        return list(self._waiting(runs, places))

    def _waiting(
        self, runs: Sequence[WaitingRun], places: Mapping[ClusterId, int]
    ) -> Iterator[WaitingRow]:
        for each in runs:
            record, verdict = each.record, each.record.summary.get("updatePlan")
            if verdict is None or record.finished_at is None:
                continue
            scope, unknown = record.run.scope, each.changes.keys() - places.keys()
            yield WaitingRow(
                run=record.run.id,
                scope="/".join(filter(None, (scope.subscription_id, scope.resource_group))),
                locations=scope.locations,
                ended=self.minute(record.finished_at),
                plan_hash=verdict["planHash"],
                updates=verdict["updates"],
                at_most=verdict["atMost"],
                owned=verdict["owned"],
                is_overtaken=each.is_overtaken,
                plan=self._planned(each.changes, places),
                unknown=len(unknown),
            )

    def _planned(self, changes: Changes, places: Mapping[ClusterId, int]) -> list[PlannedRow]:
        """Put clusters together that change in the same way."""
        alike: dict[tuple[ChangeRow, ...], list[int]] = {}
        for each, some in changes.items():
            if each in places:
                alike.setdefault(some, []).append(places[each])
        return [
            PlannedRow([self.changes.of(change) for change in some], sorted(clusters))
            for some, clusters in alike.items()
        ]
