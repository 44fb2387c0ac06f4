"""What people see of runs, clusters and what was given up, page by page."""

from datetime import timedelta
from typing import cast

import pytest

from shared.domain.errors import Rejected, ResourceLocked
from shared.domain.fleet.pace import Pace
from shared.domain.fleet.run import RunScope
from shared.domain.fleet.run_work import Baton, StartRun
from shared.domain.fleet.shard import Shard
from shared.domain.messages.audit import Caller, Origin
from shared.domain.messages.given_up import GivenUp
from shared.domain.messages.outbox import PublishEvents
from shared.domain.messages.work import ReconcileCluster
from shared.domain.vocabulary.cloud_event import CloudEvent, EventType
from shared.domain.vocabulary.ids import ClusterId
from shared.domain.vocabulary.invalid import InvalidInput
from shared.domain.vocabulary.pages import PageAsked
from shared.domain.vocabulary.reasons import Cause, Reason
from shared.reconcile.shown import clusters
from tests.clusters import FOREIGN_SUBSCRIPTION, SUBSCRIPTION, cluster, cluster_id, schedule
from tests.fakes.aks import Fault
from tests.fakes.clock import SATURDAY_NOON
from tests.service_world import World

OTHER = "22222222-2222-2222-2222-222222222222"

type Json = dict[str, object]


def big_world() -> World:
    """Make 130 clusters in two subscriptions."""
    world = World(
        subscriptions=frozenset({SUBSCRIPTION, OTHER}),
        pace=Pace(1000, 100),
        crowd_size=1000,
    )
    for number in range(120):
        world.aks.add(cluster(f"aks-{number:03}", location=("uksouth", "westeurope")[number % 2]))
    for number in range(10):
        world.aks.add(cluster(f"other-{number}", subscription=OTHER))
    return world


def names(items: object) -> list[str]:
    """Give the names of the clusters in a list."""
    return [str(item["clusterId"]).rsplit("/", 1)[1] for item in cast("list[Json]", items)]


@pytest.mark.parametrize(
    ("part", "name", "value"),
    [("batch:", "c00", '{"later":1}'), ("shard:", "tally", "later"), ("sub:", "state", "Later")],
)
async def test_a_run_of_a_later_version_is_shown_as_far_as_it_can_be_read(
    part: str, name: str, value: str
) -> None:
    """After a roll-back its own row says what came of it; its parts are left alone, and said."""
    world = World()
    world.aks.add(cluster())
    record = await world.sweep()
    table = world.tables.of("naptimeruns202611")
    (partition, key), row = next(
        each for each in table.stored.items() if each[0][1].startswith(part)
    )
    table._put(partition, key, {**row.values, name: value})
    shown = await world.runs.run(record.run.id, {}, PageAsked())
    assert shown
    assert (shown["state"], shown["outcomes"]) == ("Finished", {"Created": 1})
    assert shown["clusters"] == {"value": [], "continuationToken": None}
    with pytest.raises(InvalidInput):
        await world.runs.run(record.run.id, {}, PageAsked("made-up"))


async def test_every_finding_finds_its_clusters() -> None:
    """Whoever asks for a reason gets each cluster that has it among its findings, first or not."""
    world = World()
    world.aks.add(cluster("off", channel="None"))
    world.aks.add(cluster("fine"))
    world.aks.add(cluster("away"))
    world.aks.set_schedule(cluster_id("away"), schedule(startDate="2028-01-01"))
    await world.sweep()
    everything = (await world.fleet.clusters(None, {}, PageAsked())).items
    reasons = {found["reason"] for each in everything for found in each["findings"]}
    assert reasons >= {"ScheduleMissing", "NodeOSChannelOff", "InactiveUntil"}
    for reason in reasons:
        having = {
            each["clusterId"]
            for each in everything
            if reason in {found["reason"] for found in each["findings"]}
        }
        where, found = clusters.known_with(None, Reason(reason), None), set[str]()
        page = await world.fleet.clusters(None, where, PageAsked("", 1))
        found |= {each["clusterId"] for each in page.items}
        while page.token:
            page = await world.fleet.clusters(None, where, PageAsked(page.token, 1))
            found |= {each["clusterId"] for each in page.items}
        assert found == having, reason


async def test_the_clusters_of_a_run_come_page_by_page() -> None:
    """Each cluster of a run is on one page, and the last page has no token."""
    world = big_world()
    record = await world.sweep()
    found: list[str] = []
    token, pages = "", 0
    while token or not pages:
        shown = await world.runs.run(record.run.id, {}, PageAsked(token))
        assert shown
        page = cast("Json", shown["clusters"])
        found += names(page["value"])
        token = str(page["continuationToken"] or "")
        pages += 1
    assert pages == 2
    assert len(found) == len(set(found)) == 130
    narrowed = await world.runs.run(record.run.id, {"outcome": "Failed"}, PageAsked())
    assert narrowed
    assert cast("Json", narrowed["clusters"])["value"] == []


