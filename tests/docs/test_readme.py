"""The README is a first page: short, whole, and every link of every page leads somewhere."""

import re
from pathlib import Path

import pytest

from naptime import __version__
from tests.docs.pages import DOCS, PAGES, README, ROOT

MOST_LINES, MOST_WORDS = 120, 1_000
MOST_CHANGES = 12
FEWEST_WORDS = 9
TEXT = README.read_text(encoding="utf-8")
LINK = re.compile(r"\]\(([^)\s]+)\)")
FENCED = re.compile(r"^```.*?^```$", re.DOTALL | re.MULTILINE)
HEADING = re.compile(r"^#+ (.+)$", re.MULTILINE)


def test_it_is_read_in_a_few_minutes() -> None:
    """At most 120 lines and 1,000 words, code and tables included."""
    assert len(TEXT.splitlines()) <= MOST_LINES
    assert len(TEXT.split()) <= MOST_WORDS


def test_it_says_how_to_try_and_test_it() -> None:
    """The story, the tests, a plan and the stage are lines of code that can be copied."""
    blocks = "\n".join(re.findall(r"^```sh\n(.*?)^```$", TEXT, re.DOTALL | re.MULTILINE))
    for target in ("make run", "make test", "make plan", "make up"):
        assert re.search(rf"^{target}\b", blocks, re.MULTILINE), target


def anchors(page: Path) -> set[str]:
    """Give the names by which the headings of a page are linked to, as GitHub makes them."""
    text = FENCED.sub("", page.read_text(encoding="utf-8"))
    plain = (re.sub(r"[^\w\- ]", "", title.lower()) for title in HEADING.findall(text))
    return {each.replace(" ", "-") for each in plain}


@pytest.mark.parametrize("page", sorted(PAGES), ids=lambda page: str(page.relative_to(ROOT)))
def test_every_link_leads_somewhere(page: Path) -> None:
    """Each link to a file, and to a heading in one, leads to what is there."""
    for link in LINK.findall(page.read_text(encoding="utf-8")):
        if "://" in link:
            continue
        path, _, anchor = link.partition("#")
        target = (page.parent / path).resolve() if path else page
        assert target.exists(), link
        assert not anchor or anchor in anchors(target), link


def test_every_page_is_in_the_index() -> None:
    """docs/README.md leads to every page beside it, and names none twice in its tables."""
    index = (DOCS / "README.md").read_text(encoding="utf-8")
    linked = [link for link in LINK.findall(index) if "/" not in link]
    assert sorted(linked) == sorted(
        page.name for page in DOCS.glob("*.md") if page.name != "README.md"
    )


def test_every_decision_is_in_its_index() -> None:
    """The index of decisions names each of them once, in their order."""
    decisions = DOCS / "decisions"
    index = (decisions / "README.md").read_text(encoding="utf-8")
    assert [link for link in LINK.findall(index) if link[0].isdigit()] == sorted(
        page.name for page in decisions.glob("[0-9]*.md")
    )


def test_the_changelog_is_ready_for_its_tag() -> None:
    """The newest version is the code's, with a day and twelve lines at most for its users."""
    text = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    versions = re.findall(r"^## (\d+\.\d+\.\d+) - \d{4}-\d\d-\d\d$", text, re.MULTILINE)
    assert versions[0] == __version__
    newest = text.partition(f"\n## {versions[0]} ")[2].partition("\n## ")[0].partition("\n")[2]
    assert 0 < len(re.findall(r"^- ", newest, re.MULTILINE)) <= MOST_CHANGES


def sentences(path: Path) -> set[str]:
    """Give the sentences and cells of a page that are long enough to say something."""
    plain = re.sub(r"[`*\[\]]", "", FENCED.sub("", path.read_text(encoding="utf-8")))
    parts = (part.strip(" |-") for part in re.split(r"(?<=[.!?:;|])\s+|\n", plain))
    return {part for part in parts if len(part.split()) >= FEWEST_WORDS}


def test_no_page_says_what_another_says() -> None:
    """No sentence of nine words or more stands on two pages: one of them would lag behind."""
    said: dict[str, Path] = {}
    for path in (README, *sorted(DOCS.glob("*.md"))):
        for sentence in sentences(path):
            assert sentence not in said, f"{path.name}, {said[sentence].name}: {sentence}"
            said[sentence] = path
    assert len(said) > 500
