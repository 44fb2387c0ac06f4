"""Answers and exceptions as HTTP: whatever is wrong with a request is a problem, never a 500."""

import json
from collections.abc import Mapping
from types import MappingProxyType

import azure.functions as func
import msgspec
from msgspec import Struct

from functions.http.answers import (
    CALENDAR,
    YAML,
    Answer,
    AsCalendar,
    AsYaml,
    Encoded,
    NotModified,
    retry_after,
)
from functions.http.problems import (
    INVALID_REQUEST,
    INVALID_SETTING,
    STORAGE_UNAVAILABLE,
    ForeignSubscription,
    ProblemKind,
    RequestRefused,
    kind_of,
)
from shared.domain.errors import AzureError, InvalidSetting
from shared.domain.vocabulary.ids import ClusterId
from shared.domain.vocabulary.invalid import InvalidInput
from shared.reconcile.shown.one_cluster import LiveReadFailed
from shared.world import World, app

OF_EVERY_ANSWER = MappingProxyType(
    {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}
)
"""Names, tags and messages of others are in answers: nobody is to take one for a page."""

MOST_NAMED = 500
"""Problems of one request: a body of 64 KiB has room for thousands, and an answer would be MBs."""


class Found(Struct, frozen=True):
    """A problem with one request: its kind, what is said of it, and its headers."""

    kind: ProblemKind
    detail: str
    members: Mapping[str, object]
    headers: Mapping[str, str]


def answer(given: Answer) -> func.HttpResponse:
    match given:
        case NotModified():
            return _sent(b"", given.status, "application/json", given.headers())
        case AsCalendar():
            return _sent(given.body, given.status, CALENDAR, given.headers())
        case Encoded():
            return _sent(given.body, given.status, "application/json", given.headers())
        case AsYaml() if not given.as_json:
            return _sent(given.text.encode(), given.status, YAML, given.headers())
        case _:
            return _response(given.body, given.status, "application/json", given.headers())


def found_in(error: Exception) -> Found:
    """Give the problem that an exception stands for; raise again what is a bug."""
    match error:
        case InvalidSetting():
            found = _invalid(INVALID_SETTING, error)
        case InvalidInput():
            found = _invalid(INVALID_REQUEST, error)
        case RequestRefused():
            headers = retry_after(error.wait) if error.wait or _comes_back(error.kind) else {}
            members = {"field": error.field, **error.members}
            found = Found(error.kind, error.detail, members, headers)
        case LiveReadFailed():
            found = _refused_by_azure(error.cause, error.remembered)
        case AzureError():
            found = _refused_by_azure(error, {})
        case _ if World.is_storage_trouble(error):
            # The message stays out: it names the account, and may hold what was asked of it.
            detail = f"the storage service did not answer ({type(error).__name__})"
            found = Found(STORAGE_UNAVAILABLE, detail, {}, retry_after(None))
        case _:
            raise error
    return found


def problem(found: Found, correlation_id: str) -> func.HttpResponse:
    """Answer with a problem."""
    kind = found.kind
    body = {
        "type": kind.type,
        "title": kind.title,
        "status": kind.status,
        "detail": found.detail,
        "reason": kind.reason,
        "advice": kind.advice,
        "correlationId": correlation_id,
        **{name: value for name, value in found.members.items() if value is not None},
    }
    return _response(body, kind.status, "application/problem+json", found.headers)


def allowed(cluster_id: ClusterId) -> ClusterId:
    """Give the id of a cluster that naptime may act on; raise `ForeignSubscription`."""
    allowed_subscription(cluster_id.subscription_id)
    return cluster_id


def allowed_subscription(subscription_id: str) -> str:
    """Give the id of a subscription that naptime may act on; raise `ForeignSubscription`."""
    if not app().settings.allows(subscription_id):
        raise ForeignSubscription(subscription_id)
    return subscription_id


def _invalid(kind: ProblemKind, error: InvalidInput) -> Found:
    """Name every field, its value and the rule that it breaks."""
    named = error.problems[:MOST_NAMED]
    problems = [{"field": p.field, "value": p.value, "rule": p.rule} for p in named]
    members = {"field": error.problems[0].field, "problems": problems}
    return Found(kind, str(error), members, retry_after(None) if _comes_back(kind) else {})


def _refused_by_azure(error: AzureError, remembered: Mapping[str, object]) -> Found:
    """Say Azure's reason, when to come back, and what is remembered all the same."""
    members = {"azureStatus": error.status, "azureCode": error.code or None, **remembered}
    headers = retry_after(error.retry_after) if error.retryable else {}
    return Found(kind_of(error.reason), error.message, members, headers)


def _comes_back(kind: ProblemKind) -> bool:
    return kind.status in {429, 503}


def _response(
    body: object, status: int, mimetype: str, headers: Mapping[str, str]
) -> func.HttpResponse:
    return _sent(_encoded(body), status, mimetype, headers)


def _sent(body: bytes, status: int, mimetype: str, headers: Mapping[str, str]) -> func.HttpResponse:
    return func.HttpResponse(
        body,
        status_code=status,
        mimetype=mimetype,
        headers={**OF_EVERY_ANSWER, **headers},
    )


def _encoded(body: object) -> bytes:
    try:
        return msgspec.json.encode(body)
    except UnicodeEncodeError:
        # Half of a surrogate pair, in something of Azure's: UTF-8 cannot hold it, an escape can.
        return json.dumps(body).encode()
