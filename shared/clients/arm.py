"""The SDK's clients of Azure Resource Manager: one per subscription, sharing connections."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import nullcontext
from datetime import timedelta
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from azure.core import AzureClouds
from azure.mgmt.containerservice.aio import ContainerServiceClient
from azure.mgmt.core.tools import get_arm_endpoints

from shared.clients.refusals.errors import translated
from shared.clients.transport import new_session, single_attempt, transport_over
from shared.domain.deciding.decision import BEFORE_A_WRITE
from shared.domain.fleet.pace import CALLS_AT_ONCE
from shared.ports.azure import Clock
from shared.settings import PUBLIC_ARM

if TYPE_CHECKING:
    import aiohttp

    from shared.clients.identity import Credential

API_VERSION: Final = "2026-08-01"
"""The one that azure-mgmt-containerservice 41.8.0 asks for by itself; a test compares the two."""

CONNECT_SECONDS = 5
FREE_FOR_WRITES = 20
"""Connections beside those for reads: a write that waits for one comes late after its look."""


def scopes_of(endpoint: str) -> list[str]:
    """Give the scopes of the tokens for an end point; the public cloud's for one of no cloud.

    With `base_url` alone the SDK would ask every cloud for a token of the public one: it takes the
    scopes from its cloud setting (azure-mgmt-containerservice 41.8.0, _client.py).
    """
    clouds = [get_arm_endpoints(cloud) for cloud in AzureClouds]
    known = {cloud["resource_manager"].rstrip("/"): cloud["credential_scopes"] for cloud in clouds}
    return list(known.get(endpoint.lower(), known[PUBLIC_ARM]))


def is_same_place(link: str, url: str) -> bool:
    """Say whether a link is to the scheme, host and port of a URL; a token may go where it went."""
    try:
        return _place(link) == _place(url)
    except ValueError:
        return False


def _place(url: str) -> tuple[str, str | None, int | None]:
    # Azure writes links with and without the port that https has anyway.
    parts = urlsplit(url)
    return parts.scheme, parts.hostname, parts.port or (443 if parts.scheme == "https" else None)


class ArmClients:
    """Clients by subscription, kept for the worker's life; every call one attempt, and bounded."""

    def __init__(
        self,
        credential: "Credential",
        endpoint: str,
        clock: Clock,
        timeout: timedelta,
        api_version: str | None = None,
    ) -> None:
        """Take an https end point without a trailing slash; `timeout` bounds each call whole."""
        self.api_version = api_version or API_VERSION
        self.endpoint = endpoint
        self._credential = credential
        self._clock = clock
        self._timeout = timeout
        self._session: aiohttp.ClientSession | None = None
        self._clients: dict[str, ContainerServiceClient] = {}
        self._room = asyncio.Semaphore(CALLS_AT_ONCE)

    async def bounded[T](self, call: Callable[[], Awaitable[T]], *, writing: bool = False) -> T:
        """Bound the whole call: the transport's read time-out counts from the last byte only.

        A write has what its attempt's look has left of that, and waits for no other call.
        """
        timeout = self._timeout - BEFORE_A_WRITE if writing else self._timeout
        room = nullcontext() if writing else self._room
        with translated(self._clock.now(), writing=writing):
            async with asyncio.timeout(timeout.total_seconds()), room:
                return await call()

    def of(self, subscription_id: str) -> ContainerServiceClient:
        """Give the client of a subscription."""
        known = self._clients.get(subscription_id)
        if known is None:
            known = self._clients[subscription_id] = self._new_client(subscription_id)
        return known

    def _new_client(self, subscription_id: str) -> ContainerServiceClient:
        return ContainerServiceClient(
            self._credential,
            subscription_id,
            self.endpoint,
            credential_scopes=scopes_of(self.endpoint),
            transport=transport_over(self._open_session(), CONNECT_SECONDS),
            retry_total=0,
            user_agent="naptime",
            api_version=self.api_version,
        )

    def _open_session(self) -> "aiohttp.ClientSession":
        """Give the one pool of connections that the clients of all subscriptions share."""
        if self._session is None:
            self._session = new_session(single_attempt, connections=CALLS_AT_ONCE + FREE_FOR_WRITES)
        return self._session

    async def close(self) -> None:
        for client in self._clients.values():
            await client.close()
        if self._session is not None:
            await self._session.close()
