"""Function apps: where they and their deployment hosts are reached, and what code they have."""

import asyncio
import io
import json
import re
import socket
import ssl
import zipfile
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from http import HTTPStatus
from uuid import uuid4

import aiohttp
from aiohttp import web

from local.azure.arm.errors import AzureRefusal
from local.azure.entra.tokens import Tokens
from local.azure.json_values import JsonObject, as_object, as_text, parse

_HOST = "127.0.0.1"
_SUCCESS, _FAILED = 4, 3
_MOST_PACKAGE = 200 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Backend:
    """What runs an app's code: its address and the names of its functions."""

    url: str
    functions: tuple[str, ...]
    key: str


type Runner = Callable[[str, bytes], Awaitable[Backend]]
"""Runs a package for an app of a name; raises what it likes where the package is none."""


@dataclass(slots=True)
class Site:
    """One app: its two ports, its code, and how late Azure knows of either."""

    name: str
    port: int
    scm_port: int
    backend: Backend | None = None
    deployments: list[JsonObject] = field(default_factory=list)
    late: dict[str, int] = field(default_factory=dict)
    """How often the storage role, the functions, the keys are not there yet."""

    def is_late(self, what: str) -> bool:
        """Count one more look at what may not be there yet."""
        left = self.late.get(what, 0)
        self.late[what] = max(left - 1, 0)
        return left > 0

    @property
    def functions(self) -> tuple[str, ...]:
        """Name the functions that the host has found."""
        return self.backend.functions if self.backend else ()


@dataclass(slots=True)
class Sites:
    """All apps, each behind ports of its own with the simulator's certificate."""

    tls: ssl.SSLContext
    tokens: Tokens
    runner: Runner | None = None
    late: dict[str, int] = field(default_factory=dict)
    """What is late of every new app: `storage role`, `functions`, `keys`."""
    of: dict[str, Site] = field(default_factory=dict)
    published: list[dict[str, str]] = field(default_factory=list)
    """The query of each package that was taken."""
    _web: web.ServerRunner | None = None
    _starting: set[asyncio.Task[None]] = field(default_factory=set)

    def open(self, name: str) -> Site:
        """Give the app of a name, made if it is new; its ports are open at once."""
        if name.lower() not in self.of:
            sockets = [socket.create_server((_HOST, 0)) for _ in range(2)]
            port, scm_port = (each.getsockname()[1] for each in sockets)
            self.of[name.lower()] = Site(name, port, scm_port, late=dict(self.late))
            task = asyncio.get_running_loop().create_task(self._listen(sockets))
            self._starting.add(task)
            task.add_done_callback(self._starting.discard)
        return self.of[name.lower()]

    def close(self, name: str) -> None:
        """Forget an app; its ports answer 404."""
        self.of.pop(name.lower(), None)

    async def stop(self) -> None:
        """Close every port."""
        await asyncio.gather(*self._starting)
        if self._web is not None:
            await self._web.cleanup()

    async def _listen(self, sockets: list[socket.socket]) -> None:
        if self._web is None:
            self._web = web.ServerRunner(web.Server(self._answer, access_log=None))
            await self._web.setup()
        for each in sockets:
            await web.SockSite(self._web, each, ssl_context=self.tls).start()

    async def _answer(self, request: web.BaseRequest) -> web.StreamResponse:
        address = request.transport.get_extra_info("sockname") if request.transport else ("", 0)
        for site in self.of.values():
            if site.scm_port == address[1]:
                return await self._scm(site, request)
            if site.port == address[1] and site.backend is not None:
                return await _passed_on(site.backend, request)
        return web.Response(status=HTTPStatus.NOT_FOUND)

    async def _scm(self, site: Site, request: web.BaseRequest) -> web.StreamResponse:
        try:
            self.tokens.caller(request.headers.get("Authorization", ""))
        except AzureRefusal as refusal:
            return web.Response(status=refusal.status, text=refusal.message)
        if request.method == "POST" and request.path == "/api/publish":
            return await self._publish(site, request)
        if request.method == "GET" and (found := _deployment(site, request.path)):
            return web.json_response(found)
        return web.Response(status=HTTPStatus.NOT_FOUND)

    async def _publish(self, site: Site, request: web.BaseRequest) -> web.StreamResponse:
        package = b"".join([part async for part in request.content.iter_any()])
        if site.is_late("storage role"):
            text = "InaccessibleStorageException: Failed to access storage account for deployment"
            return web.Response(status=HTTPStatus.FORBIDDEN, text=text)
        query = {name.lower(): value for name, value in request.query.items()}
        self.published.append(query)
        record: JsonObject = {"id": str(uuid4()), "status": 1, "status_text": ""}
        site.deployments.append(record)
        try:
            site.backend = await self._run(site.name, package, query)
            record["status"] = _SUCCESS
        except (ValueError, zipfile.BadZipFile, RuntimeError) as error:
            record.update(status=_FAILED, status_text=str(error))
        return web.json_response(record["id"], status=HTTPStatus.ACCEPTED)

    async def _run(self, name: str, package: bytes, query: dict[str, str]) -> Backend:
        if query.get("remotebuild", "true").lower() != "false":
            raise RuntimeError("the remote build took another Python")
        if self.runner is not None:
            return await self.runner(name, package)
        return Backend("", tuple(sorted(_functions(package))), "the-key")


