"""What a person asks for over HTTP, below HTTP."""

from datetime import timedelta

import pytest

from shared.domain.deciding.outcome import OutcomeKind
from shared.domain.errors import (
    AccessDenied,
    AzureError,
    AzureUnavailable,
    ConnectionFailed,
    Rejected,
    Throttled,
)
from shared.domain.fleet.shard import Shard
from shared.domain.vocabulary.instants import to_text
from shared.domain.vocabulary.reasons import Reason
from shared.reconcile.shown.cluster_json import LiveClusterJson
from shared.reconcile.shown.decision_json import DecisionJson
from shared.reconcile.shown.one_cluster import LiveReadFailed
from tests.clusters import SUBSCRIPTION, cluster, cluster_id, schedule
from tests.fakes.aks import Fault
from tests.service_world import World


async def test_reconcile_now() -> None:
    """A request reconciles at once and leaves a record of the outcome."""
    world = World()
    world.aks.add(cluster())
    outcome = await world.requests.reconcile(cluster_id(), dry_run=False)
    assert outcome
    assert outcome.kind is OutcomeKind.CREATED
    known = await world.memory.recall(cluster_id())
    assert known
    assert known.last_outcome["reason"] == "ScheduleMissing"
    assert not world.is_claimed()


async def test_dry_run_leaves_nothing() -> None:
    """A dry run says what would be done, writes nothing and leaves no record."""
    world = World()
    world.aks.add(cluster())
    outcome = await world.requests.reconcile(cluster_id(), dry_run=True)
    assert outcome
    assert (outcome.kind, outcome.dry_run) == (OutcomeKind.WOULD_CREATE, True)
    assert outcome.next_start
    assert not world.aks.calls_of("put")
    assert await world.memory.recall(cluster_id()) is None


async def test_busy_cluster_goes_to_the_queue() -> None:
    """Where somebody else is at the cluster for too long, the queue gets the work."""
    world = World()
    world.aks.add(cluster())
    await world.claims.claim(cluster_id(), None)
    assert await world.requests.reconcile(cluster_id(), dry_run=False) is None
    assert len(world.queue.messages) == 1


async def test_waits_for_whoever_is_at_it() -> None:
    """A claim that ends while the request waits is taken over."""
    world = World()
    world.aks.add(cluster())
    await world.claims.claim(cluster_id(), None)
    world.clock.advance(timedelta(minutes=4, seconds=55))
    outcome = await world.requests.reconcile(cluster_id(), dry_run=False)
    assert outcome
    assert outcome.kind is OutcomeKind.CREATED


async def test_deferred_request_goes_on_by_itself() -> None:
    """What cannot be done now is on the queue when the request is answered."""
    world = World()
    world.aks.add(cluster(state="Creating"))
    outcome = await world.requests.reconcile(cluster_id(), dry_run=False)
    assert outcome
    assert (outcome.kind, outcome.reason) == (OutcomeKind.DEFERRED, Reason.CLUSTER_CREATING)
    assert len(world.queue.messages) == 1


async def test_look_shows_schedule_occurrences_and_decision() -> None:
    """A look shows the schedule as ARM has it, its next occurrences and what would be decided."""
    world = World()
    world.aks.add(cluster())
    world.aks.set_schedule(cluster_id(), schedule())
    seen = await world.viewer.look(cluster_id())
    assert seen["schedule"] == {
        "name": "aksManagedNodeOSUpgradeSchedule",
        "properties": schedule(),
    }
    assert seen["nextOccurrences"][0] == {
        "start": "2026-11-25T21:00:00Z",
        "end": "2026-11-26T03:00:00Z",
        "certain": True,
    }
    assert decision_of(seen)["action"] == "Leave"
    assert decision_of(seen)["reason"] == "UpToDate"


async def test_look_shows_what_was_given_up() -> None:
    """A look shows the reason why the cluster was given up and what to do."""
    world = World()
    world.aks.add(cluster())
    world.aks.faults.append(Fault("put", lambda: Rejected("durationHours", status=400)))
    await world.requests.reconcile(cluster_id(), dry_run=False)
    seen = await world.viewer.look(cluster_id())
    given_up = seen["givenUp"]
    assert given_up
    assert given_up["reason"] == "RejectedByAzure"
    assert given_up["advice"]
    assert decision_of(seen)["action"] == "Create"


def decision_of(seen: LiveClusterJson) -> DecisionJson:
    """Give what would be decided now, which a live look knows."""
    assert seen["decision"]
    return seen["decision"]


async def a_known_cluster() -> World:
    """Make a world with a cluster whose schedule was made an hour ago."""
    world = World()
    world.aks.add(cluster())
    await world.reconcile()
    world.clock.advance(timedelta(hours=1))
    return world


