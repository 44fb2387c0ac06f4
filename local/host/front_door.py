"""The host's one listening socket: which part of the host a request is for."""

from http import HTTPStatus
from typing import Final

from aiohttp import web

from local.host.admin import Administration
from local.host.event_grid import EventGridWebhook
from local.host.http_functions import HttpFunctions

HOME: Final = (
    "<!DOCTYPE html><title>Functions host</title><p>This local Functions host is up and running."
)


class FrontDoor:
    """Controllers go before functions, as in Azure's host."""

    def __init__(
        self, admin: Administration, event_grid: EventGridWebhook, functions: HttpFunctions
    ) -> None:
        self._admin = admin
        self._event_grid = event_grid
        self._functions = functions
        self._runner: web.ServerRunner | None = None

    async def listen(self, port: int) -> str:
        """Listen on 127.0.0.1 (0: any free port); the URL. An OSError if the port is taken."""
        server = web.Server(self.answer, access_log=None, auto_decompress=False)
        self._runner = runner = web.ServerRunner(server, shutdown_timeout=1)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", port).start()
        return f"http://127.0.0.1:{runner.addresses[0][1]}"

    async def close(self) -> None:
        """Stop listening."""
        if self._runner is not None:
            await self._runner.cleanup()

    async def answer(self, request: web.BaseRequest) -> web.Response:
        """Answer a request."""
        segments = request.path.strip("/").split("/")
        match [segment.lower() for segment in segments]:
            case ["admin", *_]:
                return await self._admin.answer(request, segments[1:])
            case ["runtime", "webhooks", "eventgrid"]:
                return await self._event_grid.answer(request)
            case ["runtime", "webhooks", *_]:
                return web.Response(status=HTTPStatus.NOT_FOUND)
        answer = await self._functions.answer(request)
        if answer is None and request.path == "/" and request.method == "GET":
            return web.Response(text=HOME, content_type="text/html")
        return answer or web.Response(status=HTTPStatus.NOT_FOUND)
