"""Answers and exceptions as HTTP: whatever is wrong with a request is a problem, never a 500."""

import json
from collections.abc import Mapping

import azure.functions as func
import msgspec

from functions.answers import Answer, retry_after
from functions.problems import (
    INVALID_REQUEST,
    INVALID_SETTING,
    STORAGE_UNAVAILABLE,
    ProblemKind,
    kind_of,
)
from functions.refusals import ForeignSubscription, RequestRefused
from shared.bootstrap import App, app
from shared.domain.cluster_id import ClusterId
from shared.domain.errors import InvalidInput, InvalidSetting
from shared.reconcile.look_at_cluster import LiveReadFailed


def answer(given: Answer) -> func.HttpResponse:
    """Answer what a handler gave."""
    return _response(given.body, given.status, "application/json", given.headers())


def answer_for(error: Exception) -> func.HttpResponse:
    """Answer with the problem that an exception stands for; raise again what is a bug."""
    match error:
        case InvalidSetting():
            return _invalid(INVALID_SETTING, error)
        case InvalidInput():
            return _invalid(INVALID_REQUEST, error)
        case RequestRefused():
            headers = retry_after(error.wait) if error.wait or _comes_back(error.kind) else {}
            members = {"field": error.field, **error.members}
            return _problem(error.kind, error.detail, members, headers)
        case LiveReadFailed():
            return _refused_by_azure(error)
        case _ if App.is_storage_trouble(error):
            # The message stays out: it names the account, and may hold what was asked of it.
            detail = f"the storage service did not answer ({type(error).__name__})"
            return _problem(STORAGE_UNAVAILABLE, detail, {}, retry_after(None))
        case _:
            raise error


def allowed(cluster_id: ClusterId) -> ClusterId:
    """Give the id of a cluster that naptime may act on; raise `ForeignSubscription`."""
    allowed_subscription(cluster_id.subscription_id)
    return cluster_id


def allowed_subscription(subscription_id: str) -> str:
    """Give the id of a subscription that naptime may act on; raise `ForeignSubscription`."""
    if not app().settings.allows(subscription_id):
        raise ForeignSubscription(subscription_id)
    return subscription_id


def _invalid(kind: ProblemKind, error: InvalidInput) -> func.HttpResponse:
    """Name every field, its value and the rule that it breaks."""
    problems = [{"field": p.field, "value": p.value, "rule": p.rule} for p in error.problems]
    members = {"field": error.problems[0].field, "problems": problems}
    return _problem(kind, str(error), members, retry_after(None) if _comes_back(kind) else {})


def _refused_by_azure(failed: LiveReadFailed) -> func.HttpResponse:
    """Say Azure's reason, when to come back, and what is remembered all the same."""
    error = failed.cause
    members = {
        "azureStatus": error.status,
        "azureCode": error.code or None,
        **failed.remembered,
    }
    headers = retry_after(error.retry_after) if error.retryable else {}
    return _problem(kind_of(error.reason), error.message, members, headers)


def _comes_back(kind: ProblemKind) -> bool:
    return kind.status in {429, 503}


def _problem(
    kind: ProblemKind, detail: str, members: Mapping[str, object], headers: Mapping[str, str]
) -> func.HttpResponse:
    body = {
        "type": kind.type,
        "title": kind.title,
        "status": kind.status,
        "detail": detail,
        "reason": kind.reason,
        "advice": kind.advice,
        **{name: value for name, value in members.items() if value is not None},
    }
    return _response(body, kind.status, "application/problem+json", headers)


def _response(
    body: object, status: int, mimetype: str, headers: Mapping[str, str]
) -> func.HttpResponse:
    return func.HttpResponse(
        _encoded(body),
        status_code=status,
        mimetype=mimetype,
        headers={"Cache-Control": "no-store", **headers},
    )


def _encoded(body: object) -> bytes:
    try:
        return msgspec.json.encode(body)
    except UnicodeEncodeError:
        # Half of a surrogate pair, in something of Azure's: UTF-8 cannot hold it, an escape can.
        return json.dumps(body).encode()
