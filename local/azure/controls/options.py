"""The control of the switches: what the simulated Azure does where the real one is not known."""

from local.azure.arm.aks_rules import Rules
from local.azure.json_values import JsonObject, as_object, is_number, parse, whole_number
from local.azure.options import Options
from local.azure.replies import Call
from local.azure.simulator import Simulator

_COUNTS = {
    "pageSize": "page_size",
    "operationReads": "operation_reads",
    "failOperations": "failing_operations",
}
_SECONDS = {"operationSeconds": "operation_seconds", "listLagSeconds": "list_lag_seconds"}


def get_options(simulator: Simulator, _: Call) -> JsonObject:
    """Show the switches."""
    options = simulator.options
    return {
        **{name: getattr(options, field) for name, field in _COUNTS.items()},
        **{name: getattr(options, field) for name, field in _SECONDS.items()},
        "conflictWhileBusy": options.conflict_while_busy,
        "created201": options.created_status == _CREATED,
        "allowPastStartDate": options.rules.past_start_dates,
        "tagEventNamesCluster": options.tag_event_names_cluster,
        "throttle": simulator.arm.throttle.enforced,
    }


_OK, _CREATED = 200, 201


def post_options(simulator: Simulator, call: Call) -> JsonObject:
    """Set some of the switches; raises ValueError and changes none where one is wrong."""
    order = as_object(parse(call.body or b"{}"))
    unknown = sorted(set(order) - set(get_options(simulator, call)))
    if unknown:
        message = f"{unknown[0]}: unknown, expected one of {sorted(get_options(simulator, call))}"
        raise ValueError(message)
    checked = {name: _checked(name, value) for name, value in order.items()}
    for name, value in checked.items():
        _set(simulator, simulator.options, name, value)
    simulator.settle()
    return get_options(simulator, call)


def _checked(name: str, value: object) -> float:
    if name in _SECONDS:
        if isinstance(value, (int, float)) and is_number(value) and value >= 0:
            return value
        message = f"{name}: must be a number that is not negative"
        raise ValueError(message)
    if name in _COUNTS:
        number = whole_number(value)
        if number is not None and number >= 0:
            return number
        message = f"{name}: must be a whole number that is not negative"
        raise ValueError(message)
    if isinstance(value, bool):
        return value
    message = f"{name}: must be true or false"
    raise ValueError(message)


def _set(simulator: Simulator, options: Options, name: str, value: float) -> None:
    match name:
        case "operationSeconds" | "listLagSeconds":
            setattr(options, _SECONDS[name], float(value))
        case "conflictWhileBusy":
            options.conflict_while_busy = bool(value)
        case "created201":
            options.created_status = _CREATED if value else _OK
        case "allowPastStartDate":
            options.rules = Rules(past_start_dates=bool(value))
        case "tagEventNamesCluster":
            options.tag_event_names_cluster = bool(value)
        case "throttle":
            simulator.arm.throttle.enforced = bool(value)
        case _:
            setattr(options, _COUNTS[name], int(value))
