"""A version of the policy as it is kept: read as it was written, or refused by name."""

import pytest

from shared.domain.errors import InvalidSetting
from shared.domain.policy.version import PolicyVersion
from shared.domain.vocabulary.rows import Row, Value
from tests.unit.domain.policy.examples import NOW, RINGS

VERSION = PolicyVersion(3, RINGS + "#" * 40_000, NOW, "a-person")


def test_a_version_is_read_as_it_was_written() -> None:
    """Its text may be longer than one property of a row holds."""
    row = Row("policy", VERSION.key, VERSION.to_values(), "")
    assert PolicyVersion.of(row) == VERSION
    assert all(len(str(value)) <= 32_768 for value in row.values.values())


@pytest.mark.parametrize("odd", [{"number": "3"}, {"at": "2026-11-27"}])
def test_a_row_of_a_later_naptime_is_refused_by_its_key(odd: dict[str, Value]) -> None:
    """After a step back to an earlier version nothing is read into what a later one wrote."""
    row = Row("policy", VERSION.key, {**VERSION.to_values(), **odd}, "")
    with pytest.raises(InvalidSetting, match=f"policy '{VERSION.key}': is of a form"):
        PolicyVersion.of(row)


def test_a_text_of_a_later_naptime_is_refused_by_its_hash() -> None:
    """The form of the row may be the same, and what the text asks for unknown."""
    later = PolicyVersion(4, f"{RINGS}\n[tags]\nchoose = 3\n", NOW, "a-person")
    with pytest.raises(InvalidSetting, match=f"policy '{later.hash}': cannot be read by this"):
        later.read()
