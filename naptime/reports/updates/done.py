"""What came of the changes that a run was told to make, as a report."""

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Final

from naptime.reports.kinds import id_of, kind_of
from naptime.reports.plan import COLUMNS, advice_of, record_of, unread, when, why
from naptime.reports.report import DONE, FAILED, Block, Entry, Report, Section, Tone
from naptime.reports.words import by_subscription, counted, plain, short_name
from naptime.source import FleetLook
from shared.domain.deciding.outcome import OutcomeKind
from shared.domain.fleet.run import RunState
from shared.domain.vocabulary.ids import ClusterId

if TYPE_CHECKING:
    from shared.domain.deciding.last_outcome import LastOutcomeJson
    from shared.domain.updates.left_out import LeftOutJson
    from shared.reconcile.shown.runs import ShownRunJson

_TOLD: Final = frozenset({OutcomeKind.UPDATED, OutcomeKind.FAILED, OutcomeKind.DEFERRED})


def done_report(run: "ShownRunJson", planned: Iterable[ClusterId] = ()) -> Report:
    """Tell what came of each cluster that a run was to change; those of a plan that are named."""
    rows = run["clusters"]["value"]
    changed = _of_kind(rows, OutcomeKind.UPDATED)
    failed = _of_kind(rows, OutcomeKind.FAILED)
    later = _of_kind(rows, OutcomeKind.DEFERRED)
    others = [row for row in rows if row["outcome"] not in _TOLD]
    left = run.get("leftOutOfPlan", [])
    known = {id_of(row) for row in rows} | {ClusterId.parse(each["clusterId"]) for each in left}
    advice = advice_of(row["reason"] for row in failed)
    silent = sorted({*planned} - known)
    sections = (
        Section(
            "were changed", Tone.GOOD, ("cluster", "window", "next start (UTC)"), when(changed)
        ),
        Section("are changed later", Tone.PLAIN, ("cluster", "reason"), why(later)),
        Section("were left out", Tone.LOOK, ("cluster", "reason"), _left(others, left, silent)),
        Section("failed", Tone.WRONG, ("cluster", "reason"), why(failed), advice),
        *unread(FleetLook(run), []),
    )
    wrong = bool(failed or run.get("unreadableSubscriptions"))
    not_changed = len(others) + len(left) + len(silent)
    return Report(
        title=f"naptime run {plain(run['runId'])}",
        sections=tuple(section for section in sections if not section.is_empty),
        totals=(),
        last=_last(run, len(changed), len(later), not_changed, failed=len(failed)),
        tone=Tone.WRONG if wrong else Tone.LOOK if not_changed else Tone.GOOD,
        json=run,
        columns=COLUMNS,
        records=[record_of(kind_of(row), row) for row in rows],
        code=FAILED if wrong else DONE,
    )


def _of_kind(rows: "Sequence[LastOutcomeJson]", kind: OutcomeKind) -> "list[LastOutcomeJson]":
    return [row for row in rows if row["outcome"] == kind]


def _left(
    rows: "Sequence[LastOutcomeJson]", left: "Sequence[LeftOutJson]", silent: Iterable[ClusterId]
) -> tuple[Block, ...]:
    """Name what was not changed: looked at and left, not looked at, and not heard of at all."""
    found = [(id_of(row), plain(row["reason"]), plain(row["message"])) for row in rows]
    found += [
        (ClusterId.parse(each["clusterId"]), plain(each["reason"]), plain(each["message"]))
        for each in left
    ]
    found += [(each, "NotLookedAt", "The run says nothing of it.") for each in silent]
    return by_subscription(
        (cluster_id, Entry((short_name(cluster_id), reason), message))
        for cluster_id, reason, message in found
    )


def _last(run: "ShownRunJson", changed: int, later: int, left: int, *, failed: int) -> str:
    said = [f"{counted(changed, 'schedule')} changed."]
    said += [f"{later:,} later, by themselves."] if later else []
    said += [f"{left:,} left out: see above."] if left else []
    said += [f"{failed:,} failed: see above."] if failed else []
    said += ["Not everything could be read: see above."] * bool(run.get("unreadableSubscriptions"))
    said += ["It is still under way."] * (run["state"] == RunState.ACTIVE)
    return " ".join(said)
