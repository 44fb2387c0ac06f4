"""The controls of Event Grid: what was sent, sending by hand, twice and out of order."""

from http import HTTPStatus

from local.azure.controls.errors import ControlRefusedError
from local.azure.json_values import JsonObject, as_list, as_object, as_text, parse, whole_number
from local.azure.replies import Call
from local.azure.simulator import Simulator

_MOST_COPIES = 100


def get_events(simulator: Simulator, _: Call) -> JsonObject:
    """Show the subscriptions, and every event with its deliveries."""
    outbox = simulator.outbox
    return {
        "subscriptions": [each.to_json() for each in outbox.subscriptions],
        "idle": outbox.is_idle,
        "value": [each.to_json() for each in outbox.published],
    }


def post_events(simulator: Simulator, call: Call) -> JsonObject:
    """Send an event, a list of them, or {"events": [], "copies": n, "reversed": true}.

    Events go out as they are given; to whom, the filters of the subscriptions decide: those of a
    custom topic where the order names one ("topic").
    """
    document = parse(call.body)
    order = as_object(document)
    events = order.get("events", document)
    given = [as_object(each) for each in as_list(events)] or [as_object(events)]
    if not all(given):
        raise ControlRefusedError(HTTPStatus.BAD_REQUEST, "events: must be JSON objects")
    if order.get("reversed") is True:
        given.reverse()
    copies = _copies(order)
    # Without a list of events the order is itself an event, whose topic is its own affair.
    topic = as_text(order.get("topic")) if "events" in order else ""
    now = simulator.clock.now()
    for event in given:
        simulator.outbox.publish(event, now, copies, topic)
    simulator.on_event()
    return {"sent": len(given), "copies": copies}


def validate_subscription(simulator: Simulator, call: Call) -> JsonObject:
    """Take a handshake as answered: somebody opened its validationUrl."""
    name, code = call.query.get("id", ""), call.query.get("code", "")
    for each in simulator.outbox.subscriptions:
        if each.name == name and each.code and each.code == code:
            each.ready = True
            simulator.on_event()
            return {"validated": name}
    raise ControlRefusedError(HTTPStatus.NOT_FOUND, "no subscription has this id and code")


def hurry_events(simulator: Simulator, _: Call) -> JsonObject:
    """Try every waiting delivery now."""
    hurried = simulator.outbox.hurry(simulator.clock.now())
    simulator.on_event()
    return {"hurried": hurried}


def post_event_options(simulator: Simulator, call: Call) -> JsonObject:
    """Set how many copies of every event go out from now on, and in how large reversed groups."""
    order = as_object(parse(call.body))
    if "copies" in order:
        simulator.event_copies = _copies(order)
    if "reversedGroups" in order:
        size = whole_number(order["reversedGroups"])
        if size is None or size < 0:
            message = "reversedGroups: must be a whole number, 0 for in order"
            raise ControlRefusedError(HTTPStatus.BAD_REQUEST, message)
        simulator.outbox.reverse_in_groups(size, simulator.clock.now())
        simulator.on_event()
    return {"copies": simulator.event_copies, "reversedGroups": simulator.outbox.group_size}


def _copies(order: JsonObject) -> int:
    copies = whole_number(order.get("copies", 1))
    if copies is None or not 1 <= copies <= _MOST_COPIES:
        message = f"copies: must be a whole number of 1 to {_MOST_COPIES}"
        raise ControlRefusedError(HTTPStatus.BAD_REQUEST, message)
    return copies
