"""The controls under /_simulator/: journal, state, faults, events, time. They need no token."""

import json
from collections.abc import Callable, Mapping
from http import HTTPStatus

from local.azure.bodies import cluster_object, configuration_object
from local.azure.control_errors import ControlRefusedError
from local.azure.event_controls import get_events, hurry_events, post_event_options, post_events
from local.azure.fault_orders import OrderIsInvalidError, documented_faults, fault_of
from local.azure.json_values import (
    JsonObject,
    as_object,
    as_text,
    instant_of,
    is_number,
    iso,
    parse,
)
from local.azure.node_images import node_images_of, release_node_image
from local.azure.replies import Call, Reply
from local.azure.simulator import Simulator
from local.azure.state_controls import change_state

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
    return {**urls, "controls": [f"{method} {CONTROLS}/{name}" for name, method in _CONTROLS]}


def _controlled(simulator: Simulator, call: Call, path: str) -> object:
    name, _, rest = path.partition("/")
    if name.lower() == "state" and rest:
        return change_state(simulator, call, f"/{rest}")
    if name.lower() == "faults" and rest and call.method == "DELETE":
        return {"withdrawn": simulator.faults.clear(_number(rest))}
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


def _object(call: Call) -> JsonObject:
    value = parse(call.body or b"{}")
    if not isinstance(value, dict):
        message = "the body must be a JSON object"
        raise OrderIsInvalidError(message)
    return value


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
        "nodeImageVersions": simulator.state.node_images,
    }


def _get_faults(simulator: Simulator, _: Call) -> object:
    return {"value": [each.to_json() for each in simulator.faults], "known": documented_faults()}


def _post_faults(simulator: Simulator, call: Call) -> object:
    return simulator.faults.add(fault_of(_object(call))).to_json()


def _clear_faults(simulator: Simulator, _: Call) -> object:
    return {"withdrawn": simulator.faults.clear()}


def _reset(simulator: Simulator, _: Call) -> object:
    simulator.reset()
    return {"reset": True}


def _get_clock(simulator: Simulator, _: Call) -> object:
    return {"now": iso(simulator.clock.now()), "frozen": simulator.clock.frozen}


def _post_clock(simulator: Simulator, call: Call) -> object:
    order = _object(call)
    unknown = sorted(set(order) - {"now", "advance", "freeze"})
    advance, freeze = order.get("advance", 0), order.get("freeze", False)
    if unknown or not order:
        message = f"{unknown}: expected now, advance or freeze"
        raise OrderIsInvalidError(message)
    if not isinstance(freeze, bool):
        message = "freeze: must be true or false"
        raise OrderIsInvalidError(message)
    if not isinstance(advance, (int, float)) or not is_number(advance):
        message = "advance: must be a number of seconds"
        raise OrderIsInvalidError(message)
    if "freeze" in order:
        simulator.clock.freeze(frozen=freeze)
    if "now" in order:
        simulator.clock.set(instant_of(as_text(order["now"])))
    if advance:
        simulator.clock.advance(advance)
    return _get_clock(simulator, call)


def _post_node_image(simulator: Simulator, call: Call) -> object:
    order = _object(call)
    given = {name: as_text(order.get(name)) for name in ("location", "os", "sku", "version")}
    missing = [name for name, value in given.items() if not value]
    if missing:
        message = f"{', '.join(missing)}: must be a string that is not empty"
        raise OrderIsInvalidError(message)
    release_node_image(simulator.state, **given)
    return {"value": node_images_of(simulator.state, given["location"])}


def _get_node_images(simulator: Simulator, _: Call) -> object:
    return as_object(dict(simulator.state.node_images))


_CONTROLS: Mapping[tuple[str, str], Callable[[Simulator, Call], object]] = {
    ("journal", "GET"): _get_journal,
    ("journal", "DELETE"): _clear_journal,
    ("state", "GET"): _get_state,
    ("faults", "GET"): _get_faults,
    ("faults", "POST"): _post_faults,
    ("faults", "DELETE"): _clear_faults,
    ("reset", "POST"): _reset,
    ("clock", "GET"): _get_clock,
    ("clock", "POST"): _post_clock,
    ("node-images", "GET"): _get_node_images,
    ("node-images", "POST"): _post_node_image,
    ("events", "GET"): get_events,
    ("events", "POST"): post_events,
    ("events/retry-now", "POST"): hurry_events,
    ("events/options", "POST"): post_event_options,
}
