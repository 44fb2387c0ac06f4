"""Runs: ids, scopes, messages, tallies, pages and crowds."""

import json
from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from shared.domain.deciding.outcome import OutcomeKind
from shared.domain.fleet.crowding import MOST_NAMED, Crowd, Crowding, crowds_of
from shared.domain.fleet.run import Run, RunScope, new_run_id
from shared.domain.fleet.run_work import (
    Baton,
    ListSubscription,
    ReadSubscription,
    RunWork,
    StartRun,
    parse_baton,
    parse_run_work,
    part_of_run,
)
from shared.domain.fleet.shard import Shard
from shared.domain.fleet.tally import Tally, total
from shared.domain.messages.work import ReconcileCluster, paced_delay
from shared.domain.vocabulary.ids import ClusterId, plain_location
from shared.domain.vocabulary.instants import month_of
from shared.domain.vocabulary.invalid import InvalidMessage
from shared.domain.vocabulary.reasons import Cause, Reason
from shared.domain.vocabulary.rows import Row
from tests.clusters import SUBSCRIPTION

NOW = datetime(2026, 11, 30, 23, 59, 59, tzinfo=UTC)
RANDOM = "0123456789abcdef0123456789abcdef"
RUN_ID = new_run_id(NOW, RANDOM)


def test_an_id_carries_its_month() -> None:
    """The month in an id is that of the start, in UTC: it names the table that the run is in."""
    assert month_of(RUN_ID) == "202611"
    assert month_of(new_run_id(NOW + timedelta(seconds=1), RANDOM)) == "202612"


@given(since=st.integers(0, 10**12), later=st.integers(1, 10**12))
@example(since=999_999, later=1)
def test_newer_ids_sort_first(since: int, later: int) -> None:
    """Within a month the ids of newer runs sort before those of older ones, by microseconds."""
    older, newer = (
        new_run_id(datetime(2026, 11, 1, tzinfo=UTC) + timedelta(microseconds=passed), RANDOM)
        for passed in (since, since + later)
    )
    assert newer < older


@pytest.mark.parametrize(
    "text",
    ["", "202611", "202611-", "20261-ab", "2026xx-ab", "202611-a/b", "202611-a|b", "٢٠٢٦١١-a"],
)
def test_what_is_no_run_id(text: str) -> None:
    """Text from outside names no table, unless it is an id."""
    assert month_of(text) is None


@pytest.mark.parametrize(
    "work",
    [
        StartRun(RUN_ID),
        ListSubscription(RUN_ID, SUBSCRIPTION),
        ListSubscription(RUN_ID, SUBSCRIPTION, 7),
        ReadSubscription(RunScope(SUBSCRIPTION).key, 2),
    ],
)
def test_run_work_reads_back(work: RunWork) -> None:
    """What is written to the queue of runs reads back equal."""
    assert parse_run_work(work.to_message()) == work


def test_a_baton_reads_back() -> None:
    """What is written to the queue of shards reads back equal."""
    baton = Baton(RUN_ID, Shard(SUBSCRIPTION, "westeurope"), 3)
    assert parse_baton(baton.to_message()) == baton


BATON = Baton(RUN_ID, Shard(SUBSCRIPTION, "westeurope"), 3).to_message()
LISTING = ListSubscription(RUN_ID, SUBSCRIPTION).to_message()


@pytest.mark.parametrize(
    "message",
    [
        "",
        "{}",
        '{"v":2,"work":{}}',
        BATON.replace("westeurope", "west europe"),
        BATON.replace("westeurope", "../x"),
        BATON.replace(":3}", ":0}"),
        BATON.replace(":3}", ":true}"),
        BATON.replace(SUBSCRIPTION, "x"),
        BATON.replace(RUN_ID, "x"),
        BATON.replace('"generation"', '"more":1,"generation"'),
        LISTING.replace("listSubscription", "dropEverything"),
        LISTING.replace(SUBSCRIPTION, "x"),
        LISTING.replace('"attempt":1', '"attempt":1.5'),
        StartRun(RUN_ID).to_message().replace("}}", ',"attempt":1}}'),
        StartRun(RUN_ID).to_message().replace(RUN_ID, "202611-a/b"),
        ReadSubscription("../x", 1).to_message(),
        ReadSubscription("a" * 32, 0).to_message(),
        ReadSubscription("a" * 32, 1).to_message().replace('"key"', '"runId":"202611-a","key"'),
    ],
)
def test_what_naptime_did_not_write_is_refused(message: str) -> None:
    """A message with anything wrong in it is neither a baton nor work of a run."""
    for parse in (parse_baton, parse_run_work):
        with pytest.raises(InvalidMessage):
            parse(message)


@pytest.mark.parametrize(
    ("message", "part"),
    [
        (BATON, (RUN_ID, f"{SUBSCRIPTION}|westeurope")),
        (StartRun(RUN_ID).to_message(), (RUN_ID, "")),
        (LISTING, (RUN_ID, SUBSCRIPTION)),
        (ReadSubscription("a" * 32, 1).to_message(), None),
        ("{}", None),
    ],
)
def test_which_part_of_which_run_a_message_is(message: str, part: tuple[str, str] | None) -> None:
    """A shard, a subscription, or the start of a run; what comes before a run is of none."""
    assert part_of_run(message) == part


