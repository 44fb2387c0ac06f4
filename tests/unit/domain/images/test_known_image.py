"""What is remembered of a node image, as a table row."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.domain.images.known_image import KnownImage, image_key, known_images
from shared.domain.images.node_image import ImageDefinition, ImageVersion, NodeImage
from shared.domain.vocabulary.rows import Row, Value
from tests.unit.domain.examples import at

NOW = at("2026-08-21 06:00")
IMAGE = NodeImage.parse("AKSUbuntu-2404gen2containerd-202608.20.0")
assert IMAGE
BEFORE = ImageVersion.parse("202608.14.0")


def row(values: dict[str, Value]) -> Row:
    return Row("westeurope", "aksubuntu|2404gen2containerd", values, "v1")


@given(
    previous=st.sampled_from([None, BEFORE]),
    release_seen=st.booleans(),
    after=st.timedeltas(timedelta(0), timedelta(days=400)),
)
def test_what_is_written_is_read(
    previous: ImageVersion | None,
    release_seen: bool,  # noqa: FBT001 - hypothesis gives it by name
    after: timedelta,
) -> None:
    """A row says again what was written into it."""
    assert IMAGE
    known = KnownImage(IMAGE, NOW + after, release_seen, previous, NOW if previous else None)
    assert KnownImage.of(row(known.to_values())) == known


def test_the_key_is_in_lower_case() -> None:
    """Azure writes names in any casing; one kind of image has one row."""
    (one, other) = (
        ImageDefinition.parse(os, "V3Gen2") for os in ("AKSAzureLinux", "aksazurelinux")
    )
    assert one
    assert other
    assert image_key(one) == image_key(other) == "aksazurelinux|v3gen2"


@pytest.mark.parametrize(
    "changes",
    [{"version": "latest"}, {"os": "9"}, {"sku": "a/b"}, {"seenSince": "yesterday"}],
)
def test_rows_that_naptime_did_not_write(changes: dict[str, Value]) -> None:
    """A row that somebody else wrote is left out; the others are told all the same."""
    assert IMAGE
    values = KnownImage(IMAGE, NOW, release_seen=True).to_values()
    odd = row({**values, **changes})
    assert [known.image for known in known_images([odd, row(values)])] == [IMAGE]


def test_a_first_sight_has_no_previous_version() -> None:
    """A table has no value for nothing: the value is absent."""
    assert IMAGE
    values = KnownImage(IMAGE, NOW, release_seen=False).to_values()
    assert "previousVersion" not in values
    assert values["releaseSeen"] is False
