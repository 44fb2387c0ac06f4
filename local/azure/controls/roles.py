"""The controls of roles: what a caller may do, from now on."""

from datetime import datetime, timedelta
from http import HTTPStatus

from local.azure.arm.roles import Role
from local.azure.controls.errors import ControlRefusedError
from local.azure.entra.tokens import is_guid
from local.azure.json_values import JsonObject, iso, parse
from local.azure.replies import Call
from local.azure.simulator import Simulator


def get_roles(simulator: Simulator, _: Call) -> JsonObject:
    """Show who has a role, and from when where it is under way; all others may do everything."""
    return {client_id: _shown(simulator, client_id) for client_id in simulator.roles.of}


def _shown(simulator: Simulator, client_id: str) -> JsonObject:
    arrives = simulator.roles.arrives.get(client_id)
    late: JsonObject = {"arrives": iso(arrives)} if arrives else {}
    return {**simulator.roles.of[client_id].to_json(), **late}


def role_of_caller(simulator: Simulator, call: Call, client_id: str) -> JsonObject:
    """Give a caller a role, at once or `?after=` seconds, or take it away; raises ValueError."""
    if not is_guid(client_id):
        message = f"roles/{client_id}: must be the client id of an application"
        raise ControlRefusedError(HTTPStatus.BAD_REQUEST, message)
    match call.method:
        case "PUT":
            role = Role.of(parse(call.body or b"null"))
            simulator.roles.give(client_id, role, _arrival(simulator, call))
        case "DELETE":
            simulator.roles.take(client_id)
        case _:
            message = f"no control {call.method} {call.path}"
            raise ControlRefusedError(HTTPStatus.NOT_FOUND, message)
    return get_roles(simulator, call)


def _arrival(simulator: Simulator, call: Call) -> datetime | None:
    text = call.query.get("after", "0")
    if not text.isdigit():
        message = f"after: '{text}' must be a whole number of seconds"
        raise ControlRefusedError(HTTPStatus.BAD_REQUEST, message)
    return simulator.clock.now() + timedelta(seconds=int(text)) if int(text) else None
