"""A custom topic in memory: takes events, or refuses them by order."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from shared.domain.errors import AzureError
from shared.domain.vocabulary.cloud_event import CloudEvent
from tests.fakes.storage import Step, go_on


@dataclass
class FakeTopic:
    """The topic."""

    events: list[CloudEvent] = field(default_factory=list)
    requests: int = 0
    step: Step = go_on
    refuses: Callable[[Sequence[CloudEvent]], AzureError | None] = lambda _: None

    async def publish(self, events: Sequence[CloudEvent]) -> None:
        """Take all of them or none."""
        self.step()
        self.requests += 1
        if refused := self.refuses(events):
            raise refused
        self.events += events

    def of(self, kind: str) -> list[CloudEvent]:
        """Give the events of one type, by the end of its name."""
        return [event for event in self.events if event.type == f"Naptime.{kind}"]
