from datetime import timedelta

import pytest

from shared.domain import errors
from shared.domain.errors import AzureError, InvalidSetting
from shared.domain.vocabulary.invalid import Problem
from shared.domain.vocabulary.plain_text import one_line, shown
from shared.domain.vocabulary.reason_texts import REASONS
from shared.domain.vocabulary.reasons import NEEDS_ATTENTION, Reason


def test_a_problem_names_field_value_and_rule() -> None:
    """Every problem of an input is in its text."""
    error = InvalidSetting([Problem("A", "x", "must be y"), Problem.of("B", 3, "must be 4")])
    assert str(error) == "A 'x': must be y; B '3': must be 4"


def test_a_value_cannot_forge_a_log_line() -> None:
    """Line breaks, escapes and lone surrogates in a value are replaced, and its length is cut."""
    problem = Problem("A", "one\ntwo\x1b[0m\u202e\ud800" + "z" * 100, "rule")
    assert problem.value.startswith("one?two?[0m??zzz")
    assert problem.value.endswith("...")
    assert len(problem.value) == 80


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("as it is", "as it is"),
        (True, "true"),
        (None, "null"),
        (3, "3"),
        (0.5, "0.5"),
        (10**80, "a very large number"),
        ([1], "a list"),
        ({"a": 1}, "an object"),
    ],
)
def test_json_values_are_shown_in_short(value: object, text: str) -> None:
    """Only plain values are shown; what could be large is named by kind."""
    assert shown(value) == text


def test_text_that_fits_is_not_cut() -> None:
    """A text of exactly the limit stays whole."""
    assert one_line("x" * 80) == "x" * 80
    assert one_line("x" * 81) == "x" * 77 + "..."


def test_every_reason_has_a_row() -> None:
    """The table of reasons has one row for each, in the order of the reasons, without gaps."""
    assert list(REASONS) == list(Reason)
    assert all(row.meaning and row.naptime_does and row.you_can for row in REASONS.values())


def test_the_findings_about_schedules_need_attention() -> None:
    """What naptime does by itself, or what is in order, needs nobody's attention."""
    assert Reason.SCHEDULE_MISSING not in NEEDS_ATTENTION
    assert Reason.UP_TO_DATE not in NEEDS_ATTENTION
    assert Reason.WINDOW_UNREADABLE in NEEDS_ATTENTION


@pytest.mark.parametrize(
    ("error", "reason", "retryable", "quick"),
    [
        (errors.Throttled, "Throttled", True, True),
        (errors.OperationInProgress, "OperationInProgress", True, True),
        (errors.AzureUnavailable, "AzureUnavailable", True, True),
        (errors.ConnectionFailed, "ConnectionFailed", True, True),
        (errors.AccessDenied, "AccessDenied", True, False),
        (errors.NotAuthenticated, "NotAuthenticated", True, False),
        (errors.ClusterGone, "ClusterGone", False, False),
        (errors.WriteTargetGone, "WriteTargetGone", True, False),
        (errors.ApiVersionNotServed, "ApiVersionNotServed", True, False),
        (errors.Rejected, "RejectedByAzure", False, False),
        (errors.DeniedByPolicy, "DeniedByPolicy", False, False),
        (errors.DeniedByAssignment, "DeniedByAssignment", False, False),
        (errors.ResourceLocked, "ResourceLocked", False, False),
        (errors.SubscriptionDisabled, "SubscriptionDisabled", False, False),
    ],
)
def test_an_azure_error_says_whether_to_try_again(
    error: type[AzureError],
    reason: str,
    retryable: bool,  # noqa: FBT001 - a column of the table
    quick: bool,  # noqa: FBT001 - a column of the table
) -> None:
    """Each class has its reason, with advice, and says whether and how soon to try again."""
    assert (error.reason, error.retryable, error.quick) == (reason, retryable, quick)
    assert REASONS[error.reason].you_can


def test_an_azure_error_keeps_what_was_answered() -> None:
    """Status, code and wait travel with the error."""
    wait = timedelta(seconds=7)
    error = errors.Throttled("slow down", status=429, code="Throttled", retry_after=wait)
    assert (str(error), error.status, error.code) == ("slow down", 429, "Throttled")
    assert error.retry_after == wait
