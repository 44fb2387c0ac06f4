"""One suite for tables: the fakes, those of the command line, the real ones against Azurite."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest

from naptime.memory.tables import MemoryTables
from shared.clients.storage.account import StorageAccount
from shared.clients.storage.account_tables import KEPT_TABLES, StorageTables
from shared.domain.deciding.last_outcome import LONGEST_OUTCOME as LONGEST_OF_A_CLUSTER
from shared.domain.errors import StorageRefused
from shared.domain.fleet.batch import CLUSTERS_A_BATCH
from shared.domain.vocabulary.rows import Row, Values
from shared.ports.storage import Table, Tables
from shared.storage_settings import StorageSettings
from tests.contract.test_storage import no_credential
from tests.fakes.clock import FakeClock
from tests.fakes.limits import LONGEST_TEXT
from tests.fakes.tables import FakeTables

AT = datetime(2026, 11, 21, 12, 0, 7, tzinfo=UTC)


@pytest.fixture(params=["fake", "azurite"])
async def stored(request: pytest.FixtureRequest, azurite_connection: str) -> AsyncIterator[Tables]:
    """Give what has the limits of storage: what a command holds in memory has none."""
    async for tables in _tables(request.param, azurite_connection):
        yield tables


@pytest.fixture(params=["fake", "memory", "azurite"])
async def tables(request: pytest.FixtureRequest, azurite_connection: str) -> AsyncIterator[Tables]:
    """Give an account's tables, fake and real."""
    async for tables in _tables(request.param, azurite_connection):
        yield tables


async def _tables(kind: str, azurite_connection: str) -> AsyncIterator[Tables]:
    if kind == "fake":
        yield FakeTables(FakeClock())
        return
    if kind == "memory":
        yield MemoryTables(FakeClock())
        return
    account = StorageAccount(StorageSettings(azurite_connection), no_credential)  # type: ignore[arg-type]  # never called
    real = StorageTables(account)
    yield real
    await real.close()
    await account.close()


@pytest.fixture
async def table(tables: Tables) -> Table:
    """Give a table that is not there yet."""
    return tables.of(f"t{uuid4().hex}")


@pytest.fixture
async def limited(stored: Tables) -> Table:
    """Give one with the limits of storage."""
    return stored.of(f"t{uuid4().hex}")


async def read(table: Table, key: str, partition: str = "p") -> Row:
    """Read a row that must be there."""
    row = (await table.get(partition, key)).row
    assert row
    return row


async def keys(table: Table, **of: str) -> list[str]:
    """Name the rows of the partition."""
    return [
        row.key
        async for row in table.rows("p", after=of.get("after", ""), before=of.get("before", ""))
    ]


async def test_a_table_that_is_not_there_reads_as_empty(table: Table) -> None:
    """Nothing is found in a table that nobody has written to, and the time is told all the same."""
    reading = await table.get("p", "k")
    assert reading.row is None
    assert (reading.at.tzinfo, reading.at.microsecond) == (UTC, 0)
    assert await keys(table) == []
    assert await table.first("p", 5) == []
    await table.delete("p", "k")


async def test_values_read_back(table: Table) -> None:
    """Text, numbers, flags and instants are read back as they were written."""
    values: Values = {
        "text": "a|b 'quoted' é",
        "whole": 7,
        "broken": 1.5,
        "even": 2.0,
        "yes": True,
        "no": False,
        "at": AT,
        "empty": "",
    }
    assert await table.insert("p|q", "k:1", values)
    row = (await table.get("p|q", "k:1")).row
    assert row
    assert dict(row.values) == values
    assert (row.partition, row.key) == ("p|q", "k:1")
    assert (row.whole("whole"), row.flag("yes"), row.instant("at")) == (7, True, AT)
    assert (row.text("none"), row.whole("none"), row.flag("none")) == ("", 0, False)


async def test_an_insert_never_replaces(table: Table) -> None:
    """A row that is there stays as it is."""
    assert await table.insert("p", "k", {"n": 1})
    assert await table.insert("p", "k", {"n": 2}) is None
    assert (await read(table, "k")).values["n"] == 1


async def test_a_replacement_needs_the_newest_etag(table: Table) -> None:
    """Of two who have read the same row, the second to write has no effect."""
    await table.insert("p", "k", {"n": 1, "old": True})
    first, second = await read(table, "k"), await read(table, "k")
    written = await table.replace(first, {"n": 2})
    assert written
    assert await table.replace(second, {"n": 3}) is None
    found = await read(table, "k")
    assert (dict(found.values), found.etag) == ({"n": 2}, written.etag)