@pytest.mark.parametrize("size", [1, 7, 25, 26, 130])
async def test_pages_of_any_size(size: int) -> None:
    """Pages may begin and end in the middle of a row; the last has no token."""
    world = big_world()
    for number in range(30):
        world.aks.set_schedule(cluster_id(f"aks-{number:03}"), schedule())
    record = await world.sweep()
    for where, count in (({}, 130), ({"outcome": "Unchanged", "reason": "UpToDate"}, 30)):
        found: list[str] = []
        token = ""
        while token or not found:
            shown = await world.runs.run(record.run.id, where, PageAsked(token, size))
            assert shown
            page = shown["clusters"]
            found += names(page["value"])
            token = page["continuationToken"] or ""
            assert len(page["value"]) == size or not token
        assert len(found) == len(set(found)) == count


async def test_progress_is_shown_while_a_run_is_under_way() -> None:
    """While a run is under way, its page tells how many clusters there are and are done."""
    world = World(pace=Pace(10, 1))
    for number in range(20):
        world.aks.add(cluster(f"aks-{number:03}"))
    run = await world.start()
    await world.until_batons()
    seen = []
    while not world.finished:
        shown = await world.runs.run(run.id, {}, PageAsked())
        assert shown
        seen.append(cast("Json", shown.get("progress", {})).get("clustersDone"))
        world.clock.move_to(world.next_visible() or world.clock.now())
        await world.deliver_one()
    done = [count for count in seen if isinstance(count, int)]
    assert done == sorted(done)
    assert done[0] == 0
    assert 0 < done[-1] <= 20


async def test_runs_are_shown_newest_first_over_months() -> None:
    """Runs come newest first, page by page, across the months; a filter leaves others out."""
    world = World(pace=Pace(1000, 100))
    asked = []
    for number in range(130):
        scope = RunScope(locations=(f"place{number}",))
        cause = Cause.SCHEDULE_WRITTEN if number % 2 else Cause.SWEPT
        asked.append((await world.asker.ask(scope, cause)).run.id)
        world.clock.advance(timedelta(hours=6))
    first = await world.runs.runs({}, PageAsked())
    second = await world.runs.runs({}, PageAsked(first.token or ""))
    assert (len(first.items), len(second.items), second.token) == (100, 30, None)
    shown = [item["runId"] for item in [*first.items, *second.items]]
    assert shown == asked[::-1]
    swept = await world.runs.runs({"cause": "Swept"}, PageAsked())
    assert len(swept.items) == 65


async def test_the_fleet_is_shown_page_by_page() -> None:
    """Every NAP cluster is on one page, over all subscriptions; filters narrow it."""
    world = big_world()
    await world.sweep()
    found: list[str] = []
    token, pages = "", 0
    while token or not pages:
        page = await world.fleet.clusters(None, {}, PageAsked(token))
        found += names(page.items)
        token = page.token or ""
        pages += 1
    assert pages == 2
    assert len(found) == len(set(found)) == 130
    in_uk = await world.fleet.clusters(SUBSCRIPTION, {"location": "uksouth"}, PageAsked())
    assert len(in_uk.items) == 60
    none = await world.fleet.clusters(SUBSCRIPTION, {"outcome": "Failed"}, PageAsked())
    assert none.items == []


async def test_what_needs_attention_is_shown() -> None:
    """Asked for what a person should look at: a finding or a failure, and nothing else."""
    world = World(pace=Pace(1000, 100))
    for name in ("fine", "rare", "refused"):
        world.aks.add(cluster(name))
    every_other = {"weekly": {"intervalWeeks": 2, "dayOfWeek": "Sunday"}}
    world.aks.set_schedule(cluster_id("fine"), schedule())
    world.aks.set_schedule(cluster_id("rare"), schedule(schedule=every_other))
    world.aks.faults.append(Fault("put", lambda: Rejected("bad")))
    await world.sweep()
    page = await world.fleet.clusters(None, {}, PageAsked(), attention=True)
    assert sorted(names(page.items)) == ["rare", "refused"]


