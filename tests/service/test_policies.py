"""The policy's home: versions put in force one at a time, and never half of one."""

import threading
from copy import replace
from datetime import timedelta
from itertools import count

import pytest
from azure.core.exceptions import ServiceRequestError

from shared.domain.deciding.conditions import Condition, read_condition
from shared.domain.errors import InvalidSetting
from shared.domain.messages.audit import Caller, Origin
from shared.domain.policy.changes import Changes, compare
from shared.domain.policy.version import PolicyVersion
from shared.domain.vocabulary.invalid import InvalidPolicy
from shared.domain.vocabulary.pages import PageAsked
from shared.domain.vocabulary.rows import Row
from shared.reconcile.ground.policies import (
    KEPT_FOR,
    MOST_READ,
    POLICY_TABLE,
    SETTINGS_TAG,
    PolicyChanged,
    PolicyHome,
)
from shared.reconcile.shown import policy as desk
from tests.clusters import cluster
from tests.service_world import World
from tests.unit.domain.policy.examples import RINGS

OTHER = RINGS.replace("hours = 5", "hours = 6")
ANY = Condition()
PERSON = Origin(Caller("ops@example.com", "id-1"), "0f0e0d0c-0b0a-4908-8706-050403020100")


def home(world: World) -> PolicyHome:
    """Give another worker's home over the same table."""
    table = world.ports.tables.of(POLICY_TABLE)
    return PolicyHome(table, world.clock, world.settings.desired)


async def test_without_one_the_settings_are_all() -> None:
    """Nothing changes for who has no policy: the settings' window is the one rule."""
    world = World()
    assert await world.policies.in_force() is None
    assert await world.policies.wanted() == world.settings.desired
    shown = await world.policy.show()
    assert (shown["version"], shown["text"], shown["rules"]) == (
        None,
        None,
        [{"rule": "settings", "clusters": 0}],
    )


async def test_every_worker_follows_within_a_minute() -> None:
    """What a worker has read it believes for 45 seconds, and no longer."""
    world = World()
    other = home(world)
    assert await other.in_force() is None
    version = await world.policies.put(RINGS, "somebody", ANY)
    assert (await world.policies.wanted()).policy.hash == version.hash
    assert await other.in_force() is None
    world.clock.advance(KEPT_FOR)
    assert (await other.in_force()) == version


async def test_of_two_at_once_one_is_refused() -> None:
    """Two people who read the same version cannot both put theirs in force after it."""
    world = World()
    first = await world.policies.put(RINGS, "one", ANY)
    seen = read_condition(first.tag, None)
    second = await home(world).put(OTHER, "two", seen)
    with pytest.raises(PolicyChanged) as refused:
        await world.policies.put(RINGS + "#", "one", seen)
    assert refused.value.tag == second.tag
    assert (await world.policies.newest()) == second


async def test_one_that_is_faster_in_between_wins() -> None:
    """The row's key is the next number: whoever comes second finds it taken."""
    world = World()
    table = world.tables.of(POLICY_TABLE)
    theirs = PolicyVersion(1, OTHER, world.clock.now(), "faster")
    row = Row("policy", theirs.key, theirs.to_values(), "theirs", world.clock.now())
    operations = count()

    def somebody_else() -> None:
        if next(operations) == 1:
            table.stored["policy", theirs.key] = row

    table.step = somebody_else
    with pytest.raises(PolicyChanged):
        await world.policies.put(RINGS, "slower", ANY)
    assert [version.by for version in await world.policies.versions(10)] == ["faster"]


async def test_one_that_puts_the_same_in_between_has_done_it() -> None:
    """Whoever comes second gets the other's version: what was asked for is in force."""
    world = World()
    table = world.tables.of(POLICY_TABLE)
    theirs = PolicyVersion(1, RINGS, world.clock.now(), "faster")
    operations = count()

    def somebody_else() -> None:
        if next(operations) == 1:
            table._put("policy", theirs.key, theirs.to_values())

    table.step = somebody_else
    assert await world.policies.put(RINGS, "slower", ANY) == theirs
    assert [version.by for version in await world.policies.versions(10)] == ["faster"]


