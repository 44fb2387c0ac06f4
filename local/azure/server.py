"""The simulated Azure on 127.0.0.1: https for Resource Manager, http for managed identity."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from http import HTTPStatus

from aiohttp import web

from local.azure.arm.errors import FAILURE_CAUSE
from local.azure.arm.headers import arm_headers
from local.azure.arm.routes import route_of
from local.azure.certificates import Certificates
from local.azure.controls.misfortunes import Harm, Misfortune
from local.azure.controls.routes import CONTROLS, answer_control
from local.azure.deploying.calls import answer_deploying
from local.azure.deploying.sites import Sites
from local.azure.entra.routes import answer_of
from local.azure.entra.tokens import APP_SERVICE_PATH, TENANT_ID, VIRTUAL_MACHINE_PATH
from local.azure.event_grid.topic_paths import is_topic_path
from local.azure.event_grid.topics import answer_topic
from local.azure.event_grid.webhooks import Courier
from local.azure.replies import Call, Reply
from local.azure.settling import Settler
from local.azure.simulator import Simulator

_HOST = "127.0.0.1"
# Resource Manager takes request bodies of up to 4 MB.
_MOST_BODY = 4 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Ports:
    """Where to listen; 0 means any free port."""

    https: int = 0
    http: int = 0


@dataclass(slots=True)
class SimulatorServer:
    """Serves a simulator until it is stopped."""

    simulator: Simulator
    ports: Ports = field(default_factory=Ports)
    report: Callable[[str], None] = print
    certificates: Certificates = field(default_factory=Certificates)
    url: str = ""
    http_url: str = ""
    _runner: web.ServerRunner | None = None
    _courier: Courier | None = None
    _settler: Settler | None = None

    async def start(self) -> None:
        """Listen; raises OSError where a port is taken."""
        server = web.Server(self._handle, handler_cancellation=True, access_log=None)
        self._runner = web.ServerRunner(server, shutdown_timeout=0.5)
        await self._runner.setup()
        context = self.certificates.server_context()
        secure = web.TCPSite(self._runner, _HOST, self.ports.https, ssl_context=context)
        plain = web.TCPSite(self._runner, _HOST, self.ports.http)
        await secure.start()
        await plain.start()
        https_port, http_port = (address[1] for address in self._runner.addresses)
        self.url, self.http_url = f"https://localhost:{https_port}", f"http://{_HOST}:{http_port}"
        self.simulator.url = self.url
        self.simulator.tokens.audiences.update({self.url, f"https://{_HOST}:{https_port}"})
        simulator = self.simulator
        self._courier = Courier(
            simulator.outbox, simulator.clock, self.report, simulator.dead_letters
        )
        self.simulator.on_event = self._courier.wake
        await self._courier.start(self.http_url)
        self._settler = Settler(self.simulator)
        simulator.cloud.sites = Sites(context, simulator.tokens)

    async def stop(self) -> None:
        """Stop listening and delivering."""
        if self._settler is not None:
            await self._settler.stop()
        if self.simulator.cloud.sites is not None:
            await self.simulator.cloud.sites.stop()
        if self._courier is not None:
            await self._courier.stop()
        if self._runner is not None:
            await self._runner.cleanup()

    async def settle_events(self) -> None:
        """Wait until no delivery of an event is under way."""
        if self._courier is not None:
            await self._courier.settle()

    @property
    def urls(self) -> dict[str, str]:
        """Where everything is."""
        return {
            "arm": self.url,
            "identityEndpoint": f"{self.http_url}{APP_SERVICE_PATH}",
            "identityHost": self.http_url,
            "identityEndpointOfMachine": f"{self.http_url}{VIRTUAL_MACHINE_PATH}",
            "authority": f"{self.url}/{TENANT_ID}",
            "identityEndpointHttps": f"{self.url}{APP_SERVICE_PATH}",
            "topic": f"{self.url}/topics/naptime/api/events",
            "controls": f"{self.url}{CONTROLS}",
            "controlsHttp": f"{self.http_url}{CONTROLS}",
        }

    async def _handle(self, request: web.BaseRequest) -> web.StreamResponse:
        call = await _read(request)
        if call is None:
            return web.Response(status=HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
        if call.path.startswith(CONTROLS):
            return _response(answer_control(self.simulator, call, self.urls), {})
        return await self._answer(request, call)

    async def _answer(self, request: web.BaseRequest, call: Call) -> web.StreamResponse:
        misfortune = self.simulator.misfortune(call)
        if misfortune.delay:
            await asyncio.sleep(misfortune.delay)
        if misfortune.ending in {Harm.DROP_BEFORE, Harm.HANG_BEFORE}:
            self.simulator.record(
                call, Reply(status=0), self.simulator.clock.now(), faults=misfortune.names
            )
            return await _lost(request, misfortune)
        answer = answer_topic if is_topic_path(call.path) else answer_of(call.path)
        answer = answer or answer_deploying(call) or _answer_arm
        reply = answer(self.simulator, call, misfortune)
        if misfortune.ending is not None:
            return await _lost(request, misfortune)
        now = self.simulator.clock.now()
        headers = arm_headers(call.headers, now, by_gateway=_is_by_gateway(call, reply))
        headers.update(self.simulator.caller_headers(call, reply))
        return _response(reply, headers)


def _is_by_gateway(call: Call, reply: Reply) -> bool:
    return FAILURE_CAUSE in reply.headers or call.route is None or not call.route.is_by_aks


def _answer_arm(simulator: Simulator, call: Call, misfortune: Misfortune) -> Reply:
    return simulator.answer(call, misfortune)


async def _read(request: web.BaseRequest) -> Call | None:
    body = b""
    if request.body_exists:
        parts: list[bytes] = []
        size = 0
        async for part in request.content.iter_any():
            size += len(part)
            # Read to the end all the same: a client that is still sending would miss the answer.
            if size <= _MOST_BODY:
                parts.append(part)
        if size > _MOST_BODY:
            return None
        body = b"".join(parts)
    return Call(
        method=request.method,
        path=request.path,
        query={name.lower(): value for name, value in request.query.items()},
        headers=request.headers,
        body=body,
        route=route_of(request.path),
        host=request.host,
    )


def _response(reply: Reply, headers: dict[str, str]) -> web.Response:
    headers.update(reply.headers)
    if reply.content_type and reply.body:
        headers["Content-Type"] = reply.content_type
    response = web.Response(status=reply.status, body=reply.body, headers=headers)
    if not reply.body:
        response.headers.pop("Content-Type", None)
    return response


async def _lost(request: web.BaseRequest, misfortune: Misfortune) -> web.StreamResponse:
    """Leave the client without an answer: at once, or after it has waited."""
    if misfortune.ending in {Harm.HANG_BEFORE, Harm.HANG_AFTER}:
        # Without a number of seconds it lasts until the client hangs up, which cancels this.
        await asyncio.sleep(misfortune.hang or 24 * 3600)
    if request.transport is not None:
        request.transport.abort()
    return web.Response()