def _deployment(site: Site, path: str) -> JsonObject | None:
    wanted = path.removeprefix("/api/deployments/")
    if wanted == "latest":
        return site.deployments[-1] if site.deployments else None
    return next((each for each in site.deployments if each["id"] == wanted), None)


def _functions(package: bytes) -> set[str]:
    """Name what looks like a function in a package that nobody runs."""
    with zipfile.ZipFile(io.BytesIO(package)) as read:
        names = [each for each in read.namelist() if re.fullmatch(r"functions/.+\.py", each)]
        sources = [read.read(each).decode() for each in names]
    declared = r"^@(?:blueprint|routes)\.\w+\((?:.|\n)*?^(?:async )?def (\w+)"
    return {name for source in sources for name in re.findall(declared, source, re.MULTILINE)}


async def _passed_on(backend: Backend, request: web.BaseRequest) -> web.StreamResponse:
    if not backend.url:
        return await _nobody(backend, request)
    body = b"".join([part async for part in request.content.iter_any()])
    kept = ("x-functions-key", "content-type", "authorization")
    headers = {name: request.headers[name] for name in kept if name in request.headers}
    async with (
        aiohttp.ClientSession() as session,
        session.request(
            request.method, f"{backend.url}{request.path_qs}", data=body, headers=headers
        ) as answer,
    ):
        text = await answer.read()
        kind = answer.headers.get("Content-Type", "text/plain")
        return web.Response(status=answer.status, body=text, headers={"Content-Type": kind})


async def _nobody(backend: Backend, request: web.BaseRequest) -> web.StreamResponse:
    """Answer for an app that is not run: a run begins and is over, whoever has the key may ask."""
    if request.headers.get("x-functions-key") != backend.key:
        return web.Response(status=HTTPStatus.UNAUTHORIZED)
    body = b"".join([part async for part in request.content.iter_any()])
    if request.method == "POST" and request.path == "/api/reconcile":
        asked = as_object(parse(body))
        run: JsonObject = {"runId": "1", "joined": False, "fleet": bool(asked.get("fleet"))}
        return web.json_response(run, status=HTTPStatus.ACCEPTED)
    if request.method == "PUT" and request.path == "/api/policy":
        return web.json_response({"version": 1, "hash": "of-nobody", "warnings": []})
    if as_text(request.path).startswith("/api/runs/"):
        ended: JsonObject = {"runId": "1", "finishedAt": "now", "outcomes": {"Created": 0}}
        return web.Response(text=json.dumps(ended), content_type="application/json")
    return web.Response(status=HTTPStatus.NOT_FOUND)
