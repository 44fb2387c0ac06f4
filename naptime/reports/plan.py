"""What would be done to a fleet, as a report."""

from collections.abc import Iterable, Mapping, Sequence
from itertools import chain
from typing import Final

from naptime.reports.kinds import (
    PlanKind,
    advice_on,
    attention,
    id_of,
    made_beside,
    screened,
    sorted_out,
)
from naptime.reports.report import (
    DONE,
    FAILED,
    TO_DO,
    Block,
    Entry,
    Report,
    Section,
    Tone,
    Total,
)
from naptime.reports.updates.planned import drift_sections
from naptime.reports.words import (
    by_subscription,
    counted,
    minute_words,
    plain,
    short_name,
    window_words,
)
from naptime.source import FleetLook
from shared.domain.deciding.last_outcome import LastOutcomeJson
from shared.domain.deciding.outcome import UpgradeScheduleJson
from shared.domain.vocabulary.reasons import Reason

COLUMNS: Final = (
    *("clusterId", "subscriptionId", "resourceGroup", "name", "plan", "reason", "message"),
    *("advice", "window", "firstStart", "kubernetesWindow"),
)
_WHEN: Final = ("cluster", "window", "first start (UTC)")
_WHY: Final = ("cluster", "reason")
_UNREADABLE_ID: Final = Reason.CLUSTER_ID_UNREADABLE.value

OF_UPGRADES: Final = "would get a schedule of Kubernetes upgrades"

type Rows = Mapping[PlanKind, Sequence[LastOutcomeJson]]


def plan_report(look: FleetLook, *, detailed: bool) -> Report:
    """Tell of every cluster what would be done; `detailed` makes something to do an exit code."""
    rows = sorted_out([*look.run["clusters"]["value"], *look.left_out])
    failed = bool(rows[PlanKind.UNREAD]) or is_incomplete(look)
    to_do = bool(rows[PlanKind.CREATE] or rows[PlanKind.LOOK] or beside_of(rows) or to_change(rows))
    return Report(
        title="naptime plan",
        sections=tuple(section for section in _sections(look, rows) if not section.is_empty),
        totals=_totals(look, rows),
        last=_last(rows, failed=failed),
        tone=Tone.WRONG if failed else Tone.LOOK if to_do else Tone.GOOD,
        json=look.run,
        columns=COLUMNS,
        records=[record_of(kind, row) for kind in PlanKind for row in rows[kind]],
        code=FAILED if failed else TO_DO if detailed and to_do else DONE,
    )


def beside_of(rows: Rows) -> list[LastOutcomeJson]:
    """Give the rows of clusters that would get a schedule of Kubernetes upgrades."""
    return [row for some in rows.values() for row in some if made_beside(row)]


def to_change(rows: Rows) -> list[LastOutcomeJson]:
    """Give the rows of clusters whose schedule a run would change."""
    return [
        row for some in rows.values() for row in some if "drift" in row and row["drift"]["update"]
    ]


def is_incomplete(look: FleetLook) -> bool:
    """Say whether something was not looked at, for whatever reason."""
    counts = look.run.get("reasons", {})
    return bool(
        look.waiting
        or look.bugs
        or look.unreadable
        or counts.get(_UNREADABLE_ID)
        or look.run.get("unreadableSubscriptions")
    )


def record_of(kind: PlanKind, row: LastOutcomeJson) -> dict[str, str]:
    """Give one cluster for a spreadsheet."""
    cluster_id, other = id_of(row), made_beside(row)
    return {
        "clusterId": str(cluster_id),
        "subscriptionId": cluster_id.subscription_id,
        "resourceGroup": cluster_id.resource_group,
        "name": cluster_id.name,
        "plan": kind.value,
        "reason": plain(row["reason"]),
        "message": plain(row["message"]),
        "advice": advice_on(row["reason"]),
        "window": window_words(row["window"]) if row["window"] else "",
        "firstStart": plain(row["nextStart"] or ""),
        "kubernetesWindow": window_words(other["window"]) if other else "",
    }


def _sections(look: FleetLook, rows: Rows) -> Iterable[Section]:
    yield Section("left as they are", Tone.QUIET, _WHEN, when(rows[PlanKind.LEAVE]), folded=True)
    yield Section("excluded", Tone.QUIET, _WHY, why(rows[PlanKind.EXCLUDED]), folded=True)
    yield Section("not yet", Tone.PLAIN, _WHY, why(rows[PlanKind.NOT_YET]))
    yield from drift_sections(look.run, chain(*rows.values()))
    yield Section("would get a schedule", Tone.GOOD, _WHEN, when(rows[PlanKind.CREATE]))
    yield Section(OF_UPGRADES, Tone.GOOD, _WHEN, when_beside(beside_of(rows)))
    yield needs_a_person(rows[PlanKind.LOOK])
    yield from unread(look, rows[PlanKind.UNREAD])


def needs_a_person(rows: Sequence[LastOutcomeJson]) -> Section:
    """Tell which clusters a person should look at, why, and what can be done."""
    reasons = [reason for row in rows for reason in attention(row)]
    blocks = by_subscription(
        (id_of(row), Entry((short_name(id_of(row)), ", ".join(attention(row))), _messages(row)))
        for row in rows
    )
    return Section("for a person to look at", Tone.LOOK, _WHY, blocks, advice_of(reasons))


