import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.domain.vocabulary.fields import NotStrictJson, parse_object
from tests.unit.domain.strategies import json_values


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "1",
        "{",
        '{"a":1,"a":1}',
        '{"a":{"b":1,"b":2}}',
        '{"a":NaN}',
        '{"a":-Infinity}',
        '{"a":1e999}',
        '{"a":"\\ud800"}',
        '{"a":["\\uDC00"]}',
        '{"a":"\ud800"}',
        '{"a":' + "9" * 5000 + "}",
        '{"a":' * 100_000,
        '{"a":' + "[" * 100_000 + "]" * 100_000 + "}",
        '{"a":"' + "x" * 300_000 + '"}',
        '{"a":"' + "\u00e9" * 130_000 + '"}',
    ],
    ids=lambda text: ascii(text[:12]),
)
def test_what_readers_could_read_differently_is_refused(text: str) -> None:
    """Duplicates, infinities, lone surrogates, depth, size and other kinds are all refused."""
    with pytest.raises(NotStrictJson, match="must"):
        parse_object(text, 256_000)


def test_pairs_of_surrogates_are_letters() -> None:
    """An escaped pair of surrogates is one character, and allowed."""
    assert parse_object('{"a":"\\ud83d\\ude00"}', 100) == {"a": "\U0001f600"}


def test_a_byte_order_mark_is_passed_over() -> None:
    """What PowerShell 5 writes as UTF-8 is read; a second mark is no JSON."""
    assert parse_object('\ufeff{"a":1}', 100) == {"a": 1}
    with pytest.raises(NotStrictJson, match="one JSON object"):
        parse_object('\ufeff\ufeff{"a":1}', 100)


@given(st.dictionaries(st.text(), json_values))
@settings(max_examples=50, deadline=None)
def test_what_json_writes_is_read_back(value: dict[str, object]) -> None:
    """Whatever can be written as strict JSON is read back as it was."""
    try:
        text = json.dumps(value, allow_nan=False)
    except ValueError:
        return
    assert parse_object(text, len(text)) == value