@pytest.mark.parametrize("others", [{}, {"c1": {"n": 1}}], ids=["alone", "with others"])
async def test_of_many_replacements_at_once_one_succeeds(
    table: Table, others: dict[str, Values]
) -> None:
    """Twelve who have read the same row and write at the same time: one of them does."""
    await table.insert("p", "k", {"n": -1})
    row = await read(table, "k")
    rows = await asyncio.gather(*(table.settle(row, {"n": n}, others) for n in range(12)))
    ((winner, written),) = [(n, row) for n, row in enumerate(rows) if row]
    found = await read(table, "k")
    assert (found.values["n"], found.etag) == (winner, written.etag)


async def test_a_row_that_is_gone_is_not_replaced(table: Table) -> None:
    """A row that somebody has removed is not made again."""
    await table.insert("p", "k", {"n": 1})
    row = await read(table, "k")
    await table.delete("p", "k")
    assert await table.replace(row, {"n": 2}) is None
    assert await table.settle(row, {"n": 2}, {}) is None
    assert (await table.get("p", "k")).row is None


async def test_a_transaction_is_all_or_nothing(table: Table) -> None:
    """Rows change together under the ETag of one of them, or not at all."""
    await table.insert("p", "shard", {"n": 1})
    await table.insert("p", "c1", {"pending": True, "more": 1})
    stale = await read(table, "shard")
    written = await table.settle(stale, {"n": 2}, {"c1": {"pending": False}, "c2": {"x": 1}})
    assert written
    assert await table.settle(stale, {"n": 3}, {"c1": {"pending": True}, "c3": {}}) is None
    assert await keys(table) == ["c1", "c2", "shard"]
    assert dict((await read(table, "c1")).values) == {"pending": False, "more": 1}
    found = await read(table, "shard")
    assert (found.values["n"], found.etag) == (2, written.etag)


async def test_the_largest_transaction(table: Table) -> None:
    """A row and 99 others fit into one transaction."""
    await table.insert("p", "shard", {"n": 1})
    others = {f"c{number:03}": {"text": "x" * 1000} for number in range(99)}
    assert await table.settle(await read(table, "shard"), {"n": 2}, others)
    assert len(await keys(table)) == 100


@pytest.mark.filterwarnings("ignore:Sending a large body")  # aiohttp's; no row comes near this
async def test_the_largest_batch_of_clusters(table: Table) -> None:
    """A row takes as many columns of the greatest length as a batch has, several in one change."""
    await table.insert("p", "shard", {"n": 1})
    columns: Values = {f"c{n:02}": "x" * LONGEST_OF_A_CLUSTER for n in range(CLUSTERS_A_BATCH)}
    batches = {f"b{number}": columns for number in range(8)}
    assert await table.settle(await read(table, "shard"), {"n": 2}, batches)
    assert dict((await read(table, "b7")).values) == columns


async def test_rows_are_inserted_together(table: Table) -> None:
    """Rows that are made together come back with their ETags and the service's time."""
    rows: dict[str, Values] = {f"k:{n}": {"n": n} for n in range(25)}
    made = await table.insert_all("p|q", rows)
    assert made
    assert list(made) == list(rows)
    for key, row in made.items():
        stored = await read(table, key, "p|q")
        assert (stored.etag, dict(stored.values)) == (row.etag, rows[key])
        assert row.changed_at
        assert stored.changed_at
        assert abs(stored.changed_at - row.changed_at) < timedelta(seconds=5)


async def test_of_rows_inserted_together_all_or_none_is_made(table: Table) -> None:
    """Where one of them is there already, it stays as it is and no other is made."""
    await table.insert("p", "k1", {"n": 1})
    assert await table.insert_all("p", {"k0": {"n": 2}, "k1": {"n": 2}, "k2": {"n": 2}}) is None
    assert await keys(table) == ["k1"]
    assert (await read(table, "k1")).values["n"] == 1


async def test_rows_are_replaced_together(table: Table) -> None:
    """Rows that nobody has changed since are all replaced, and have no value of before."""
    made = await table.insert_all("p", {f"k{n}": {"n": n, "old": True} for n in range(3)})
    assert made
    assert await table.replace_all([(row, {"n": 7}) for row in made.values()])
    assert [dict((await read(table, key)).values) for key in made] == [{"n": 7}] * 3
    assert not await table.replace_all([(row, {"n": 8}) for row in made.values()])


async def test_of_rows_replaced_together_all_or_none_is(table: Table) -> None:
    """Where one of them was changed or removed since, the others stay as they are, too."""
    made = await table.insert_all("p", {f"k{n}": {"n": n} for n in range(3)})
    assert made
    await table.replace(made["k1"], {"n": 5})
    assert not await table.replace_all([(row, {"n": 8}) for row in made.values()])
    assert [(await read(table, key)).values["n"] for key in made] == [0, 5, 2]
    await table.delete("p", "k1")
    assert not await table.replace_all([(row, {"n": 8}) for row in made.values()])
    assert (await read(table, "k2")).values["n"] == 2