def unread(look: FleetLook, rows: Sequence[LastOutcomeJson]) -> Iterable[Section]:
    """Tell what could not be read: clusters, then subscriptions, then what naptime failed on."""
    yield Section(
        "could not be read", Tone.WRONG, _WHY, why(rows), advice_of(row["reason"] for row in rows)
    )
    subscriptions = look.run.get("unreadableSubscriptions", [])
    lines = tuple(
        Entry((each["subscriptionId"], plain(each["reason"])), plain(each["message"]))
        for each in subscriptions
    )
    yield Section(
        "subscriptions could not be read",
        Tone.WRONG,
        ("subscription", "reason"),
        (Block("", lines),) if lines else (),
        advice_of(each["reason"] for each in subscriptions),
    )
    yield _lines("no answer in time", look.waiting, ("Run it again, or set a longer --patience.",))
    yield _lines(
        "clusters have ids that naptime cannot read", look.unreadable, advice_of([_UNREADABLE_ID])
    )
    yield _lines("failed for no known reason: a bug of naptime", look.bugs)


def _lines(title: str, lines: Sequence[str], advice: tuple[str, ...] = ()) -> Section:
    rows = tuple(Entry((plain(line),)) for line in lines)
    return Section(title, Tone.WRONG, ("what",), (Block("", rows),) if rows else (), advice)


def advice_of(reasons: Iterable[str]) -> tuple[str, ...]:
    """Say once for each reason what a person can do."""
    known = ((reason, advice_on(reason)) for reason in dict.fromkeys(map(str, reasons)))
    return tuple(f"{plain(reason)}: {advice}" for reason, advice in known if advice)


def when(rows: Sequence[LastOutcomeJson]) -> tuple[Block, ...]:
    """Give the cells of rows that have a window: cluster, window, next start."""
    return by_subscription((id_of(row), _times(row, row)) for row in rows)


def when_beside(rows: Sequence[LastOutcomeJson]) -> tuple[Block, ...]:
    """Give the same of their schedules of Kubernetes upgrades, where those are made."""
    found = ((row, made_beside(row)) for row in rows)
    return by_subscription((id_of(row), _times(row, other)) for row, other in found if other)


def _times(row: LastOutcomeJson, times: LastOutcomeJson | UpgradeScheduleJson) -> Entry:
    cells = window_words(times["window"]), minute_words(times["nextStart"])
    return Entry((short_name(id_of(row)), *cells))


def why(rows: Sequence[LastOutcomeJson]) -> tuple[Block, ...]:
    """Give the cells of rows for which the reason matters, the message beneath."""
    return by_subscription(
        (id_of(row), Entry((short_name(id_of(row)), plain(row["reason"])), plain(row["message"])))
        for row in rows
    )


def _messages(row: LastOutcomeJson) -> str:
    wanted = set(attention(row))
    return " ".join(
        plain(finding["message"]) for finding in row["findings"] if finding["reason"] in wanted
    )


def _totals(look: FleetLook, rows: Rows) -> tuple[Total, ...]:
    settled = screened(look)
    unreadable = len(look.run.get("unreadableSubscriptions", []))
    found = (
        Total(settled[Reason.NOT_AUTO_PROVISIONED], "without node auto-provisioning", Tone.QUIET),
        Total(len(rows[PlanKind.LEAVE]), "left as they are", Tone.QUIET),
        Total(len(rows[PlanKind.EXCLUDED]) + settled[Reason.EXCLUDED], "excluded", Tone.QUIET),
        Total(settled[Reason.CLUSTER_DELETING], "being deleted", Tone.QUIET),
        Total(settled[Reason.CLUSTER_CREATING], "being created: plan again later", Tone.PLAIN),
        Total(len(rows[PlanKind.NOT_YET]), "not yet: plan again later", Tone.PLAIN),
        Total(len(rows[PlanKind.DIFFER]), "differ from what the policy wants", Tone.PLAIN),
        Total(len(rows[PlanKind.CREATE]), "would get a schedule", Tone.GOOD),
        Total(len(beside_of(rows)), OF_UPGRADES, Tone.GOOD),
        Total(len(rows[PlanKind.LOOK]), "for a person to look at", Tone.LOOK),
        Total(settled[_UNREADABLE_ID], "have an id that cannot be read", Tone.WRONG),
        Total(len(rows[PlanKind.UNREAD]), "could not be read", Tone.WRONG),
        Total(unreadable, "subscriptions could not be read", Tone.WRONG),
    )
    return tuple(total for total in found if total.count)


def _last(rows: Rows, *, failed: bool) -> str:
    create, look = len(rows[PlanKind.CREATE]) + len(beside_of(rows)), len(rows[PlanKind.LOOK])
    if create:
        said = f"Nothing was written. naptime protect would write {counted(create, 'schedule')}."
    elif changes := len(to_change(rows)):
        said = f"Nothing was written. {counted(changes, 'schedule')} of naptime's own would change."
    elif look:
        said = f"Nothing to write; {counted(look, 'cluster needs', 'clusters need')} a person."
    else:
        said = "Nothing to do."
    return f"{said} Not everything could be read: see above." if failed else said
