"""What a person asks for over HTTP, below HTTP."""

from datetime import timedelta

import pytest

from shared.domain.deciding.outcome import OutcomeKind
from shared.domain.vocabulary.errors import AccessDenied, Rejected
from shared.domain.vocabulary.reasons import Reason
from shared.reconcile.shown.one_cluster import LiveReadFailed
from tests.clusters import cluster, cluster_id, schedule
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
    assert (outcome.kind, outcome.dry_run) == (OutcomeKind.CREATED, True)
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
    assert seen["decision"]["action"] == "Leave"
    assert seen["decision"]["reason"] == "UpToDate"


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
    assert seen["decision"]["action"] == "Create"


async def test_look_without_arm_still_tells_what_is_remembered() -> None:
    """Where ARM refuses the look, the error carries what is remembered."""
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
    reasons = [finding["reason"] for finding in seen["decision"]["findings"]]
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
