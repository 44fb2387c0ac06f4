"""One run of a deployed naptime as a report: what was done, or in a dry run would be."""

from naptime.reports.kinds import PlanKind, sorted_out
from naptime.reports.plan import COLUMNS, needs_a_person, plan_report, record_of, unread, when, why
from naptime.reports.report import DONE, FAILED, Report, Section, Tone
from naptime.reports.words import counted
from naptime.source import FleetLook
from shared.domain.fleet.run import RunState
from shared.reconcile.shown.runs import ShownRunJson


def run_report(run: ShownRunJson) -> Report:
    """Tell what a run came to; of one that is under way, what it has come to so far."""
    look = FleetLook(run)
    if run["scope"]["dryRun"]:
        return plan_report(look, detailed=False)
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
    under_way = " It is still under way." if run["state"] == RunState.ACTIVE else ""
    return Report(
        title=f"naptime run {run['runId']}",
        sections=tuple(section for section in sections if not section.is_empty),
        totals=(),
        last=f"{created} written.{' Some were not: see above.' if failed else ''}{under_way}",
        tone=Tone.WRONG if failed else Tone.GOOD,
        json=run,
        columns=COLUMNS,
        records=[record_of(kind, row) for kind in PlanKind for row in rows[kind]],
        code=FAILED if failed else DONE,
    )
