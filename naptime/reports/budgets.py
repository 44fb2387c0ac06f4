"""NodePools held against a window, as a report: the week of each, and what is wrong with it."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta

from msgspec import Struct

from naptime.asking.budget_flags import CheckFlags, by_flag
from naptime.asking.windows import parse_window
from naptime.reports.report import DONE, TO_DO, Block, Entry, Report, Section, Tone
from naptime.reports.words import NOT_KNOWN, counted, plain, short_name, window_words
from shared.domain.budgets.checking.findings import CODES, BudgetFinding
from shared.domain.budgets.checking.pools import objects_in
from shared.domain.budgets.checking.report import BudgetReport, PoolReport, report
from shared.domain.budgets.checking.timeline import LEGEND
from shared.domain.budgets.checking.view import Question
from shared.domain.budgets.making.asked import read_until
from shared.domain.deciding.observed import ObservedConfiguration, ObservedSchedule
from shared.domain.vocabulary.ids import ClusterId
from shared.domain.window.body import write_window
from shared.domain.window.window import MaintenanceWindow
from shared.reconcile.shown.budgets import BudgetWindows, HeldBudgetsJson, checked_json, held_json

type Found = tuple[ClusterId, Sequence[ObservedConfiguration]]

_COLUMNS = ("nodePool", "budget", "code", "message", "advice")
_NO_POOL = ""


class Held(Struct, frozen=True):
    """The windows that pools are held against, and whose they are if they are a cluster's."""

    windows: BudgetWindows
    cluster_id: ClusterId | None = None


def held_against(window: str | None, found: Found | None) -> Held:
    """Give the window in words, or those of a cluster; neither is none. Raises InvalidInput."""
    if found is not None:
        return Held(BudgetWindows.of(found[1]), found[0])
    if window is None:
        return Held(BudgetWindows(None))
    return Held(BudgetWindows(ObservedSchedule(parse_window(window))))


def checked_report(
    objects: Sequence[Mapping[str, object]],
    held: Held,
    flags: CheckFlags,
    now: datetime,
    *,
    detailed: bool,
) -> Report:
    """Hold pools against windows, and tell what came of it; raises InvalidInput."""
    with by_flag():
        question = Question(
            now,
            held.windows.node_os,
            held.windows.kubernetes,
            flags.nodes,
            timedelta(minutes=flags.minutes_per_node),
            read_until(flags.until),
        )
        found = report([each for read in objects for each in objects_in(read)], question)
    return told(found, held, detailed=detailed)


def told(found: BudgetReport, held: Held, *, detailed: bool = False) -> Report:
    """Tell what a check came to."""
    sections = (
        _facts("held against", _held(held)),
        *(_pool(each) for each in found.pools),
        _findings("pod disruption budgets", found.pdbs),
        _notes(found.notes),
        Section("how to read the weeks", Tone.QUIET, (), (), verbatim=_legend(found)),
    )
    wrong = found.findings
    return Report(
        title="naptime budgets check",
        sections=tuple(each for each in sections if each.advice or not each.is_empty),
        totals=(),
        last=f"{counted(len(found.pools), 'NodePool')}, {counted(wrong, 'finding')}.",
        tone=Tone.LOOK if wrong else Tone.GOOD,
        json=_json(found, held),
        columns=_COLUMNS,
        records=_records(found),
        code=TO_DO if detailed and wrong else DONE,
    )


def _json(found: BudgetReport, held: Held) -> HeldBudgetsJson:
    if held.cluster_id is None:
        return held_json(held.windows, found)
    return checked_json(held.cluster_id, held.windows, found)


def _held(held: Held) -> Iterable[tuple[str, str]]:
    windows, cluster_id = held.windows, held.cluster_id
    if cluster_id is not None:
        yield "cluster", short_name(cluster_id)
    if windows.node_os is not None:
        yield "node OS window", _words(windows.node_os)
    else:
        why = f" ({plain(windows.why_none)})" if cluster_id else ""
        yield "node OS window", f"none{why}: only what is wrong in itself is found"
    if cluster_id is not None:
        yield "Kubernetes upgrades", _words(windows.kubernetes)


def _words(window: MaintenanceWindow | None) -> str:
    return window_words(write_window(window)) if window else NOT_KNOWN


def _pool(each: PoolReport) -> Section:
    nodes = "" if each.nodes is None else f", {counted(each.nodes, 'node')}"
    section = _findings(f"NodePool {each.pool.name}{nodes}", each.findings)
    return Section(
        section.title,
        section.tone,
        (),
        section.blocks or (Block("", (Entry(("nothing is wrong", "")),)),),
        section.advice,
        drawing=each.drawn if each.week else None,
    )


def _findings(title: str, findings: Sequence[BudgetFinding]) -> Section:
    facts = ((_code(each), plain(each.message)) for each in findings)
    advice = dict.fromkeys(CODES[each.code].you_can for each in findings)
    section = _facts(title, facts)
    tone = Tone.LOOK if findings else Tone.GOOD
    return Section(title, tone, (), section.blocks, tuple(advice))


def _code(finding: BudgetFinding) -> str:
    return finding.code if finding.budget is None else f"{finding.code} [{finding.budget}]"


def _facts(title: str, facts: Iterable[tuple[str, str]]) -> Section:
    rows = tuple(Entry(fact) for fact in facts)
    return Section(title, Tone.PLAIN, (), (Block("", rows),) if rows else ())


def _notes(notes: Sequence[str]) -> Section:
    told = tuple(map(plain, notes))
    return Section("what budgets cannot keep of the window", Tone.PLAIN, (), (), told)


def _legend(found: BudgetReport) -> tuple[str, ...]:
    return (LEGEND,) if any(each.week for each in found.pools) else ()


def _records(found: BudgetReport) -> list[Mapping[str, str]]:
    by_pool = [(pool.pool.name, each) for pool in found.pools for each in pool.findings]
    return [
        {
            "nodePool": name,
            "budget": "" if each.budget is None else str(each.budget),
            "code": each.code.value,
            "message": plain(each.message),
            "advice": CODES[each.code].you_can,
        }
        for name, each in (*by_pool, *((_NO_POOL, each) for each in found.pdbs))
    ]
