"""The custom topic of Event Grid that naptime publishes to."""

import asyncio
from collections.abc import Sequence
from datetime import timedelta
from typing import TYPE_CHECKING

from azure.eventgrid.aio import EventGridPublisherClient

from shared.clients.refusals.errors import translated
from shared.clients.transport import new_session, single_attempt, transport_over
from shared.domain.vocabulary.cloud_event import CloudEvent
from shared.ports.azure import Clock

if TYPE_CHECKING:
    import aiohttp

    from shared.clients.identity import Credential

RETRIES = 3
TIMEOUT = timedelta(seconds=30)
"""What one publication may take, the SDK's own retries and the waits between them included."""


class EventTopic:
    """Publishes CloudEvents; the SDK's own retries are on."""

    def __init__(  # noqa: PLR0913 - the last two have defaults
        self,
        credential: "Credential",
        endpoint: str,
        source: str,
        clock: Clock,
        *,
        retries: int = RETRIES,
        timeout: timedelta = TIMEOUT,
    ) -> None:
        """Take the topic's https end point, and the URI that is the source of every event."""
        self._retries = retries
        self._timeout = timeout
        self._credential = credential
        self._endpoint = endpoint
        self._source = source
        self._clock = clock
        self._session: aiohttp.ClientSession | None = None
        self._client: EventGridPublisherClient | None = None

    async def publish(self, events: Sequence[CloudEvent]) -> None:
        """Publish all of them or none (one request); raises `AzureError`."""
        bodies = [event.to_json(self._source) for event in events]
        with translated(self._clock.now(), writing=True):
            async with asyncio.timeout(self._timeout.total_seconds()):
                await self._open().send(bodies)

    def _open(self) -> EventGridPublisherClient:
        if self._client is None:
            self._session = new_session(single_attempt)
            self._client = EventGridPublisherClient(
                self._endpoint,
                self._credential,
                transport=transport_over(self._session),
                retry_total=self._retries,
                user_agent="naptime",
            )
        return self._client

    async def close(self) -> None:
        if self._client is not None:
            await self._client.close()
        if self._session is not None:
            await self._session.close()
