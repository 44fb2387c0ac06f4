"""Changing the simulated state by hand, as somebody who is not naptime would."""

from http import HTTPStatus

from local.azure.arm.bodies import (
    cluster_id,
    cluster_object,
    configuration_id,
    configuration_object,
)
from local.azure.arm.clusters import Cluster, Configuration, delete_configuration, put_configuration
from local.azure.arm.route import CLUSTERS, CONFIGURATIONS, Route
from local.azure.arm.routes import route_of
from local.azure.controls.errors import ControlRefusedError
from local.azure.controls.machines import change_machine
from local.azure.event_grid.bodies import application, person
from local.azure.json_values import JsonObject, as_object, as_text, parse
from local.azure.nap.machines import machine_address
from local.azure.replies import Call, Change, ChangeKind
from local.azure.simulator import Simulator

_SOMEBODY = "Ada Operator"
_NO = {"false", "0", "no"}


def change_state(simulator: Simulator, call: Call, resource_id: str) -> JsonObject:
    """Show, write or delete a cluster, a configuration or a virtual machine.

    Writes raise events unless told not to; those of machines raise none.

    Bodies are taken as they are: a state may hold what AKS itself would refuse.
    """
    address = machine_address(resource_id)
    if address is not None:
        return change_machine(simulator, call, address)
    route = route_of(resource_id)
    if route is None or not (route.is_cluster or route.is_configuration):
        message = (
            f"'{resource_id}' must be the id of a cluster, of a maintenance configuration or of a"
            " virtual machine"
        )
        raise ControlRefusedError(HTTPStatus.BAD_REQUEST, message)
    match call.method:
        case "GET":
            return _show(simulator, route)
        case "PUT":
            return _put(simulator, call, route)
        case "DELETE":
            return _delete(simulator, call, route)
        case _:
            message = f"{call.method}: must be GET, PUT or DELETE"
            raise ControlRefusedError(HTTPStatus.METHOD_NOT_ALLOWED, message)


def _cluster(simulator: Simulator, route: Route) -> Cluster:
    found = simulator.state.cluster(route.subscription, route.group, route.cluster)
    if found is None:
        raise ControlRefusedError(HTTPStatus.NOT_FOUND, f"no cluster {route.cluster_id}")
    return found


def _show(simulator: Simulator, route: Route) -> JsonObject:
    cluster = _cluster(simulator, route)
    if route.is_cluster:
        children = [configuration_object(cluster, each) for each in cluster.configurations.values()]
        return {**cluster_object(cluster), "maintenanceConfigurations": children}
    found = cluster.configurations.get(route.configuration.lower())
    if found is None:
        raise ControlRefusedError(HTTPStatus.NOT_FOUND, f"no {route.configuration_id}")
    return configuration_object(cluster, found)


def _put(simulator: Simulator, call: Call, route: Route) -> JsonObject:
    body = parse(call.body or b"{}")
    if not isinstance(body, dict) or not isinstance(body.get("properties", {}), dict):
        message = "the body and its properties must be JSON objects"
        raise ControlRefusedError(HTTPStatus.BAD_REQUEST, message)
    now = simulator.clock.now()
    if route.is_configuration:
        cluster = _cluster(simulator, route)
        properties = as_object(body.get("properties"))
        is_new = put_configuration(cluster, Configuration(route.configuration, properties), now)
        changed = configuration_id(cluster, route.configuration)
        _announce(
            simulator, call, Change(ChangeKind.WRITE, _CONFIGURATION_WRITE, changed, not is_new)
        )
        return _show(simulator, route)
    if not as_text(body.get("location")):
        message = "location: must be a string that is not empty"
        raise ControlRefusedError(HTTPStatus.BAD_REQUEST, message)
    properties = {"provisioningState": "Succeeded", **as_object(body.get("properties"))}
    address = (route.subscription, route.group, route.cluster)
    kept = {key: value for key, value in body.items() if key != "maintenanceConfigurations"}
    cluster, is_new = simulator.state.put_cluster(address, {**kept, "properties": properties}, now)
    _announce(
        simulator,
        call,
        Change(ChangeKind.WRITE, f"{CLUSTERS}/write", cluster_id(cluster), not is_new),
    )
    return _show(simulator, route)


_CONFIGURATION_WRITE = f"{CONFIGURATIONS}/write"


def _delete(simulator: Simulator, call: Call, route: Route) -> JsonObject:
    cluster = _cluster(simulator, route)
    shown = _show(simulator, route)
    if route.is_configuration:
        delete_configuration(cluster, route.configuration, simulator.clock.now())
        changed = configuration_id(cluster, route.configuration)
        action = f"{CONFIGURATIONS}/delete"
    else:
        address = (route.subscription, route.group, route.cluster)
        simulator.state.delete_cluster(address, simulator.clock.now())
        changed, action = cluster_id(cluster), f"{CLUSTERS}/delete"
    _announce(simulator, call, Change(ChangeKind.DELETE, action, changed, update=True))
    return shown


def _announce(simulator: Simulator, call: Call, change: Change) -> None:
    if call.query.get("events", "true").lower() not in _NO:
        app_id = call.query.get("app", "")
        name = call.query.get("caller", _SOMEBODY)
        simulator.announce(change, application(app_id) if app_id else person(name))