async def test_look_while_the_shard_is_paused() -> None:
    """What was seen last is shown with when that was, and why it is not live; nothing is asked."""
    world = await a_known_cluster()
    live = await world.viewer.look(cluster_id())
    assert (live["notLive"], live["readAt"]) == (None, to_text(world.clock.now()))
    await world.pacer.pause(Shard(SUBSCRIPTION, "westeurope"), timedelta(minutes=5))
    world.aks.calls.clear()
    seen = await world.viewer.look(cluster_id())
    assert not world.aks.calls_of("list")
    not_live = seen["notLive"]
    assert not_live
    assert not_live["reason"] is Reason.PACED
    assert not_live["retryAfterSeconds"]
    known = await world.memory.recall(cluster_id())
    assert known
    assert known.read_at
    assert seen["readAt"] == to_text(known.read_at) < live["readAt"]
    same = ("clusterId", "location", "nodeAutoProvisioning", "nodeOSUpgradeChannel", "window")
    assert [seen[name] for name in same] == [live[name] for name in same]  # type: ignore[literal-required]  # names above
    assert seen["nextOccurrences"] == live["nextOccurrences"]
    assert (seen["decision"], seen["provisioningState"]) == (None, None)
    assert seen["lastOutcome"]
    assert seen["lastOutcome"]["outcome"] == "Created"


@pytest.mark.parametrize(
    "schedule_seen",
    [schedule(), {}, {"maintenanceWindow": {"durationHours": 2}}],
    ids=["a window", "no window", "unreadable"],
)
@pytest.mark.parametrize("error", [AzureUnavailable, AccessDenied, ConnectionFailed, Throttled])
async def test_look_in_an_outage(error: type[AzureError], schedule_seen: dict[str, object]) -> None:
    """Whatever ARM refuses a look with, and whatever schedule was seen, it is shown as it was."""
    world = World()
    world.aks.add(cluster())
    world.aks.set_schedule(cluster_id(), schedule_seen)
    await world.reconcile()
    world.aks.outage_until = world.clock.now() + timedelta(days=3)
    world.aks.outage_error = lambda: error("no")
    seen = await world.viewer.look(cluster_id())
    assert seen["notLive"]
    # A 429 pauses the bucket that the next attempt draws from, so that one is not sent.
    reason = Reason.PACED if error is Throttled else error.reason
    assert seen["notLive"]["reason"] is reason
    assert seen["schedule"]
    assert seen["forecasts"]


async def test_look_at_a_cluster_that_is_gone() -> None:
    """A cluster that was deleted is an error; not so where an event has just told of it."""
    world = await a_known_cluster()
    world.aks.clusters.clear()
    with pytest.raises(LiveReadFailed) as gone:
        await world.viewer.look(cluster_id())
    assert gone.value.remembered["lastOutcome"]
    await world.memory.note_event(cluster_id(), world.clock.now())
    seen = await world.viewer.look(cluster_id())
    assert seen["notLive"]
    assert seen["notLive"]["reason"] is Reason.CLUSTER_GONE


async def test_look_without_arm_still_tells_what_is_remembered() -> None:
    """Where ARM refuses to show what was never seen, the error tells what is known."""
    world = World()
    world.aks.add(cluster())
    world.aks.outage_until = world.clock.now() + timedelta(days=3)
    world.aks.outage_error = lambda: AccessDenied("no role", status=403)
    await world.reconcile()
    with pytest.raises(LiveReadFailed) as failed:
        await world.viewer.look(cluster_id())
    assert failed.value.remembered["givenUp"]


async def test_ambiguous_window_shows_no_occurrences() -> None:
    """A window whose readings differ shows no occurrences, and says why."""
    world = World()
    world.aks.add(cluster())
    every_other = {"weekly": {"intervalWeeks": 2, "dayOfWeek": "Sunday"}}
    world.aks.set_schedule(cluster_id(), schedule(schedule=every_other))
    seen = await world.viewer.look(cluster_id())
    assert seen["nextOccurrences"] == []
    reasons = [finding["reason"] for finding in decision_of(seen)["findings"]]
    assert reasons == ["LongerThanWeekly", "IntervalAmbiguous"]


@pytest.mark.parametrize("text", ["", "{}", "not json", '{"v":1,"work":{"clusterId":"../x"}}'])
async def test_poison_without_a_cluster_is_kept(text: str) -> None:
    """A message that names no cluster is kept as it is, to be read by a person."""
    world = World()
    given_up = await world.poison.record(text, "why")
    assert given_up.cluster_id is None
    assert world.all_given_up()[0].work == text


async def test_poison_with_a_cluster_can_be_replayed() -> None:
    """A poisoned message of a cluster is kept under the cluster, with the message to replay."""
    world = World()
    await world.ask()
    text = world.queue.messages[0].text
    await world.poison.record(text, "why")
    given_up = await world.given_up.get(cluster_id())
    assert given_up
    assert (given_up.reason, given_up.work) == ("Poisoned", text)


async def test_looking_holds_up_no_work() -> None:
    """However often somebody looks, a cluster that needs a schedule gets it at once."""
    world = World()
    world.aks.add(cluster())
    world.aks.add(cluster("aks-2"))
    for _ in range(200):
        await world.viewer.look(cluster_id())
    assert world.clock.slept, "looking itself is slowed down"
    began = world.clock.now()
    outcome = await world.requests.reconcile(cluster_id("aks-2"), dry_run=False)
    assert outcome
    assert outcome.kind is OutcomeKind.CREATED
    assert world.clock.now() == began
