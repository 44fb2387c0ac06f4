"""What is promised of schedules: there, ahead, never worse, and written no more than needed."""

from collections import Counter
from collections.abc import Mapping
from datetime import timedelta
from typing import Final

from local.demo.evidence import ClusterState, Evidence
from local.demo.journal import Call
from local.demo.results import Result, hours, name_of, names_of

LEAD: Final = timedelta(minutes=30)
WEEK: Final = timedelta(weeks=1)
UNDER_WAY: Final = frozenset({"Creating", "Deleting"})


def every_nap_cluster_has_a_schedule(evidence: Evidence) -> Result:
    """Explicit: a configuration of the name with a window in it, in whatever casing.

    One without a window is somebody else's, and stays; then a person is told.
    """
    ours = clusters_of_naptime(evidence)
    without = [key for key in ours if not evidence.after[key].has_window]
    told = [key for key in without if evidence.after[key].schedule and _is_told(key, evidence)]
    names = f"; a person is told of {', '.join(names_of(told))}" if told else ""
    return Result(
        "every NAP cluster of naptime's has a window, or a person is told why not",
        f"{len(ours) - len(without)} of {len(ours)} clusters{names}",
        names_of(set(without) - set(told)),
    )


def unprotected(states: Mapping[str, ClusterState], evidence: Evidence) -> list[str]:
    """Find the NAP clusters of naptime's that have no window to wait for."""
    ours = (key for key, state in states.items() if _is_naptimes(state, evidence))
    return [key for key in ours if not states[key].has_window]


def _is_told(key: str, evidence: Evidence) -> bool:
    return key in evidence.for_a_person


def writes_are_ahead(evidence: Evidence) -> Result:
    """Ahead, by the simulator's own computation at the moment it accepted the write.

    And the first start that is: a weekly window has one in every week after the half hour.
    """
    writes = _writes(evidence)
    leads = [call.lead for call in writes if call.lead is not None]
    figure = f"{hours(min(leads))} to {hours(max(leads))}" if leads else "not known"
    wrong = [call for call in writes if not _is_ahead(call)]
    return Result(
        "every write came 30 minutes or more before its start, and at no later one",
        f"{len(writes)} writes, from write to start {figure}",
        tuple(f"{name_of(call.cluster)}: {hours(call.lead)}" for call in wrong),
    )


def nothing_of_others_was_changed(evidence: Evidence) -> Result:
    """Never worse: a schedule that somebody else made stays as it is, its name's casing too."""
    others = _schedules_of_others(evidence)
    changed = [key for key, made in others.items() if schedule_in(evidence.after, key) != made]
    return Result(
        "no schedule that somebody else made was changed",
        f"{len(others) - len(changed)} of {len(others)} as they were",
        names_of(changed),
    )


def siblings_are_unchanged(evidence: Evidence) -> Result:
    """Never worse: the other configurations stay as they are; one is made where it is asked for."""
    before, asked = _siblings(evidence.before), frozenset(evidence.deeds.upgraded)
    after = {key: made for key, made in _siblings(evidence.after).items() if key not in asked}
    changed = [key for key in before | after if before.get(key) != after.get(key)]
    number = sum(len(configurations) for configurations in before.values())
    return Result(
        "no other maintenance configuration was touched",
        f"{number} configurations, different now on {len(changed)} clusters",
        names_of(changed),
    )


def one_write_for_each_need(evidence: Evidence) -> Result:
    """Harmless to repeat: a schedule was written as often as it was missing, and no more."""
    needs, writes = _needs(evidence), Counter(call.cluster for call in _writes(evidence))
    wrong = [key for key in needs | writes if needs[key] != writes[key]]
    return Result(
        "one accepted write each time that a schedule was missing",
        f"{writes.total()} writes for {needs.total()} needs",
        tuple(f"{name_of(key)}: {writes[key]} for {needs[key]}" for key in sorted(wrong)),
    )


def left_out_are_never_written(evidence: Evidence) -> Result:
    """Excluded clusters, those being deleted and those without NAP are left alone."""
    ours = frozenset(clusters_of_naptime(evidence))
    left_out = [key for key in evidence.after if key not in ours]
    written = {call.cluster for call in evidence.journal if call.is_write} & set(left_out)
    return Result(
        "clusters that are not naptime's to look after were not written",
        f"{len(left_out)} clusters, {len(written)} written",
        names_of(written),
    )


def clusters_of_naptime(evidence: Evidence) -> list[str]:
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
    needs = Counter([*evidence.deeds.deleted, *evidence.deeds.upgraded])
    needs.update(
        key
        for key in clusters_of_naptime(evidence)
        if schedule_in(evidence.before, key) is None and key not in evidence.deeds.never_without
    )
    return needs


def _writes(evidence: Evidence) -> list[Call]:
    return [call for call in evidence.journal if call.is_accepted_write]


def _is_ahead(call: Call) -> bool:
    return call.lead is not None and LEAD <= call.lead < LEAD + WEEK


def schedule_in(states: Mapping[str, ClusterState], key: str) -> object:
    """Give a cluster's node OS schedule with its name, None without one or without the cluster."""
    state = states.get(key)
    return state.schedule if state else None


def _siblings(states: Mapping[str, ClusterState]) -> dict[str, Mapping[str, object]]:
    return {key: state.siblings for key, state in states.items() if state.siblings}


def _schedules_of_others(evidence: Evidence) -> Mapping[str, object]:
    found: dict[str, object] = {
        key: state.schedule for key, state in evidence.before.items() if state.schedule
    }
    return found | {key: (name, body) for key, name, body in evidence.deeds.made}


def images_wait_for_the_window(evidence: Evidence) -> Result:
    """Every cluster of naptime's takes a released node image inside its window."""
    looked_after = [
        pickup
        for pickup in evidence.pickups
        if _is_naptimes(evidence.after[pickup.cluster], evidence)
    ]
    outside = [pickup for pickup in looked_after if pickup.gate != "open"]
    missed = () if looked_after else ("no cluster was seen to take it",)
    return Result(
        "a new node image waits for the window",
        f"{len(looked_after) - len(outside)} of {len(looked_after)} clusters take it inside",
        (*names_of(pickup.cluster for pickup in outside), *missed),
    )
