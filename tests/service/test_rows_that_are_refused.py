"""What storage refuses of one cluster, or one message, stops no other."""

import json
from collections import Counter
from copy import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.domain.deciding.decision import Finding
from shared.domain.deciding.last_outcome import LONGEST_OUTCOME
from shared.domain.deciding.observed import observe_cluster
from shared.domain.deciding.outcome import Outcome, OutcomeKind
from shared.domain.deciding.wish import Wish
from shared.domain.fleet.last_known import LastKnown
from shared.domain.vocabulary.reasons import Reason
from shared.reconcile.ground.claim import CLUSTERS_TABLE
from shared.reconcile.ground.memory import known_key
from tests.clusters import cluster, cluster_id
from tests.fakes.clock import SATURDAY_NOON
from tests.service.test_policies import ANY
from tests.service.test_schedules_by_hand import ORIGIN, THURSDAYS
from tests.service_world import World


def outcome(name: str, message: str, findings: int = 1) -> Outcome:
    """Give an outcome of a cluster with nothing but sentences."""
    finding = Finding(Reason.SCHEDULE_NOT_EXPLICIT, message)
    return Outcome(
        cluster_id=cluster_id(name),
        kind=OutcomeKind.UNCHANGED,
        reason=finding.reason,
        message=message,
        findings=(finding,) * findings,
        window=None,
        next_start=None,
        attempts=1,
        calls=2,
    )


def known(name: str, message: str = "fine", findings: int = 1) -> LastKnown:
    return LastKnown(outcome(name, message, findings), SATURDAY_NOON, SATURDAY_NOON)


@pytest.mark.parametrize("letter", ["x", "é", "\N{GRINNING FACE}", '"'])
@pytest.mark.parametrize("findings", [1, 15])
async def test_whatever_an_owner_has_written_a_row_takes_it(letter: str, findings: int) -> None:
    """Sentences that are too long are cut where a row is made of them."""
    world = World()
    world.aks.add(cluster())
    await world.memory.remember([known("aks-1", letter * 40_000, findings)])
    found = await world.memory.recall(cluster_id())
    assert found
    assert found.last_outcome["reason"] == Reason.SCHEDULE_NOT_EXPLICIT
    assert len(json.dumps(found.last_outcome)) <= LONGEST_OUTCOME


async def test_a_row_that_is_refused_is_refused_alone() -> None:
    """Of many that are written together some may be refused: they are named, the others there."""
    world = World()
    bad = known("bad")
    strange = replace(observe_cluster(cluster("bad")), node_resource_group="g" * 40_000)
    bad = replace(bad, outcome=replace(bad.outcome, cluster=strange))
    good = [known(name) for name in "abcde"]
    assert await world.memory.remember([*good[:2], bad, *good[2:]]) == [bad]
    assert all([await world.memory.recall(cluster_id(name)) for name in "abcde"])
    assert await world.memory.recall(cluster_id("bad")) is None


def refusing(*names: str) -> World:
    """Make a world whose table of clusters has no room for these, whatever is to be kept."""
    world = World(has_topic=True)
    keys = frozenset(known_key(cluster_id(name)) for name in names)
    world.tables.of(CLUSTERS_TABLE).too_large = keys
    return world


def is_protected(world: World, name: str) -> bool:
    return world.aks.schedule(cluster_id(name)) is not None


async def test_a_run_gives_up_one_cluster_alone() -> None:
    """It is protected and said to have failed: in the run, in the table, and in an event, once."""
    world = refusing("aks-07")
    names = [f"aks-{number:02}" for number in range(30)]
    for name in names:
        world.aks.add(cluster(name))
    record = await world.sweep()
    assert all(is_protected(world, name) for name in names)
    assert record.summary["outcomes"] == {"Created": 29, "Failed": 1}
    assert record.summary["reasons"] == {"ScheduleMissing": 29, "RecordTooLarge": 1}
    (given_up,) = world.all_given_up()
    assert (given_up.cluster_id, given_up.reason) == (cluster_id("aks-07"), "RecordTooLarge")
    assert "Created" in given_up.message
    again = await world.sweep()
    assert again.summary["outcomes"] == {"Unchanged": 29, "Failed": 1}
    failed = world.topic.of("ScheduleFailed")
    assert [(each.subject, each.data["reason"]) for each in failed] == [
        (str(cluster_id("aks-07")), "RecordTooLarge")
    ]
    assert not world.bugs
    assert Counter(call.verb for call in world.aks.calls)["put"] == 30