async def test_of_many_versions_each_run_gets_its_own() -> None:
    """However many were in force since a worker began; it keeps only some of them read."""
    world = World()
    hashes = []
    for number in range(3 * MOST_READ):
        text = f"{RINGS}# {number}\n"
        hashes.append((await world.policies.put(text, "one", ANY)).hash)
    for each in (*hashes, *hashes[::-1]):
        assert (await world.policies.wanted(each)).policy.hash == each
    assert len(world.policies._policies) <= MOST_READ


async def test_the_first_version_can_be_asked_for() -> None:
    """Whoever has seen that there is no policy yet can say so, and is refused once there is one."""
    for seen in (read_condition(SETTINGS_TAG, None), read_condition(None, "*")):
        world = World()
        await world.policies.put(RINGS, "one", seen)
        with pytest.raises(PolicyChanged):
            await world.policies.put(OTHER, "two", seen)


async def test_the_same_text_is_no_new_version() -> None:
    """A pipeline that pushes each night leaves one version, not hundreds."""
    world = World()
    first = await world.policies.put(RINGS, "pipeline", ANY)
    world.clock.advance(timedelta(days=1))
    assert await world.policies.put(RINGS, "pipeline", ANY) == first
    assert len(await world.policies.versions(10)) == 1


async def test_a_long_text_comes_back_whole() -> None:
    """A row's property holds half of the longest policy: the text is in pieces."""
    world = World()
    text = RINGS + "# é\n" * 15_000
    await world.policies.put(text, "somebody", ANY)
    found = await home(world).newest()
    assert found is not None
    assert found.text == text


async def test_versions_are_kept_and_come_back() -> None:
    """The newest is the first, each with who and since when; an old one can be had by number."""
    world = World()
    for text, who in ((RINGS, "one"), (OTHER, "two"), (RINGS, "three")):
        await world.policies.put(text, who, ANY)
        world.clock.advance(timedelta(hours=1))
    page = await world.policy.versions(PageAsked("", 2))
    assert [shown["by"] for shown in page.items] == ["three", "two"]
    rest = await world.policy.versions(PageAsked(page.token or "", 2))
    assert [shown["version"] for shown in rest.items] == [1]
    second = await world.policy.version(2)
    assert second is not None
    assert second.text == OTHER
    assert await world.policy.version(4) is None


async def test_a_run_keeps_the_policy_it_began_with() -> None:
    """What is wanted by an earlier version can be asked for as long as it is kept."""
    world = World()
    first = await world.policies.put(RINGS, "one", ANY)
    await world.policies.put(OTHER, "two", ANY)
    other = home(world)
    assert (await other.wanted(first.hash)).policy.windows["early"].hours == 5
    assert (await other.wanted()).policy.windows["early"].hours == 6
    assert await other.wanted("") == world.settings.desired


async def test_a_refused_policy_is_never_in_force() -> None:
    """A refused file changes no decision, and leaves no version and no record."""
    world = World()
    await world.policy.put(RINGS, ANY, PERSON)
    with pytest.raises(InvalidPolicy):
        await world.policy.put(RINGS.replace("Europe/Berlin", "Berlin"), ANY, PERSON)
    assert (await world.policy.show())["version"] == 1
    assert len((await world.audit.page({}, PageAsked())).items) == 1


async def test_storage_that_is_down_is_no_policy_of_none() -> None:
    """Where the policy cannot be read nothing is decided; the settings' window may be wrong."""
    world = World()
    await world.policies.put(RINGS, "somebody", ANY)
    other = home(world)
    table = world.tables.of(POLICY_TABLE)

    def down() -> None:
        raise ServiceRequestError("the storage account does not answer")

    table.step = down
    with pytest.raises(ServiceRequestError, match="does not answer"):
        await other.wanted()
    table.step = world.life.step
    assert (await other.wanted()).policy.windows.keys() == {"early", "weekend"}


async def test_a_policy_of_a_later_version_is_said_and_not_guessed() -> None:
    """After a roll-back, a file with newer fields stops decisions, by name."""
    world = World()
    await world.policies.put(RINGS + "[later]\n", "a later version", ANY)
    with pytest.raises(InvalidSetting, match="cannot be read by this version"):
        await home(world).wanted()


async def test_a_policy_of_a_later_version_can_be_followed_by_one_that_can_be_read() -> None:
    """After a roll-back a policy, or an earlier version, is put in force all the same."""
    world = World()
    world.aks.add(cluster("prod"))
    await world.ask("prod")
    await world.run()
    await world.policies.put(RINGS + "[later]\n", "a later version", ANY)
    tried = await world.policy.try_out(RINGS, ANY)
    assert (tried["clusters"], tried["changed"]) == (1, 0)
    assert "cannot be read by this version" in tried["warnings"][0]
    done = await world.policy.put(RINGS, ANY, PERSON)
    assert done["version"] == 2
    assert (await world.policies.wanted()).policy.windows.keys() == {"early", "weekend"}


