"""Storage does what it is asked for, and the answer is lost: once, at each write of a whole run."""

from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import count

import pytest
from azure.core.exceptions import ServiceRequestError, ServiceResponseError

from shared.domain.deciding.outcome import OutcomeKind
from shared.domain.deciding.wish import Wish
from shared.domain.fleet.pace import Pace
from shared.domain.fleet.run import RunState
from shared.domain.fleet.shard import Shard, ShardRow
from shared.domain.vocabulary.rows import Row, Values
from shared.reconcile.fleet.mind import Mended
from shared.reconcile.ground.claim import CLAIMED_APART, CLUSTERS_TABLE
from shared.reconcile.ground.given_up import GIVEN_UP_TABLE
from shared.reconcile.ground.memory import known_key
from shared.reconcile.ground.pacer import SHARDS_TABLE
from shared.reconcile.ground.reads import UPDATES_PARTITION, half_of
from tests.clusters import SUBSCRIPTION, cluster, cluster_id, schedule
from tests.fakes.storage import Message
from tests.fakes.tables import FakeTable, FakeTables
from tests.service.test_schedules_by_hand import ORIGIN
from tests.service.updates.worlds import WEDNESDAY, fleet, planned, put, puts
from tests.service_world import SUNDAY_NIGHT, World

CREATED = ("a-1", "a-2", "b-1")
CONDITIONAL = ("insert", "replace", "settle", "insert_all", "replace_all")
ANYHOW = ("merge", "delete", "remove")
HELD_BACK = timedelta(seconds=20)


@dataclass
class LostAnswers:
    """Loses the answer to one write of the tables, by its number.

    What asks for it again by itself (the SDK) is then refused by what it has written; what does
    not fails.
    """

    at: int
    fails: bool
    writes: int = 0
    lost: list[str] = field(default_factory=list)

    def of(self, tables: FakeTables) -> None:
        """Count the writes of all tables from now on, and of those that are yet to be made."""
        of, known = tables.of, set[str]()

        def wrapped(name: str) -> FakeTable:
            table = of(name)
            if name not in known:
                known.add(name)
                for verb in (*CONDITIONAL, *ANYHOW):
                    setattr(table, verb, self._losing(f"{verb} {name}", getattr(table, verb)))
            return table

        tables.of = wrapped  # type: ignore[method-assign]  # this one world's
        for name in [*tables.tables]:
            wrapped(name)

    def _losing(
        self, what: str, write: Callable[..., Awaitable[object]]
    ) -> Callable[..., Awaitable[object]]:
        async def written(*args: object) -> object:
            done = await write(*args)
            self.writes += 1
            if self.writes - 1 != self.at:
                return done
            self.lost.append(what)
            if self.fails:
                raise ServiceResponseError("the answer is lost")
            nothing = False if isinstance(done, bool) else None
            return done if what.startswith(ANYHOW) else nothing

        return written


class Patient(World):
    """A world whose messages come again when storage fails, as those that are held back do."""

    async def _deliver(
        self,
        messages: list[Message],
        message: Message,
        receive: Callable[[Message], Awaitable[None]],
    ) -> None:
        try:
            await super()._deliver(messages, message, receive)
        except ServiceResponseError:
            again = self.clock.now() + HELD_BACK
            messages.append(Message(message.text, message.inserted_at, again))

    async def mind(self) -> Mended | None:
        """Mind the runs, again at its next time where storage fails."""
        try:
            return await super().mind()
        except ExceptionGroup:
            return None


async def swept(at: int, *, fails: bool) -> tuple[Patient, LostAnswers]:
    """Do a run over two shards, of whose writes one is not answered."""
    world = Patient(pace=Pace(4, 1), has_topic=True)
    for name in CREATED:
        place = "westeurope" if name.startswith("a") else "uksouth"
        world.aks.add(cluster(name, location=place))
    world.aks.set_schedule(world.aks.add(cluster("there")), schedule())
    await world.start()
    answers = LostAnswers(at, fails=fails)
    answers.of(world.tables)
    await world.run_and_mind()
    return world, answers


async def each_lost(*, fails: bool) -> AsyncIterator[tuple[Patient, str]]:
    """Do that run once for each of its writes, and name the write; then once with none lost, ""."""
    for number in count():
        world, answers = await swept(number, fails=fails)
        assert len(answers.lost) <= 1
        yield world, "".join(answers.lost)
        if not answers.lost:
            return


async def ended_at(world: World) -> datetime:
    """Give when the one run ended, by its record."""
    (record,) = await world.store.runs_of("202611", 10)
    assert record.state is RunState.FINISHED
    assert sum(record.summary["outcomes"].values()) == len(CREATED) + 1
    assert record.finished_at
    return record.finished_at


