"""Foreign errors become our own, once, and say whether to try again."""

import json
from datetime import timedelta
from typing import cast

import pytest
from azure.core.exceptions import AzureError as SdkError
from azure.core.exceptions import (
    ClientAuthenticationError,
    DecodeError,
    HttpResponseError,
    IncompleteReadError,
    ServiceRequestError,
    ServiceResponseError,
    ServiceResponseTimeoutError,
)
from azure.core.pipeline.transport import HttpRequest
from azure.core.rest import HttpRequest as RestRequest
from azure.core.rest import HttpResponse
from azure.mgmt.core.exceptions import ARMErrorFormat

from shared.clients.refusals.errors import translated
from shared.domain.errors import (
    AccessDenied,
    ApiVersionNotServed,
    AzureError,
    AzureUnavailable,
    ClusterGone,
    ConnectionFailed,
    DeniedByAssignment,
    DeniedByPolicy,
    NotAuthenticated,
    OperationInProgress,
    Rejected,
    ResourceLocked,
    SubscriptionDisabled,
    SubscriptionThrottled,
    Throttled,
    TokenUnavailable,
    WriteTargetGone,
)
from shared.domain.messages.work import LONGEST_RETRY_AFTER
from tests.fakes.clock import SATURDAY_NOON


class Answer:
    """An HTTP answer, as far as the SDK's errors look at one."""

    def __init__(self, status: int, body: str = "", **headers: str) -> None:
        self.status_code = status
        self.reason = "because"
        self.headers = {name.replace("_", "-"): value for name, value in headers.items()}
        self.request = RestRequest("GET", "https://management.azure.com")
        self._body = body

    def text(self) -> str:
        """Give the body."""
        return self._body


def error_of(answer: Answer) -> HttpResponseError:
    """Make the SDK's error of an answer."""
    return HttpResponseError(response=cast("HttpResponse", answer))


def translate(error: Exception, *, writing: bool = False) -> AzureError:
    """Translate one error."""
    with pytest.raises(AzureError) as raised, translated(SATURDAY_NOON, writing=writing):
        raise error
    return raised.value


@pytest.mark.parametrize(
    ("status", "code", "expected"),
    [
        (400, "InvalidParameter", Rejected),
        (400, "NoRegisteredProviderFound", ApiVersionNotServed),
        (400, "InvalidApiVersionParameter", ApiVersionNotServed),
        (400, "NoRegisteredProviderFoundForApiVersion", ApiVersionNotServed),
        (400, "noRegisteredProviderFound", ApiVersionNotServed),
        (400, "RequestDisallowedByPolicy", DeniedByPolicy),
        (400, "OperationNotAllowed", OperationInProgress),
        (400, "InternalServerError", AzureUnavailable),
        (400, "SomethingNew", Rejected),
        (401, "ExpiredAuthenticationToken", NotAuthenticated),
        (403, "AuthorizationFailed", AccessDenied),
        (403, "LinkedAuthorizationFailed", AccessDenied),
        (403, "RequestDisallowedByPolicy", DeniedByPolicy),
        (403, "DenyAssignmentAuthorizationFailed", DeniedByAssignment),
        (403, "ReadOnlyDisabledSubscription", SubscriptionDisabled),
        (403, "SomethingNew", AccessDenied),
        (403, "", AccessDenied),
        (404, "ResourceNotFound", ClusterGone),
        (404, "InvalidResourceType", ApiVersionNotServed),
        (404, "SomethingNew", ClusterGone),
        (404, "", ClusterGone),
        (405, "", Rejected),
        (408, "", AzureUnavailable),
        (409, "OperationNotAllowed", OperationInProgress),
        (409, "EtagMismatch", OperationInProgress),
        (409, "SomethingNew", OperationInProgress),
        (409, "ScopeLocked", ResourceLocked),
        (423, "ScopeLocked", ResourceLocked),
        (404, "ReadOnlyDisabledSubscription", SubscriptionDisabled),
        (422, "RequestDisallowedByPolicy", DeniedByPolicy),
        (409, "ReadOnlyDisabledSubscription", SubscriptionDisabled),
        (409, "MissingSubscriptionRegistration", Rejected),
        (412, "", Rejected),
        (429, "Throttled", Throttled),
        (429, "SubscriptionRequestsThrottled", SubscriptionThrottled),
        (429, "RateLimiting", Throttled),
        (500, "", AzureUnavailable),
        (502, "", AzureUnavailable),
        (503, "", AzureUnavailable),
        (504, "", AzureUnavailable),
        (505, "", Rejected),
    ],
)
@pytest.mark.parametrize("wrapped", [True, False])
def test_status_and_code(
    status: int, code: str, expected: type[AzureError], *, wrapped: bool
) -> None:
    """Each status, in AKS's flat body and ARM's wrapped one, is one class, with code and text."""
    flat = f'{{"code": "{code}", "message": "what\\nit says", "details": null, "subcode": ""}}'
    body = f'{{"error": {flat}}}' if wrapped else flat
    error = translate(error_of(Answer(status, body)))
    assert type(error) is expected
    assert (error.status, error.code) == (status, code)
    assert "what?it says" in str(error)
    assert ("does not know the code" in str(error)) is (code == "SomethingNew")


def test_a_404_on_the_write() -> None:
    """A 404 of a write is not a cluster that is gone: it can never work."""
    assert type(translate(error_of(Answer(404)), writing=True)) is WriteTargetGone


IN_JSON = (
    "Resource 'x' was disallowed by policy. Policy identifiers: "
    """'[{"policyAssignment":{"name":"deny-aks","id":"/p/deny-aks"}},{"policyAssignment":7},8]'."""
)
IN_IDS = "is disallowed. Policy identifier(s): '/subscriptions/x/policyDefinitions/only-europe'."