def test_scopes_that_mean_the_same_have_the_same_key() -> None:
    """Locations in any order, casing and spelling are the same scope; a dry run is another."""
    one = RunScope(SUBSCRIPTION, "RG", ("West Europe", "northeurope", "westeurope"))
    other = RunScope(SUBSCRIPTION, "rg", ("NorthEurope", "westeurope"))
    assert one.key == other.key
    assert RunScope(dry_run=True).key != RunScope().key
    assert RunScope(SUBSCRIPTION).key != RunScope().key


def test_a_run_reads_back() -> None:
    """A run written as JSON reads back equal."""
    run = Run(RUN_ID, Cause.ASKED, RunScope(SUBSCRIPTION, "rg", ("a", "b"), dry_run=True), NOW)
    assert Run.from_json(json.dumps(run.to_json())) == run


@pytest.mark.parametrize(
    ("text", "plain"),
    [("West Europe", "westeurope"), ("", "unknown"), ("a/b#c?d", "a-b-c-d"), ("\u212a", "k")],
)
def test_locations_are_plain(text: str, plain: str) -> None:
    """A location's short name is fit for the key of a table row."""
    assert plain_location(text) == plain


@given(st.lists(st.tuples(st.sampled_from(OutcomeKind), st.sampled_from(Reason)), max_size=20))
def test_tallies_add_up(found: list[tuple[OutcomeKind, Reason]]) -> None:
    """The tally of a whole is the sum of its parts', and reads back equal."""
    parts = [Tally(calls=2, throttled=1).counting(kind, reason) for kind, reason in found]
    whole = total(parts)
    assert whole.outcomes == Counter(kind.value for kind, _ in found)
    assert (whole.clusters, whole.calls, whole.throttled) == (
        len(found),
        2 * len(found),
        len(found),
    )
    assert Tally.from_text(whole.to_text()) == whole


def test_a_crowd_is_more_than_the_number() -> None:
    """Exactly the set number with one start is no crowd; clusters without a start are none."""
    later = NOW + timedelta(days=1)
    starts = [("uksouth", NOW)] * 20 + [("uksouth", later)] * 21 + [("uksouth", None)] * 500
    starts += [("", NOW)] * 500 + [("ukwest", NOW)]
    assert crowds_of(SUBSCRIPTION, starts, 20) == [Crowd(Shard(SUBSCRIPTION, "uksouth"), later, 21)]


def test_the_crowds_that_are_named_have_room() -> None:
    """However many there are, the largest are kept, in a text that a table takes."""
    starts = [("australiasoutheast", NOW + timedelta(minutes=n)) for n in range(300)] * 2
    crowds = crowds_of(SUBSCRIPTION, [*starts, ("australiasoutheast", NOW)], 1)
    assert (len(crowds), crowds[0].clusters) == (MOST_NAMED, 3)
    crowding, new = Crowding().after(crowds, NOW)
    assert new == crowds
    values = crowding.to_values()
    assert all(len(str(value)) < 32_000 for value in values.values())
    assert Crowding.of(Row(SUBSCRIPTION, "crowding", values, "")) == crowding


@pytest.mark.parametrize(
    ("attempt", "wait", "seconds"), [(2, None, 2), (4, 3, 8), (9, 1, 60), (2, 90, 90)]
)
def test_the_delay_of_what_the_pace_held_back(attempt: int, wait: int | None, seconds: int) -> None:
    """2 seconds, doubling up to a minute; never less than the pace asks for."""
    asked = None if wait is None else timedelta(seconds=wait)
    assert paced_delay(attempt, asked, 0.0) == timedelta(seconds=seconds)
    assert paced_delay(attempt, asked, 1.0) <= max(
        timedelta(seconds=seconds * 1.5), asked or timedelta()
    )


def test_a_swept_cluster_is_work_like_any_other() -> None:
    """A cluster that a run hands over travels with the run's cause."""
    work = ReconcileCluster(ClusterId.of(SUBSCRIPTION, "rg", "aks"), Cause.SWEPT, NOW)
    assert '"cause":"Swept"' in work.to_message()


def test_what_was_told_of_crowds_fits_however_many_there_were() -> None:
    """A hundred crowds a day at new places: the latest are kept, a row takes them."""
    crowding = Crowding()
    for hours in range(0, 24 * 14, 6):
        now = NOW + timedelta(hours=hours)
        starts = [now + timedelta(minutes=minute) for minute in range(MOST_NAMED)]
        crowds = [Crowd(Shard(SUBSCRIPTION, "germanywestcentral"), at, 21) for at in starts]
        crowding, new = crowding.after(crowds, now)
        values = crowding.to_values()
        assert max(len(str(value)) for value in values.values()) < 32_000
        crowding = Crowding.of(Row(SUBSCRIPTION, "crowding", values, ""))
        assert not crowding.after(new, now)[1], "what was just told of is not told again"
