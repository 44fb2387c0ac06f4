"""The webhook of Event Grid triggers.

What it answers follows Azure/azure-sdk-for-net, EventGridExtensionConfigProvider.cs and
HttpRequestProcessor.cs.
"""

import asyncio
import json
from collections.abc import Collection, Mapping
from http import HTTPStatus
from typing import Final

from aiohttp import web

from local.host.invocations import Invoker
from local.host.keys import Keys
from local.host.payloads import event_grid_payload
from local.host.requests import BodyTooLarge, given_key, query_value, read_body
from local.host.wire_json import parse, rewritten

EVENT_GRID_TRIGGER: Final = "eventGridTrigger"
REASON: Final = "EventGrid trigger fired."


class EventGridWebhook:
    """Hands events to the functions with an Event Grid trigger."""

    def __init__(self, functions: Collection[str], invoker: Invoker, keys: Keys) -> None:
        self._functions = functions
        self._invoker = invoker
        self._keys = keys

    async def answer(self, request: web.BaseRequest) -> web.Response:
        """Answer a handshake, or deliver events and answer how that went."""
        if not self._keys.open_event_grid(given_key(request)):
            return web.Response(status=HTTPStatus.UNAUTHORIZED)
        name = query_value(request, "functionName") or ""
        if name not in self._functions:
            text = f"cannot find function: '{name}'"
            return web.Response(status=HTTPStatus.NOT_FOUND, text=text)
        if request.method == "OPTIONS":
            return _abuse_protection(request)
        try:
            return await self._posted(request, name)
        except BodyTooLarge:
            return web.Response(status=HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
        except (ValueError, RecursionError) as error:
            # The extension lets its parser's exception out (Azure/azure-sdk-for-net,
            # HttpRequestProcessor.cs).
            return web.Response(status=HTTPStatus.INTERNAL_SERVER_ERROR, text=str(error))

    async def _posted(self, request: web.BaseRequest, name: str) -> web.Response:
        match request.headers.get("aeg-event-type", "").lower():
            case "subscriptionvalidation":
                code = validation_code(parse(await read_body(request)))
                return web.json_response({"validationResponse": code})
            case "notification":
                return await self._deliver(name, parse(await read_body(request)))
            case "unsubscribe":
                return web.Response(status=HTTPStatus.ACCEPTED)
        return web.Response(status=HTTPStatus.BAD_REQUEST)

    async def _deliver(self, name: str, body: object) -> web.Response:
        events = body if isinstance(body, list) else [body]
        if not all(isinstance(event, Mapping) for event in events):
            raise ValueError("an event must be a JSON object")
        calls = (self._call(name, event) for event in events)
        failures = [failure for failure in await asyncio.gather(*calls) if failure]
        if failures:
            return web.Response(status=HTTPStatus.INTERNAL_SERVER_ERROR, text=failures[0])
        return web.Response(status=HTTPStatus.ACCEPTED)

    async def _call(self, name: str, event: object) -> str:
        payload = event_grid_payload(json.dumps(rewritten(event)))
        result = await self._invoker.call(name, payload, REASON)
        return "" if result.succeeded else f"Exception while executing function: {name}"


def validation_code(body: object) -> str:
    """Find the code of a handshake in either schema; a ValueError where there is none.

    A batch in the Event Grid schema has it in its first event's data; in a single CloudEvent the
    data is a JSON text.
    """
    event = body[0] if isinstance(body, list) and body else body
    data = event.get("data") if isinstance(event, Mapping) else None
    if isinstance(data, str):
        data = json.loads(data)
    code = data.get("validationCode") if isinstance(data, Mapping) else None
    if not isinstance(code, str):
        raise ValueError("the handshake has no validationCode")  # noqa: TRY004 - of the text sent
    return code


def _abuse_protection(request: web.BaseRequest) -> web.Response:
    # Whoever asks is allowed, also who does not say where from.
    origin = request.headers.get("WebHook-Request-Origin", "")
    return web.Response(headers={"Webhook-Allowed-Origin": origin})
