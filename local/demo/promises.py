"""What naptime promises, judged by the simulator's evidence alone; pure."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from local.demo.evidence import Call, ClusterState, Evidence

LEAD: Final = timedelta(minutes=30)
UNDER_WAY: Final = frozenset({"Creating", "Deleting"})

type Keys = frozenset[str]


@dataclass(frozen=True, slots=True)
class Result:
    """A promise, the figure that it was measured by, and what broke it, if anything did."""

    promise: str
    figure: str
    broken: tuple[str, ...] = ()

    @property
    def kept(self) -> bool:
        """Whether nothing broke it."""
        return not self.broken


def judge(evidence: Evidence, promised: timedelta) -> tuple[Result, ...]:
    """Judge every promise; `promised` is the longest time from an event to the accepted write."""
    return (
        every_nap_cluster_has_a_schedule(evidence),
        writes_are_ahead(evidence),
        nothing_of_others_was_changed(evidence),
        siblings_are_unchanged(evidence),
        one_write_for_each_need(evidence),
        left_out_are_never_written(evidence),
        foreign_are_never_called(evidence),
        compliant_are_read_once(evidence),
        without_nap_one_read(evidence),
        dry_run_wrote_nothing(evidence),
        forgeries_did_nothing(evidence),
        quick_enough(evidence, promised),
        every_act_ended(evidence),
    )


def every_nap_cluster_has_a_schedule(evidence: Evidence) -> Result:
    """Promise 1: explicit."""
    ours = _naptimes(evidence)
    without = [key for key in ours if evidence.after[key].schedule is None]
    return Result(
        "every NAP cluster of naptime's has an explicit schedule",
        f"{len(ours) - len(without)} of {len(ours)} clusters",
        _names(without),
    )


def writes_are_ahead(evidence: Evidence) -> Result:
    """Promise 2: ahead, by the simulator's own computation at the moment it accepted the write."""
    writes = _writes(evidence)
    leads = [call.lead for call in writes if call.lead is not None]
    shortest = f"shortest lead {_hours(min(leads))}" if leads else "no lead known"
    return Result(
        "every write came 30 minutes or more before its first start",
        f"{len(writes)} writes, {shortest}",
        tuple(f"{_name(call.cluster)}: {_hours(call.lead)}" for call in writes if _is_late(call)),
    )


def nothing_of_others_was_changed(evidence: Evidence) -> Result:
    """Promise 3: a schedule that somebody else made stays as it is, its name's casing included."""
    others = _schedules_of_others(evidence)
    changed = [key for key, made in others.items() if _schedule(evidence.after, key) != made]
    return Result(
        "no schedule that somebody else made was changed",
        f"{len(others) - len(changed)} of {len(others)} as they were",
        _names(changed),
    )


def siblings_are_unchanged(evidence: Evidence) -> Result:
    """Promise 3: the other configurations are never touched."""
    before = {key: state.siblings for key, state in evidence.before.items()}
    changed = [
        key for key, state in evidence.after.items() if state.siblings != before.get(key, {})
    ]
    changed += [key for key in before if before[key] and key not in evidence.after]
    number = sum(len(siblings) for siblings in before.values())
    return Result(
        "no other maintenance configuration was touched",
        f"{number} configurations before, {len(_names(changed))} clusters differ",
        _names(changed),
    )


def one_write_for_each_need(evidence: Evidence) -> Result:
    """Promises 4 and 6: a schedule was written as often as it was missing, and no more."""
    needs, writes = _needs(evidence), Counter(call.cluster for call in _writes(evidence))
    wrong = [key for key in needs | writes if needs[key] != writes[key]]
    return Result(
        "one accepted write each time that a schedule was missing",
        f"{writes.total()} writes for {needs.total()} needs",
        tuple(f"{_name(key)}: {writes[key]} for {needs[key]}" for key in sorted(wrong)),
    )


def left_out_are_never_written(evidence: Evidence) -> Result:
    """Excluded clusters, those being deleted and those without NAP are left alone."""
    ours = frozenset(_naptimes(evidence))
    left_out = [key for key in evidence.after if key not in ours]
    written = {call.cluster for call in evidence.journal if call.is_write} & set(left_out)
    return Result(
        "clusters that are not naptime's to look after were not written",
        f"{len(left_out)} clusters, {len(written)} written",
        _names(written),
    )


def foreign_are_never_called(evidence: Evidence) -> Result:
    """Nothing outside the subscriptions that naptime may act on is even read."""
    calls = [call for call in evidence.journal if _subscription(call) not in evidence.subscriptions]
    return Result(
        "no call left the subscriptions that naptime may act on",
        f"{len(calls)} of {len(evidence.journal)} calls",
        tuple(f"{call.method} {call.path}" for call in calls),
    )


