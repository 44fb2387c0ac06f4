"""A policy as a report: a file that was checked, or what a deployed naptime has in force."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Final

from naptime.reports.report import DONE, TO_DO, Block, Entry, Report, Section, Tone
from naptime.reports.words import NOT_KNOWN, counted, minute_words, plain
from shared.domain.policy.changes import RuleClustersJson, use_text
from shared.domain.policy.choose import Policy
from shared.domain.policy.version import PolicyVersionJson
from shared.domain.policy.warnings import warnings_of
from shared.reconcile.shown.policy import NamedWindowJson, ShownPolicyJson, window_json

_WINDOW_COLUMNS: Final = ("window", "when", "each", "starts within", "opens next (UTC)")
_VERSION_COLUMNS: Final = ("version", "hash", "since", "by")


def checked_report(policy: Policy, now: datetime, *, detailed: bool) -> Report:
    """Tell what a file that is right says, and what is probably not meant in it."""
    warnings = warnings_of(policy, now)
    windows = [window_json(window, now) for window in policy.windows.values()]
    rules = [{"rule": rule.name, "use": use_text(rule.use)} for rule in policy.rules]
    rows = tuple(Entry((plain(rule["rule"]), plain(rule["use"]))) for rule in rules)
    found = counted(len(warnings), "warning") if warnings else "no warnings"
    return Report(
        title="naptime policy check",
        sections=(
            windows_section(windows),
            Section("rules", Tone.PLAIN, ("rule", "gives"), (Block("", rows),)),
            *warnings_section(warnings),
        ),
        totals=(),
        last=f"The policy is right; {found}. Its hash is {policy.hash}.",
        tone=Tone.LOOK if warnings else Tone.GOOD,
        json={"hash": policy.hash, "windows": windows, "rules": rules, "warnings": warnings},
        columns=("rule", "use"),
        records=rules,
        code=TO_DO if detailed and warnings else DONE,
    )


def shown_report(shown: ShownPolicyJson) -> Report:
    """Tell what is in force, with its next openings and how many clusters each rule has."""
    return Report(
        title="naptime policy show",
        sections=(
            Section("in force", Tone.PLAIN, (), (Block("", tuple(_facts(shown))),)),
            windows_section(shown["windows"]),
            rules_section(shown["rules"]),
            *warnings_section(shown["warnings"]),
        ),
        totals=(),
        last=_in_force(shown),
        tone=Tone.LOOK if shown["warnings"] else Tone.GOOD,
        json=shown,
        columns=("rule", "clusters"),
        records=[_rule_record(each) for each in shown["rules"]],
    )


def versions_report(versions: Sequence[PolicyVersionJson]) -> Report:
    """List every version that was ever in force, the newest first."""
    records = [
        {
            "version": str(each["version"]),
            "hash": plain(each["hash"]),
            "since": plain(each["since"]),
            "by": plain(each["by"]),
        }
        for each in versions
    ]
    rows = tuple(
        Entry((each["version"], each["hash"], minute_words(each["since"]), each["by"]))
        for each in records
    )
    section = Section("versions", Tone.PLAIN, _VERSION_COLUMNS, (Block("", rows),))
    return Report(
        title="naptime policy versions",
        sections=(section,) if rows else (),
        totals=(),
        last=f"{counted(len(rows), 'version')}; the first is in force." if rows else _NONE,
        tone=Tone.PLAIN,
        json={"value": list(versions), "continuationToken": None},
        columns=_VERSION_COLUMNS,
        records=records,
    )


def windows_section(windows: Sequence[NamedWindowJson]) -> Section:
    """Tell of the windows, by the wall clock of their zones."""
    rows = tuple(Entry(tuple(map(plain, _window_cells(each)))) for each in windows)
    return Section("windows", Tone.PLAIN, _WINDOW_COLUMNS, (Block("", rows),) if rows else ())


def rules_section(rules: Sequence[RuleClustersJson]) -> Section:
    """Tell how many clusters each rule has."""
    rows = tuple(Entry((plain(each["rule"]), str(each["clusters"]))) for each in rules)
    return Section("rules", Tone.PLAIN, ("rule", "clusters"), (Block("", rows),) if rows else ())


def warnings_section(warnings: Sequence[str]) -> Iterable[Section]:
    """Say what is probably not meant; nothing where there is nothing."""
    if warnings:
        rows = tuple(Entry((plain(each),)) for each in warnings)
        yield Section("warnings", Tone.LOOK, ("what",), (Block("", rows),))


def _window_cells(window: NamedWindowJson) -> Iterable[str]:
    yield window["name"]
    yield f"{window['on']} {window['start']} {window['zone']}, {window['hours']} h"
    yield f"{window['hoursEach']} h"
    yield f"{window['spreadMinutes']} min"
    yield minute_words(window["opens"])


_NONE: Final = "There is no policy: the settings' window is for every cluster."


def _facts(shown: ShownPolicyJson) -> Iterable[Entry]:
    yield Entry(("version", str(shown["version"] or NOT_KNOWN)))
    yield Entry(("hash", plain(shown["hash"] or NOT_KNOWN)))
    yield Entry(("since (UTC)", minute_words(shown["since"])))
    yield Entry(("by", plain(shown["by"] or NOT_KNOWN)))


def _in_force(shown: ShownPolicyJson) -> str:
    if shown["version"] is None:
        return _NONE
    return f"Version {shown['version']} is in force; --text gives it to be changed."


def _rule_record(rule: RuleClustersJson) -> dict[str, str]:
    return {"rule": plain(rule["rule"]), "clusters": str(rule["clusters"])}
