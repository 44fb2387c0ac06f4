"""Custom topics of Event Grid: where anybody who may can publish events of their own.

The real ones have a host name each; here it is /topics/{name}/api/events, for any name.
"""

import json
from datetime import datetime
from http import HTTPStatus
from uuid import uuid4

from local.azure.arm.errors import AzureRefusal
from local.azure.controls.misfortunes import Misfortune, refusal_error
from local.azure.entra.tokens import Caller
from local.azure.event_grid.cloud_events import EventsRefusedError, events_of
from local.azure.event_grid.topic_paths import publishing_facts, topic_of
from local.azure.replies import Call, Reply
from local.azure.simulator import Simulator

AUDIENCES = frozenset({"https://eventgrid.azure.net"})
_API_VERSION = "2018-01-01"


def answer_topic(simulator: Simulator, call: Call, misfortune: Misfortune) -> Reply:
    """Take events for a topic (200 without a body), and write the call down in the journal."""
    caller = Caller("", "", "")
    try:
        topic = _topic(call)
        if misfortune.refusal is not None:
            raise refusal_error(misfortune.refusal, publishing_facts(call))
        caller = _caller(simulator, call)
        events = events_of(call.headers.get("Content-Type", ""), call.body)
    except AzureRefusal as refusal:
        # What faults order says it in its own words, with its own Retry-After.
        reply = _refused(refusal.status, refusal.code, refusal.code, refusal.message)
        reply.headers.update(refusal.headers)
    except EventsRefusedError as error:
        message = f"{error} {_report(simulator.clock.now())}"
        reply = _refused(error.status, error.code, error.detail, message)
    else:
        simulator.publish(topic, events)
        reply = Reply(content_type="")
    reply.headers["api-supported-versions"] = _API_VERSION
    now = simulator.clock.now()
    simulator.record(call, reply, now, caller=caller.app_id, faults=misfortune.names)
    return reply


def _topic(call: Call) -> str:
    topic = topic_of(call.path)
    if call.method != "POST" or not topic:
        # Recorded in Azure/azure-sdk-for-js, sdk/eventgrid, 2021-03.
        message = f"No HTTP resource was found that matches the request URI '{call.path}'."
        raise EventsRefusedError(HTTPStatus.NOT_FOUND, "NotFound", "ResourceNotFound", message)
    if call.query.get("api-version") != _API_VERSION:
        message = f"The api-version must be {_API_VERSION}."
        raise EventsRefusedError(HTTPStatus.BAD_REQUEST, "BadRequest", "BadRequest", message)
    return topic


def _caller(simulator: Simulator, call: Call) -> Caller:
    try:
        return simulator.tokens.caller(call.headers.get("Authorization", ""), AUDIENCES)
    except AzureRefusal as refusal:
        # Event Grid's own words for tokens were never recorded; those for keys speak of keys.
        message = f"The request is not authorized: {refusal.code}."
        raise EventsRefusedError(
            HTTPStatus.UNAUTHORIZED, "Unauthorized", "Unauthorized", message
        ) from refusal


def _refused(status: int, code: str, detail: str, message: str) -> Reply:
    error = {
        "code": code,
        "message": message,
        "details": [{"code": detail, "message": message}],
    }
    return Reply(
        status=status,
        body=json.dumps({"error": error}).encode(),
        content_type="application/json; charset=utf-8",
        code=code,
    )


def _report(when: datetime) -> str:
    return (
        f"Report '{uuid4()}:0:{when:%m/%d/%Y %I:%M:%S %p} (UTC)' to our forums for assistance or"
        " raise a support ticket."
    )
