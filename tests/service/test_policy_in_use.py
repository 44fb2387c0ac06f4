"""A policy in force: what is written, by which rule, and whose it is afterwards."""

from datetime import UTC, datetime, timedelta

from shared.domain.deciding.conditions import Condition
from shared.domain.deciding.outcome import Outcome, OutcomeKind
from shared.domain.deciding.wish import Wish
from shared.domain.errors import AccessDenied
from shared.domain.fleet.run import RunScope
from shared.domain.policy.read import policy_hash
from shared.domain.vocabulary.reasons import Cause, Reason
from shared.domain.window.text import offset_text
from shared.reconcile.shown.commands import explained
from tests.clusters import cluster, cluster_id, schedule
from tests.fakes.aks import Fault
from tests.service.test_policies import ANY, OTHER, PERSON
from tests.service_world import SUNDAY_NIGHT, World
from tests.unit.domain.policy.examples import RINGS

HASH = policy_hash(RINGS)


async def reconciled(world: World, name: str = "aks-1") -> Outcome:
    """Have one cluster reconciled by its message."""
    await world.ask(name)
    return (await world.run())[-1]


async def test_each_ring_gets_its_window() -> None:
    """Two clusters, two tags, two windows; each outcome names its rule and the version."""
    world = World()
    await world.policies.put(RINGS, "somebody", ANY)
    world.aks.add(cluster("dev", tags={"env": "dev"}))
    world.aks.add(cluster("prod"))
    dev, prod = await reconciled(world, "dev"), await reconciled(world, "prod")
    assert [outcome.kind for outcome in (dev, prod)] == [OutcomeKind.CREATED] * 2
    assert [outcome.rule for outcome in (dev, prod)] == ["dev and test", "everything else"]
    assert {outcome.policy_hash for outcome in (dev, prod)} == {HASH}
    assert dev.window is not None
    assert prod.window is not None
    assert 22 <= dev.window.start_time.hour <= 23
    assert 2 <= prod.window.start_time.hour <= 4
    assert {offset_text(each.utc_offset) for each in (dev.window, prod.window)} == {"+01:00"}


async def test_no_call_more_than_without() -> None:
    """Tags come with the reads that are made anyway: a GET, a LIST and a PUT."""
    calls = []
    for text in (None, RINGS):
        world = World()
        if text:
            await world.policies.put(text, "somebody", ANY)
        world.aks.add(cluster())
        await reconciled(world)
        calls.append([call.verb for call in world.aks.calls])
    assert calls[0] == calls[1]


async def test_an_exempt_cluster_is_left_alone_until_the_end() -> None:
    """It is skipped by its rule; a tag that is taken off is heeded at the next look."""
    world = World()
    await world.policies.put(RINGS, "somebody", ANY)
    world.aks.add(cluster(tags={"env": "sandbox"}))
    assert (await reconciled(world)).reason is Reason.EXEMPT
    world.aks.add(cluster())
    assert (await reconciled(world)).kind is OutcomeKind.CREATED


async def test_a_schedule_that_is_there_stays_whatever_the_policy_says() -> None:
    """A person's schedule is never written, nor is one that naptime wrote by an older policy."""
    world = World()
    world.aks.add(cluster("theirs"))
    world.aks.set_schedule(cluster_id("theirs"), schedule())
    world.aks.add(cluster("ours"))
    await reconciled(world, "ours")
    await world.policies.put(RINGS, "somebody", ANY)
    puts = len([call for call in world.aks.calls if call.verb == "put"])
    for name in ("theirs", "ours"):
        assert (await reconciled(world, name)).kind is OutcomeKind.UNCHANGED
    assert len([call for call in world.aks.calls if call.verb == "put"]) == puts


async def test_a_run_under_way_keeps_the_policy_it_began_with() -> None:
    """A policy that is pushed between the listing and the writes counts for the next run."""
    world = World()
    await world.policies.put(RINGS, "one", ANY)
    world.aks.add(cluster("dev", tags={"env": "dev"}))
    asked = await world.asker.ask(RunScope(), Cause.ASKED)
    await world.policies.put(OTHER, "two", ANY)
    (outcome,) = await world.run()
    assert asked.run.policy_hash == outcome.policy_hash == HASH


async def test_who_made_a_schedule() -> None:
    """By its record: naptime and when, a person through naptime, or somebody else."""
    world = World()
    for name in ("ours", "asked", "theirs"):
        world.aks.add(cluster(name))
    world.aks.set_schedule(cluster_id("theirs"), schedule())
    await reconciled(world, "ours")
    await world.putter.put(cluster_id("asked"), Wish(SUNDAY_NIGHT, force=True), PERSON)
    await reconciled(world, "theirs")
    made = {
        name: (await world.viewer.look(cluster_id(name)))["madeBy"]
        for name in ("ours", "asked", "theirs")
    }
    assert made == {
        "ours": f"naptime, {world.clock.now().date()}",
        "asked": "a person through naptime",
        "theirs": "somebody else",
    }


