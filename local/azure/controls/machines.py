"""Changing virtual machines by hand, as Karpenter does; they raise no events here."""

from http import HTTPStatus

from local.azure.controls.errors import ControlRefusedError
from local.azure.json_values import JsonObject, parse
from local.azure.nap.machines import Address, Machine, machine_of, problems_of
from local.azure.replies import Call
from local.azure.simulator import Simulator


def change_machine(simulator: Simulator, call: Call, address: Address) -> JsonObject:
    """Show, write or delete a virtual machine; raises ControlRefusedError."""
    state = simulator.state
    match call.method:
        case "GET":
            return _found(state.machine(address)).body
        case "PUT":
            machine = machine_of(address, _body(call), simulator.clock.now())
            state.put_machine(address, machine)
            return machine.body
        case "DELETE":
            return _found(state.delete_machine(address)).body
        case _:
            message = f"{call.method}: must be GET, PUT or DELETE"
            raise ControlRefusedError(HTTPStatus.METHOD_NOT_ALLOWED, message)


def _found(machine: Machine | None) -> Machine:
    if machine is None:
        raise ControlRefusedError(HTTPStatus.NOT_FOUND, "no such virtual machine")
    return machine


def _body(call: Call) -> JsonObject:
    body = parse(call.body or b"{}")
    problems = problems_of(body) if isinstance(body, dict) else ["must be a JSON object"]
    if not isinstance(body, dict) or problems:
        raise ControlRefusedError(HTTPStatus.BAD_REQUEST, "; ".join(problems))
    return body