async def test_only_new_rows_are_inserted(table: Table) -> None:
    """Of many rows those that are there stay as they are, wherever they come among the others."""
    rows = {f"k{number:03}": {"n": number} for number in range(250)}
    await table.insert("p", "k117", {"n": -1})
    await table.insert_new("p", rows)
    await table.insert_new("p", rows)
    found = {row.key: row.values["n"] async for row in table.rows("p")}
    assert found == {key: values["n"] for key, values in rows.items()} | {"k117": -1}


async def test_a_merge_keeps_what_it_does_not_name(table: Table) -> None:
    """Values that are not named stay; rows that are not there are made."""
    await table.insert("p", "k001", {"n": 1, "kept": "yes"})
    await table.merge("p", {f"k{number:03}": {"n": 2} for number in range(150)})
    assert dict((await read(table, "k001")).values) == {"n": 2, "kept": "yes"}
    assert len(await keys(table)) == 150


async def test_rows_come_in_order(table: Table) -> None:
    """Rows come by key, between bounds that are not among them, from their partition only."""
    for key in ("b", "a", "d", "c"):
        await table.insert("p", key, {})
    await table.insert("q", "b", {})
    assert await keys(table) == ["a", "b", "c", "d"]
    assert await keys(table, after="a", before="d") == ["b", "c"]


async def test_rows_with_only_some_values(table: Table) -> None:
    """Rows can be asked for without values that nobody needs; one may have none of the named."""
    await table.insert("p", "a", {"n": 1, "long": "x" * 1000})
    await table.insert("p", "b", {"long": "x"})
    found = [row async for row in table.rows("p", only=("n", "m"))]
    assert [(row.key, dict(row.values)) for row in found] == [("a", {"n": 1}), ("b", {})]
    assert await table.replace(found[0], {"n": 2})


async def test_the_first_rows_with_a_value(table: Table) -> None:
    """The first of those with equal values, however many others lie between them."""
    rows: dict[str, Values] = {
        f"k{n:04}": {"pending": n % 3 == 0, "place": f"p{n % 2}"} for n in range(1200)
    }
    await table.insert_new("p", rows)
    found = await table.first("p", 5, after="k0003", where={"pending": True, "place": "p0"})
    assert [row.key for row in found] == ["k0006", "k0012", "k0018", "k0024", "k0030"]
    assert len(await table.first("p", 5000)) == 1200
    last = await table.first("p", 3, after="k1196", where={"pending": True})
    assert [row.key for row in last] == ["k1197"]


async def test_tables_are_named_and_dropped(tables: Tables) -> None:
    """Tables are found by how their names begin, and dropped with all that is in them."""
    word = f"t{uuid4().hex}"
    for month in ("202611", "202610"):
        await tables.of(word + month).insert("p", "k", {})
    assert await tables.names(word) == [f"{word}202610", f"{word}202611"]
    await tables.drop(f"{word}202610")
    await tables.drop(f"{word}202610")
    assert await tables.names(word) == [f"{word}202611"]
    assert await tables.of(f"{word}202610").first("p", 1) == []


async def test_the_time_is_the_services(table: Table) -> None:
    """Readings tell the service's time in whole seconds, which does not go back."""
    first = (await table.get("p", "k")).at
    second = (await table.get("p", "k")).at
    assert timedelta(0) <= second - first < timedelta(minutes=1)


async def test_a_row_tells_when_it_was_changed(table: Table) -> None:
    """A write is answered with its time in whole seconds; a reading tells it more exactly."""
    made = await table.insert("p", "k", {"n": 1})
    assert made
    changed = await table.replace(made, {"n": 2})
    assert changed
    found = await read(table, "k")
    for row in (made, changed):
        assert row.changed_at
        assert (row.changed_at.tzinfo, row.changed_at.microsecond) == (UTC, 0)
    assert found.changed_at
    assert changed.changed_at
    assert abs(found.changed_at - changed.changed_at) < timedelta(seconds=2)


async def test_rows_of_all_partitions(table: Table) -> None:
    """Rows are read across partitions, in order, from behind a place, however many there are."""
    assert await table.across(5) == []
    places = [(f"p{n % 3}", f"k{n:04}") for n in range(1100)]
    for partition in ("p0", "p1", "p2"):
        await table.merge(partition, {k: {"n": 1} for p, k in places if p == partition})
    found = [(row.partition, row.key) for row in await table.across(1099)]
    assert found == sorted(places)[:1099]
    rest = await table.across(9, after=found[-1])
    assert [(row.partition, row.key) for row in rest] == sorted(places)[1099:]