async def test_what_was_given_up_is_forgotten_once_there_is_room() -> None:
    """A later run that can write its row down takes the cluster off the table."""
    world = refusing("aks-1")
    world.aks.add(cluster())
    await world.sweep()
    assert world.all_given_up()
    world.tables.of(CLUSTERS_TABLE).too_large = frozenset()
    await world.sweep()
    assert not world.all_given_up()
    assert await world.memory.recall(cluster_id())


async def test_a_message_ends_with_the_first_refusal() -> None:
    """The work is not done again and again for a row that no table takes; it can be replayed."""
    world = refusing("aks-1")
    world.aks.add(cluster())
    await world.reconcile()
    (given_up,) = world.all_given_up()
    assert given_up.reason == "RecordTooLarge"
    assert [each.data["reason"] for each in world.topic.of("ScheduleFailed")] == ["RecordTooLarge"]
    assert not world.queue.messages
    assert not world.is_claimed()
    assert is_protected(world, "aks-1")
    world.tables.of(CLUSTERS_TABLE).too_large = frozenset()
    assert await world.replayer.replay_all("RecordTooLarge") == 1
    await world.run()
    assert not world.all_given_up()


async def test_a_person_gets_the_answer_all_the_same() -> None:
    """What ARM has accepted was done, whether or not naptime can remember it."""
    world = refusing("aks-1")
    world.aks.add(cluster())
    done = await world.putter.put(cluster_id(), Wish(THURSDAYS), ORIGIN)
    assert done.outcome.kind is OutcomeKind.CREATED
    (given_up,) = world.all_given_up()
    assert given_up.reason == "RecordTooLarge"


async def test_a_cluster_that_is_left_out_stops_no_listing() -> None:
    """A row that is refused at the listing costs none of the clusters that come after it."""
    world = refusing("aaa")
    world.aks.add(cluster("aaa", tags={"naptime": "off"}))
    world.aks.add(cluster())
    record = await world.sweep()
    assert record.finished_at
    assert is_protected(world, "aks-1")
    assert [each.cluster_id for each in world.all_given_up()] == [cluster_id("aaa")]


ASKED = [f"tag-{number}" for number in range(45)]


def policy_of_tags() -> str:
    """Write a policy that asks for many tags."""
    rules = "".join(
        f'[[rules]]\nname = "by {tag}"\nmatch.tags.{tag} = "yes"\nwindow = "nights"\n'
        for tag in ASKED
    )
    nights = '[windows.nights]\non = "Sunday"\nstart = "01:00"\nhours = 4\n'
    return f'version = 1\n{nights}{rules}[[rules]]\nname = "else"\nwindow = "nights"\n'


@pytest.mark.parametrize("letter", ["x", "\N{GRINNING FACE}"])
async def test_tags_that_a_run_has_no_room_for(letter: str) -> None:
    """A cluster whose tags fill a row by themselves is left to the queue, which protects it."""
    world = World()
    await world.policies.put(policy_of_tags(), "somebody", ANY)
    names = [f"aks-{number:02}" for number in range(30)]
    for name in names:
        world.aks.add(cluster(name))
    world.aks.add(cluster("aaa", tags=dict.fromkeys(ASKED, letter * 256) | {"tag-44": "yes"}))
    record = await world.sweep()
    assert all(is_protected(world, name) for name in [*names, "aaa"])
    large = letter != "x"
    expected = {"Created": 30, "Deferred": 1} if large else {"Created": 31}
    assert record.summary["outcomes"] == expected
    last = {outcome.cluster_id.name: outcome for outcome, _ in world.outcomes}
    assert last["aaa"].rule == "by tag-44"
    assert not world.all_given_up()
    assert not world.bugs


@given(st.text(max_size=3_000), st.integers(0, 30))
def test_what_a_run_shows_of_a_cluster_is_short(text: str, findings: int) -> None:
    """Twenty-five outcomes fit into one row of a run, whatever sentences they hold."""
    shown = known("aks-1", text * 20, findings).shown
    assert len(json.dumps(shown)) <= LONGEST_OUTCOME


@pytest.mark.parametrize("letter", ["x", "\N{GRINNING FACE}", "\ud800"])
async def test_a_long_message_is_given_up_all_the_same(letter: str) -> None:
    """What is kept of a message that is given up fits, in whatever letters it is written."""
    world = World()
    await world.poison.record(letter * 50_000, letter * 50_000)
    (given_up,) = world.all_given_up()
    assert len(given_up.work) >= 15_000
