"""An upgrade strands nothing: what each release has left behind is worked on to its end."""

import json
from contextlib import suppress
from copy import replace
from datetime import timedelta
from typing import TYPE_CHECKING, cast

import pytest

from shared.domain.deciding.outcome import OutcomeKind
from shared.domain.fleet.run import RunState
from shared.domain.fleet.run_work import parse_baton, parse_run_work
from shared.domain.messages.outbox import parse_publish_events
from shared.domain.messages.work import parse_reconcile_cluster
from shared.domain.vocabulary.ids import ClusterId
from shared.domain.vocabulary.pages import PageAsked
from shared.domain.vocabulary.rows import Value, Values
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


def created(world: World) -> None:
    """Let what was being created be there."""
    for cluster_id, body in world.aks.clusters.items():
        if "Creating" in json.dumps(body):
            world.aks.clusters[cluster_id] = json.loads(
                json.dumps(body).replace("Creating", "Succeeded")
            )


async def to_the_end(world: World) -> None:
    """Let what was being created be there, and everything come to its end."""
    created(world)
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


def spoiled(values: Values) -> list[Values]:
    """Give what a later version may have in a row's place: other columns, or others' texts."""
    texts = {name: _later_text(value) for name, value in values.items()}
    return [{"form": 2}, texts]


def _later_text(value: Value) -> Value:
    if not isinstance(value, str):
        return value
    return '{"form":2}' if value[:1] in {"{", "["} else "later"


async def borne(world: World) -> None:
    """Deliver and mind as the host does: a message that fails is set aside, a tick comes again."""
    for _ in range(12):
        with suppress(ValueError, KeyError, TypeError, ExceptionGroup):
            await world.run_and_mind(for_at_most=timedelta(hours=2))


PLACES = [
    (release, table, place)
    for release in RELEASES
    for table, rows in Recorded.of(release).world().tables.tables.items()
    for place in rows.stored
]


@pytest.mark.parametrize(("release", "table", "place"), PLACES)
async def test_no_row_stops_anybody_else(release: str, table: str, place: tuple[str, str]) -> None:
    """Whichever single row this version cannot read: the next sweep protects, pages are shown."""
    values = Recorded.of(release).world().tables.of(table).stored[place].values
    for later in spoiled(values):
        world = Recorded.of(release).world()
        rows = world.tables.of(table).stored
        rows[place] = replace(rows[place], values=later)
        created(world)
        await borne(world)
        await world.start()
        await borne(world)
        bare = {each.name for each in world.aks.clusters if not world.aks.schedule(each)}
        assert bare == {"aks-off", "aks-manual"}
        assert (await world.runs.runs({}, PageAsked())).items
        assert (await world.fleet.clusters(None, {}, PageAsked())).items
        await world.audit.page({}, PageAsked())
        await world.replayer.list(PageAsked())
        await world.image_watcher.watch()
        assert not world.bugs
