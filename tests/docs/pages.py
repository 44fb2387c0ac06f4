"""The pages that people read, and the parts of them that are kept in step with the code."""

import re
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
README = ROOT / "README.md"
PAGES = sorted([*ROOT.glob("*.md"), *DOCS.rglob("*.md")])

_FENCE = re.compile(r"^(?P<indent>[ >]*)(?P<fence>`{3,}|~{3,})(?P<language>\S*)")
_MARKER = re.compile(r"^<!-- (?P<kind>[\w-]+)(?:[: ]+(?P<text>.*?))? -->$")


@dataclass(frozen=True, slots=True)
class Block:
    """A block of code on a page, with the marker in the line above it ("" if there is none)."""

    page: Path
    line: int
    language: str
    kind: str
    marked: str
    text: str

    @property
    def place(self) -> str:
        """Where it begins."""
        return f"{self.page.relative_to(ROOT)}:{self.line}"


def blocks_of(path: Path) -> list[Block]:
    """Give every block of a page; a fence that is never closed is an error."""
    lines = path.read_text(encoding="utf-8").splitlines()
    found, number = [], 0
    while number < len(lines):
        opened = _FENCE.match(lines[number])
        number += 1
        if opened:
            start, end = number, _closing(lines, number, opened["fence"])
            marker = _MARKER.match(lines[start - 2]) if start > 1 else None
            kind, marked = (marker["kind"], marker["text"] or "") if marker else ("", "")
            text = "".join(f"{line}\n" for line in lines[start:end])
            found.append(Block(path, start, opened["language"], kind, marked, text))
            number = end + 1
    return found


def _closing(lines: list[str], number: int, fence: str) -> int:
    for place in range(number, len(lines)):
        if lines[place].strip(" >") == fence:
            return place
    raise ValueError(f"the block that begins in line {number} is never closed")


BLOCKS = [block for path in PAGES for block in blocks_of(path)]


def blocks_run_by(test: str) -> list[Block]:
    """Give the blocks that name a test module as the one that runs them."""
    return [block for block in BLOCKS if block.kind == "run-by" and block.marked == test]


def page(name: str) -> str:
    """Give the text of a page of docs/."""
    return (DOCS / name).read_text(encoding="utf-8")


def part(name: str, text: str) -> str:
    """Give what stands between two markers."""
    found = re.search(rf"<!-- {name}\b.*?-->\n(.*?)<!-- /{name} -->", text, re.DOTALL)
    assert found, f"the page has no part {name}"
    return found[1]


def rows(name: str, text: str) -> list[list[str]]:
    """Give the rows of a table, without its head."""
    lines = [line for line in part(name, text).splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines[2:]]
