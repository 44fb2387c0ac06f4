"""The controls of the simulated time, and of what comes with it: node images, Kubernetes."""

from http import HTTPStatus

from local.azure.arm.clusters import short_location
from local.azure.arm.node_images import node_images_of, release_node_image
from local.azure.arm.state import KubernetesVersion
from local.azure.controls.errors import ControlRefusedError
from local.azure.json_values import (
    JsonObject,
    as_object,
    as_text,
    instant_of,
    is_number,
    iso,
    parse,
)
from local.azure.replies import Call
from local.azure.simulator import Simulator


def json_order(call: Call) -> JsonObject:
    """Read the body of a control; raises ControlRefusedError unless it is a JSON object."""
    value = parse(call.body or b"{}")
    if not isinstance(value, dict):
        message = "the body must be a JSON object"
        raise ControlRefusedError(HTTPStatus.BAD_REQUEST, message)
    return value


def get_clock(simulator: Simulator, _: Call) -> object:
    """Tell the simulated time."""
    return {"now": iso(simulator.clock.now()), "frozen": simulator.clock.frozen}


def post_clock(simulator: Simulator, call: Call) -> object:
    """Set, move on, stop or start the simulated time; raises ControlRefusedError."""
    order = json_order(call)
    unknown = sorted(set(order) - {"now", "advance", "freeze"})
    advance, freeze = order.get("advance", 0), order.get("freeze", False)
    if unknown or not order:
        message = f"{unknown}: expected now, advance or freeze"
        raise ControlRefusedError(HTTPStatus.BAD_REQUEST, message)
    if not isinstance(freeze, bool):
        message = "freeze: must be true or false"
        raise ControlRefusedError(HTTPStatus.BAD_REQUEST, message)
    if not isinstance(advance, (int, float)) or not is_number(advance):
        message = "advance: must be a number of seconds"
        raise ControlRefusedError(HTTPStatus.BAD_REQUEST, message)
    if "freeze" in order:
        simulator.clock.freeze(frozen=freeze)
    if "now" in order:
        simulator.clock.set(instant_of(as_text(order["now"])))
    if advance:
        simulator.clock.advance(advance)
    simulator.settle()
    return get_clock(simulator, call)


def post_node_image(simulator: Simulator, call: Call) -> object:
    """Release a node image in a location; raises ControlRefusedError."""
    order = json_order(call)
    given = _texts(order, "location", "os", "sku", "version")
    keep_older = order.get("keepOlder", False)
    if not isinstance(keep_older, bool):
        message = "keepOlder: must be true or false"
        raise ControlRefusedError(HTTPStatus.BAD_REQUEST, message)
    location, image = given["location"], (given["os"], given["sku"], given["version"])
    now = simulator.clock.now()
    release_node_image(simulator.state, now, location, image, keep_older=keep_older)
    return {"value": node_images_of(simulator.state, location)}


def post_kubernetes(simulator: Simulator, call: Call) -> object:
    """Have AKS upgrade to a version of Kubernetes in a location; raises ControlRefusedError."""
    given = _texts(json_order(call), "location", "version")
    location, now = short_location(given["location"]), simulator.clock.now()
    simulator.state.kubernetes.append(KubernetesVersion(now, location, given["version"]))
    return get_kubernetes(simulator, call)


def get_kubernetes(simulator: Simulator, _: Call) -> object:
    """List the versions that AKS upgrades to, and since when."""
    found = simulator.state.kubernetes
    return {
        "value": [
            {"at": iso(each.at), "location": each.location, "version": each.version}
            for each in found
        ]
    }


def _texts(order: JsonObject, *names: str) -> dict[str, str]:
    given = {name: as_text(order.get(name)) for name in names}
    missing = [name for name, value in given.items() if not value]
    if missing:
        message = f"{', '.join(missing)}: must be a string that is not empty"
        raise ControlRefusedError(HTTPStatus.BAD_REQUEST, message)
    return given


def get_node_images(simulator: Simulator, _: Call) -> object:
    """List the node images that were offered, by location."""
    return as_object(dict(simulator.state.node_images))
