"""The pages that people read, and the parts of them that are kept in step with the code."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
README = ROOT / "README.md"
PAGES = (README, *(ROOT / name for name in ("CONTRIBUTING.md", "SECURITY.md")), *DOCS.glob("*.md"))


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