async def test_a_record_outlives_later_looks_but_not_a_change() -> None:
    """Months of looks leave it; a change by somebody makes the schedule somebody else's."""
    world = World()
    world.aks.add(cluster())
    await reconciled(world)
    world.clock.advance(timedelta(days=60))
    await reconciled(world)
    known = await world.memory.recall(cluster_id())
    assert known is not None
    assert known.written is not None
    assert known.window is not None
    assert known.written.is_still(known.window, world.clock.now())
    world.aks.set_schedule(cluster_id(), schedule())
    await reconciled(world)
    assert (await world.viewer.look(cluster_id()))["madeBy"] == "somebody else"
    known = await world.memory.recall(cluster_id())
    assert known is not None
    assert known.written is not None
    assert known.window is not None
    assert not known.written.is_still(known.window, world.clock.now())


async def test_why_this_window() -> None:
    """The cluster's own page shows every rule that was asked, and why it matched or not."""
    world = World()
    await world.policies.put(RINGS, "somebody", Condition())
    world.aks.add(cluster(tags={"env": "test"}))
    decision = (await world.viewer.look(cluster_id()))["decision"]
    assert decision is not None
    assert (decision["rule"], decision["policyHash"]) == ("dev and test", HASH)
    assert decision["because"] == [
        {"rule": "sandboxes", "matched": False, "why": "tag env is test"},
        {"rule": "dev and test", "matched": True, "why": "tag env is test"},
    ]


async def test_a_change_of_the_clocks_makes_an_offset_stale() -> None:
    """What was written in winter is an hour late from the end of March on, and said to be."""
    world = World()
    await world.policies.put(RINGS, "somebody", Condition())
    world.aks.add(cluster())
    await reconciled(world)
    assert (await world.viewer.look(cluster_id()))["offsetStaleSince"] is None
    world.clock.move_to(datetime(2027, 4, 1, tzinfo=UTC))
    assert (await world.viewer.look(cluster_id()))["offsetStaleSince"] == "2027-03-28T01:00:00Z"


async def test_rule_and_version_are_carried_by_all_that_is_told() -> None:
    """Outcome, row, run, event, and the audit of whoever asked, for a schedule by hand as well."""
    world = World(has_topic=True)
    await world.policies.put(RINGS, "somebody", ANY)
    world.aks.add(cluster("dev", tags={"env": "dev"}))
    world.aks.add(cluster("lab", tags={"env": "sandbox"}))
    world.aks.add(cluster("asked"))
    await world.commands.reconcile(cluster_id("dev"), PERSON, dry_run=False)
    await world.putter.put(cluster_id("asked"), Wish(SUNDAY_NIGHT, force=True), PERSON)
    await world.sweep()
    for name, rule in (("dev", "dev and test"), ("lab", "sandboxes"), ("asked", "everything else")):
        known = await world.memory.recall(cluster_id(name))
        assert known is not None
        last = known.last_outcome
        assert (last["rule"], last["policyHash"]) == (rule, HASH), name
    created = {
        event.subject.rpartition("/")[2]: event for event in world.topic.of("ScheduleCreated")
    }
    assert created["dev"].data["rule"] == "dev and test"
    assert {event.data["policyHash"] for event in created.values()} == {HASH}
    audited = [record.to_json() for record in world.audited if record.cluster_id]
    assert {(each["rule"], each["policyHash"]) for each in audited} == {
        *(("dev and test", HASH), ("everything else", HASH))
    }


async def test_what_azure_refuses_has_its_rule_as_well() -> None:
    """A write that is denied is an outcome, by the rule that asked for it."""
    world = World()
    await world.policies.put(RINGS, "somebody", ANY)
    world.aks.add(cluster(tags={"env": "dev"}))
    world.aks.faults.append(Fault("put", lambda: AccessDenied("no")))
    await reconciled(world)
    outcome, _ = world.outcomes[0]
    assert outcome.reason is Reason.ACCESS_DENIED
    assert (outcome.rule, outcome.policy_hash) == ("dev and test", HASH)


async def test_a_reconcile_that_was_asked_for_says_why() -> None:
    """Its answer has every rule that was asked, as the cluster's own page does."""
    world = World()
    await world.policies.put(RINGS, "somebody", ANY)
    world.aks.add(cluster(tags={"env": "dev"}))
    outcome = await world.requests.reconcile(cluster_id(), dry_run=True)
    assert outcome is not None
    answer = explained(outcome)
    assert [(step["rule"], step["matched"]) for step in answer["because"]] == [
        *(("sandboxes", False), ("dev and test", True))
    ]
    assert "because" not in outcome.to_json()


async def test_a_rule_that_matched_yesterday_and_not_today() -> None:
    """An exemption that is over in the night: the next sweep protects, and tells of it once."""
    world = World(has_topic=True)
    short = RINGS.replace("until = 2027-03-31", f"until = {world.clock.now().date()}")
    await world.policies.put(short, "somebody", ANY)
    world.aks.add(cluster(tags={"env": "sandbox"}))
    assert (await world.sweep()).summary["reasons"] == {"Exempt": 1}
    for _ in range(3):
        world.clock.advance(timedelta(days=1))
        await world.sweep()
    outcomes = [outcome for outcome, _ in world.outcomes]
    assert [outcome.kind for outcome in outcomes] == [
        *(OutcomeKind.CREATED, OutcomeKind.UNCHANGED, OutcomeKind.UNCHANGED)
    ]
    assert {outcome.rule for outcome in outcomes} == {"everything else"}
    (told,) = world.topic.of("ScheduleNeedsAttention")
    assert told.data["reason"] == "ExemptionExpired"
