"""What came of the writes, as a report."""

from collections.abc import Sequence
from typing import Final

from naptime.own.writes import Wrote
from naptime.reports.kinds import advice_on
from naptime.reports.plan import COLUMNS, is_incomplete, unread
from naptime.reports.report import DONE, FAILED, Block, Entry, Report, Section, Tone
from naptime.reports.words import (
    NOT_KNOWN,
    by_subscription,
    counted,
    plain,
    short_name,
    window_words,
    written_minute,
)
from naptime.source import FleetLook
from shared.domain.deciding.kubernetes import outcome_of_upgrades
from shared.domain.deciding.outcome import Outcome, OutcomeKind
from shared.domain.vocabulary.reasons import Reason
from shared.domain.window.body import write_window

ACTIONS: Final = (
    "Microsoft.ContainerService/managedClusters/maintenanceConfigurations/read",
    "Microsoft.ContainerService/managedClusters/maintenanceConfigurations/write",
)
_WHEN: Final = ("cluster", "window", "first start (UTC)")
_NO_END: Final = "No end was reached in time; the next call goes on."
_WRITTEN: Final = frozenset({OutcomeKind.CREATED, OutcomeKind.UPDATED})
_NOT_DONE: Final = frozenset({OutcomeKind.DEFERRED, OutcomeKind.FAILED})


def protect_report(look: FleetLook, written: Sequence[Wrote]) -> Report:
    """Tell of every cluster that was to get a schedule whether it has one."""
    beside = [_beside(each) for each in written if each.outcome and each.outcome.kubernetes]
    failed = [each for each in written if each.outcome is None or _kind(each) in _NOT_DONE]
    failed += [each for each in beside if _kind(each) in _NOT_DONE and each not in failed]
    done = [each for each in written if _kind(each) in _WRITTEN]
    also_done = [each for each in beside if _kind(each) in _WRITTEN]
    seen_to = {each.cluster_id for each in (*done, *failed, *beside)}
    others = [each for each in written if each.cluster_id not in seen_to]
    sections = (
        Section("needed none any more", Tone.QUIET, ("cluster", "reason"), _why(others)),
        Section("got a schedule", Tone.GOOD, _WHEN, _when(done)),
        Section("got a schedule of Kubernetes upgrades", Tone.GOOD, _WHEN, _when(also_done)),
        Section(
            "did not get one", Tone.WRONG, ("cluster", "reason"), _why(failed), _advice(failed)
        ),
        *unread(look, []),
    )
    incomplete = is_incomplete(look)
    return Report(
        title="naptime protect",
        sections=tuple(section for section in sections if not section.is_empty),
        totals=(),
        last=_last(len(done) + len(also_done), len(failed), incomplete=incomplete),
        tone=Tone.WRONG if failed or incomplete else Tone.GOOD,
        json=[each.outcome.to_json() for each in written if each.outcome],
        columns=COLUMNS,
        records=[_record(each) for each in written],
        code=FAILED if failed or incomplete else DONE,
    )


def _beside(written: Wrote) -> Wrote:
    """Give what came of its schedule of Kubernetes upgrades."""
    other = outcome_of_upgrades(written.outcome) if written.outcome else None
    return Wrote(written.cluster_id, other)


def _kind(written: Wrote) -> OutcomeKind | None:
    return written.outcome.kind if written.outcome else None


def _when(written: Sequence[Wrote]) -> tuple[Block, ...]:
    return by_subscription(
        (each.cluster_id, Entry((short_name(each.cluster_id), *_times(each.outcome))))
        for each in written
    )


def _times(outcome: Outcome | None) -> tuple[str, str]:
    if outcome is None or outcome.window is None or outcome.next_start is None:
        return (NOT_KNOWN, NOT_KNOWN)
    return (window_words(write_window(outcome.window)), written_minute(outcome.next_start))


def _why(written: Sequence[Wrote]) -> tuple[Block, ...]:
    return by_subscription(
        (each.cluster_id, Entry((short_name(each.cluster_id), _reason(each)), _message(each)))
        for each in written
    )


def _reason(written: Wrote) -> str:
    return written.outcome.reason.value if written.outcome else NOT_KNOWN


def _message(written: Wrote) -> str:
    return plain(written.outcome.message) if written.outcome else _NO_END


def _advice(failed: Sequence[Wrote]) -> tuple[str, ...]:
    reasons = dict.fromkeys(each.outcome.reason for each in failed if each.outcome)
    denied = sorted(
        {
            each.cluster_id.subscription_id
            for each in failed
            if each.outcome and each.outcome.reason is Reason.ACCESS_DENIED
        }
    )
    said = [
        f"{reason.value}: {advice_on(reason)}"
        for reason in reasons
        if reason is not Reason.ACCESS_DENIED
    ]
    if denied:
        said.append(f"AccessDenied: this login needs two actions: {' and '.join(ACTIONS)}.")
        said += [f"They are missing in subscription {each}." for each in denied]
    return tuple(said)


def _record(written: Wrote) -> dict[str, str]:
    cluster_id, outcome = written.cluster_id, written.outcome
    window, start = _times(outcome) if outcome and outcome.window else ("", "")
    other_made = _kind(_beside(written)) in _WRITTEN
    return {
        "clusterId": str(cluster_id),
        "subscriptionId": cluster_id.subscription_id,
        "resourceGroup": cluster_id.resource_group,
        "name": cluster_id.name,
        "plan": outcome.kind.value if outcome else "",
        "reason": _reason(written) if outcome else "",
        "message": _message(written),
        "advice": advice_on(outcome.reason) if outcome else "",
        "window": window,
        "firstStart": start,
        "kubernetesWindow": _times(_beside(written).outcome)[0] if other_made else "",
    }


def _last(done: int, failed: int, *, incomplete: bool) -> str:
    said = f"{counted(done, 'schedule')} written."
    if failed:
        said = (
            f"{done:,} of {counted(done + failed, 'schedule')} written; {failed:,} not: see above."
        )
    return f"{said} Not everything could be read: see above." if incomplete else said
