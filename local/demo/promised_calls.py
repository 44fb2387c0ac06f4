"""What is promised of calls: few, in time, nowhere else, and none for what is forged."""

from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import timedelta
from http import HTTPStatus
from typing import Final

from local.demo.evidence import Evidence
from local.demo.journal import NAPTIME, Call
from local.demo.promised_schedules import clusters_of_naptime, schedule_in
from local.demo.results import Result, name_of, names_of, seconds

FEW: Final = 10
"""Reads that many copies of an event may cost: on a busy machine they trickle in."""


def many_events_few_calls(evidence: Evidence) -> Result:
    """Coalesced: the same event many times over is one write, and a read or two."""
    calls = evidence.story.of(evidence.journal)
    crowded = evidence.deeds.crowded
    news = [call for call in calls if call.sequence > crowded.get(call.cluster, call.sequence)]
    writes = Counter(call.cluster for call in news if call.is_write)
    reads = Counter(call.cluster for call in news if call.is_listing)
    wrong = [key for key in crowded if writes[key] != 1 or reads[key] > FEW]
    return Result(
        "the same event many times at once cost one write and few reads",
        f"writes: {writes.total()}, reads of the configurations: {reads.total()}",
        tuple(f"{name_of(key)}: writes {writes[key]}, reads {reads[key]}" for key in wrong),
    )


def foreign_are_never_called(evidence: Evidence) -> Result:
    """Nothing outside the subscriptions that naptime may act on is even read."""
    calls = [call for call in evidence.journal if _subscription(call) not in evidence.subscriptions]
    return Result(
        "no call left the subscriptions that naptime may act on",
        f"{len(calls)} of {len(evidence.journal)} calls",
        tuple(f"{call.method} {call.path}" for call in calls),
    )


def role_was_enough(evidence: Evidence) -> Result:
    """Least privilege: the simulator refuses what the role of infra/ does not grant."""
    calls = [call for call in evidence.journal if call.caller == NAPTIME]
    refused = [call for call in calls if call.status == HTTPStatus.FORBIDDEN]
    broken = tuple(f"{call.method} {call.path}" for call in refused)
    return Result(
        "the role of infra/ was enough, and nothing else was granted",
        f"{len(refused)} of {len(calls)} calls were refused",
        broken if calls else ("it made no call at all",),
    )


def compliant_are_read_once(evidence: Evidence) -> Result:
    """Polite: one listing where a schedule is in place."""
    calls = evidence.fleet_pass.of(evidence.journal)
    ours = [
        key
        for key in clusters_of_naptime(evidence)
        if schedule_in(evidence.before, key) is not None
    ]
    listings = Counter(call.cluster for call in calls if call.is_listing)
    return _once("a cluster with a schedule cost one read of its configurations", ours, listings)


def without_nap_no_call(evidence: Evidence) -> Result:
    """Polite: the pages of the listing tell that a cluster has no NAP; it is not asked itself."""
    calls = evidence.fleet_pass.of(evidence.journal)
    plain = [
        key
        for key, state in evidence.before.items()
        if not state.auto_provisioning and state.subscription in evidence.subscriptions
    ]
    called = Counter(call.cluster for call in calls)
    return Result(
        "a cluster without NAP cost no call of its own",
        f"{sum(not called[key] for key in plain)} of {len(plain)} clusters",
        tuple(f"{name_of(key)}: {called[key]}" for key in sorted(plain) if called[key]),
    )


def dry_run_wrote_nothing(evidence: Evidence) -> Result:
    """See that a dry run stops before it writes, but not before it reads."""
    calls = evidence.dry_run.of(evidence.journal)
    writes = [call for call in calls if call.is_write]
    broken = names_of(call.cluster for call in writes) if calls else ("it made no call at all",)
    return Result(
        "the dry run wrote nothing", f"{len(writes)} writes in {len(calls)} calls", broken
    )


def forgeries_did_nothing(evidence: Evidence) -> Result:
    """Forged events and oversized bodies lead to no call; the real event behind them does."""
    calls = evidence.forgeries.of(evidence.journal)
    caused = [call for call in calls if call.is_write or _is_forged(call, evidence)]
    seen = sum(call.cluster == evidence.fence for call in calls)
    missed = [] if seen else ["the real event behind them was not seen either"]
    return Result(
        "forged events and oversized bodies caused nothing",
        f"{len(caused)} calls by them, {seen} by the real event behind them",
        (*(f"{call.method} {call.path}" for call in caused), *missed),
    )


_BUSY = '; on a busy machine: ARGS="--promised-seconds 10"'


def quick_enough(evidence: Evidence, promised: timedelta) -> Result:
    """Event to accepted write where nothing was in the way."""
    promise = f"event to accepted write in under {promised.total_seconds():g} s"
    unharmed = [each for each in evidence.deeds.responses if not each.harmed]
    if not unharmed:
        return Result(promise, "no figure", ("nothing was measured",))
    slowest = max(each.took for each in unharmed)
    return Result(
        promise,
        f"slowest of {len(unharmed)}: {seconds(slowest)}{_BUSY if slowest >= promised else ''}",
        tuple(f"{name_of(e.cluster)}: {seconds(e.took)}" for e in unharmed if e.took >= promised),
    )


def every_act_ended(evidence: Evidence) -> Result:
    """Every act came to the end that was waited for."""
    unfinished = tuple(evidence.deeds.unfinished)
    return Result("every act ended as announced", f"{len(unfinished)} did not", unfinished)


def _once(promise: str, keys: Iterable[str], calls: Mapping[str, int]) -> Result:
    counts = {key: calls.get(key, 0) for key in keys}
    wrong = tuple(f"{name_of(key)}: {n}" for key, n in sorted(counts.items()) if n != 1)
    return Result(promise, f"{len(counts) - len(wrong)} of {len(counts)} clusters", wrong)


def _is_forged(call: Call, evidence: Evidence) -> bool:
    return call.cluster in evidence.forged or ".." in call.path


def _subscription(call: Call) -> str:
    return call.path.lower().removeprefix("/subscriptions").strip("/").partition("/")[0]
