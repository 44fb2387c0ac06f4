"""docs/problems.md names every problem that a route can answer, and says each thing once."""

import re

from functions.api.describe import DESCRIBED
from functions.http.problems import ADVISED_AGAINST, WRITES_TO_AZURE
from shared.domain.vocabulary.reason_texts import REASONS
from shared.domain.vocabulary.reasons import Reason
from tests.docs.pages import page, part, rows

PAGE = page("problems.md")
KINDS = {kind for concern in DESCRIBED for route in concern.declared for kind in route.problems}
OWN = sorted(
    KINDS - {*ADVISED_AGAINST, *WRITES_TO_AZURE}, key=lambda kind: (kind.status, kind.reason)
)


def test_every_problem_of_the_api_has_its_row() -> None:
    """The table of naptime's own problems is the code's, word by word, by status and name."""
    expected = [[f"`{each.reason}`", str(each.status), each.title, each.advice] for each in OWN]
    assert rows("problems", PAGE) == expected


def test_what_is_advised_against_is_named() -> None:
    """The list has every reason, and the sentence above it is what each of them answers."""
    named = re.findall(r"`(\w+)`", part("advised-against", PAGE))
    assert named == sorted(kind.reason for kind in ADVISED_AGAINST)
    assert {kind.status for kind in ADVISED_AGAINST} == {409}
    assert all(kind.advice in PAGE for kind in ADVISED_AGAINST)


def test_what_azure_refuses_is_named_by_status() -> None:
    """Every reason for which Azure refuses is in the row of its status; in its words."""
    refused = KINDS.intersection(WRITES_TO_AZURE)
    found = {
        (int(status), reason)
        for status, reasons in rows("refused", PAGE)
        for reason in re.findall(r"`(\w+)`", reasons)
    }
    assert found == {(kind.status, kind.reason) for kind in refused}
    for kind in refused:
        text = REASONS[Reason(kind.reason)]
        assert (kind.title, kind.advice) == (text.meaning, text.you_can)


def test_no_sentence_stands_there_twice() -> None:
    """Whoever reads the page reads each sentence once."""
    cells = [cell for row in rows("problems", PAGE) for cell in row[2:]]
    assert len(set(cells)) == len(cells)


def test_a_reason_has_one_meaning() -> None:
    """No two kinds share a reason: a script that knows the reason knows the problem."""
    assert len({kind.reason for kind in KINDS}) == len(KINDS)
    assert all(kind.type == f"urn:naptime:problem:{kind.reason}" for kind in KINDS)
