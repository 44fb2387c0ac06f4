"""What is to be changed of schedules that are naptime's, or are from now on, as reports."""

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Final

from msgspec import Struct

from naptime.reports.kinds import advice_on, id_of
from naptime.reports.report import Entry, Report, Section, Tone
from naptime.reports.words import (
    by_subscription,
    counted,
    minute_words,
    plain,
    short_name,
    window_words,
)
from shared.domain.fleet.run import RunState
from shared.domain.vocabulary.ids import ClusterId
from shared.domain.vocabulary.invalid import NaptimeError
from shared.domain.vocabulary.reasons import Reason

if TYPE_CHECKING:
    from shared.domain.deciding.conditions import DifferenceJson
    from shared.domain.deciding.last_outcome import LastOutcomeJson
    from shared.reconcile.cluster.own.release import ReleasedJson
    from shared.reconcile.fleet.updates.approve import PutBackJson
    from shared.reconcile.shown.runs import ShownRunJson

_COLUMNS: Final = ("clusterId", "changes", "waitsUntil")
_WINDOW: Final = "maintenanceWindow."


class NothingWaits(NaptimeError):
    """The run waits for nobody's approval; the message says what became of it."""


class Change(Struct, frozen=True):
    """What of one cluster's schedule would be changed; until when it has to wait, if it has to."""

    cluster_id: ClusterId
    changes: "Sequence[DifferenceJson]"
    waits_until: str = ""

    @classmethod
    def of(cls, row: "LastOutcomeJson") -> "Change":
        """Take it from the row of a cluster whose schedule is not what is wanted."""
        drift = row["drift"]
        return cls(id_of(row), drift["changes"], drift.get("waitsUntil", ""))

    @property
    def words(self) -> str:
        """Say it field by field: `startTime 02:00 -> 22:00`."""
        return plain(", ".join(_field(each) for each in self.changes))

    def entry(self) -> Entry:
        """Give its line of a table; the fields are beneath, where nothing is ever cut."""
        wait = f"; it waits until {minute_words(self.waits_until)} UTC" if self.waits_until else ""
        return Entry((short_name(self.cluster_id),), f"{self.words}{wait}.")

    def record(self) -> dict[str, str]:
        """Give it for a spreadsheet."""
        return {
            "clusterId": str(self.cluster_id),
            "changes": self.words,
            "waitsUntil": plain(self.waits_until),
        }


def drift_sections(run: "ShownRunJson", rows: "Iterable[LastOutcomeJson]") -> Iterable[Section]:
    """Tell which schedules of naptime's own are not what is wanted: left so, or to be changed."""
    drifts = [(Change.of(row), row["drift"]["update"]) for row in rows if "drift" in row]
    for title, tone, update, advice in (
        ("differ from what the policy wants", Tone.PLAIN, False, (advice_on(Reason.OUTDATED),)),
        ("are to be changed", Tone.GOOD, True, _brake(run)),
    ):
        found = [change for change, updates in drifts if updates is update]
        blocks = by_subscription((each.cluster_id, each.entry()) for each in found)
        yield Section(title, tone, ("cluster",), blocks, advice)


def _brake(run: "ShownRunJson") -> tuple[str, ...]:
    """Say that somebody has to approve it, where somebody has."""
    plan = run.get("updatePlan")
    if plan is None or not plan["needsApproval"]:
        return ()
    return (f"More than {plan['atMost']:,} need an approval: nothing is changed before it.",)


