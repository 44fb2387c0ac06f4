"""What a release has left in its storage account: rows of its tables, messages of its queues."""

import json
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, cast

from shared.domain.vocabulary.ids import ClusterId
from shared.domain.vocabulary.instants import from_text
from shared.domain.vocabulary.rows import Row, Value
from tests.fakes.clock import FakeClock
from tests.fakes.storage import Message
from tests.service_world import World

if TYPE_CHECKING:
    from collections.abc import Mapping

FOLDER = Path(__file__).parent

type Json = dict[str, object]


@dataclass(frozen=True, slots=True)
class Recorded:
    """The state of a naptime that was stopped in the middle of its work, and of the clusters."""

    body: Json

    @classmethod
    def of(cls, release: str) -> "Recorded":
        """Read what a release has left."""
        return cls(json.loads((FOLDER / f"{release}.json").read_text(encoding="utf-8")))

    @property
    def texts(self) -> list[tuple[str, str]]:
        """The messages, each with its queue."""
        queues = cast("Mapping[str, list[Json]]", self.body["queues"])
        return [(queue, str(each["text"])) for queue, sent in queues.items() for each in sent]

    @property
    def with_schedule(self) -> set[str]:
        """The ids of the clusters that have a configuration already."""
        return set(cast("Mapping[str, object]", self.body["configurations"]))

    def world(self) -> World:
        """Start the naptime of today on it, over fakes."""
        at = from_text(str(self.body["at"]))
        subscriptions = frozenset(cast("list[str]", self.body["subscriptions"]))
        world = World(clock=FakeClock(at), subscriptions=subscriptions, has_topic=True)
        self._add_clusters(world)
        self._add_rows(world)
        self._add_messages(world, at)
        return world

    def _add_clusters(self, world: World) -> None:
        for body in cast("list[Json]", self.body["clusters"]):
            world.aks.add(body)
        found = cast("Mapping[str, list[Json]]", self.body["configurations"])
        for cluster_id, configurations in found.items():
            for each in configurations:
                properties = cast("Json", each["properties"])
                world.aks.set_schedule(ClusterId.parse(cluster_id), properties, str(each["name"]))

    def _add_rows(self, world: World) -> None:
        for name, rows in cast("Mapping[str, list[Json]]", self.body["tables"]).items():
            table = world.tables.of(name)
            for number, row in enumerate(rows):
                place = str(row["partition"]), str(row["key"])
                values = cast("Json", row["values"])
                table.stored[place] = Row(
                    *place,
                    {column: _value(value) for column, value in values.items()},
                    f"old{number}",
                    from_text(str(row["changedAt"])),
                )

    def _add_messages(self, world: World, at: datetime) -> None:
        queues = {
            "naptime-clusters": world.queue.messages,
            "naptime-runs": world.run_queue.messages,
            "naptime-shards": world.batons.messages,
            "naptime-events": world.event_queue.messages,
        }
        for queue, sent in cast("Mapping[str, list[Json]]", self.body["queues"]).items():
            for each in sent:
                delay = timedelta(seconds=float(str(each["delaySeconds"])))
                queues[queue].append(Message(str(each["text"]), at, at + delay))


def _value(value: object) -> Value:
    match value:
        case {"$instant": str(instant)}:
            return from_text(instant)
        case str() | bool() | int() | float():
            return value
        case _:
            raise TypeError(f"no value of a table: {value!r}")
