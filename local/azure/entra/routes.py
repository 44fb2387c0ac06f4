"""The end points that hand out tokens: managed identity in both its forms, and Entra."""

import json
from collections.abc import Callable
from dataclasses import replace
from http import HTTPStatus

from local.azure.arm.bodies import dump
from local.azure.arm.errors import AzureRefusal
from local.azure.controls.misfortunes import Facts, Misfortune, refusal_error
from local.azure.entra.metadata_endpoints import METADATA_PATH, metadata_reply
from local.azure.entra.service_principals import (
    EntraRefusal,
    Request,
    entra_reply,
    entra_request,
    journal_form,
)
from local.azure.entra.token_bodies import token_body, virtual_machine_body
from local.azure.entra.tokens import VIRTUAL_MACHINE_PATH, Token, is_identity_path
from local.azure.json_values import as_object, as_text, parse
from local.azure.replies import Call, Reply
from local.azure.simulator import Simulator

type Answer = Callable[[Simulator, Call, Misfortune], Reply]

_APP_SERVICE_VERSION = "2019-08-01"


def answer_of(path: str) -> Answer | None:
    """Give what answers a path that is not Resource Manager's own; None for one that is."""
    if path.startswith("/subscriptions"):
        return None
    if is_identity_path(path):
        return answer_identity
    if path.rstrip("/").lower() == METADATA_PATH:
        return answer_metadata
    return answer_entra if entra_request(path) else None


def answer_metadata(simulator: Simulator, call: Call, misfortune: Misfortune) -> Reply:
    """Answer with the cloud's addresses."""
    reply = metadata_reply(call.query.get("api-version", ""), simulator.url)
    return _recorded(simulator, call, misfortune, reply, "")


def answer_identity(simulator: Simulator, call: Call, misfortune: Misfortune) -> Reply:
    """Answer a request for a managed identity's token, and write it down in the journal."""
    on_machine = call.path.rstrip("/").lower() == VIRTUAL_MACHINE_PATH
    caller = ""
    try:
        if misfortune.refusal is not None:
            raise refusal_error(misfortune.refusal, Facts(call.method, call.path))
        token = _machine_token(simulator, call) if on_machine else _app_token(simulator, call)
    except AzureRefusal as refusal:
        reply = refusal.reply()
    except _MachineRefusedError as refusal:
        reply = refusal.reply()
    else:
        caller = token.client_id
        body = virtual_machine_body(token) if on_machine else token_body(token)
        reply = Reply(body=dump(body), content_type="application/json; charset=utf-8")
    return _recorded(simulator, call, misfortune, reply, caller)


def answer_entra(simulator: Simulator, call: Call, misfortune: Misfortune) -> Reply:
    """Answer what is Entra's; the journal keeps no secret of it."""
    request = entra_request(call.path) or Request("", "")
    try:
        if misfortune.refusal is not None:
            raise refusal_error(misfortune.refusal, Facts(call.method, call.path))
        secret = simulator.client_secret
        reply = entra_reply(request, call, simulator.tokens, simulator.url, secret)
    except (AzureRefusal, EntraRefusal) as refusal:
        reply = refusal.reply()
    body = journal_form(call.body) if call.body else b""
    caller = as_text(as_object(parse(body)).get("client_id")) if body else ""
    return _recorded(simulator, replace(call, body=body), misfortune, reply, caller)


def _recorded(
    simulator: Simulator, call: Call, misfortune: Misfortune, reply: Reply, caller: str
) -> Reply:
    simulator.record(call, reply, simulator.clock.now(), caller=caller, faults=misfortune.names)
    return reply


def _app_token(simulator: Simulator, call: Call) -> Token:
    header = call.headers.get("X-IDENTITY-HEADER", "")
    expected = simulator.identity_header
    if not header or (expected and header != expected):
        raise _refusal(HTTPStatus.UNAUTHORIZED, "Unauthorized", "X-IDENTITY-HEADER is not right.")
    if call.query.get("api-version") != _APP_SERVICE_VERSION:
        message = f"The api-version must be {_APP_SERVICE_VERSION}."
        raise _refusal(HTTPStatus.BAD_REQUEST, "UnsupportedApiVersion", message)
    resource = call.query.get("resource", "")
    if not resource:
        raise _refusal(HTTPStatus.BAD_REQUEST, "InvalidRequest", "The resource is missing.")
    return simulator.tokens.issue(resource, call.query.get("client_id", ""))


def _refusal(status: int, code: str, message: str) -> AzureRefusal:
    return AzureRefusal(status, code, message)


class _MachineRefusedError(Exception):
    """What the instance metadata service refuses: 400 with an error and its description."""

    def __init__(self, error: str, description: str) -> None:
        super().__init__(description)
        self.error = error

    def reply(self) -> Reply:
        """Write the error as the service does."""
        body = {"error": self.error, "error_description": str(self)}
        return Reply(
            status=HTTPStatus.BAD_REQUEST,
            body=json.dumps(body).encode(),
            content_type="application/json; charset=utf-8",
            code=self.error,
        )


def _machine_token(simulator: Simulator, call: Call) -> Token:
    # learn.microsoft.com "How to use managed identities on a VM to acquire a token", errors.
    if call.headers.get("Metadata", "").lower() != "true":
        raise _MachineRefusedError("bad_request_102", "Required metadata header not specified")
    resource = call.query.get("resource", "")
    if not resource or not call.query.get("api-version"):
        raise _MachineRefusedError("invalid_request", "Required audience parameter not specified")
    return simulator.tokens.issue(resource, call.query.get("client_id", ""))
