"""One run of a deployed naptime as a report: what was done, or in a dry run would be."""

from collections.abc import Iterable
from typing import Final

from naptime.reports.kinds import PlanKind, sorted_out
from naptime.reports.plan import (
    COLUMNS,
    Rows,
    needs_a_person,
    plan_report,
    record_of,
    unread,
    when,
    why,
)
from naptime.reports.report import DONE, FAILED, Report, Section, Tone
from naptime.reports.updates.done import done_report
from naptime.reports.updates.planned import drift_sections
from naptime.reports.words import counted, plain
from naptime.source import FleetLook
from shared.domain.fleet.run import RunState
from shared.reconcile.shown.runs import ShownRunJson

_WHY: Final = ("cluster", "reason")


def run_report(run: ShownRunJson) -> Report:
    """Tell what a run came to; of one that is under way, what it has come to so far."""
    look = FleetLook(run)
    if run["scope"]["dryRun"]:
        return plan_report(look, detailed=False)
    if run.get("updates"):
        return done_report(run)
    rows = sorted_out(run["clusters"]["value"])
    failed = bool(rows[PlanKind.UNREAD] or run.get("unreadableSubscriptions"))
    created = counted(len(rows[PlanKind.CREATE]), "schedule")
    return Report(
        title=f"naptime run {run['runId']}",
        sections=tuple(section for section in _sections(look, rows) if not section.is_empty),
        totals=(),
        last=f"{created} written.{' Some were not: see above.' if failed else ''}{_then(run)}",
        tone=Tone.WRONG if failed else Tone.GOOD,
        json=run,
        columns=COLUMNS,
        records=[record_of(kind, row) for kind in PlanKind for row in rows[kind]],
        code=FAILED if failed else DONE,
    )


def _sections(look: FleetLook, rows: Rows) -> Iterable[Section]:
    stayed, got = when(rows[PlanKind.LEAVE]), when(rows[PlanKind.CREATE])
    next_start, first_start = (("cluster", "window", f"{n} start (UTC)") for n in ("next", "first"))
    yield Section("stayed as they were", Tone.QUIET, next_start, stayed, folded=True)
    yield Section("left alone", Tone.QUIET, _WHY, why(rows[PlanKind.EXCLUDED]))
    yield Section("not yet", Tone.PLAIN, _WHY, why(rows[PlanKind.NOT_YET]))
    yield from drift_sections(look.run, look.run["clusters"]["value"])
    yield Section("got a schedule", Tone.GOOD, first_start, got)
    yield needs_a_person(rows[PlanKind.LOOK])
    yield from unread(look, rows[PlanKind.UNREAD])


def _then(run: ShownRunJson) -> str:
    """Say what is still to come of it."""
    match run["state"]:
        case RunState.ACTIVE:
            return " It is still under way."
        case RunState.NEEDS_APPROVAL if "updatePlan" in run:
            changes = counted(run["updatePlan"]["updates"], "change")
            return f" {changes} wait for an approval: naptime approve {plain(run['runId'])}."
        case _:
            return ""
