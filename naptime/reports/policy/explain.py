"""Why a cluster has its window, in five lines."""

from collections.abc import Iterable, Sequence
from itertools import takewhile
from typing import Final

from naptime.reports.report import Block, Entry, Report, Section, Tone
from naptime.reports.words import NOT_KNOWN, counted, plain, short_name, window_words
from shared.domain.policy.choose import StepJson
from shared.domain.vocabulary.ids import ClusterId
from shared.reconcile.shown.cluster_json import LiveClusterJson
from shared.reconcile.shown.decision_json import DecisionJson

MOST_NAMED: Final = 3
"""Rules that are named of those that do not match: the nearest before the one that does."""
_COLUMNS: Final = ("clusterId", "rule", "matched", "why")


def explain_report(live: LiveClusterJson) -> Report:
    """Tell which rules were asked, which one matched and why, what it gives, and what is done."""
    cluster_id, decision = ClusterId.parse(live["clusterId"]), live["decision"]
    steps = decision["because"] if decision else []
    lines = _why(live, decision) if decision else _not_live(live)
    cluster = Entry(("cluster", f"{short_name(cluster_id)} in {plain(live['location'])}"))
    return Report(
        title=f"naptime explain {cluster_id.name}",
        sections=(Section("why", Tone.PLAIN, (), (Block("", (cluster, *lines)),)),),
        totals=(),
        last=_because(decision),
        tone=Tone.PLAIN,
        json=live,
        columns=_COLUMNS,
        records=[_record(live["clusterId"], step) for step in steps],
    )


def _why(live: LiveClusterJson, decision: DecisionJson) -> Iterable[Entry]:
    steps = decision["because"]
    matched = next((step for step in steps if step["matched"]), None)
    yield Entry(("passed by", _passed(steps)))
    yield Entry(("rule", _step(matched) if matched else NOT_KNOWN))
    yield Entry(("it gives", plain(decision["use"] or NOT_KNOWN)))
    there = window_words(live["window"]) if live["schedule"] else "none"
    made = f", made by {plain(live['madeBy'])}" if live["madeBy"] else ""
    yield Entry(("schedule", f"{there}{made}"))


def _not_live(live: LiveClusterJson) -> Iterable[Entry]:
    last, why = live["lastOutcome"], live["notLive"]
    yield Entry(("not live", plain(why["message"]) if why else NOT_KNOWN))
    yield Entry(("rule", plain((last and last["rule"]) or NOT_KNOWN)))
    yield Entry(("policy", plain((last and last["policyHash"]) or NOT_KNOWN)))
    yield Entry(("schedule", window_words(live["window"]) if live["window"] else NOT_KNOWN))


def _passed(steps: Sequence[StepJson]) -> str:
    """Name the nearest rules before the one that matches, each with why it does not."""
    before = [*takewhile(lambda step: not step["matched"], steps)]
    if not before:
        return "none: it is the first"
    named = "; ".join(_step(step) for step in before[-MOST_NAMED:])
    more = len(before) - MOST_NAMED
    return f"{named}; before them {counted(more, 'rule')}" if more > 0 else named


def _step(step: StepJson) -> str:
    return plain(f"{step['rule']} ({step['why']})")


def _because(decision: DecisionJson | None) -> str:
    if decision is None:
        return "It is shown as it was seen last; Azure was not asked."
    return plain(f"{decision['action']}, {decision['reason']}: {decision['message']}")


def _record(cluster_id: str, step: StepJson) -> dict[str, str]:
    return {
        "clusterId": plain(cluster_id),
        "rule": plain(step["rule"]),
        "matched": str(step["matched"]).lower(),
        "why": plain(step["why"]),
    }