async def test_a_page_looks_at_so_many_rows_and_no_more(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where few rows are shown, pages are short, and the token leads on to the end."""
    monkeypatch.setattr(clusters, "ROWS_A_REQUEST", 50)
    world = big_world()
    await world.sweep()
    pages, token = 0, ""
    while token or not pages:
        page = await world.fleet.clusters(None, {}, PageAsked(token), attention=True)
        assert page.items == []
        token = page.token or ""
        pages += 1
    assert pages == 3


async def test_clusters_that_are_no_more_are_forgotten() -> None:
    """A run over a whole subscription forgets clusters that are gone, or not NAP any more."""
    world = World(pace=Pace(1000, 100))
    for name in ("stays", "goes", "changes"):
        world.aks.add(cluster(name))
    await world.sweep()
    del world.aks.clusters[cluster_id("goes")]
    world.aks.add(cluster("changes", mode="Manual"))
    await world.sweep(RunScope(locations=("westeurope",)))
    assert len((await world.fleet.clusters(None, {}, PageAsked())).items) == 3
    await world.sweep()
    assert names((await world.fleet.clusters(None, {}, PageAsked())).items) == ["goes", "stays"]
    world.clock.advance(timedelta(hours=1))
    await world.sweep()
    assert names((await world.fleet.clusters(None, {}, PageAsked())).items) == ["stays"]


async def test_clusters_without_nap_are_not_shown() -> None:
    """What turned out to be no NAP cluster is shown only to whoever asks for that reason."""
    world = World()
    world.aks.add(cluster(mode="Manual"))
    await world.reconcile()
    assert (await world.fleet.clusters(None, {}, PageAsked())).items == []
    asked = await world.fleet.clusters(None, {"reason": "NotAutoProvisioned"}, PageAsked())
    assert len(asked.items) == 1


async def test_replay_by_reason_and_all() -> None:
    """Some are replayed by their reason, or all; messages that name no cluster stay to be read."""
    world = World(subscriptions=frozenset({SUBSCRIPTION}))
    for number in range(4):
        world.aks.add(cluster(f"aks-{number}"))
        refusal = Rejected("bad") if number % 2 else ResourceLocked("no")
        world.aks.faults.append(Fault("put", lambda refusal=refusal: refusal))  # type: ignore[misc]  # a default binds it
    await world.sweep()
    await world.poison.record("nonsense", "why")
    foreign = cluster("x", subscription=FOREIGN_SUBSCRIPTION)["id"]
    await world.queue.send(_work(str(foreign)))
    await world.poison.record(world.queue.messages.pop().text, "why")
    page = await world.replayer.list(PageAsked())
    assert len(page.items) == 5, "nothing of a foreign subscription"
    assert await world.replayer.replay_all("ResourceLocked") == 2
    assert await world.replayer.replay_all("Throttled") == 0
    assert await world.replayer.replay_all() == 4
    await world.run_and_mind()
    assert len((await world.replayer.list(PageAsked())).items) == 1
    assert len(world.aks.accepted_writes) == 4


async def test_what_an_older_version_could_not_read_is_replayed() -> None:
    """A message that named nothing when it was given up is sent again once it can be read.

    Of a subscription that naptime does not look after nothing is.
    """
    world = World(has_topic=True)
    world.aks.add(cluster())
    await world.ask()
    of_cluster = world.queue.messages.pop().text
    event = CloudEvent(EventType.SCHEDULE_CREATED, "1", "s", world.clock.now(), {})
    long_ago = world.clock.now() - timedelta(days=9)
    texts = [
        of_cluster,
        PublishEvents((event,), long_ago, attempt=40).to_message(),
        StartRun("202611-abc").to_message(),
        Baton("202611-abc", Shard(SUBSCRIPTION, "westeurope"), 3).to_message(),
        _work(str(cluster("x", subscription=FOREIGN_SUBSCRIPTION)["id"])).to_message(),
        "still nonsense",
    ]
    for text in texts:
        await world.given_up.put(
            GivenUp(None, "Poisoned", "?", "Look.", world.clock.now(), 1, text)
        )
    assert await world.replayer.replay_all("Poisoned") == 4
    await world.run()
    assert world.aks.schedule(cluster_id())
    assert "1" in [event.id for event in world.topic.events]
    assert sorted(record.work for record in world.all_given_up()) == sorted(texts[-2:])
    assert await world.replayer.replay_all() == 0


@pytest.mark.parametrize("name", ["naptimeruns202611copy", "naptimeruns", "naptimeruns202613"])
async def test_a_foreign_table_is_no_month(name: str) -> None:
    """A table that somebody has named like one of naptime's stops neither the minder nor a page."""
    world = World()
    for foreign in (name, name.replace("runs", "audit")):
        await world.tables.of(foreign).insert("x", "y", {})
    await world.sweep()
    assert (await world.runs.runs({}, PageAsked())).items
    assert (await world.audit.page({}, PageAsked())).items == []
    await world.audit.drop_old(world.clock.now() + timedelta(days=500))
    assert name in await world.tables.names("naptime")


def _work(text: str) -> ReconcileCluster:
    return ReconcileCluster(ClusterId.parse(text), Cause.ASKED, SATURDAY_NOON)


async def test_a_run_forgets_what_it_mends() -> None:
    """A cluster that was given up is no longer listed once a run has protected it."""
    world = World(pace=Pace(1000, 100))
    world.aks.add(cluster())
    world.aks.faults.append(Fault("put", lambda: Rejected("bad")))
    await world.sweep()
    assert await world.given_up.get(cluster_id())
    await world.sweep()
    assert await world.given_up.get(cluster_id()) is None


async def test_that_no_run_was_yet_is_said() -> None:
    """Before the first run has ended, whoever finds no clusters learns why."""
    world = World()
    world.aks.add(cluster("aks-1"))
    assert "No run has looked at the fleet yet" in (await world.runs.none_yet() or "")
    asked = await world.commands.start_run(RunScope(), Origin(Caller(), "id"))
    assert asked.run.id in (await world.runs.none_yet() or "")
    await world.run()
    assert await world.runs.none_yet() is None
