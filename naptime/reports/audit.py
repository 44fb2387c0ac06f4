"""The fleet as it is, findings only: a report that can be mailed."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Final

from naptime.reports.kinds import PlanKind, advice_on, attention, id_of, meaning_of, sorted_out
from naptime.reports.plan import COLUMNS, is_incomplete, record_of, unread
from naptime.reports.report import DONE, FAILED, TO_DO, Block, Entry, Report, Section, Tone, Total
from naptime.reports.words import (
    by_subscription,
    counted,
    minute_words,
    plain,
    short_name,
    written_minute,
)
from naptime.source import FleetLook
from shared.domain.deciding.last_outcome import LastOutcomeJson
from shared.domain.fleet.tally import ClusterState, count_states
from shared.domain.vocabulary.reasons import Reason

_STATES: Final = {
    ClusterState.LEFT_OUT: (
        "left alone: without node auto-provisioning, excluded or going",
        Tone.QUIET,
    ),
    ClusterState.PROTECTED: ("have an explicit window", Tone.GOOD),
    ClusterState.NEEDS_ATTENTION: ("have a window that a person should look at", Tone.LOOK),
    ClusterState.UNCONFIRMED: ("have none, or it is not known", Tone.WRONG),
}

_FINDINGS: Final = (PlanKind.DIFFER, PlanKind.CREATE, PlanKind.LOOK)

type ByReason = Mapping[str, Sequence[LastOutcomeJson]]


def audit_report(look: FleetLook, now: datetime, *, detailed: bool) -> Report:
    """Tell what is wrong with a fleet, each finding with its clusters; `now` dates the report."""
    rows = sorted_out(look.run["clusters"]["value"])
    found = _by_reason(row for kind in _FINDINGS for row in rows[kind])
    wrong = bool(found or look.run.get("crowdedStarts"))
    incomplete = bool(rows[PlanKind.UNREAD]) or is_incomplete(look)
    kinds = (*_FINDINGS, PlanKind.UNREAD)
    shown = [row for kind in kinds for row in rows[kind]]
    sections = (*_sections(found), _crowds(look), *unread(look, rows[PlanKind.UNREAD]))
    return Report(
        title=f"naptime audit, {written_minute(now)} UTC",
        sections=tuple(section for section in sections if not section.is_empty),
        totals=_totals(look),
        last=_last(look, found, incomplete=incomplete),
        tone=Tone.WRONG if incomplete else Tone.LOOK if wrong else Tone.GOOD,
        json={**look.run, "clusters": {"value": shown, "continuationToken": None}},
        columns=COLUMNS,
        records=[record_of(kind, row) for kind in kinds for row in rows[kind]],
        headed=True,
        code=FAILED if incomplete else TO_DO if detailed and wrong else DONE,
    )


def _by_reason(rows: Iterable[LastOutcomeJson]) -> ByReason:
    found = defaultdict[str, list[LastOutcomeJson]](list)
    for row in rows:
        for reason in attention(row) or [str(row["reason"])]:
            found[reason].append(row)
    # The commonest last, beside the figures.
    return dict(sorted(found.items(), key=lambda each: len(each[1])))


def _sections(found: ByReason) -> Iterable[Section]:
    for reason, rows in found.items():
        advice = advice_on(reason)
        blocks = by_subscription((id_of(row), Entry((short_name(id_of(row)),))) for row in rows)
        said = tuple(each for each in (meaning_of(reason), advice) if each)
        tone = Tone.WRONG if reason == Reason.SCHEDULE_MISSING else Tone.LOOK
        yield Section(plain(reason), tone, ("cluster",), blocks, said)


def _crowds(look: FleetLook) -> Section:
    """Tell at which starts many clusters begin at once; no single one of them is to blame."""
    crowds = look.run.get("crowdedStarts", [])
    rows = tuple(
        Entry(
            (
                each["subscriptionId"],
                plain(each["location"]),
                minute_words(each["start"]),
                f"{each['clusters']:,}",
            )
        )
        for each in crowds
    )
    columns = ("subscription", "location", "start (UTC)", "clusters")
    blocks = (Block("", rows),) if rows else ()
    advice = advice_on(Reason.WINDOWS_CROWDED)
    return Section("crowded starts", Tone.LOOK, columns, blocks, (advice,))


def _totals(look: FleetLook) -> tuple[Total, ...]:
    known = {reason.value for reason in Reason}
    counts = {name: n for name, n in look.run.get("reasons", {}).items() if name in known}
    states = count_states(counts, dry_run=True)
    return tuple(Total(states[state], *_STATES[state]) for state in _STATES if states[state])


def _last(look: FleetLook, found: ByReason, *, incomplete: bool) -> str:
    clusters = {row["clusterId"] for rows in found.values() for row in rows}
    crowds = len(look.run.get("crowdedStarts", []))
    kinds = f"{counted(len(clusters), 'cluster')} with {counted(len(found), 'kind')} of finding."
    said = [kinds] if found else []
    said += [f"{counted(crowds, 'crowded start')}."] if crowds else []
    missing = ["Not everything could be read: see above."] if incomplete else []
    return " ".join([*(said or ["No findings."]), *missing])
