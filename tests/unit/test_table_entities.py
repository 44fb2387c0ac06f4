"""Rows as the Table service writes them."""

import json
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.clients.table_entities import changed_at, instant, literal, to_entity, to_row
from shared.domain.rows import Value, Values

AT = datetime(2026, 11, 21, 12, 0, 7, 120_000, tzinfo=UTC)
INSTANTS = st.datetimes(datetime(1900, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001 - the strategy adds the zone
VALUES: st.SearchStrategy[Value] = st.one_of(
    st.text(),
    st.booleans(),
    st.integers(-(2**63), 2**63 - 1),
    st.floats(allow_nan=False, allow_infinity=False),
    INSTANTS,
)
NAMES = st.from_regex("[a-z][A-Za-z]{0,9}", fullmatch=True)


def as_answered(body: bytes) -> dict[str, object]:
    """Give an entity as the service answers with it."""
    return {"odata.etag": 'W/"1"', "Timestamp": "2026-11-21T12:00:07.1234567Z", **json.loads(body)}


@given(st.dictionaries(NAMES, VALUES))
def test_a_row_reads_back_as_it_was_written(values: Values) -> None:
    """Whatever naptime writes it reads back, of the same type."""
    row = to_row(as_answered(to_entity("p|q", "k:1", values)))
    assert dict(row.values) == values
    assert [type(value) for value in row.values.values()] == [type(v) for v in values.values()]
    assert (row.partition, row.key, row.etag) == ("p|q", "k:1", 'W/"1"')


def test_an_instant_is_written_in_utc() -> None:
    """An instant of another zone is the same instant in UTC."""
    eastern = AT.astimezone(timezone(timedelta(hours=-5)))
    written = json.loads(to_entity("p", "k", {"at": eastern}))
    assert written["at"] == "2026-11-21T12:00:07.120000Z"
    assert written["at@odata.type"] == "Edm.DateTime"


def test_the_services_own_times_are_cut_to_microseconds() -> None:
    """The service keeps tenths of microseconds; what is below a microsecond is dropped."""
    entity = as_answered(to_entity("p", "k", {}))
    assert changed_at(entity) == datetime(2026, 11, 21, 12, 0, 7, 123_456, tzinfo=UTC)
    assert instant("2026-11-21T12:00:07Z") == AT.replace(microsecond=0)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("o'clock", "'o''clock'"),
        (True, "true"),
        (False, "false"),
        (7, "7"),
        (2**31, "2147483648L"),
        (1.5, "1.5"),
        (AT, "datetime'2026-11-21T12:00:07.120000Z'"),
    ],
)
def test_a_value_in_a_filter(value: Value, text: str) -> None:
    """A filter has each kind of value in its own form; a quote cannot end it."""
    assert literal(value) == text


def test_a_foreign_kind_of_value_is_refused() -> None:
    """What naptime never writes is not guessed at."""
    with pytest.raises(TypeError, match="list is no value"):
        to_row({**as_answered(to_entity("p", "k", {})), "odd": []})
