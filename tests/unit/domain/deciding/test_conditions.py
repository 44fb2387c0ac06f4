import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.domain.deciding.conditions import Condition, entity_tag, is_named, read_condition
from shared.domain.deciding.observed import ObservedConfiguration
from shared.domain.messages.audit import (
    FUNCTION_KEY,
    NAME_LIMIT,
    Caller,
    read_caller,
    read_correlation_id,
)
from shared.domain.vocabulary.invalid import InvalidInput
from tests.unit.domain.strategies import json_values

GUID = "0F0E0D0C-0b0a-4908-8706-050403020100"


@given(st.dictionaries(st.text(max_size=20), json_values, max_size=4))
def test_equal_properties_have_equal_tags(properties: dict[str, object]) -> None:
    """A tag stands for the properties, in whatever order; it can be sent back as it is."""
    turned = dict(reversed(properties.items()))
    tags = {
        entity_tag(ObservedConfiguration(name, body))
        for name, body in (("a", properties), ("b", turned))
    }
    (tag,) = tags
    assert tag
    assert read_condition(tag, None).holds(tag)
    assert not read_condition(None, tag).holds(tag)


def test_other_properties_have_another_tag() -> None:
    """A tag changes with any value; nothing there has none."""
    one, other = ({"a": [1, 2]}, {"a": [2, 1]})
    assert entity_tag(ObservedConfiguration("x", one)) != entity_tag(
        ObservedConfiguration("x", other)
    )
    assert entity_tag(None) is None


def test_lists_and_weak_tags() -> None:
    """A list matches if one of it does; a weak tag never matches, since ours are strong."""
    condition = read_condition('"a", W/"b" ,"c,d"', None)
    assert condition == Condition(matches=frozenset({'"a"', 'W/"b"', '"c,d"'}))
    assert condition.holds('"c,d"')
    assert not condition.holds('"b"')
    assert not condition.holds(None)


@pytest.mark.parametrize("value", ['"a",', ', "a"', '"x" ,, "a"', '\t"a"\t,"x"'])
def test_empty_elements_are_passed_over(value: str) -> None:
    """A list may have nothing between two commas, as proxies that join headers leave it."""
    assert read_condition(value, None).holds('"a"')
    assert not read_condition(None, value).holds('"a"')


@pytest.mark.parametrize("value", ['W/"a"', '"x", W/"a"', '"a"', "*"])
def test_a_weak_tag_keeps_a_write_off_as_a_strong_one_does(value: str) -> None:
    """A tag that something on the way has made a weak one still names what is not to be there."""
    assert not read_condition(None, value).holds('"a"')
    assert read_condition(None, value).holds(None)


@pytest.mark.parametrize(
    ("value", "named"),
    [
        *(('"a"', True), ('W/"a"', True), ('"x", W/"a"', True), (" * ", True)),
        *(('"A"', False), ('"x"', False), ("a", False), ("", False), ('"x"' * 500, False)),
    ],
)
def test_a_reader_has_what_one_of_its_tags_stands_for(value: str, named: bool) -> None:  # noqa: FBT001 - a column of the table
    """Any tag of a list counts, weak or not; what is no tag is passed over."""
    assert is_named('"a"', value) is named


@pytest.mark.parametrize(
    "value", ["", " ", ",", "a", '"a', '"a" "b"', '"a""b"', '*, "a"', '"a", *', '"\x7f"', '"é"']
)
def test_what_is_no_condition_is_refused(value: str) -> None:
    """A condition that cannot be read is never taken for one that holds."""
    with pytest.raises(InvalidInput) as refused:
        read_condition(None, value)
    assert refused.value.problems[0].field == "If-None-Match"


@given(st.text(max_size=60))
def test_any_text_is_read_or_refused(value: str) -> None:
    """Whatever a header holds, it is read or refused with InvalidInput, quickly."""
    try:
        condition = read_condition(value, value)
    except InvalidInput:
        return
    assert {tag.removeprefix("W/") for tag in condition.matches} == condition.matches_none


NAMED = {"x-ms-client-principal-name": " ops@example.com ", "x-ms-client-principal-id": "id-1"}


def test_a_name_is_believed_only_behind_entra() -> None:
    """Without the platform's sign-in anybody could write any name, so none is taken."""
    assert read_caller(NAMED, entra=False) == Caller(FUNCTION_KEY, None)
    assert read_caller(NAMED, entra=True) == Caller("ops@example.com", "id-1")
    assert read_caller({}, entra=True) == Caller(FUNCTION_KEY, None)
    assert read_caller({"x-ms-client-principal-id": "id-1"}, entra=True) == Caller("id-1", "id-1")


@given(st.text(), st.text())
def test_a_name_is_one_short_line(name: str, identity: str) -> None:
    """Whatever the name holds, it is printable and bounded."""
    headers = {"x-ms-client-principal-name": name, "x-ms-client-principal-id": identity}
    caller = read_caller(headers, entra=True)
    for text in (caller.name, caller.id or "x"):
        assert text.isprintable()
        assert 0 < len(text) <= NAME_LIMIT


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ({}, None),
        ({"x-correlation-id": GUID}, GUID.lower()),
        ({"x-ms-client-request-id": GUID, "x-correlation-id": "x"}, GUID.lower()),
        ({"x-correlation-id": f"{GUID}\nforged=line"}, None),
        ({"x-correlation-id": "{" + GUID + "}"}, None),
    ],
)
def test_a_correlation_id_is_a_guid_or_nothing(
    headers: dict[str, str], expected: str | None
) -> None:
    """Only a GUID is taken over from a request."""
    assert read_correlation_id(headers) == expected
