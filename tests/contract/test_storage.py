"""One suite for the queue and the tables: the fakes, and the real clients against Azurite."""

from base64 import b64decode
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from copy import replace
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Protocol
from uuid import uuid4

import pytest
from azure.core.exceptions import ServiceRequestError
from azure.storage.queue.aio import QueueClient

from naptime.memory.queues import MemoryQueue
from naptime.memory.tables import MemoryTable
from shared.clients.storage.account import StorageAccount
from shared.clients.storage.account_tables import StorageTables
from shared.clients.storage.queues import StorageQueue
from shared.domain.errors import StorageRefused
from shared.domain.messages.given_up import GivenUp
from shared.domain.messages.work import (
    AlreadyDone,
    Busy,
    Claim,
    ReconcileCluster,
    parse_reconcile_cluster,
)
from shared.domain.vocabulary.ids import ClusterId
from shared.domain.vocabulary.invalid import NaptimeError
from shared.domain.vocabulary.reasons import Cause
from shared.domain.vocabulary.rows import Row, Values
from shared.ports.storage import Queue, Table
from shared.reconcile.ground.claim import ClusterClaims
from shared.reconcile.ground.given_up import GivenUpRecords
from shared.storage_settings import StorageSettings
from tests.clusters import SUBSCRIPTION
from tests.fakes.clock import SATURDAY_NOON, FakeClock
from tests.fakes.storage import FakeQueue
from tests.fakes.tables import FakeTable

LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)
FAR_AHEAD = datetime(2100, 1, 1, tzinfo=UTC)


class Closes(Protocol):
    """A real client."""

    async def close(self) -> None:
        """Close the connection."""


def no_credential() -> object:
    """Fail: a connection string needs no identity."""
    raise NaptimeError


@pytest.fixture
async def account(azurite_connection: str) -> AsyncIterator[StorageAccount]:
    """Give Azurite's account."""
    account = StorageAccount(StorageSettings(azurite_connection), no_credential)  # type: ignore[arg-type]  # never called
    yield account
    await account.close()


@pytest.fixture(params=["fake", "memory", "azurite"])
async def table(request: pytest.FixtureRequest, account: StorageAccount) -> AsyncIterator[Table]:
    """Give an empty table: fake, the command line's, and real."""
    if request.param == "fake":
        yield FakeTable(FakeClock())
        return
    if request.param == "memory":
        yield MemoryTable(FakeClock())
        return
    real = StorageTables(account)
    yield real.of(f"t{uuid4().hex}")
    await real.close()


@pytest.fixture
def claims(table: Table) -> ClusterClaims:
    """Give the claims on clusters."""
    return ClusterClaims(table)


@pytest.fixture
def reported() -> list[GivenUp]:
    """Give what was told of."""
    return []


@pytest.fixture
def given_up(table: Table, reported: list[GivenUp]) -> GivenUpRecords:
    """Give an empty table of what was given up."""
    return GivenUpRecords(table, reported.append)


def some_id(name: str = "aks-1") -> ClusterId:
    """Give a cluster."""
    return ClusterId.of(SUBSCRIPTION, "rg", name)


async def claimed(claims: ClusterClaims, since: datetime | None = None) -> Claim:
    """Claim the cluster, which must be possible."""
    claim = await claims.claim(some_id(), since)
    assert isinstance(claim, Claim)
    return claim


async def test_a_claim_excludes_others(claims: ClusterClaims) -> None:
    """While a claim stands nobody else gets one, in whatever casing they name the cluster."""
    await claimed(claims)
    assert isinstance(await claims.claim(some_id("AKS-1"), None), Busy)
    assert isinstance(await claims.claim(some_id("aks-2"), None), Claim)


async def test_a_released_claim_can_be_taken_again(claims: ClusterClaims) -> None:
    """After the release the next one gets a claim."""
    await claims.release(await claimed(claims), concluded=False)
    assert isinstance(await claims.claim(some_id(), None), Claim)


async def test_earlier_work_is_done(claims: ClusterClaims) -> None:
    """After a reconcile that concluded, work from before its claim is done, later work is not."""
    claim = await claimed(claims)
    await claims.release(claim, concluded=True)
    before = claim.claimed_at - timedelta(seconds=1)
    after = claim.claimed_at + timedelta(seconds=1)
    assert isinstance(await claims.claim(some_id(), before), AlreadyDone)
    assert isinstance(await claims.claim(some_id(), LONG_AGO), AlreadyDone)
    assert isinstance(await claims.claim(some_id(), after), Claim)


async def test_work_counts_until_a_claim_comes_to_an_end(claims: ClusterClaims) -> None:
    """After a claim that came to no end even the oldest work still counts."""
    await claims.release(await claimed(claims), concluded=False)
    assert isinstance(await claims.claim(some_id(), LONG_AGO), Claim)


async def test_a_conclusion_outlasts_a_later_failure(claims: ClusterClaims) -> None:
    """A release that concludes nothing leaves what an earlier one concluded."""
    first = await claimed(claims)
    await claims.release(first, concluded=True)
    await claims.release(await claimed(claims, FAR_AHEAD), concluded=False)
    before = first.claimed_at - timedelta(seconds=1)
    assert isinstance(await claims.claim(some_id(), before), AlreadyDone)


