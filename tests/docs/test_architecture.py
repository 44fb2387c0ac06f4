"""The page docs/architecture.md is true: its paths are there, and its ways go where it says."""

import re
from pathlib import Path

import pytest

from local.walk.__main__ import walk
from local.walk.ways import WAYS
from tests.docs.pages import blocks_run_by

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
PATH = re.compile(r"`((?:functions|shared|local|tests|infra)/[\w./-]*)`")
TITLES = {
    "**An event to its PUT.**": "an event to its PUT",
    "**A person's PUT.**": "a person's PUT",
}
DEPLOYED_ALONE = ("functions/", "shared/clients/aks.py")
"""What the world of the service tests does without."""


def test_every_path_is_there() -> None:
    """Whatever the page names by its path exists."""
    named = PATH.findall(PAGE)
    assert len(named) > 30
    assert [each for each in named if not (ROOT / each).exists()] == []


def test_every_folder_of_the_picture_is_there() -> None:
    """The picture has every part of the app's two large layers, and no other."""
    (block,) = blocks_run_by("tests/docs/test_architecture.py")
    picture = block.text
    for layer in ("domain", "reconcile"):
        part = picture.split(f"shared/{layer}/")[1]
        shown = re.findall(
            r"^  (\w+(?:\.py)?)/? ", re.split(r"^\w", part, flags=re.MULTILINE)[0], re.MULTILINE
        )
        place = ROOT / "shared" / layer
        assert set(shown) == {each.name for each in place.iterdir() if each.name[0] != "_"}


def part_of(title: str) -> list[str]:
    """Give the paths of one of the lists, in its order."""
    _, _, rest = PAGE.partition(title)
    text = rest.strip().partition("\n\n")[0]
    named = [each for each in PATH.findall(text) if not each.startswith(DEPLOYED_ALONE)]
    return list(dict.fromkeys(named))


@pytest.mark.parametrize("title", TITLES)
async def test_a_way_goes_through_its_files_in_their_order(title: str) -> None:
    """What a list names is entered by the traced walk, in the order of the list."""
    named = part_of(title)
    assert len(named) > 3
    found, writes = await walk(WAYS[TITLES[title]])
    assert writes == 1
    steps = iter(found.steps)
    assert [each for each in named if each not in steps] == []


async def test_the_figures_are_of_the_size_that_is_measured() -> None:
    """The table has each way with the files that it enters now, within a quarter."""
    for name, way in WAYS.items():
        (files, again) = re.findall(rf"^\| {name} \| ([\d,]+) \| ([\d,]+) \|$", PAGE, re.MULTILINE)[
            0
        ]
        found, _ = await walk(way)
        assert len(found.files) == pytest.approx(int(files), rel=0.25)
        assert found.returns == pytest.approx(int(again.replace(",", "")), rel=0.25)
