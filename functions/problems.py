"""Errors of the HTTP API: RFC 9457 problems, each with a reason and, if there is one, a field."""

import json
from collections.abc import Mapping
from datetime import timedelta
from math import ceil

import azure.functions as func

from shared.domain.errors import AzureError, InvalidInput
from shared.domain.reasons import Reason

type Json = Mapping[str, object]

_TITLES = {
    400: "The request is not valid",
    403: "Not allowed",
    404: "There is no such thing",
    409: "Another operation is in progress",
    413: "The request is too large",
    502: "Azure refused the call",
    503: "Not possible right now",
}

_STATUS_OF_REASON = {
    Reason.CLUSTER_GONE: 404,
    Reason.ACCESS_DENIED: 403,
    Reason.OPERATION_IN_PROGRESS: 409,
    Reason.THROTTLED: 503,
    Reason.PACED: 503,
    Reason.AZURE_UNAVAILABLE: 503,
    Reason.CONNECTION_FAILED: 503,
}


def answer(
    body: Json, status: int = 200, headers: Mapping[str, str] | None = None
) -> func.HttpResponse:
    """Answer with JSON."""
    return _response(body, status, "application/json", headers)


def problem(
    status: int,
    reason: str,
    detail: str,
    *,
    headers: Mapping[str, str] | None = None,
    **members: object,
) -> func.HttpResponse:
    """Answer with a problem; `members` are the extension members of RFC 9457 3.2."""
    body = {
        "type": f"urn:naptime:problem:{reason}",
        "title": _TITLES[status],
        "status": status,
        "detail": detail,
        "reason": reason,
        **{name: value for name, value in members.items() if value is not None},
    }
    return _response(body, status, "application/problem+json", headers)


def invalid(error: InvalidInput, reason: str = "InvalidRequest") -> func.HttpResponse:
    """Answer 400, naming every field, its value and the rule that it breaks."""
    problems = [{"field": p.field, "value": p.value, "rule": p.rule} for p in error.problems]
    return problem(400, reason, str(error), field=error.problems[0].field, problems=problems)


def refused_by_azure(error: AzureError, **members: object) -> func.HttpResponse:
    """Answer for what Azure refused: its reason, what to do, and when to come back."""
    status = _STATUS_OF_REASON.get(error.reason, 502)
    detail = {"advice": error.advice, "azureStatus": error.status, "azureCode": error.code or None}
    return problem(
        status,
        error.reason.value,
        error.message,
        headers=retry_after(error.retry_after) if error.retryable else None,
        **detail,
        **members,
    )


def retry_after(wait: timedelta | None) -> dict[str, str]:
    """Give the header that says when to come back; ten seconds where nothing better is known."""
    return {"Retry-After": str(max(1, ceil(wait.total_seconds())) if wait else 10)}


def _response(
    body: Json, status: int, mimetype: str, headers: Mapping[str, str] | None
) -> func.HttpResponse:
    return func.HttpResponse(
        json.dumps(body, separators=(",", ":")),
        status_code=status,
        mimetype=mimetype,
        headers={"Cache-Control": "no-store", **(headers or {})},
    )