async def test_a_late_release_changes_nothing(claims: ClusterClaims) -> None:
    """A release of a claim that somebody else's has followed is without effect."""
    stale = await claimed(claims)
    await claims.release(stale, concluded=False)
    await claimed(claims)
    await claims.release(stale, concluded=True)
    assert isinstance(await claims.claim(some_id(), LONG_AGO), Busy)


async def test_many_are_claimed_at_once(claims: ClusterClaims) -> None:
    """Many clusters are claimed together, nobody else gets one of them, and all are given back."""
    names = [some_id(f"aks-{number:03}") for number in range(60)]
    async with claims.holding_each(names) as held:
        assert [*held] == names
        assert isinstance(await claims.claim(names[30], None), Busy)
    again = await claims.claim(names[30], None)
    assert isinstance(again, Claim)


async def test_where_some_cannot_be_claimed_the_others_are_given_back(
    claims: ClusterClaims, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Trouble with some of many leaves nobody waiting for the rest of them."""
    names = [some_id(f"aks-{number:03}") for number in range(60)]
    insert_all = claims.table.insert_all

    async def refused(
        _: Table, partition: str, rows: Mapping[str, Values]
    ) -> Mapping[str, Row] | None:
        if names[55].hash in rows:
            raise ServiceRequestError("gone")
        return await insert_all(partition, rows)

    monkeypatch.setattr(type(claims.table), "insert_all", refused)
    with pytest.raises(ServiceRequestError):
        async with claims.holding_each(names):
            pytest.fail("not all of them were claimed")
    for name in (names[0], names[30], names[55]):
        assert isinstance(await claims.claim(name, None), Claim)


async def test_of_many_those_that_are_held_are_left_out(claims: ClusterClaims) -> None:
    """Where somebody is at one cluster, the others are claimed, whether ever claimed before."""
    names = [some_id(f"aks-{number}") for number in range(4)]
    before = await claims.claim(names[0], None)
    assert isinstance(before, Claim)
    await claims.release(before, concluded=False)
    assert isinstance(await claims.claim(names[1], None), Claim)
    async with claims.holding_each(names) as held:
        assert {*held} == {names[0], names[2], names[3]}


async def test_of_many_a_claim_that_lapsed_meanwhile_is_anothers(claims: ClusterClaims) -> None:
    """Who has claimed one of many since keeps it; the others are given back all the same."""
    names = [some_id(f"aks-{number}") for number in range(3)]
    async with claims.holding_each(names) as held:
        # As if the claim had lapsed: somebody has changed the row since.
        await claims.table.replace(held[names[1]].row, {**held[names[1]].row.values, "n": 1})
    assert isinstance(await claims.claim(names[1], None), Busy)
    assert isinstance(await claims.claim(names[0], None), Claim)


def given(name: str | None = "aks-1", reason: str = "RejectedByAzure") -> GivenUp:
    """Give one record."""
    return GivenUp(
        cluster_id=some_id(name) if name else None,
        reason=reason,
        message="durationHours: 3",
        advice="Read the message.",
        given_up_at=SATURDAY_NOON,
        attempts=3,
        work='{"v":1}',
    )


async def test_given_up_is_read_back(given_up: GivenUpRecords, reported: list[GivenUp]) -> None:
    """What was given up is read back as it was recorded, and told of once."""
    assert await given_up.get(some_id()) is None
    await given_up.put(given())
    assert await given_up.get(some_id("AKS-1")) == given()
    assert reported == [given()]


async def test_a_later_record_replaces(given_up: GivenUpRecords) -> None:
    """One cluster has one record, the last."""
    await given_up.put(given())
    await given_up.put(given(reason="AccessDenied"))
    found = await given_up.get(some_id())
    assert found
    assert found.reason == "AccessDenied"


async def test_forgetting(given_up: GivenUpRecords) -> None:
    """Forgetting removes the record, and is harmless where there is none, or no table."""
    await given_up.forget(some_id())
    await given_up.put(given())
    await given_up.forget(some_id())
    await given_up.forget(some_id())
    assert await given_up.get(some_id()) is None


async def test_what_is_of_a_run_is_forgotten_with_it(given_up: GivenUpRecords) -> None:
    """A part of a run has one record, the last; forgetting the run leaves everything else."""
    await given_up.forget_run("202611-a")
    for run_id, part, why in [("a", "s|x", "1"), ("a", "s|x", "2"), ("a", "", "3"), ("b", "", "4")]:
        of_run = replace(given(None), run_id=f"202611-{run_id}", part=part, message=why)
        await given_up.put(of_run)
    await given_up.put(given())
    of_runs = [record for _, record in await given_up.page("run:", 9)]
    assert sorted((each.run_id, each.part, each.message) for each in of_runs) == [
        ("202611-a", "", "3"),
        ("202611-a", "s|x", "2"),
        ("202611-b", "", "4"),
    ]
    await given_up.forget_run("202611-a")
    left = [record for _, record in await given_up.page("", 9)]
    assert [(each.cluster_id, each.run_id) for each in left] == [
        (some_id(), ""),
        (None, "202611-b"),
    ]


async def test_unreadable_work_is_kept(given_up: GivenUpRecords) -> None:
    """A message that names no cluster can be recorded as well."""
    await given_up.put(given(None))


async def test_given_up_is_read_page_by_page(given_up: GivenUpRecords) -> None:
    """Records come in one order, page by page, each with the place that the next begins behind."""
    assert await given_up.page("", 2) == []
    for number in range(5):
        await given_up.put(given(f"aks-{number}"))
    await given_up.put(given(None))
    places, found = [""], []
    while page := await given_up.page(places[-1], 2):
        found += [record for _, record in page]
        places += [place for place, _ in page]
    assert places == sorted(set(places))
    assert {record.cluster_id for record in found} == {
        None,
        *(some_id(f"aks-{number}") for number in range(5)),
    }
    of_clusters = [place for place in places if place.startswith(f"{SUBSCRIPTION}|")]
    assert len(of_clusters) == 5


type Receive = Callable[[], Awaitable[list[str]]]


def from_memory(queue: FakeQueue[ReconcileCluster] | MemoryQueue[ReconcileCluster]) -> Receive:
    """Take the messages that can be seen now, the earliest first."""

    async def texts() -> list[str]:
        found = []
        while message := queue.due():
            found.append(message.text)
        return found

    return texts


def from_azurite(client: QueueClient) -> Receive:
    """Take the messages that can be seen now, as the host does."""

    async def texts() -> list[str]:
        found = [message async for message in client.receive_messages()]
        return [b64decode(message.content).decode() for message in found]

    return texts


@pytest.fixture(params=["fake", "memory", "azurite"])
async def queue(
    request: pytest.FixtureRequest, account: StorageAccount
) -> AsyncIterator[tuple[Queue[ReconcileCluster], Receive]]:
    """Give an empty queue, and who receives from it."""
    if request.param == "fake":
        fake = FakeQueue[ReconcileCluster](FakeClock())
        yield fake, from_memory(fake)
    elif request.param == "memory":
        remembered = MemoryQueue[ReconcileCluster](FakeClock())
        yield remembered, from_memory(remembered)
    else:
        name = f"q{uuid4().hex}"
        real = StorageQueue[ReconcileCluster](account.queue(name))
        async with account.queue(name) as client:
            yield real, from_azurite(client)
        await real.close()


async def test_a_message_can_be_seen_once_its_delay_is_over(
    queue: tuple[Queue[ReconcileCluster], Receive],
) -> None:
    """What is sent can be received as it was, once; what is delayed cannot be seen yet."""
    sender, receive = queue
    works = [ReconcileCluster(some_id(f"aks-{n}"), Cause.ASKED, SATURDAY_NOON) for n in range(2)]
    await sender.send(works[0])
    await sender.send(works[1], timedelta(minutes=5))
    assert [parse_reconcile_cluster(text) for text in await receive()] == [works[0]]
    assert await receive() == []


async def test_the_real_queue_encodes_as_the_host_expects(account: StorageAccount) -> None:
    """A message is base64, is there after its delay, and reads back as the same work."""
    name = f"q{uuid4().hex}"
    queue = StorageQueue[ReconcileCluster](account.queue(name))
    work = ReconcileCluster(some_id(), Cause.ASKED, SATURDAY_NOON)
    await queue.send(work)
    await queue.send(work, timedelta(minutes=5))
    async with account.queue(name) as client:
        messages = [message async for message in client.receive_messages()]
        properties = await client.get_queue_properties()
    await queue.close()
    assert properties.approximate_message_count == 2
    (message,) = messages
    assert message.content.isascii()
    assert "{" not in message.content
    assert parse_reconcile_cluster(b64decode(message.content).decode()) == work


@dataclass(frozen=True, slots=True)
class Text:
    """Work of any length."""

    text: str

    def to_message(self) -> str:
        """Give it."""
        return self.text


@pytest.fixture(params=["fake", "azurite"])
async def texts(
    request: pytest.FixtureRequest, account: StorageAccount
) -> AsyncIterator[Queue[Text]]:
    """Give a queue, fake and real."""
    if request.param == "fake":
        yield FakeQueue[Text](FakeClock())
        return
    queue = StorageQueue[Text](account.queue(f"q{uuid4().hex}"))
    yield queue
    await queue.close()


@pytest.mark.parametrize("text", ["x" * 48 * 1024, "\N{EURO SIGN}" * 16 * 1024])
async def test_the_longest_messages(texts: Queue[Text], text: str) -> None:
    """A queue takes 48 KiB of text, which are 64 KiB in base64, and nothing longer."""
    await texts.send(Text(text))
    with pytest.raises(StorageRefused):
        await texts.send(Text(text + "x"))


async def test_the_longest_delay(texts: Queue[Text]) -> None:
    """A message can be hidden for seven days, and no longer."""
    await texts.send(Text("x"), timedelta(days=7))
    with pytest.raises(StorageRefused):
        await texts.send(Text("x"), timedelta(days=7, seconds=1))
