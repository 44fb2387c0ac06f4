"""The custom topic: the fake, and the real publisher against the simulator over TLS."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Protocol

import pytest

from local.azure.clock import Clock as SimulatedClock
from local.azure.fleet import Fleet
from local.azure.simulator import Setup
from shared.clients.event_topic import EventTopic
from shared.domain.errors import (
    AccessDenied,
    AzureError,
    AzureUnavailable,
    ConnectionFailed,
    Rejected,
    Throttled,
)
from shared.domain.vocabulary.cloud_event import CloudEvent, EventType
from shared.ports.azure import Topic
from tests.contract.served import served
from tests.fakes.clock import SATURDAY_NOON, FakeClock
from tests.fakes.event_topic import FakeTopic
from tests.simulated_azure import Controls

EVENTS = [
    CloudEvent(EventType.SCHEDULE_CREATED, f"id-{n}", f"s-{n}", SATURDAY_NOON, {"n": n})
    for n in range(3)
]
FAULTS: dict[str, type[AzureError]] = {
    "throttled-by-arm": Throttled,
    "unavailable": AzureUnavailable,
    "forbidden": AccessDenied,
    "bad-request": Rejected,
}
AIM = {"operation": "PublishCloudEventEvents"}


class Azure(Protocol):
    """What a test does to the world, on either side of the suite."""

    @property
    def topic(self) -> Topic:
        """The port under test."""

    async def order(self, fault: str) -> None:
        """Order every publication to fail."""

    async def ids(self) -> list[str]:
        """Give the ids of the events that were taken."""


@dataclass
class Faked:
    """The fake."""

    topic: FakeTopic

    async def order(self, fault: str) -> None:
        """Order every publication to fail."""
        self.topic.refuses = lambda _: FAULTS[fault](fault)

    async def ids(self) -> list[str]:
        """Give the ids of the events that were taken."""
        return [event.id for event in self.topic.events]


@dataclass
class Real:
    """The real publisher against the simulator."""

    retrying: EventTopic
    topic: EventTopic
    """One that does not try again by itself, and waits a second."""
    controls: Controls

    async def order(self, fault: str) -> None:
        """Order every publication to fail."""
        await self.controls.order(fault, times=None, **AIM)

    async def ids(self) -> list[str]:
        """Give the ids of the events that were taken."""
        return [str(event["id"]) for event in await self.controls.topic_events()]


@pytest.fixture
async def real(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Real]:
    """Start a simulator, and give the real publisher."""
    setup = Setup(fleet=Fleet(), clock=SimulatedClock(SATURDAY_NOON, frozen=True))
    async with served(setup, monkeypatch) as azure:
        endpoint = f"{azure.url}/topics/naptime/api/events"
        topic = EventTopic(azure.credential, endpoint, "urn:naptime:test", FakeClock())
        once = EventTopic(
            azure.credential,
            endpoint,
            "urn:naptime:test",
            FakeClock(),
            retries=0,
            timeout=timedelta(seconds=1),
        )
        yield Real(topic, once, Controls(azure.controls))
        await topic.close()
        await once.close()


@pytest.fixture(params=["fake", "real"])
def azure(request: pytest.FixtureRequest) -> Azure:
    """Give both sides in turn."""
    if request.param == "fake":
        return Faked(FakeTopic())
    return request.getfixturevalue("real")  # type: ignore[no-any-return]  # by name


async def test_events_are_published(azure: Azure) -> None:
    """All events of one publication are taken, and those of the next."""
    await azure.topic.publish(EVENTS[:2])
    await azure.topic.publish(EVENTS[2:])
    assert await azure.ids() == ["id-0", "id-1", "id-2"]


@pytest.mark.parametrize("fault", FAULTS)
async def test_what_the_topic_refuses(azure: Azure, fault: str) -> None:
    """What the topic answers is naptime's own error, and nothing was taken."""
    await azure.order(fault)
    with pytest.raises(FAULTS[fault]):
        await azure.topic.publish(EVENTS)
    assert await azure.ids() == []


async def test_the_events_as_they_arrive(real: Real) -> None:
    """The topic takes CloudEvents 1.0 in one batch, with naptime as their source."""
    await real.topic.publish(EVENTS)
    (call,) = await real.controls.journal(method="POST", path="/topics/*")
    assert call["status"] == 200
    first = (await real.controls.topic_events())[0]
    assert first["source"] == "urn:naptime:test"
    assert first["time"] == "2026-11-21T12:00:00.000Z"
    assert first["data"] == {"n": 0}


@pytest.mark.parametrize("fault", ["throttled-by-arm", "unavailable"])
async def test_the_sdk_tries_again_by_itself(real: Real, fault: str) -> None:
    """A topic that is busy for a moment needs nobody else to try again."""
    await real.controls.order(fault, times=1, retryAfter=0, **AIM)
    await real.retrying.publish(EVENTS)
    assert len(await real.ids()) == 3


async def test_a_lost_answer_is_not_sent_again_in_silence(real: Real) -> None:
    """No request is sent twice by aiohttp: each is one that the SDK decided on."""
    await real.controls.order("drop-before", times=1, path="/topics/*")
    with pytest.raises(ConnectionFailed):
        await real.topic.publish(EVENTS)
    assert await real.ids() == []


async def test_a_topic_that_hangs(real: Real) -> None:
    """A publication takes no longer than it may, whatever the SDK would wait for."""
    await real.controls.order("hang-before", times=None, seconds=5, path="/topics/*")
    with pytest.raises(ConnectionFailed):
        await real.topic.publish(EVENTS)


async def test_a_topic_that_is_not_there(real: Real) -> None:
    """A wrong end point is an error that may be mended: trying again later makes sense."""
    endpoint = real.topic._endpoint.replace("/api/events", "")
    other = EventTopic(real.topic._credential, endpoint, "urn:x", FakeClock(), retries=0)
    with pytest.raises(AzureError) as failed:
        await other.publish(EVENTS)
    assert failed.value.retryable
    await other.close()
