"""HTTP functions: which one a request is for, and what it answers."""

import logging
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from http.cookies import CookieError
from typing import Self

from aiohttp import web

from local.host.functions import FunctionInfo, UnusableBinding
from local.host.invocations import Invoker
from local.host.keys import AuthLevel, Keys
from local.host.payloads import HttpCall, http_payload
from local.host.requests import (
    MAX_BODY_BYTES,
    BodyTooLarge,
    UnreadableHeader,
    given_key,
    header_values,
    query_values,
    read_body,
)
from local.host.responses import HttpResponse, NotAResponse
from local.host.routing import InvalidRoute, Route
from local.host.worker import InvocationResult

logger = logging.getLogger("host")

HTTP_TRIGGER = "httpTrigger"


@dataclass(frozen=True, slots=True)
class HttpFunction:
    """An HTTP function; without methods it takes all."""

    name: str
    route: Route
    methods: frozenset[str]
    level: AuthLevel

    @classmethod
    def of(cls, function: FunctionInfo, prefix: str) -> Self:
        """Read an HTTP trigger; UnusableBinding if its route or its level is wrong."""
        trigger = function.trigger
        template = f"{prefix}/{trigger.text('route', function.name).strip('/')}"
        methods = trigger.settings.get("methods") or ()
        try:
            route = Route.parse(template)
        except InvalidRoute as error:
            raise UnusableBinding(function.name, str(error)) from error
        names = methods if isinstance(methods, list) else ()
        return cls(
            function.name,
            route,
            frozenset(str(method).upper() for method in names),
            AuthLevel.of(trigger),
        )

    def match(self, method: str, path: str) -> Mapping[str, str] | None:
        """Give the route's parameters, None if the request is not for this function.

        The method is a constraint of the route, so a wrong one is as good as a wrong path.
        """
        if self.methods and method not in self.methods:
            return None
        return self.route.match(path)


class HttpFunctions:
    """Answers requests by the first function whose route matches, in the order of the app."""

    def __init__(
        self,
        functions: Iterable[HttpFunction],
        invoker: Invoker,
        keys: Keys,
        max_body: int = MAX_BODY_BYTES,
    ) -> None:
        self._functions = tuple(functions)
        self._invoker = invoker
        self._keys = keys
        self._max_body = max_body

    async def answer(self, request: web.BaseRequest) -> web.Response | None:
        """Answer a request; None where it is for no function."""
        for function in self._functions:
            parameters = function.match(request.method, request.rel_url.raw_path)
            if parameters is not None:
                return await self._call(function, request, parameters)
        return None

    async def _call(
        self, function: HttpFunction, request: web.BaseRequest, parameters: Mapping[str, str]
    ) -> web.Response:
        if not self._keys.open_function(function.name, function.level, given_key(request)):
            return web.Response(status=HTTPStatus.UNAUTHORIZED)
        try:
            body = await read_body(request, self._max_body)
            headers = header_values(request)
        except BodyTooLarge:
            return web.Response(status=HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
        except UnreadableHeader:
            return web.Response(status=HTTPStatus.BAD_REQUEST)
        call = HttpCall(
            method=request.method,
            url=str(request.url),
            headers=headers,
            params=query_values(request),
            route_params=parameters,
            body=body,
        )
        reason = "This function was called over HTTP."
        return _sent(await self._invoker.call(function.name, http_payload(call), reason))


def _sent(result: InvocationResult) -> web.Response:
    if not result.succeeded:
        return web.Response(status=HTTPStatus.INTERNAL_SERVER_ERROR)
    try:
        return _response(result.response)
    except (NotAResponse, CookieError, ValueError) as error:
        logger.exception("The response cannot be sent: %s", error)  # noqa: TRY401 - it is short
        return web.Response(status=HTTPStatus.INTERNAL_SERVER_ERROR)


def _response(answer: HttpResponse) -> web.Response:
    # The server counts the body itself.
    headers = [
        (name, value)
        for name, value in answer.headers.items()
        if name.lower() not in ("content-length", "transfer-encoding")
    ]
    cookies = [("Set-Cookie", cookie) for cookie in answer.cookies]
    return web.Response(status=answer.status, body=answer.body, headers=[*headers, *cookies])
