"""One run of a deployed naptime as a report: what was done, or in a dry run would be."""

from naptime.reports.kinds import PlanKind, sorted_out
from naptime.reports.plan import COLUMNS, needs_a_person, plan_report, record_of, unread, when, why
from naptime.reports.report import DONE, FAILED, Report, Section, Tone
from naptime.reports.updates.done import done_report
from naptime.reports.updates.planned import drift_sections
from naptime.reports.words import counted, plain
from naptime.source import FleetLook
from shared.domain.fleet.run import RunState
from shared.reconcile.shown.runs import ShownRunJson


def run_report(run: ShownRunJson) -> Report:
    """Tell what a run came to; of one that is under way, what it has come to so far."""
    look = FleetLook(run)
    if run["scope"]["dryRun"]:
        return plan_report(look, detailed=False)
    if run.get("updates"):
        return done_report(run)
    rows = sorted_out(run["clusters"]["value"])
    sections = (
        Section(
            "stayed as they were",
            Tone.QUIET,
            ("cluster", "window", "next start (UTC)"),
            when(rows[PlanKind.LEAVE]),
            folded=True,
        ),
        Section("left alone", Tone.QUIET, ("cluster", "reason"), why(rows[PlanKind.EXCLUDED])),
        Section("not yet", Tone.PLAIN, ("cluster", "reason"), why(rows[PlanKind.NOT_YET])),
        *drift_sections(run, run["clusters"]["value"]),
        Section(
            "got a schedule",
            Tone.GOOD,
            ("cluster", "window", "first start (UTC)"),
            when(rows[PlanKind.CREATE]),
        ),
        needs_a_person(rows[PlanKind.LOOK]),
        *unread(look, rows[PlanKind.UNREAD]),
    )
    failed = bool(rows[PlanKind.UNREAD] or run.get("unreadableSubscriptions"))
    created = counted(len(rows[PlanKind.CREATE]), "schedule")
    return Report(
        title=f"naptime run {run['runId']}",
        sections=tuple(section for section in sections if not section.is_empty),
        totals=(),
        last=f"{created} written.{' Some were not: see above.' if failed else ''}{_then(run)}",
        tone=Tone.WRONG if failed else Tone.GOOD,
        json=run,
        columns=COLUMNS,
        records=[record_of(kind, row) for kind in PlanKind for row in rows[kind]],
        code=FAILED if failed else DONE,
    )


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
