"""What an attacker might send: events that lie, ids that climb, bodies without end."""

import json
from collections.abc import Sequence
from http import HTTPStatus
from typing import Final
from uuid import uuid4

from local.demo.bodies import Json
from local.demo.evidence import Forgeries
from local.demo.fleet import FOREIGN, SHOP, Kind
from local.demo.journal import Span, key_of
from local.demo.show import Line
from local.demo.telling import Look, Teller

ENDLESS: Final = 2 * 1024 * 1024
_WEBHOOK: Final = "runtime/webhooks/eventgrid?functionName=on_cluster_created"
_NOTIFICATION: Final = {"aeg-event-type": "Notification", "content-type": "application/json"}


async def forgeries_are_sent(teller: Teller) -> Sequence[Line]:
    """Send forged events and oversized bodies, and a real event behind them.

    When the real one has led to its read, the forged ones, which came before it, have had their
    chance.
    """
    azure = teller.stage.azure
    foreign, endless = teller.one(Kind.FOREIGN), teller.one(Kind.OWN, 1)
    fence = teller.one(Kind.OWN, 0)
    since = await azure.sequence()
    for event in (
        _event(FOREIGN, foreign),
        _event(SHOP, foreign),
        _event(SHOP, f"/subscriptions/{SHOP}/resourceGroups/rg/../..{foreign}"),
    ):
        await azure.send_event(event)
    await _send_endless(teller, endless)
    await azure.send_event(_event(fence.split("/")[2], fence))
    await teller.call("k", fence, since, lambda call: call.is_listing)
    await teller.wait("k", "every event is delivered", _delivered(teller))
    span = Span(since, await azure.sequence())
    named = frozenset({key_of(foreign), key_of(endless)})
    wrong = [call for call in span.of(await azure.calls(since)) if call.cluster in named]
    text = "3 forged events: acknowledged, no call; the real one behind them: read"
    teller.tell("k", text, ok=not wrong)
    teller.deeds.forgeries = Forgeries(span, named, key_of(fence))
    return [Line("forged events, ids that climb, bodies of 2 MB: no call to Azure, no write")]


async def _send_endless(teller: Teller, cluster: str) -> None:
    """Send 2 MB as an event and as a request."""
    event = {**_event(cluster.split("/")[2], cluster), "padding": "x" * ENDLESS}
    delivered = await teller.stage.api.post_raw(
        _WEBHOOK, json.dumps([event]).encode(), _NOTIFICATION
    )
    body = json.dumps({"clusterId": cluster, "padding": "x" * ENDLESS}).encode()
    refused = await teller.stage.api.post_raw("api/reconcile", body, {})
    ok = (delivered, refused) == (HTTPStatus.ACCEPTED, HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
    text = f"2 MB as an event: {delivered}, not used; 2 MB as a request: {refused}"
    teller.tell("k", text, ok=ok)


def _delivered(teller: Teller) -> Look[bool]:
    async def look() -> bool | None:
        return await teller.stage.azure.events_are_delivered() or None

    return look


def _event(subscription: str, subject: str) -> Json:
    """Write an event of a cluster's write as Event Grid would, whatever it names."""
    return {
        "id": str(uuid4()),
        "topic": f"/subscriptions/{subscription}",
        "subject": subject,
        "eventType": "Microsoft.Resources.ResourceWriteSuccess",
        "eventTime": "2026-01-01T00:00:00.0000000Z",
        "data": {
            "operationName": "Microsoft.ContainerService/managedClusters/write",
            "resourceUri": subject,
            "status": "Succeeded",
        },
        "dataVersion": "2",
        "metadataVersion": "1",
    }
