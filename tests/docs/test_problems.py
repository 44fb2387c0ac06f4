"""docs/problems.md describes every problem that a route can answer, word by word."""

import re
from pathlib import Path

from functions.api.describe import DESCRIBED

PAGE = (Path(__file__).parents[2] / "docs/problems.md").read_text(encoding="utf-8")
SECTION = re.compile(r"^## (\w+)\n\n(\d{3})\. (.*)\n\nWhat to do: (.*)\n", re.MULTILINE)


def test_every_problem_has_its_section() -> None:
    """The sections are the kinds that routes declare, by status and name, and no others."""
    kinds = {
        (kind.status, kind.reason, kind.title, kind.advice)
        for concern in DESCRIBED
        for route in concern.declared
        for kind in route.problems
    }
    sections = [
        (int(status), reason, title, advice)
        for reason, status, title, advice in SECTION.findall(PAGE)
    ]
    assert sections == sorted(kinds)


def test_a_reason_has_one_meaning() -> None:
    """No two kinds share a reason: a script that knows the reason knows the problem."""
    kinds = {kind for concern in DESCRIBED for route in concern.declared for kind in route.problems}
    assert len({kind.reason for kind in kinds}) == len(kinds)
    assert all(kind.type == f"urn:naptime:problem:{kind.reason}" for kind in kinds)