class PlannedChanges(Struct, frozen=True):
    """What a run would change, by the hash that says so; not every cluster need be named."""

    run_id: str
    plan_hash: str
    count: int
    named: tuple[Change, ...]
    what: str
    """What is done to them, such as `put back`."""

    @property
    def clusters(self) -> frozenset[ClusterId]:
        """The clusters that are named."""
        return frozenset(each.cluster_id for each in self.named)

    def report(self) -> Report:
        """Tell which clusters, and which fields of each."""
        rows = by_subscription((each.cluster_id, each.entry()) for each in self.named)
        more = self.count - len(self.named)
        advice = (f"and {more:,} more",) if more else ()
        title = f"would be {self.what}"
        section = Section(title, Tone.LOOK, ("cluster",), rows, advice)
        return Report(
            title=f"naptime run {self.run_id}",
            sections=() if section.is_empty else (section,),
            totals=(),
            last=f"Nothing was written. {counted(self.count, 'schedule')} {title}.",
            tone=Tone.LOOK if self.count else Tone.GOOD,
            json={
                "runId": self.run_id,
                "planHash": self.plan_hash,
                "updates": self.count,
                "clusters": [_named_json(each) for each in self.named],
            },
            columns=_COLUMNS,
            records=[each.record() for each in self.named],
        )


def planned_changes(run: "ShownRunJson") -> PlannedChanges:
    """Give what a run waits to change; raises NothingWaits."""
    if run["state"] != RunState.NEEDS_APPROVAL or "updatePlan" not in run:
        raise NothingWaits(_why_none_waits(run))
    plan, rows = run["updatePlan"], run["clusters"]["value"]
    # What the clocks ask for needs no approval, and is not of the plan.
    found = (row for row in rows if "drift" in row)
    named = tuple(
        Change.of(row) for row in found if row["drift"]["update"] and not row["drift"]["clocks"]
    )
    return PlannedChanges(plain(run["runId"]), plan["planHash"], plan["updates"], named, "changed")


def _why_none_waits(run: "ShownRunJson") -> str:
    run_id = plain(run["runId"])
    if run["state"] == RunState.ACTIVE:
        return f"run {run_id} is under way; what it plans is known when it ends"
    if approved := run.get("approvedRunId"):
        return f"run {run_id} was approved already, by run {plain(approved)}: it is used once"
    if followed := run.get("followedByRunId"):
        return f"run {run_id} needs no approval: run {plain(followed)} makes its changes"
    return f"run {run_id} has planned nothing that needs an approval"


def put_back_changes(shown: "PutBackJson") -> PlannedChanges:
    """Give what of a run would be put back."""
    named = (
        Change(ClusterId.parse(each["clusterId"]), each["changes"]) for each in shown["clusters"]
    )
    return PlannedChanges(
        plain(shown["runId"]), shown["planHash"], shown["updates"], tuple(named), "put back"
    )


def released_report(came: "ReleasedJson") -> Report:
    """Tell of a schedule that is naptime's from now on, and what it is to become."""
    cluster_id, drift = ClusterId.parse(came["clusterId"]), came["drift"]
    changes = drift["changes"] if drift else []
    change = Change(cluster_id, changes, drift.get("waitsUntil", "") if drift else "")
    if drift is None:
        then = "It is what the policy wants."
    elif drift["update"]:
        then = "A later run changes it: see above."
    else:
        then = "It is not what the policy wants, which says that nothing is changed."
    rows = by_subscription([(cluster_id, change.entry())]) if changes else ()
    return Report(
        title=f"naptime release {cluster_id.name}",
        sections=(Section("to be changed", Tone.LOOK, ("cluster",), rows),) if rows else (),
        totals=(),
        last=f"{short_name(cluster_id)}: {window_words(came['window'])} is naptime's now. {then}",
        tone=Tone.LOOK if changes else Tone.GOOD,
        json=came,
        columns=_COLUMNS,
        records=[change.record()],
    )


def _field(change: "DifferenceJson") -> str:
    before, after = (_value(change[name]) for name in ("observed", "desired"))
    path = change["path"].removeprefix(_WINDOW).removeprefix("schedule.")
    return f"{path} {before} -> {after}"


def _value(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value)


def _named_json(change: Change) -> Mapping[str, object]:
    return {"clusterId": str(change.cluster_id), "changes": [*change.changes]}
