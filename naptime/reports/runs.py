"""What a deployed naptime has done, is doing and gave up, as reports."""

from collections.abc import Mapping, Sequence
from typing import Final

from naptime.reports.report import (
    DONE,
    FAILED,
    TO_DO,
    Block,
    Entry,
    Json,
    Report,
    Section,
    Tone,
)
from naptime.reports.words import by_subscription, counted, minute_words, plain, short_name
from shared.domain.deciding.outcome import OutcomeKind
from shared.domain.fleet.run_records import RunRecordJson
from shared.domain.messages.given_up import GivenUpClusterJson
from shared.domain.vocabulary.ids import ClusterId

_QUEUED: Final = "Somebody else is at the cluster; the queue has the work."
_RUN_COLUMNS: Final = (
    *("runId", "cause", "scope", "dryRun", "state", "startedAt", "finishedAt"),
    *("clusters", "done", "created", "failed", "calls"),
)
_GIVEN_UP_COLUMNS: Final = (
    *("clusterId", "runId", "reason", "message", "advice", "givenUpAt", "attempts"),
)


def runs_report(runs: Sequence[RunRecordJson]) -> Report:
    """Tell of runs, the newest first."""
    columns = ("run", "cause", "started (UTC)", "state", "clusters", "created", "failed")
    rows = tuple(Entry(_run_cells(run)) for run in runs)
    active = sum(run["state"] == "Active" for run in runs)
    return Report(
        title="naptime runs",
        sections=(Section("runs", Tone.PLAIN, columns, (Block("", rows),)),) if rows else (),
        totals=(),
        last=f"{counted(len(runs), 'run')}, {active} under way." if runs else "No runs.",
        tone=Tone.PLAIN,
        json={"value": list(runs), "continuationToken": None},
        columns=_RUN_COLUMNS,
        records=[_run_record(run) for run in runs],
    )


def given_up_report(records: Sequence[GivenUpClusterJson], *, detailed: bool) -> Report:
    """Tell what was given up, each with its reason and what to do."""
    known = [(ClusterId.parse(each["clusterId"]), each) for each in records if each["clusterId"]]
    blocks = by_subscription(
        (
            cluster_id,
            Entry((short_name(cluster_id), *_given_up_cells(each)), plain(each["message"])),
        )
        for cluster_id, each in known
    )
    others = tuple(
        Entry((plain(each["runId"] or "a message"), *_given_up_cells(each)), plain(each["message"]))
        for each in records
        if not each["clusterId"]
    )
    blocks += (Block("", others),) if others else ()
    advice = dict.fromkeys(f"{plain(each['reason'])}: {plain(each['advice'])}" for each in records)
    columns = ("cluster", "reason", "given up (UTC)")
    section = Section("given up", Tone.WRONG, columns, blocks, tuple(advice))
    return Report(
        title="naptime given-up",
        sections=(section,) if records else (),
        totals=(),
        last=f"{counted(len(records), 'record')} given up." if records else "Nothing was given up.",
        tone=Tone.LOOK if records else Tone.GOOD,
        json={"value": list(records), "continuationToken": None},
        columns=_GIVEN_UP_COLUMNS,
        records=[_given_up_record(each) for each in records],
        code=TO_DO if detailed and records else DONE,
    )


def outcome_report(outcome: Mapping[str, Json]) -> Report:
    """Tell what came of one cluster that the app was asked to reconcile."""
    cluster_id = ClusterId.parse(str(outcome.get("clusterId", "")))
    kind = plain(outcome.get("outcome") or "Queued")
    said = plain(outcome.get("message") or _QUEUED)
    failed = kind == OutcomeKind.FAILED
    record = {"clusterId": str(cluster_id), "outcome": kind, "message": said}
    return Report(
        title=f"naptime reconcile {cluster_id.name}",
        sections=(),
        totals=(),
        last=f"{short_name(cluster_id)}: {kind}. {said}",
        tone=Tone.WRONG if failed else Tone.GOOD,
        json=outcome,
        columns=tuple(record),
        records=[record],
        code=FAILED if failed else DONE,
    )


def _run_cells(run: RunRecordJson) -> tuple[str, ...]:
    outcomes = run.get("outcomes", {})
    at = run.get("progress")
    counts = (_created(outcomes), outcomes.get(OutcomeKind.FAILED, 0))
    dry = ", dry" if run["scope"]["dryRun"] else ""
    return (
        plain(run["runId"]),
        plain(run["cause"]) + dry,
        minute_words(run["startedAt"]),
        plain(run["state"]),
        f"{at['clustersDone']:,}/{at['clusters']:,}" if at else "-",
        *(f"{count:,}" for count in counts),
    )


def _created(outcomes: Mapping[str, int]) -> int:
    """Count the schedules that a run made, or would make."""
    return outcomes.get(OutcomeKind.CREATED, 0) + outcomes.get(OutcomeKind.WOULD_CREATE, 0)


def _run_record(run: RunRecordJson) -> dict[str, str]:
    scope, outcomes, at = run["scope"], run.get("outcomes", {}), run.get("progress")
    where = scope["resourceGroup"] or scope["subscriptionId"] or "fleet"
    return {
        "runId": plain(run["runId"]),
        "cause": plain(run["cause"]),
        "scope": plain(where),
        "dryRun": str(scope["dryRun"]).lower(),
        "state": plain(run["state"]),
        "startedAt": plain(run["startedAt"]),
        "finishedAt": plain(run["finishedAt"] or ""),
        "clusters": str(at["clusters"]) if at else "",
        "done": str(at["clustersDone"]) if at else "",
        "created": str(_created(outcomes)),
        "failed": str(outcomes.get(OutcomeKind.FAILED, 0)),
        "calls": str(run.get("calls", "")),
    }


def _given_up_cells(record: GivenUpClusterJson) -> tuple[str, str]:
    return (plain(record["reason"]), minute_words(record["givenUpAt"]))


def _given_up_record(record: GivenUpClusterJson) -> dict[str, str]:
    return {
        "clusterId": record["clusterId"] or "",
        "runId": record["runId"] or "",
        "reason": plain(record["reason"]),
        "message": plain(record["message"]),
        "advice": plain(record["advice"]),
        "givenUpAt": plain(record["givenUpAt"]),
        "attempts": str(record["attempts"]),
    }
