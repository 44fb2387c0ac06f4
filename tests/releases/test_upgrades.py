"""An upgrade strands nothing: what each release has left behind is worked on to its end."""

import json
from typing import TYPE_CHECKING, cast

import pytest

from shared.domain.deciding.outcome import OutcomeKind
from shared.domain.fleet.run import RunState
from shared.domain.fleet.run_work import parse_baton, parse_run_work
from shared.domain.messages.outbox import parse_publish_events
from shared.domain.messages.work import parse_reconcile_cluster
from shared.domain.vocabulary.ids import ClusterId
from shared.domain.vocabulary.pages import PageAsked
from shared.domain.vocabulary.rows import Values
from tests.clusters import SUBSCRIPTION
from tests.releases.recorded import FOLDER, Recorded
from tests.service_world import World

if TYPE_CHECKING:
    from collections.abc import Callable

RELEASES = sorted(path.stem for path in FOLDER.glob("*.json"))
PARSERS = {
    "naptime-clusters": parse_reconcile_cluster,
    "naptime-runs": parse_run_work,
    "naptime-shards": parse_baton,
    "naptime-events": parse_publish_events,
}

each_release = pytest.mark.parametrize("release", RELEASES)


def test_the_first_release_is_among_them() -> None:
    """The suite is not empty."""
    assert "0.1.0" in RELEASES


@each_release
def test_every_message_can_be_read(release: str) -> None:
    """What a release has put on the queues is work to the next, of every kind."""
    texts = Recorded.of(release).texts
    assert {queue for queue, _ in texts} == set(PARSERS)
    for queue, text in texts:
        parse = cast("Callable[[str], object]", PARSERS[queue])
        assert parse(text)


async def to_the_end(world: World) -> None:
    """Let what was being created be there, and everything come to its end."""
    for cluster_id, body in world.aks.clusters.items():
        if "Creating" in json.dumps(body):
            world.aks.clusters[cluster_id] = json.loads(
                json.dumps(body).replace("Creating", "Succeeded")
            )
    await world.run_and_mind()


@each_release
async def test_everything_comes_to_its_end(release: str) -> None:
    """Runs under way end, deferred and killed work is done, and every cluster has its schedule."""
    world = Recorded.of(release).world()
    await to_the_end(world)
    assert world.bugs == []
    runs = (await world.runs.runs({}, PageAsked())).items
    assert len(runs) > 1
    assert {run["state"] for run in runs} == {RunState.FINISHED}
    messages = [each for queue in (world.queue, world.run_queue) for each in queue.messages]
    assert messages + world.batons.messages + world.event_queue.messages == []
    without = [
        cluster_id.name for cluster_id in world.aks.clusters if not world.aks.schedule(cluster_id)
    ]
    # What was given up waits for a person, or for the next sweep.
    assert sorted(without) == ["aks-forbidden", "aks-manual", "aks-off"]
    assert OutcomeKind.CREATED in {outcome.kind for outcome, _ in world.outcomes}


@each_release
async def test_no_schedule_is_written_twice(release: str) -> None:
    """What the release had written before it was stopped is seen, and left as it is."""
    recorded = Recorded.of(release)
    world = recorded.world()
    before = recorded.with_schedule
    await to_the_end(world)
    written = [str(call.cluster_id) for call in world.aks.accepted_writes]
    assert len(written) == len(set(written))
    assert before.isdisjoint(written)


@each_release
async def test_what_was_waiting_is_told(release: str) -> None:
    """Events that were on their way to the topic get there, each once."""
    recorded = Recorded.of(release)
    world = recorded.world()
    waiting = {
        event.id
        for queue, text in recorded.texts
        if queue == "naptime-events"
        for event in parse_publish_events(text).events
    }
    await to_the_end(world)
    told = [event.id for event in world.topic.events]
    assert waiting <= set(told)
    assert len(told) == len(set(told))


@each_release
async def test_everything_is_shown(release: str) -> None:
    """People see the clusters, the runs, the commands and what was given up, as before."""
    world = Recorded.of(release).world()
    assert (await world.runs.runs({}, PageAsked())).items
    assert (await world.audit.page({}, PageAsked())).items
    assert (await world.replayer.list(PageAsked())).items
    shown = await world.fleet.clusters(None, {}, PageAsked())
    assert "aks-old" in json.dumps(shown.items)


@each_release
async def test_what_was_given_up_is_replayed(release: str) -> None:
    """A cluster that the release gave up is tried again when it is asked for."""
    world = Recorded.of(release).world()
    assert await world.replayer.replay_all("RejectedByAzure") == 1
    await to_the_end(world)
    assert [record.reason for record in world.all_given_up()] == ["Poisoned"]
    assert world.aks.schedule(ClusterId.of(SUBSCRIPTION, "rg-6", "aks-forbidden"))


LATER: list[tuple[str, str, str, Values]] = [
    ("naptimeruns202611", "runs", "202611-1", {"run": "{}", "state": "Paused"}),
    ("naptimeruns202611", "runs", "202611-2", {"run": '{"v":2}', "state": "Active"}),
    ("naptimeruns202611", "runs", "202611-3", {"form": 2, "state": "Active"}),
    ("naptimegivenup", SUBSCRIPTION, "0" * 32, {"form": 2, "reason": "Later"}),
    ("naptimegivenup", "unreadable", "1" * 32, {"form": 2, "clusterId": "later"}),
    ("naptimeclusters", SUBSCRIPTION, f"known:{'2' * 32}", {"known": "{", "form": 2}),
]


@each_release
async def test_a_row_of_a_later_version_is_left_alone(
    release: str, caplog: pytest.LogCaptureFixture
) -> None:
    """After a rollback what cannot be read stays as it is, is said, and holds up nothing else."""
    world = Recorded.of(release).world()
    for table, partition, key, values in LATER:
        await world.tables.of(table).insert(partition, key, values)
    await to_the_end(world)
    shown = (await world.runs.runs({}, PageAsked(size=2))).items
    assert {run["state"] for run in shown} == {RunState.FINISHED}
    assert len(shown) == 2
    assert (await world.replayer.list(PageAsked())).items
    assert await world.replayer.replay_all("RejectedByAzure") == 1
    assert (await world.fleet.clusters(None, {}, PageAsked())).items
    for table, partition, key, values in LATER:
        assert world.tables.of(table).stored[partition, key].values == values
    assert "row left alone" in caplog.text
