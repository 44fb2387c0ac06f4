"""Every promise is seen to hold, and to break."""

from copy import replace
from datetime import timedelta

import pytest

from local.demo import promised_calls, promised_releases, promised_schedules
from local.demo.bodies import AUTO_UPGRADE, NODE_OS
from local.demo.evidence import Evidence, Pickup, Response
from local.demo.journal import Span
from local.demo.promises import judge
from local.demo.results import Result
from tests.local.demo.a_day import (
    A_DAY,
    FOREIGN,
    NOW,
    OWN,
    RELEASED,
    SECOND,
    SIBLING,
    WRITTEN,
    ending_with,
    key,
    read,
    state,
    with_call_changed,
    with_calls,
    with_deeds,
    with_release,
    without_call,
    write,
)

PROMISED = 2 * SECOND


def broken(evidence: Evidence) -> dict[str, tuple[str, ...]]:
    """Give what broke, by the first words of each broken promise."""
    return {
        result.promise: result.broken for result in judge(evidence, PROMISED) if not result.kept
    }


def test_a_good_day_keeps_every_promise() -> None:
    """A day on which everything went well breaks nothing, and every promise has a figure."""
    results = judge(A_DAY, PROMISED)
    assert [result for result in results if not result.kept] == []
    assert all(result.figure for result in results)


def test_every_promise_is_judged_once() -> None:
    """Every check that gives a result is judged, under a text of its own."""
    checks = [
        name
        for module in (promised_schedules, promised_calls, promised_releases)
        for name, check in vars(module).items()
        if getattr(check, "__annotations__", {}).get("return") is Result and name[0] != "_"
    ]
    promises = {result.promise for result in judge(A_DAY, PROMISED)}
    assert len(promises) == len(judge(A_DAY, PROMISED)) == len(checks)


LINKED = state("linked", configurations={NODE_OS: {}})


def with_linked_deed() -> Evidence:
    """Give the day with a schedule of somebody's that has no window in it."""
    made = [*A_DAY.deeds.made, (LINKED.key, NODE_OS, {})]
    deeds = replace(A_DAY.deeds, made=made, never_without=[LINKED.key])
    return replace(ending_with(LINKED), deeds=deeds)


def test_a_schedule_without_a_window_is_for_a_person() -> None:
    """It holds no image back; naptime lets it be, says so, and the promise says of which."""
    evidence = replace(with_linked_deed(), for_a_person=frozenset({LINKED.key}))
    assert broken(evidence) == {}
    (told,) = [each for each in judge(evidence, PROMISED) if "every NAP cluster" in each.promise]
    assert told.figure.endswith("; a person is told of linked")
    assert promised_schedules.unprotected(evidence.after, evidence) == [LINKED.key]


def test_the_other_schedule_is_made_where_it_is_asked_for() -> None:
    """With one write more; where nobody asks for it, or it is written twice, a promise breaks."""
    made = state("new", configurations={NODE_OS.lower(): OWN, AUTO_UPGRADE: OWN})
    ended, once, untouched = ending_with(made), "one accepted write", "no other maintenance"
    assert [each for each in broken(ended) if each.startswith(untouched)]
    asked = replace(ended, deeds=replace(A_DAY.deeds, upgraded=[made.key]))
    assert [each for each in broken(asked) if each.startswith(once)]
    written = replace(asked, journal=[*asked.journal, write(19, "new")])
    assert broken(written) == {}
    twice = replace(asked, journal=[*written.journal, write(20, "new")])
    assert [each for each in broken(twice) if each.startswith(once)]