async def test_a_row_is_removed_as_it_was_read(table: Table) -> None:
    """A row that somebody has changed since stays; one that is gone is as good as removed."""
    made = await table.insert("p", "k", {"n": 1})
    assert made
    changed = await table.replace(made, {"n": 2})
    assert changed
    assert not await table.remove(made)
    assert (await read(table, "k")).values["n"] == 2
    assert await table.remove(changed)
    assert await table.remove(changed)
    assert (await table.get("p", "k")).row is None


async def test_of_removal_and_change_at_once_one_succeeds(table: Table) -> None:
    """Whoever comes second has no effect: nothing is removed that somebody has taken up."""
    row = await table.insert("p", "k", {"n": 1})
    assert row
    removed, changed = await asyncio.gather(table.remove(row), table.replace(row, {"n": 2}))
    left = (await table.get("p", "k")).row
    assert (left is None) == removed
    assert (left is not None) == (changed is not None)


async def test_clients_of_made_up_tables_are_not_kept(azurite_connection: str) -> None:
    """However many tables are asked for, only some clients are kept; one in use goes on working."""
    account = StorageAccount(StorageSettings(azurite_connection), no_credential)  # type: ignore[arg-type]  # never called
    tables = StorageTables(account)
    in_use = tables.of(f"t{uuid4().hex}")
    for number in range(5 * KEPT_TABLES):
        tables.of(f"t{number:06}")
    assert len(tables._tables) == KEPT_TABLES
    assert await in_use.insert("p", "k", {"n": 1})
    await tables.close()
    await account.close()


TOO_LONG: Values = {"text": "x" * (LONGEST_TEXT + 1)}
LONGEST: Values = {"text": "x" * LONGEST_TEXT, "odd": "\N{GRINNING FACE}" * (LONGEST_TEXT // 2)}


async def test_the_longest_texts_are_taken(table: Table) -> None:
    """A text has 32,768 units of UTF-16: letters outside the basic plane are two."""
    assert await table.insert("p", "k", LONGEST)
    assert dict((await read(table, "k")).values) == LONGEST


@pytest.mark.parametrize(
    "too_long", [TOO_LONG, {"odd": "\N{GRINNING FACE}" * (LONGEST_TEXT // 2 + 1)}]
)
async def test_a_longer_text_is_refused(limited: Table, too_long: Values) -> None:
    """However it is written, a text that is too long is refused, and nothing is changed by it."""
    row = await limited.insert("p", "k", {"n": 1})
    assert row
    writes: list[Callable[[], Awaitable[object]]] = [
        lambda: limited.insert("p", "other", too_long),
        lambda: limited.replace(row, too_long),
        lambda: limited.settle(row, {"n": 2}, {"c1": {"n": 1}, "c2": too_long}),
        lambda: limited.merge("p", {"k": too_long}),
        lambda: limited.merge("p", {"k": {"n": 2}, "c2": too_long}),
        lambda: limited.insert_new("p", {"c1": {"n": 1}, "c2": too_long}),
    ]
    for write in writes:
        with pytest.raises(StorageRefused):
            await write()
    assert await keys(limited) == ["k"]
    assert (await read(limited, "k")).values == {"n": 1}


@pytest.mark.filterwarnings("ignore:Sending a large body")  # aiohttp's; no row comes near this
async def test_a_transaction_of_four_megabytes_is_refused(limited: Table) -> None:
    """Rows that are small enough each may be too large together."""
    row = await limited.insert("p", "k", {"n": 1})
    assert row
    large: Values = {f"c{number:02}": "x" * 32_000 for number in range(15)}
    with pytest.raises(StorageRefused):
        await limited.settle(row, {"n": 2}, {f"b{number}": large for number in range(9)})
    assert await keys(limited) == ["k"]


@pytest.mark.parametrize("key", ["a/b", "a\\b", "a#b", "a?b", "k" * 1025])
async def test_a_key_that_no_row_can_have(limited: Table, key: str) -> None:
    """A key has no separators of URLs in it, and is no longer than 1 KiB."""
    with pytest.raises(StorageRefused):
        await limited.insert("p", key, {"n": 1})


async def test_what_the_emulator_lets_through() -> None:
    """A row of more than 1 MiB, or of more columns than 252, is refused by the service alone."""
    table = FakeTables(FakeClock()).of("t")
    large: Values = {f"c{number:02}": "x" * LONGEST_TEXT for number in range(16)}
    for refused in (large, {f"c{number}": 1 for number in range(253)}):
        with pytest.raises(StorageRefused):
            await table.insert("p", "k", refused)
