"""What a policy changes, or would change, for the fleet that a deployed naptime knows."""

from collections.abc import Iterable
from typing import Final

from naptime.reports.policy.shown import rules_section, warnings_section
from naptime.reports.report import DONE, TO_DO, Entry, Report, Section, Tone
from naptime.reports.words import by_subscription, counted, plain, short_name
from shared.domain.policy.changes import ChangedClusterJson, WantedJson
from shared.domain.vocabulary.ids import ClusterId
from shared.reconcile.shown.policy import PutPolicyJson

_COLUMNS: Final = ("clusterId", "ruleBefore", "before", "ruleAfter", "after")


def put_report(came: PutPolicyJson, *, detailed: bool = False) -> Report:
    """Tell how many clusters each rule has, and for which something else is wanted."""
    to_do = came["dryRun"] and bool(came["changed"])
    return Report(
        title="naptime policy push",
        sections=tuple(section for section in _sections(came) if not section.is_empty),
        totals=(),
        last=_last(came),
        tone=Tone.LOOK if came["warnings"] else Tone.GOOD,
        json=came,
        columns=_COLUMNS,
        records=[_record(each) for each in came["changes"]],
        code=TO_DO if detailed and to_do else DONE,
    )


def _sections(came: PutPolicyJson) -> Iterable[Section]:
    yield rules_section(came["rules"])
    rows = ((ClusterId.parse(each["clusterId"]), each) for each in came["changes"])
    cells = (
        (found, Entry((short_name(found), _wanted(each["before"]), _wanted(each["after"]))))
        for found, each in rows
    )
    more = came["changed"] - len(came["changes"])
    advice = (f"and {more:,} more",) if more else ()
    columns = ("cluster", "wanted before", "wanted now")
    yield Section("something else is wanted", Tone.LOOK, columns, by_subscription(cells), advice)
    yield from warnings_section(came["warnings"])


def _wanted(wanted: WantedJson) -> str:
    return plain(f"{wanted['use']} ({wanted['rule']})")


def _last(came: PutPolicyJson) -> str:
    many = f"{came['changed']} of {counted(came['clusters'], 'cluster')}"
    if came["dryRun"]:
        return f"Nothing was put in force. Something else would be wanted for {many}."
    where = f"Version {came['version']} is in force, on every worker within a minute."
    return f"{where} Something else is wanted for {many}; schedules that are there stay."


def _record(changed: ChangedClusterJson) -> dict[str, str]:
    return {
        "clusterId": plain(changed["clusterId"]),
        "ruleBefore": plain(changed["before"]["rule"]),
        "before": plain(changed["before"]["use"]),
        "ruleAfter": plain(changed["after"]["rule"]),
        "after": plain(changed["after"]["use"]),
    }