async def test_a_version_that_cannot_be_read_hides_no_earlier_one() -> None:
    """A row of a later naptime is left out of the list, which goes on behind it."""
    world = World()
    for number in range(3):
        await world.policies.put(f"{RINGS}# {number}\n", str(number), ANY)
    table = world.tables.of(POLICY_TABLE)
    (partition, key), row = sorted(table.stored.items())[1]
    table._put(partition, key, {**row.values, "at": "at some time"})
    first = await world.policy.versions(PageAsked("", 1))
    assert [each["by"] for each in first.items] == ["2"]
    rest = await world.policy.versions(PageAsked(first.token or "", 1))
    assert [each["by"] for each in rest.items] == ["0"]


async def test_a_put_is_recorded_with_before_and_after() -> None:
    """Who put what in force is in the audit log; the texts are the versions'."""
    world = World()
    first = await world.policy.put(RINGS, ANY, PERSON)
    world.clock.advance(timedelta(minutes=1))
    second = await world.policy.put(OTHER, ANY, PERSON)
    newest, _ = (await world.audit.page({}, PageAsked())).items
    assert (newest["action"], newest["outcome"]) == ("PutPolicy", "Updated")
    assert newest["caller"] == {"name": "ops@example.com", "id": "id-1"}
    assert newest["before"] == {"version": 1, "hash": first["hash"]}
    assert newest["after"] == {"version": 2, "hash": second["hash"]}


async def test_what_another_worker_put_just_now_is_what_was_before() -> None:
    """A worker that still believes an earlier version records, and compares with, the newest."""
    world = World()
    world.aks.add(cluster("prod"))
    await world.ask("prod")
    await world.run()
    mine = replace(world.policy, home=home(world))
    await mine.put(RINGS, ANY, PERSON)
    second = await world.policy.put(OTHER, ANY, PERSON)
    assert (await mine.try_out(OTHER, ANY))["changed"] == 0
    await mine.put(RINGS, ANY, PERSON)
    newest, *_ = (await world.audit.page({}, PageAsked())).items
    assert newest["before"] == {"version": 2, "hash": second["hash"]}


async def test_what_would_change() -> None:
    """A trial says for each known cluster what would be wanted otherwise, and by which rule."""
    world = World()
    world.aks.add(cluster("dev", tags={"env": "dev"}))
    world.aks.add(cluster("prod"))
    world.aks.add(cluster("no-concern", mode=None))
    for name in ("dev", "prod", "no-concern"):
        await world.ask(name)
    await world.run()
    tried = await world.policy.try_out(RINGS, ANY)
    assert (tried["clusters"], tried["changed"], tried["dryRun"]) == (2, 2, True)
    assert tried["rules"] == [
        {"rule": "sandboxes", "clusters": 0},
        {"rule": "dev and test", "clusters": 1},
        {"rule": "everything else", "clusters": 1},
    ]
    assert [change["after"]["use"] for change in tried["changes"]] == [
        "window early",
        "window weekend",
    ]
    assert "No cluster has rule 'sandboxes'." in tried["warnings"]
    assert await world.policies.newest() is None


async def test_others_go_on_while_a_policy_is_held_against_the_fleet(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Two seconds of arithmetic for ten thousand clusters are done beside the event loop."""
    world, at = World(), list[threading.Thread]()

    def compared(*given: object) -> Changes:
        at.append(threading.current_thread())
        return compare(*given)  # type: ignore[arg-type]  # as they came

    monkeypatch.setattr(desk, "compare", compared)
    await world.policy.put(RINGS, ANY, PERSON)
    assert at
    assert threading.current_thread() not in at


async def test_the_next_openings_are_shown() -> None:
    """The policy in force shows each window's next outer bound in UTC."""
    world = World()
    await world.policy.put(RINGS, ANY, PERSON)
    early, weekend = (await world.policy.show())["windows"]
    assert early["zone"] == "Europe/Berlin"
    assert (early["hoursEach"], weekend["hoursEach"]) == (4, 4)
    assert early["opens"] < early["closes"]
