"""The controls of roles: what a caller may do, from now on."""

from http import HTTPStatus

from local.azure.arm.roles import Role
from local.azure.controls.errors import ControlRefusedError
from local.azure.entra.tokens import is_guid
from local.azure.json_values import JsonObject, parse
from local.azure.replies import Call
from local.azure.simulator import Simulator


def get_roles(simulator: Simulator, _: Call) -> JsonObject:
    """Show who has a role; all others may do everything."""
    return {client_id: role.to_json() for client_id, role in simulator.roles.of.items()}


def role_of_caller(simulator: Simulator, call: Call, client_id: str) -> JsonObject:
    """Give a caller a role, or take it away; raises ValueError."""
    if not is_guid(client_id):
        message = f"roles/{client_id}: must be the client id of an application"
        raise ControlRefusedError(HTTPStatus.BAD_REQUEST, message)
    match call.method:
        case "PUT":
            simulator.roles.of[client_id.lower()] = Role.of(parse(call.body or b"null"))
        case "DELETE":
            simulator.roles.of.pop(client_id.lower(), None)
        case _:
            message = f"no control {call.method} {call.path}"
            raise ControlRefusedError(HTTPStatus.NOT_FOUND, message)
    return get_roles(simulator, call)