@pytest.mark.parametrize("fails", [True, False])
async def test_whatever_answer_is_lost_all_is_done_once_and_told(*, fails: bool) -> None:
    """Each cluster is written to once, told of, and known to be naptime's; no claim is left."""
    number = 0
    async for world, lost in each_lost(fails=fails):
        await ended_at(world)
        written = sorted(str(call.cluster_id) for call in world.aks.accepted_writes)
        assert written == sorted(str(cluster_id(name)) for name in CREATED), lost
        told = {event.id for event in world.topic.of("ScheduleCreated")}
        assert len(told) == len(CREATED), lost
        for name in CREATED:
            known = await world.memory.recall(cluster_id(name))
            assert known, lost
            assert known.written, lost
        assert not any(
            row.flag("claimed") for row in world.tables.of(CLUSTERS_TABLE).stored.values()
        )
        number += lost != ""
    assert number > 25


async def test_what_lapses_by_itself_is_waited_for_by_nobody() -> None:
    """Claims, a lease, tokens: where their end is not answered the run's last write comes as soon.

    The next baton is sent all the same, and the minder has none to send.
    """
    endings = 0
    async for world, what in each_lost(fails=True):
        if what.endswith(SHARDS_TABLE) or what == f"replace_all {CLUSTERS_TABLE}":
            endings += 1
            assert not any(mended.batons for mended in world.minded), what
    assert endings > 4


async def test_who_has_written_the_end_of_a_listing_or_a_shift_goes_on_from_there() -> None:
    """Also where the SDK asks again, and is refused by what it has written: no minder has to."""
    endings = 0
    async for world, what in each_lost(fails=False):
        if what == "settle naptimeruns202611":
            endings += 1
            assert not any(each != Mended() for each in world.minded), what
    assert endings > 3


async def test_of_claims_that_are_taken_side_by_side_none_is_left_for_another_that_fails() -> None:
    """Of clusters that were claimed before: a worker that cannot have one gives the others back."""
    world = Patient(pace=Pace(50, 1))
    some = [world.aks.add(cluster(f"aks-{number}")) for number in range(2 * CLAIMED_APART + 1)]
    async with world.claims.holding_each(some):
        pass
    table = world.tables.of(CLUSTERS_TABLE)
    insert = table.insert

    async def fails_once(partition: str, key: str, values: Values) -> Row | None:
        if key != some[1].hash:
            return await insert(partition, key, values)
        table.insert = insert  # type: ignore[method-assign]  # this one table's
        raise ServiceResponseError("the answer is lost")

    table.insert = fails_once  # type: ignore[method-assign]  # the same
    with pytest.raises(ServiceResponseError):
        async with world.claims.holding_each(some):
            pass
    assert not any(row.flag("claimed") for row in table.stored.values())


async def test_what_a_person_puts_is_answered_where_the_claim_cannot_be_given_back() -> None:
    """The claim lapses; what was written, told and put on record is not denied for it."""
    world = Patient(pace=Pace(50, 1), has_topic=True)
    one = world.aks.add(cluster())
    table, was_remembered = world.tables.of(CLUSTERS_TABLE), False

    def away() -> None:
        nonlocal was_remembered
        if was_remembered:
            raise ServiceRequestError("the storage account does not answer")
        was_remembered = known_key(one) in {key for _, key in table.stored}

    table.step = away
    done = await world.putter.put(one, Wish(SUNDAY_NIGHT), ORIGIN)
    assert was_remembered
    assert done.outcome.kind is OutcomeKind.CREATED
    table.step = world.life.step
    assert await world.memory.recall(one)


async def test_a_creation_is_told_of_before_anything_else_is_made_of_it() -> None:
    """Its message comes again where it fails after the write, and finds the schedule there."""
    world = Patient(has_topic=True)
    one = world.aks.add(cluster())
    given_up = world.tables.of(GIVEN_UP_TABLE)

    def away() -> None:
        given_up.step = world.life.step
        raise ServiceResponseError("the answer is lost")

    given_up.step = away
    await world.ask()
    await world.run()
    assert [outcome.kind for outcome, _ in world.outcomes] == [
        OutcomeKind.CREATED,
        OutcomeKind.UNCHANGED,
    ]
    (told,) = world.topic.of("ScheduleCreated")
    assert one.name in told.subject


async def test_what_a_failed_shift_has_spent_of_half_of_the_pace_stays_spent() -> None:
    """What protects a cluster comes before updates also where storage fails on each of their turns.

    Three schedules are changed with six calls, and what came of it cannot be written down.
    """
    world = await fleet(3)
    await put(world, WEDNESDAY)
    await planned(world)
    before = puts(world)

    def away() -> None:
        if puts(world) == before + 3:
            raise ServiceRequestError("the storage account does not answer")

    world.tables.of("naptimeruns202611").step = away
    with pytest.raises(ServiceRequestError):
        await world.deliver_one()
    assert puts(world) == before + 3
    table, shard = world.tables.of(SHARDS_TABLE), Shard(SUBSCRIPTION, "westeurope")
    half = half_of(world.settings.pace)
    left = ShardRow.of(half, await table.get(UPDATES_PARTITION, shard.key)).bucket.tokens
    assert left <= half.burst - 6