@pytest.mark.parametrize(
    ("message", "info", "named"),
    [
        (IN_JSON, None, "deny-aks"),
        (IN_IDS, [], "only-europe"),
        ("no", [{"type": "PolicyViolation", "info": {"policyAssignmentName": "a"}}], "a"),
        (
            "no",
            [
                {"info": {"policyAssignmentName": "a", "policyAssignmentDisplayName": "No\nAKS"}},
                {"info": {"policyAssignmentName": "b"}},
                {"info": 5},
                7,
            ],
            "No?AKS, b",
        ),
        ("x" * 2000, [{"info": {"policyAssignmentName": name}} for name in "abcdefg"], "a, b, c"),
        ("[{" + "[" * 5000, "text", ""),
        # What stands in the place of JSON and is none hides no id beside it.
        ("see '[here]' and '/x/policyAssignments/no-aks'.", None, "no-aks"),
    ],
)
def test_a_policy_is_named(message: str, info: object, named: str) -> None:
    """Whichever way Azure names the policies, the message begins with them, and stays short."""
    said = {"code": "RequestDisallowedByPolicy", "message": message, "additionalInfo": info}
    error = translate(error_of(Answer(403, json.dumps({"error": said}))))
    assert type(error) is DeniedByPolicy
    assert str(error).startswith(f"Policy assignment {named}: " if named else "[{")
    assert len(str(error)) <= 500


@pytest.mark.parametrize(
    "body",
    [
        "[]",
        '"x"',
        '{"error": "text"}',
        '{"error": null}',
        '{"code": 5, "message": 7}',
        '{"error": {"code": {"a": 1}, "message": ["m"], "details": ["x"]}}',
        "[" * 100_000,
        "{",
        "",
    ],
)
def test_bodies_that_say_nothing(body: str) -> None:
    """Whatever the body is, the status decides then, and there is a sentence."""
    error = translate(error_of(Answer(403, body)))
    assert (type(error), error.code) == (AccessDenied, "")
    assert str(error)


def test_a_member_that_is_null() -> None:
    """A null where the SDK wants a list does not hide the code from naptime."""
    body = '{"error": {"code": "ScopeLocked", "message": "no", "additionalInfo": null}}'
    raised = HttpResponseError(
        response=cast("HttpResponse", Answer(409, body)), error_format=ARMErrorFormat
    )
    assert type(translate(raised)) is ResourceLocked


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (ServiceRequestError("refused"), ConnectionFailed),
        (ServiceResponseError("lost"), ConnectionFailed),
        (ServiceResponseTimeoutError("slow"), ConnectionFailed),
        (IncompleteReadError("half"), ConnectionFailed),
        (TimeoutError(), ConnectionFailed),
        (ClientAuthenticationError("no identity"), TokenUnavailable),
        (DecodeError("<html>"), ConnectionFailed),
        (SdkError("something else"), AzureUnavailable),
    ],
)
def test_without_an_answer(error: Exception, expected: type[AzureError]) -> None:
    """What failed without an answer is a connection, or an identity that gave no token."""
    assert type(translate(error)) is expected


def test_a_page_instead_of_json() -> None:
    """A proxy's page where JSON was expected is weather, not a refusal."""
    answer = cast("HttpResponse", Answer(200, "<html>"))
    error = DecodeError(message="not JSON", response=answer)
    assert type(translate(error)) is AzureUnavailable


def test_a_bug_is_not_translated() -> None:
    """What is no error of Azure comes out as it is."""
    with pytest.raises(KeyError), translated(SATURDAY_NOON):
        raise KeyError("a bug")


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("17", timedelta(seconds=17)),
        ("0", timedelta(0)),
        ("1.5", timedelta(seconds=1.5)),
        ("Sat, 21 Nov 2026 12:01:00 GMT", timedelta(minutes=1)),
        ("Sat, 21 Nov 2026 11:00:00 GMT", timedelta(0)),
        ("-5", None),
        ("soon", None),
        ("", None),
        ("99999999999999999999", None),
        ("9999999", LONGEST_RETRY_AFTER),
        ("Fri, 31 Dec 9999 23:59:59 GMT", LONGEST_RETRY_AFTER),
        ("Fri, 31 Dec 99999999999999999999 23:59:59 GMT", None),
    ],
)
def test_retry_after(value: str, expected: timedelta | None) -> None:
    """Retry-After is seconds or a date, and six hours at most; what makes no sense is left out."""
    assert translate(error_of(Answer(429, Retry_After=value))).retry_after == expected


@pytest.mark.parametrize(
    ("left", "resets_after", "expected"),
    [
        ("0", "00:00:05", timedelta(seconds=5)),
        ("0", "01:02:03.5", timedelta(hours=1, minutes=2, seconds=3)),
        ("0", "soon", None),
        ("0", "", None),
        ("3", "00:00:05", None),
        ("", "00:00:05", None),
    ],
)
def test_a_quota_that_is_used_up(left: str, resets_after: str, expected: timedelta | None) -> None:
    """Resource Graph says when its quota is full again; Retry-After counts where both are there."""
    quota = {"x_ms_user_quota_remaining": left, "x_ms_user_quota_resets_after": resets_after}
    assert translate(error_of(Answer(429, **quota))).retry_after == expected
    both = translate(error_of(Answer(429, Retry_After="1", **quota)))
    assert both.retry_after == timedelta(seconds=1)


def test_the_request_is_not_in_the_error() -> None:
    """No header of the request, and so no token, gets into the error."""
    request = HttpRequest("GET", "https://management.azure.com", {"Authorization": "Bearer secret"})
    assert request.headers
    error = ServiceRequestError("refused")
    assert "secret" not in str(translate(error))
