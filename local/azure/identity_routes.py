"""The managed-identity end point, in the form that App Service gives its apps."""

from http import HTTPStatus

from local.azure.arm_errors import AzureRefusal
from local.azure.bodies import dump
from local.azure.identity import token_body
from local.azure.misfortunes import Facts, Misfortune, refusal_error
from local.azure.replies import Call, Reply
from local.azure.simulator import Simulator

_API_VERSION = "2019-08-01"


def answer_identity(simulator: Simulator, call: Call, misfortune: Misfortune) -> Reply:
    """Answer a request for a token, and write it down in the journal."""
    try:
        if misfortune.refusal is not None:
            raise refusal_error(misfortune.refusal, Facts(call.method, call.path))
        reply, caller = _token(simulator, call)
    except AzureRefusal as refusal:
        reply, caller = refusal.reply(), ""
    simulator.record(call, reply, simulator.clock.now(), caller=caller, faults=misfortune.names)
    return reply


def _token(simulator: Simulator, call: Call) -> tuple[Reply, str]:
    header = call.headers.get("X-IDENTITY-HEADER", "")
    expected = simulator.identity_header
    if not header or (expected and header != expected):
        raise _refusal(HTTPStatus.UNAUTHORIZED, "Unauthorized", "X-IDENTITY-HEADER is not right.")
    if call.query.get("api-version") != _API_VERSION:
        message = f"The api-version must be {_API_VERSION}."
        raise _refusal(HTTPStatus.BAD_REQUEST, "UnsupportedApiVersion", message)
    resource = call.query.get("resource", "")
    if not resource:
        raise _refusal(HTTPStatus.BAD_REQUEST, "InvalidRequest", "The resource is missing.")
    token = simulator.tokens.issue(resource, call.query.get("client_id", ""))
    return Reply(body=dump(token_body(token)), content_type="application/json"), token.client_id


def _refusal(status: int, code: str, message: str) -> AzureRefusal:
    return AzureRefusal(status, code, message)
