"""The controls under /_simulator/: journal, state, faults, events, time. They need no token."""

import json
from collections.abc import Callable, Mapping
from http import HTTPStatus

from local.azure.arm.bodies import cluster_object, configuration_object
from local.azure.controls.clock import (
    get_clock,
    get_kubernetes,
    get_node_images,
    json_order,
    post_clock,
    post_kubernetes,
    post_node_image,
)
from local.azure.controls.errors import ControlRefusedError
from local.azure.controls.events import (
    get_events,
    hurry_events,
    post_event_options,
    post_events,
    validate_subscription,
)
from local.azure.controls.fault_orders import OrderIsInvalidError, documented_faults, fault_of
from local.azure.controls.nap import nap_history, nap_of_cluster
from local.azure.controls.options import get_options, post_options
from local.azure.controls.roles import get_roles, role_of_caller
from local.azure.controls.state import change_state
from local.azure.entra.tokens import TENANT_ID
from local.azure.replies import Call, Reply
from local.azure.simulator import Simulator

CONTROLS = "/_simulator"


def answer_control(simulator: Simulator, call: Call, urls: Mapping[str, str]) -> Reply:
    """Answer a control; mistakes are 400 with the field named, unknown paths are 404."""
    path = call.path.removeprefix(CONTROLS).strip("/")
    try:
        return _json(_controlled(simulator, call, path) if path else _contents(urls))
    except ControlRefusedError as error:
        return _json({"error": str(error)}, error.status)
    except ValueError as error:
        return _json({"error": str(error)}, HTTPStatus.BAD_REQUEST)


def _contents(urls: Mapping[str, str]) -> object:
    return {
        **urls,
        "tenantId": TENANT_ID,
        "controls": [f"{method} {CONTROLS}/{name}" for name, method in _CONTROLS],
    }


def _controlled(simulator: Simulator, call: Call, path: str) -> object:
    name, _, rest = path.partition("/")
    if name.lower() == "state" and rest:
        return change_state(simulator, call, f"/{rest}")
    if name.lower() == "faults" and rest and call.method == "DELETE":
        return {"withdrawn": simulator.faults.clear(_number(rest))}
    if name.lower() == "nap" and rest:
        return nap_of_cluster(simulator, call, f"/{rest}")
    if name.lower() == "roles" and rest:
        return role_of_caller(simulator, call, rest)
    control = _CONTROLS.get((path.lower(), call.method))
    if control is None:
        message = f"no control {call.method} {call.path}"
        raise ControlRefusedError(HTTPStatus.NOT_FOUND, message)
    return control(simulator, call)


def _json(value: object, status: int = HTTPStatus.OK) -> Reply:
    body = json.dumps(value, indent=1, ensure_ascii=False).encode()
    return Reply(status=status, body=body, content_type="application/json; charset=utf-8")


def _number(text: str) -> int:
    if not text.isdigit():
        message = f"faults/{text}: must be the number of a fault"
        raise OrderIsInvalidError(message)
    return int(text)


def _get_journal(simulator: Simulator, call: Call) -> object:
    query = call.query
    entries = simulator.journal.entries(
        method=query.get("method", ""), path=query.get("path", ""), since=query.get("since", "")
    )
    shown = [entry.to_json() for entry in entries]
    return {"value": shown, "count": len(shown), "sequence": simulator.journal.sequence}


def _clear_journal(simulator: Simulator, _: Call) -> object:
    simulator.journal.clear()
    return {"cleared": True}


def _get_state(simulator: Simulator, _: Call) -> object:
    return {
        "subscriptions": [each.id for each in simulator.state.subscriptions.values()],
        "clusters": [
            {
                **cluster_object(cluster),
                "maintenanceConfigurations": [
                    configuration_object(cluster, each) for each in cluster.configurations.values()
                ],
            }
            for cluster in simulator.state.clusters()
        ],
        "virtualMachines": [each.body for each in simulator.state.machines()],
        "nodeImageVersions": simulator.state.node_images,
    }


def _get_faults(simulator: Simulator, _: Call) -> object:
    return {"value": [each.to_json() for each in simulator.faults], "known": documented_faults()}


def _post_faults(simulator: Simulator, call: Call) -> object:
    return simulator.faults.add(fault_of(json_order(call))).to_json()


def _clear_faults(simulator: Simulator, _: Call) -> object:
    return {"withdrawn": simulator.faults.clear()}


def _reset(simulator: Simulator, _: Call) -> object:
    simulator.reset()
    return {"reset": True}


_CONTROLS: Mapping[tuple[str, str], Callable[[Simulator, Call], object]] = {
    ("journal", "GET"): _get_journal,
    ("journal", "DELETE"): _clear_journal,
    ("state", "GET"): _get_state,
    ("faults", "GET"): _get_faults,
    ("faults", "POST"): _post_faults,
    ("faults", "DELETE"): _clear_faults,
    ("reset", "POST"): _reset,
    ("clock", "GET"): get_clock,
    ("clock", "POST"): post_clock,
    ("node-images", "GET"): get_node_images,
    ("node-images", "POST"): post_node_image,
    ("kubernetes", "GET"): get_kubernetes,
    ("kubernetes", "POST"): post_kubernetes,
    ("options", "GET"): get_options,
    ("options", "POST"): post_options,
    ("roles", "GET"): get_roles,
    ("nap", "GET"): nap_history,
    ("events", "GET"): get_events,
    ("events", "POST"): post_events,
    ("events/retry-now", "POST"): hurry_events,
    ("events/validate", "GET"): validate_subscription,
    ("events/options", "POST"): post_event_options,
}
