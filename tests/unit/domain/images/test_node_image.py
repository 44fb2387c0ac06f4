"""Names, versions and dates of node images; the names are real ones."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.domain.images.machines import image_of_reference
from shared.domain.images.node_image import (
    ImageDefinition,
    ImageVersion,
    NodeImage,
    newest_images,
    observe_node_images,
)
from tests.unit.domain.examples import at
from tests.unit.domain.strategies import json_values

SIG = (
    "/subscriptions/10945678-1234-1234-1234-123456789012/resourceGroups/AKS-Ubuntu/providers"
    "/Microsoft.Compute/galleries/AKSUbuntu/images/2404gen2containerd/versions/202608.20.0"
)
COMMUNITY = (
    "/CommunityGalleries/AKSAzureLinux-f7c7cda5-1c9a-4bdc-a222-9614c968580b/images/V3gen2"
    "/versions/202512.18.0"
)


def image(name: str) -> NodeImage:
    found = NodeImage.parse(name)
    assert found
    return found


def version(text: str) -> ImageVersion:
    found = ImageVersion.parse(text)
    assert found
    return found


@pytest.mark.parametrize(
    ("name", "os", "sku", "number"),
    [
        ("AKSUbuntu-2404gen2containerd-202607.09.0", "AKSUbuntu", "2404gen2containerd", (2026,)),
        ("AKSAzureLinux-V3gen2-202512.18.0", "AKSAzureLinux", "V3gen2", (2025,)),
        ("AKSUbuntu-2204gen2containerd-2022.10.03", "AKSUbuntu", "2204gen2containerd", (2022,)),
        (
            "AKSWindows-2022-containerd-gen2-20348.4529.251212",
            "AKSWindows",
            "2022-containerd-gen2",
            (2025,),
        ),
    ],
)
def test_a_name_is_split_from_the_right(
    name: str, os: str, sku: str, number: tuple[int, ...]
) -> None:
    """Gallery, definition and version are told apart, also where the definition has dashes."""
    found = image(name)
    assert (found.definition.os, found.definition.sku) == (os, sku)
    assert found.version.named_date.year == number[0]
    assert str(found) == name


@pytest.mark.parametrize(
    "name",
    [
        "",
        "AKSUbuntu",
        "AKSUbuntu-2204gen2containerd",
        "AKSUbuntu-202607.09.0",
        "AKSUbuntu--202607.09.0",
        "AKSUbuntu-2404gen2containerd-202607.09",
        "AKSUbuntu-2404gen2containerd-202607.9.0",
        "AKSUbuntu-2404gen2containerd-202613.09.0",
        "AKSUbuntu-2404gen2containerd-202602.30.0",
        "AKSUbuntu-2404gen2containerd-202607.09.0\n",
        "AKSUbuntu-2404gen2containerd-٢٠٢٦٠٧.09.0",
        "AKSUbuntu-2404gen2containerd-202607.09." + "1" * 5000,
        "AKSUbuntu-2404gen2containerd-20260814T000000Z",
        "AKSUbuntu-2404gen2containerd-0022.10.03",
        "AKS Ubuntu-2404gen2containerd-202607.09.0",
        "AKSUbuntu-../x-202607.09.0",
    ],
)
def test_other_forms_are_unknown(name: str) -> None:
    """What has no known form is unknown, whatever it is, and no error."""
    assert NodeImage.parse(name) is None


@given(st.text())
def test_any_text_is_known_or_unknown(name: str) -> None:
    """Any text is an image that reads back, or unknown."""
    found = NodeImage.parse(name)
    assert found is None or NodeImage.parse(str(found)) == found


@pytest.mark.parametrize(
    ("older", "newer"),
    [
        ("202607.09.0", "202607.10.0"),
        ("202607.09.2", "202607.09.10"),
        ("202512.31.9", "202601.01.0"),
        # As text the second would come first.
        ("2022.10.03", "202202.01.0"),
        ("20348.999.240101", "20348.4529.251212"),
    ],
)
def test_versions_are_compared_as_numbers(older: str, newer: str) -> None:
    """The newer version is the one whose segments are greater as numbers, in any form."""
    assert version(older) < version(newer)


def test_the_same_numbers_are_the_same_version() -> None:
    """A patch number with a leading zero makes no other version."""
    assert version("202607.09.0") == version("202607.09.00")


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("202603.18.1", date(2026, 3, 18)),
        ("2022.10.03", date(2022, 10, 3)),
        ("20348.4529.251212", date(2025, 12, 12)),
        ("202402.29.0", date(2024, 2, 29)),
    ],
)
def test_the_date_in_a_version(text: str, named: date) -> None:
    """Each form names a day."""
    assert version(text).named_date == named


def test_the_age_counts_days_in_utc() -> None:
    """The age is in whole days since the named date, and is not negative if that is ahead."""
    found = version("202608.20.0")
    assert found.age_in_days(at("2026-08-20 23:59")) == 0
    assert found.age_in_days(at("2026-11-18 00:00")) == 90
    assert found.age_in_days(at("2026-08-12 00:00")) == 0


@pytest.mark.parametrize(
    ("os", "used"),
    [
        ("AKSUbuntu", True),
        ("AKSAzureLinux", True),
        ("aksubuntu", True),
        ("AKSCBLMariner", False),
        ("AKSWindows", False),
    ],
)
def test_which_galleries_nap_uses(os: str, *, used: bool) -> None:
    """Node auto-provisioning takes images of the Ubuntu and the Azure Linux gallery only."""
    assert ImageDefinition(os, "V3gen2").is_used_by_nap is used


def test_definitions_are_compared_without_case() -> None:
    """The casing of ids, which is not stable, makes no other image."""
    assert image("aksubuntu-2404GEN2containerd-202608.20.0") == image(
        "AKSUbuntu-2404gen2containerd-202608.20.0"
    )
    assert ImageDefinition("AKSUBUNTU", "x").os == "AKSUbuntu"


def test_the_newest_of_a_listing() -> None:
    """Stale versions beside the newest are passed over, in whatever order they come."""
    rows: list[object] = [
        {"os": "AKSUbuntu", "sku": "2204gen2containerd", "version": "2022.10.03"},
        {"os": "AKSUbuntu", "sku": "2204gen2containerd", "version": "202512.18.0"},
        {"os": "AKSUbuntu", "sku": "2204gen2containerd", "version": "202512.06.0"},
        {"os": "AKSAzureLinux", "sku": "V3gen2", "version": "202512.18.0"},
        {"os": "AKSUbuntu", "sku": "2404gen2containerd", "version": "soon"},
        {"os": "AKSUbuntu", "sku": "2404gen2containerd"},
        "AKSUbuntu",
        None,
    ]
    newest = newest_images(observe_node_images(rows))
    assert {str(found) for found in newest.values()} == {
        "AKSUbuntu-2204gen2containerd-202512.18.0",
        "AKSAzureLinux-V3gen2-202512.18.0",
    }


@given(
    st.lists(json_values | st.dictionaries(st.sampled_from(["os", "sku", "version"]), st.text()))
)
def test_any_listing_can_be_read(rows: list[object]) -> None:
    """No listing makes an error, whatever its rows are."""
    assert len(newest_images(observe_node_images(rows))) <= len(rows)


@pytest.mark.parametrize(
    ("reference", "name"),
    [
        (SIG, "AKSUbuntu-2404gen2containerd-202608.20.0"),
        (SIG.lower(), "AKSUbuntu-2404gen2containerd-202608.20.0"),
        (COMMUNITY, "AKSAzureLinux-V3gen2-202512.18.0"),
        (COMMUNITY.upper(), "AKSAzureLinux-V3GEN2-202512.18.0"),
    ],
)
def test_both_image_references_are_read(reference: str, name: str) -> None:
    """A compute gallery's and a community gallery's reference both name the image."""
    found = image_of_reference(reference)
    assert found == image(name)


@pytest.mark.parametrize(
    "reference",
    [
        "",
        SIG.replace("202608.20.0", "latest"),
        SIG.removesuffix("/versions/202608.20.0"),
        f"{SIG}/x",
        SIG.replace("galleries", "gallery"),
        "/subscriptions/x/providers/Microsoft.Compute/images/mine",
    ],
)
def test_other_references_are_unknown(reference: str) -> None:
    """A reference of another form, or to a version without a number, is unknown."""
    assert image_of_reference(reference) is None
