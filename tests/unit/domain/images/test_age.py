"""The ages of a cluster's images: counted machine by machine, judged, kept in a row, shown."""

from copy import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.domain.deciding.decision import FindingJson, finding_json
from shared.domain.images.age import AgesRead, ImageAge, ImageCount, with_image_age
from shared.domain.images.node_image import NodeImage
from shared.domain.vocabulary.reasons import NEEDS_ATTENTION, Reason
from shared.domain.vocabulary.rows import Row
from tests.unit.domain.examples import at

READ_AT = at("2026-11-22 12:00")
UBUNTU = "AKSUbuntu-2404gen2containerd-{}"
WINDOWS = "AKSWindows-2022-containerd-gen2-20348.4529.{}"


def counted(*names: str) -> ImageCount:
    """Count machines with images of these names; others are unknown."""
    count = ImageCount()
    for name in names:
        count = count.counting(NodeImage.parse(name))
    return count


def judged(*names: str, old_days: int = 60) -> ImageAge:
    """Judge such machines."""
    return ImageAge.judged(counted(*names), READ_AT, old_days)


def test_machines_are_counted() -> None:
    """Every machine counts; those whose image is unknown are counted as that, not left out."""
    count = counted(UBUNTU.format("202611.01.0"), "mine", "", UBUNTU.format("202610.20.2"))
    assert (count.machines, count.unknown, str(count.oldest)) == (4, 2, "202610.20.2")
    assert counted("mine").oldest is None


def test_the_oldest_is_by_date() -> None:
    """Versions of different kinds are compared by the day that they name."""
    count = counted(UBUNTU.format("202611.01.0"), WINDOWS.format("251212"))
    assert str(count.oldest) == "20348.4529.251212"


@pytest.mark.parametrize(
    ("version", "old_days", "reason"),
    [
        ("202611.22.0", 60, None),
        ("202609.23.0", 60, None),
        ("202609.22.9", 60, Reason.NODE_IMAGE_OLD),
        ("202609.22.9", 61, None),
        ("202608.24.0", 60, Reason.NODE_IMAGE_OLD),
        ("202608.23.0", 60, Reason.NODE_IMAGE_BEYOND_SUPPORT),
        ("202608.23.0", 90, Reason.NODE_IMAGE_BEYOND_SUPPORT),
        ("202512.01.0", 1, Reason.NODE_IMAGE_BEYOND_SUPPORT),
        # A version that runs ahead of the calendar is not old.
        ("202611.29.0", 1, None),
    ],
)
def test_what_is_found(version: str, old_days: int, reason: Reason | None) -> None:
    """More than so many days make an image old, more than 90 put it beyond support."""
    age = judged(UBUNTU.format(version), UBUNTU.format("202611.22.1"), old_days=old_days)
    assert age.reason is reason
    finding = age.finding
    assert (finding.reason if finding else None) is reason
    if finding:
        assert finding.reason in NEEDS_ATTENTION
        assert version in finding.message
        assert "2 machines" in finding.message
        assert "8 days off" in finding.message


def test_nothing_is_found_where_nothing_is_known() -> None:
    """No machines, or only unknown images, are no finding."""
    assert judged().finding is None
    assert judged("mine").finding is None
    assert {Reason.NODE_IMAGE_OLD, Reason.NODE_IMAGE_BEYOND_SUPPORT} <= NEEDS_ATTENTION


names = st.lists(
    st.sampled_from(["mine", WINDOWS.format("251212")])
    | st.dates(min_value=at("2020-01-01 00:00").date(), max_value=READ_AT.date()).map(
        lambda day: UBUNTU.format(f"{day:%Y%m.%d}.1")
    ),
    max_size=8,
)


@given(names, st.integers(1, 90))
def test_a_row_keeps_it(found: list[str], old_days: int) -> None:
    """What is written into a cluster's row is read from it again, whatever was there before."""
    age = judged(*found, old_days=old_days)
    older = judged(UBUNTU.format("202001.01.0")).to_values()
    assert ImageAge.of(Row("p", "k", {**older, **age.to_values()}, "")) == age


@given(names)
def test_the_order_of_machines_does_not_matter(found: list[str]) -> None:
    """Pages may come in any order."""
    forth, back = counted(*found), counted(*reversed(found))
    assert forth.oldest == back.oldest
    assert (forth.machines, forth.unknown) == (back.machines, back.unknown)


def test_no_row_no_age() -> None:
    """A cluster whose machines were never read has no age."""
    assert ImageAge.of(Row("p", "k", {"clusterId": "x"}, "")) is None


def test_the_age_in_json() -> None:
    """All members are there; what is not known is null."""
    assert judged(UBUNTU.format("202609.01.3"), "mine").to_json() == {
        "oldestVersion": "202609.01.3",
        "oldestDate": "2026-09-01",
        "ageInDays": 82,
        "machines": 2,
        "unknownImages": 1,
        "readAt": "2026-11-22T12:00:00Z",
    }
    nothing = judged().to_json()
    assert [nothing[name] for name in ("oldestVersion", "oldestDate", "ageInDays")] == [None] * 3


def test_a_finding_is_added_and_decides_nothing() -> None:
    """The finding comes last, after what decided."""
    decided: list[FindingJson] = [{"reason": Reason.UP_TO_DATE, "message": "Fine."}]
    old = judged(UBUNTU.format("202608.01.0"))
    assert old.finding
    assert with_image_age(decided, old) == [*decided, finding_json(old.finding)]
    assert with_image_age(decided, None) == decided
    assert with_image_age(decided, judged()) == decided


def test_the_counts_of_a_reading() -> None:
    """A reading counts its clusters and findings, and says where nothing at all can be seen."""
    read = AgesRead(machines=3)
    assert not read.nothing_to_see
    read.count_cluster(judged(UBUNTU.format("202608.24.0")))
    read.count_cluster(judged())
    assert (read.clusters, read.reasons) == (2, {"NodeImageOld": 1})
    assert replace(read, machines=0).nothing_to_see
