"""What storage refuses of one cluster, or one message, stops no other."""

from dataclasses import replace

import pytest

from shared.domain.deciding.decision import Finding
from shared.domain.deciding.observed import observe_cluster
from shared.domain.deciding.outcome import Outcome, OutcomeKind
from shared.domain.errors import StorageRefused
from shared.domain.fleet.last_known import LONGEST_TEXT, LastKnown
from shared.domain.vocabulary.reasons import Reason
from tests.clusters import cluster, cluster_id
from tests.fakes.clock import SATURDAY_NOON
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
    assert len(str(found.last_outcome)) <= LONGEST_TEXT * 2


async def test_a_row_that_is_refused_is_refused_alone() -> None:
    """Of many that are written together one may be refused: that is said, the others are there."""
    world = World()
    bad = known("bad")
    strange = replace(observe_cluster(cluster("bad")), node_resource_group="g" * 40_000)
    bad = replace(bad, outcome=replace(bad.outcome, cluster=strange))
    with pytest.raises(StorageRefused):
        await world.memory.remember([known("a"), bad, known("z")])
    assert await world.memory.recall(cluster_id("a"))
    assert await world.memory.recall(cluster_id("z"))
    assert await world.memory.recall(cluster_id("bad")) is None


@pytest.mark.parametrize("letter", ["x", "\N{GRINNING FACE}", "\ud800"])
async def test_a_long_message_is_given_up_all_the_same(letter: str) -> None:
    """What is kept of a message that is given up fits, in whatever letters it is written."""
    world = World()
    await world.poison.record(letter * 50_000, letter * 50_000)
    (given_up,) = world.all_given_up()
    assert len(given_up.work) >= 15_000
