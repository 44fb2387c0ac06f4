"""Continuation tokens: they lead on in the same question, and nowhere else."""

import json
from base64 import urlsafe_b64encode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.domain.vocabulary.invalid import InvalidInput
from shared.domain.vocabulary.pages import PageAsked, Question, to_token

QUESTION: Question = {"of": "runs", "state": "Active"}
ANY, DIGITS = r"(?s:.*)", "[0-9]+"
TOKEN = to_token(QUESTION, "202611", "7")


@given(st.lists(st.text(), min_size=2, max_size=2))
def test_tokens_read_back(place: list[str]) -> None:
    """A token reads back as its place, whatever is in it."""
    assert PageAsked(to_token(QUESTION, *place)).place(QUESTION, ANY, ANY) == place


def forged(*held: object) -> str:
    """Make a token of any JSON."""
    return urlsafe_b64encode(json.dumps(held).encode()).decode().rstrip("=")


@pytest.mark.parametrize(
    "token",
    [
        *("x", "!!", "W10", "WzFd", "é", "[" * 5000, TOKEN + "!", "=" + TOKEN),
        *(TOKEN[:cut] for cut in range(1, len(TOKEN))),
        to_token({"of": "runs"}, "202611", "7"),
        to_token(QUESTION, "202611"),
        to_token(QUESTION, "202611", "7", "7"),
        to_token(QUESTION, "202611", "7' or true"),
        to_token(QUESTION, "202611", "7\n"),
        to_token(QUESTION, "", "7"),
        forged("00000000", "202611", "7"),
        forged(7, "202611", "7"),
        forged(),
        forged(["202611"], "7"),
    ],
)
def test_tokens_from_elsewhere_are_refused(token: str) -> None:
    """Forged, cut, of another question or with another place in it: the error names the field."""
    with pytest.raises(InvalidInput) as refused:
        PageAsked(token).place(QUESTION, DIGITS, DIGITS)
    assert refused.value.problems[0].field == "continuationToken"


def test_an_empty_token_is_the_start() -> None:
    """Without a token the answer begins at its start."""
    assert PageAsked().place(QUESTION, DIGITS, DIGITS) == ["", ""]
