"""The administration: state of the host, its functions and keys, manual runs."""

import asyncio
import json
from collections.abc import Callable, Collection, Mapping, Sequence
from http import HTTPStatus
from importlib.metadata import version
from typing import Final

from aiohttp import web

from local.host.functions import FunctionInfo
from local.host.invocations import Invoker
from local.host.keys import Keys
from local.host.payloads import (
    HttpCall,
    Payload,
    QueueMetadata,
    event_grid_payload,
    http_payload,
    queue_payload,
    timer_payload,
)
from local.host.requests import BodyTooLarge, given_key, read_body

REASON: Final = "This function was programmatically called via the host APIs."

_PAYLOADS: Final[Mapping[str, Callable[[str], Payload]]] = {
    "timerTrigger": lambda _: timer_payload(),
    "queueTrigger": lambda text: queue_payload(text, QueueMetadata()),
    "eventGridTrigger": event_grid_payload,
    "httpTrigger": lambda text: http_payload(HttpCall(method="POST", body=text.encode())),
}


class Administration:
    """Answers what is under /admin; everything but the ping needs the master key."""

    def __init__(self, invoker: Invoker, keys: Keys, disabled: Collection[str]) -> None:
        self._invoker = invoker
        self._keys = keys
        self._disabled = disabled
        self._background: set[asyncio.Task[object]] = set()

    async def answer(self, request: web.BaseRequest, path: Sequence[str]) -> web.Response:
        """Answer a request for a path, given by its segments after /admin."""
        lowered = [segment.lower() for segment in path]
        if lowered == ["host", "ping"]:
            return web.Response()
        if not self._keys.open_admin(given_key(request)):
            return web.Response(status=HTTPStatus.UNAUTHORIZED)
        match request.method, lowered:
            case "GET", _:
                return self._shown(lowered)
            case "POST", ["functions", name]:
                return await self._run(name, request)
        return web.Response(status=HTTPStatus.NOT_FOUND)

    def _shown(self, path: Sequence[str]) -> web.Response:
        content = self._content(path)
        found = content is not None
        return web.json_response(content) if found else web.Response(status=HTTPStatus.NOT_FOUND)

    def _content(self, path: Sequence[str]) -> object:
        match path:
            case ["host", "status"]:
                return _status()
            case ["host", "keys"]:
                return _key_list({"default": self._keys.default})
            case ["host", "systemkeys"]:
                return _key_list({"eventgrid_extension": self._keys.eventgrid_extension})
            case ["functions"]:
                return [self._described(one) for one in self._invoker.functions.values()]
            case ["functions", name, *rest] if function := self._find(name):
                return self._of_function(function, rest)
        return None

    def _of_function(self, function: FunctionInfo, rest: Sequence[str]) -> object:
        match rest:
            case []:
                return self._described(function)
            case ["keys"]:
                own = self._keys.functions.get(function.name)
                return _key_list({"default": own} if own else {})
        return None

    async def _run(self, name: str, request: web.BaseRequest) -> web.Response:
        function = self._find(name)
        if function is None or function.name in self._disabled:
            return web.Response(status=HTTPStatus.NOT_FOUND)
        try:
            text = manual_input(await read_body(request))
        except ValueError as error:
            return web.Response(status=HTTPStatus.BAD_REQUEST, text=str(error))
        except BodyTooLarge:
            return web.Response(status=HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
        payload = _PAYLOADS[function.trigger.type](text)
        task = asyncio.create_task(self._invoker.call(function.name, payload, REASON))
        self._background.add(task)
        task.add_done_callback(self._background.discard)
        return web.Response(status=HTTPStatus.ACCEPTED)

    def _find(self, name: str) -> FunctionInfo | None:
        functions = self._invoker.functions.values()
        return next((one for one in functions if one.name.lower() == name), None)

    def _described(self, function: FunctionInfo) -> Mapping[str, object]:
        return {
            "name": function.name,
            "language": "python",
            "isDisabled": function.name in self._disabled,
            "config": {"bindings": [dict(binding.settings) for binding in function.bindings]},
        }


def manual_input(body: bytes) -> str:
    """Read the `input` of a manual run; a ValueError if the body is no such JSON object."""
    content = json.loads(body or b"{}")
    value = content.get("input", "") if isinstance(content, dict) else None
    if value is None:
        raise ValueError('the body must be like {"input": "..."}')
    return value if isinstance(value, str) else json.dumps(value)


def _status() -> Mapping[str, object]:
    worker = version("azure-functions-runtime")
    return {"id": "naptime-local", "state": "Running", "version": f"python-worker {worker}"}


def _key_list(keys: Mapping[str, str]) -> Mapping[str, object]:
    shown = [{"name": name, "value": value} for name, value in keys.items()]
    return {"keys": shown, "links": []}
