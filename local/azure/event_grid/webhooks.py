"""Carrying events to their webhooks: the validation handshake, then one event per request."""

import asyncio
import json
from collections.abc import Callable, Coroutine
from http import HTTPStatus
from uuid import uuid4

from aiohttp import ClientError, ClientSession, ClientTimeout

from local.azure.clock import Clock
from local.azure.event_grid.bodies import cloud_event
from local.azure.event_grid.dead_letters import DeadLetters
from local.azure.event_grid.deliveries import Delivery, Outbox, Progress
from local.azure.event_grid.subscriptions import EventSubscription
from local.azure.json_values import JsonObject, as_object, iso, parse

_TIMEOUT = ClientTimeout(total=30)
# GET of validationUrl does instead of the answer (MicrosoftDocs "Endpoint validation").
VALIDATION_PATH = "/_simulator/events/validate"
_ORIGIN = "eventgrid.azure.net"
_VALIDATION_PAUSE = 0.5
_AT_ONCE = 64


class Courier:
    """Delivers what an outbox owes, by the simulator's clock, until it is stopped."""

    def __init__(
        self,
        outbox: Outbox,
        clock: Clock,
        report: Callable[[str], None],
        dead_letters: DeadLetters | None = None,
    ) -> None:
        self._outbox = outbox
        self._dead_letters = dead_letters
        self._clock = clock
        self._report = report
        self._wake = asyncio.Event()
        self._tasks: set[asyncio.Task[None]] = set()
        self._carrying: set[asyncio.Task[None]] = set()
        self._places = asyncio.Semaphore(_AT_ONCE)
        self._session: ClientSession | None = None
        self._url = ""
        clock.on_change(self._wake.set)

    async def start(self, url: str) -> None:
        """Begin the handshakes and the deliveries; the simulator listens at the URL."""
        self._url = url
        self._session = ClientSession(timeout=_TIMEOUT)
        self._spawn(self._deliver_forever(self._session))
        for subscription in self._outbox.subscriptions:
            self._spawn(self._validate(self._session, subscription))

    async def stop(self) -> None:
        """Stop whatever is under way."""
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        if self._session is not None:
            await self._session.close()

    async def settle(self) -> None:
        """Wait until the outcome of every attempt under way is noted."""
        while self._carrying:
            await asyncio.wait(self._carrying)

    def wake(self) -> None:
        """Look again at what is due."""
        self._wake.set()

    def _spawn(self, coroutine: Coroutine[object, object, None]) -> asyncio.Task[None]:
        task = asyncio.create_task(coroutine)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    async def _deliver_forever(self, session: ClientSession) -> None:
        while True:
            self._wake.clear()
            for delivery in self._outbox.due(self._clock.now()):
                task = self._spawn(self._deliver(session, delivery))
                self._carrying.add(task)
                task.add_done_callback(self._carrying.discard)
            await self._pause()

    async def _pause(self) -> None:
        next_due = self._outbox.next_due()
        seconds = None if next_due is None else self._clock.seconds_until(next_due)
        try:
            async with asyncio.timeout(seconds):
                await self._wake.wait()
        except TimeoutError:
            return

    async def _deliver(self, session: ClientSession, delivery: Delivery) -> None:
        status: int | None = None
        error = ""
        async with self._places:
            try:
                status = await self._post(session, delivery)
            except (ClientError, OSError, TimeoutError) as problem:
                error = f"{type(problem).__name__}: {problem}"
        delivery.record(self._clock.now(), status, error, self._outbox.scale)
        if delivery.progress is Progress.DEAD:
            self._bury(delivery)
        self._wake.set()

    def _bury(self, delivery: Delivery) -> None:
        if self._dead_letters is None:
            return  # dropped, as where no dead-letter location is configured
        try:
            self._dead_letters.bury(delivery)
        except OSError as error:
            self._report(f"events: a dead letter could not be written: {error}")

    async def _post(self, session: ClientSession, delivery: Delivery) -> int:
        subscription = delivery.subscription
        headers = {
            "aeg-event-type": "Notification",
            "aeg-subscription-name": subscription.name.upper(),
            "aeg-delivery-count": str(len(delivery.attempts)),
            "aeg-data-version": str(delivery.event.get("dataVersion", "")),
            "aeg-metadata-version": str(delivery.event.get("metadataVersion", "1")),
            "content-type": "application/json; charset=utf-8",
        }
        body: object = [delivery.event]
        if subscription.cloud_events or "specversion" in delivery.event:
            headers["content-type"] = "application/cloudevents+json; charset=utf-8"
            body = cloud_event(delivery.event)
        data = json.dumps(body).encode()
        async with session.post(subscription.url, data=data, headers=headers) as response:
            await response.read()
            return response.status

    async def _validate(self, session: ClientSession, subscription: EventSubscription) -> None:
        while not subscription.ready:
            try:
                subscription.ready = await self._handshake(session, subscription)
            except (ClientError, OSError, TimeoutError, ValueError):
                subscription.ready = False
            if not subscription.ready:
                await asyncio.sleep(_VALIDATION_PAUSE)
        self._report(f"events: {subscription.name} has answered the handshake")
        self._wake.set()

    async def _handshake(self, session: ClientSession, subscription: EventSubscription) -> bool:
        if subscription.cloud_events:
            return await _ask_for_permission(session, subscription)
        # The same code at every attempt: somebody may have its URL at hand already.
        code = subscription.code = subscription.code or str(uuid4()).upper()
        url = f"{self._url}{VALIDATION_PATH}?id={subscription.name}&code={code}"
        event = _validation_event(code, url, iso(self._clock.now()))
        headers = {
            "aeg-event-type": "SubscriptionValidation",
            "aeg-subscription-name": subscription.name.upper(),
            "aeg-delivery-count": "0",
        }
        async with session.post(subscription.url, json=[event], headers=headers) as response:
            answer = await response.read()
            # 202 does not do: the answer must be there, with 200.
            if response.status != HTTPStatus.OK:
                return False
            return as_object(parse(answer)).get("validationResponse") == code


async def _ask_for_permission(session: ClientSession, subscription: EventSubscription) -> bool:
    # CloudEvents 1.0 has its own handshake, "HTTP 1.1 Web Hooks for Event Delivery".
    headers = {"WebHook-Request-Origin": _ORIGIN}
    async with session.options(subscription.url, headers=headers) as response:
        await response.read()
        allowed = response.headers.get("WebHook-Allowed-Origin", "")
        return response.status == HTTPStatus.OK and allowed in {_ORIGIN, "*"}


def _validation_event(code: str, url: str, now: str) -> JsonObject:
    return {
        "id": str(uuid4()),
        "topic": "/subscriptions/00000000-0000-0000-0000-000000000000",
        "subject": "",
        "data": {"validationCode": code, "validationUrl": url},
        "eventType": "Microsoft.EventGrid.SubscriptionValidationEvent",
        "eventTime": now,
        "metadataVersion": "1",
        "dataVersion": "2",
    }