def compliant_are_read_once(evidence: Evidence) -> Result:
    """Promise 6: one listing, and nothing written, where a good schedule is in place."""
    calls = evidence.fleet_pass.of(evidence.journal)
    ours = [key for key in _naptimes(evidence) if _schedule(evidence.before, key) is not None]
    listings = Counter(call.cluster for call in calls if call.is_listing)
    return _once("a cluster with a schedule cost one read of its configurations", ours, listings)


def without_nap_one_read(evidence: Evidence) -> Result:
    """Promise 6: a cluster without NAP is read itself, and its configurations are not."""
    calls = evidence.fleet_pass.of(evidence.journal)
    plain = [
        key
        for key, state in evidence.before.items()
        if not state.auto_provisioning and state.subscription in evidence.subscriptions
    ]
    return _once("a cluster without NAP cost one read", plain, Counter(c.cluster for c in calls))


def dry_run_wrote_nothing(evidence: Evidence) -> Result:
    """A dry run stops before it writes."""
    calls = evidence.dry_run.of(evidence.journal)
    writes = [call for call in calls if call.is_write]
    broken = _names(call.cluster for call in writes) if calls else ("it made no call at all",)
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


def quick_enough(evidence: Evidence, promised: timedelta) -> Result:
    """Section 11 of the design: event to accepted write where nothing was in the way."""
    unharmed = [each for each in evidence.deeds.responses if not each.harmed]
    slowest = max((each.took for each in unharmed), default=None)
    figure = (
        "nothing measured"
        if slowest is None
        else f"slowest of {len(unharmed)}: {_seconds(slowest)}"
    )
    slow = [f"{_name(e.cluster)}: {_seconds(e.took)}" for e in unharmed if e.took >= promised]
    broken = (*slow, *([] if unharmed else ["nothing was measured"]))
    return Result(
        f"event to accepted write in under {promised.total_seconds():g} s", figure, broken
    )


def every_act_ended(evidence: Evidence) -> Result:
    """Every act came to the end that was waited for."""
    unfinished = tuple(evidence.deeds.unfinished)
    return Result("every act ended as announced", f"{len(unfinished)} did not", unfinished)


def _naptimes(evidence: Evidence) -> list[str]:
    """Find the clusters that are naptime's to look after, as they are at the end."""
    return [key for key, state in evidence.after.items() if _is_naptimes(state, evidence)]


def _is_naptimes(state: ClusterState, evidence: Evidence) -> bool:
    tags = {name.lower(): value.lower() for name, value in state.tags.items()}
    return (
        state.auto_provisioning
        and state.subscription in evidence.subscriptions
        and state.key not in evidence.excluded
        and tags.get("naptime") != "off"
        and state.provisioning_state not in UNDER_WAY
    )


def _needs(evidence: Evidence) -> Counter[str]:
    """Count how often each cluster was without a schedule and was naptime's to give one."""
    needs = Counter(evidence.deeds.deleted)
    needs.update(key for key in _naptimes(evidence) if _schedule(evidence.before, key) is None)
    return needs


def _writes(evidence: Evidence) -> list[Call]:
    return [call for call in evidence.journal if call.is_accepted_write]


def _is_late(call: Call) -> bool:
    return call.lead is None or call.lead < LEAD


def _schedule(states: Mapping[str, ClusterState], key: str) -> object:
    state = states.get(key)
    return state.schedule if state else None


def _schedules_of_others(evidence: Evidence) -> Mapping[str, object]:
    found: dict[str, object] = {
        key: state.schedule for key, state in evidence.before.items() if state.schedule
    }
    return found | {key: (name, body) for key, name, body in evidence.deeds.made}


def _once(promise: str, keys: Iterable[str], calls: Mapping[str, int]) -> Result:
    counts = {key: calls.get(key, 0) for key in keys}
    wrong = tuple(f"{_name(key)}: {n}" for key, n in sorted(counts.items()) if n != 1)
    return Result(promise, f"{len(counts) - len(wrong)} of {len(counts)} clusters", wrong)


def _is_forged(call: Call, evidence: Evidence) -> bool:
    return call.cluster in evidence.forged or ".." in call.path


def _subscription(call: Call) -> str:
    return call.path.lower().split("/")[2]


def _name(key: str) -> str:
    return key.rpartition("/")[2] or "no cluster"


def _names(keys: Iterable[str]) -> tuple[str, ...]:
    return tuple(sorted({_name(key) for key in keys}))


def _hours(lead: timedelta | None) -> str:
    if lead is None:
        return "unknown"
    hours, minutes = divmod(int(lead.total_seconds() // 60), 60)
    return f"{hours} h {minutes:02} min"


def _seconds(took: timedelta) -> str:
    return f"{took.total_seconds():.2f} s"