CASES = {
    "a call that the role does not grant": (
        with_calls(replace(read(15, "missing"), status=403)),
        "the role of infra/",
        (f"GET {key('missing')}",),
    ),
    "a NAP cluster is left without a schedule": (
        ending_with(state("missing", configurations=SIBLING)),
        "every NAP cluster",
        ("missing",),
    ),
    "a schedule without a window, and nobody is told": (
        with_linked_deed(),
        "every NAP cluster",
        ("linked",),
    ),
    "a new cluster never got one": (
        replace(ending_with(state("late")), journal=(*A_DAY.journal, write(14, "late"))),
        "every NAP cluster",
        ("late",),
    ),
    "a write comes 29 minutes before its start": (
        with_call_changed(5, lead=timedelta(minutes=29, seconds=59)),
        "every write came",
        ("missing: 0 h 29 min",),
    ),
    "a write waits a week more than it must": (
        with_call_changed(5, lead=timedelta(days=7, minutes=30)),
        "every write came",
        ("missing: 168 h 30 min",),
    ),
    "a write has no start that can be computed": (
        with_call_changed(5, lead=None),
        "every write came",
        ("missing: unknown",),
    ),
    "somebody's schedule has other properties": (
        ending_with(state("own", configurations={NODE_OS.upper(): WRITTEN, **SIBLING})),
        "no schedule that somebody else made",
        ("own",),
    ),
    "somebody's schedule has another casing": (
        ending_with(state("own", configurations={NODE_OS: OWN, **SIBLING})),
        "no schedule that somebody else made",
        ("own",),
    ),
    "a schedule that was made in the story is changed": (
        ending_with(state("new", configurations={NODE_OS.lower(): WRITTEN})),
        "no schedule that somebody else made",
        ("new",),
    ),
    "the schedule of an excluded cluster is gone": (
        replace(
            A_DAY,
            before={
                **A_DAY.before,
                key("excluded"): state("excluded", configurations={NODE_OS: OWN}),
            },
        ),
        "no schedule that somebody else made",
        ("excluded",),
    ),
    "a sibling is changed": (
        ending_with(state("missing", configurations={NODE_OS: WRITTEN, AUTO_UPGRADE: WRITTEN})),
        "no other maintenance configuration",
        ("missing",),
    ),
    "a sibling is gone": (
        ending_with(state("missing", configurations={NODE_OS: WRITTEN})),
        "no other maintenance configuration",
        ("missing",),
    ),
    "a sibling is new": (
        ending_with(state("new", configurations={NODE_OS.lower(): OWN, **SIBLING})),
        "no other maintenance configuration",
        ("new",),
    ),
    "a schedule is written twice": (
        with_calls(write(14, "new")),
        "one accepted write",
        ("new: 2 for 1",),
    ),
    "a deleted schedule is not written again": (
        replace(without_call(11), deeds=with_deeds(crowded={}).deeds),
        "one accepted write",
        ("missing: 1 for 2",),
    ),
    "a schedule that is there is written": (
        with_calls(write(14, "own")),
        "one accepted write",
        ("own: 1 for 0",),
    ),
    "a schedule is deleted": (
        with_calls(write(14, "own", 204, method="DELETE", lead=timedelta(days=1))),
        "one accepted write",
        ("own: 1 for 0",),
    ),
    "many events lead to many reads": (
        replace(
            A_DAY,
            story=Span(8, 40),
            journal=(*A_DAY.journal, *(read(n, "missing", listing=True) for n in range(14, 25))),
        ),
        "the same event many times",
        ("missing: writes 1, reads 11",),
    ),
    "many events lead to a second write, though in vain": (
        with_calls(write(14, "missing", 409)),
        "the same event many times",
        ("missing: writes 2, reads 0",),
    ),
    "an excluded cluster is written, though in vain": (
        with_calls(write(14, "excluded", 409)),
        "clusters that are not naptime's",
        ("excluded",),
    ),
    "a cluster with the tag is written, though in vain": (
        with_calls(write(14, "tagged", 409)),
        "clusters that are not naptime's",
        ("tagged",),
    ),
    "a cluster without NAP is written, though in vain": (
        with_calls(write(14, "plain", 409)),
        "clusters that are not naptime's",
        ("plain",),
    ),
    "a foreign cluster is read": (
        with_calls(read(14, "partner", subscription=FOREIGN)),
        "no call left",
        (f"GET {key('partner', FOREIGN)}",),
    ),
    "the subscriptions themselves are listed": (
        with_calls(replace(read(14, "own"), path="/subscriptions")),
        "no call left",
        ("GET /subscriptions",),
    ),
    "a good schedule is read twice in one pass": (
        with_call_changed(6, operation="MaintenanceConfigurations_ListByManagedCluster"),
        "a cluster with a schedule",
        ("own: 2",),
    ),
    "a good schedule is not read at all": (
        without_call(7),
        "a cluster with a schedule",
        ("own: 0",),
    ),
    "a cluster without NAP is read": (
        with_call_changed(6, path=key("plain")),
        "a cluster without NAP",
        ("plain: 1",),
    ),
    "the dry run writes": (
        with_call_changed(2, method="PUT", status=409),
        "the dry run",
        ("missing",),
    ),
    "the dry run did not take place": (
        replace(A_DAY, dry_run=Span(0, 0)),
        "the dry run",
        ("it made no call at all",),
    ),
    "an oversized event leads to a read": (
        with_call_changed(12, path=key("plain")),
        "forged events",
        (f"GET {key('plain')}",),
    ),
    "an id climbs out of its place": (
        with_call_changed(12, path=f"{key('own')}/../other"),
        "forged events",
        (f"GET {key('own')}/../other",),
    ),
    "a write happens among the forged events": (
        with_call_changed(12, path=key("own"), method="PUT", status=409),
        "forged events",
        (f"PUT {key('own')}",),
    ),
    "the real event behind the forged ones is lost": (
        replace(A_DAY, forgeries=Span(13, 13)),
        "forged events",
        ("the real event behind them was not seen either",),
    ),
    "a release is told after more than a tick": (
        with_release(published=((RELEASED, NOW + 4 * SECOND),)),
        "a released node image",
        ("4.00 s",),
    ),
    "a release is told of under two ids": (
        with_release(published=((RELEASED, NOW + SECOND), ("z", NOW + SECOND))),
        "a released node image",
        ("z",),
    ),
    "a release is not told": (
        with_release(published=()),
        "a released node image",
        ("the topic took no event about it",),
    ),
    "the run of a release does not guard the unseen": (
        with_release(unseen=key("own")),
        "the run of a release guards",
        ("own",),
    ),
    "the run of a release reads a cluster twice": (
        with_release(span=Span(3, 20)),
        "the run of a release reads no cluster twice",
        ("own",),
    ),
    "the run of a release spares nobody": (
        with_release(location="nowhere"),
        "the run of a release reads no cluster twice",
        ("every cluster was read again",),
    ),
    "an image is taken outside the window": (
        replace(A_DAY, pickups=(Pickup(key("missing"), NOW, "fail-open"),)),
        "a new node image",
        ("missing",),
    ),
    "nobody takes the image": (
        replace(A_DAY, pickups=A_DAY.pickups[1:]),
        "a new node image",
        ("no cluster was seen to take it",),
    ),
    "an event waits as long as promised": (
        with_deeds(responses=[Response(key("new"), "b", PROMISED)]),
        "event to accepted write",
        ("new: 2.00 s",),
    ),
    "no response was measured": (
        with_deeds(responses=[Response(key("new"), "f", SECOND, harmed=True)]),
        "event to accepted write",
        ("nothing was measured",),
    ),
    "an act does not end": (
        with_deeds(unfinished=["act b: nothing"]),
        "every act ended",
        ("act b: nothing",),
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_a_broken_promise_is_seen(case: str) -> None:
    """A day on which one thing went wrong breaks that promise alone, and names what broke it."""
    evidence, promise, names = CASES[case]
    found = broken(evidence)
    assert list(found.values()) == [names]
    assert next(iter(found)).startswith(promise)


def test_a_lost_answer_counts_as_written() -> None:
    """A write that ARM applied counts, though its answer never came."""
    evidence = with_calls(write(14, "new", 200))
    assert "one accepted write each time that a schedule was missing" in broken(evidence)


def test_a_cluster_that_is_still_being_created_may_wait() -> None:
    """A cluster that is still being created is owed nothing yet."""
    assert broken(ending_with(state("young", provisioning_state="Creating"))) == {}


def test_a_cluster_that_comes_with_a_schedule_needs_none() -> None:
    """Nor is one written for it; that would be one too many."""
    came = key("came")
    schedule = state("came", configurations={NODE_OS: OWN})
    made = [*A_DAY.deeds.made, (came, NODE_OS, OWN)]
    day = replace(ending_with(schedule), deeds=with_deeds(made=made, never_without=[came]).deeds)
    assert broken(day) == {}
    written = replace(day, journal=(*day.journal, write(14, "came")))
    assert list(broken(written).values()) == [("came: 1 for 0",)]
