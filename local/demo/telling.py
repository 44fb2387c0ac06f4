"""Telling the story: waiting for what an act leads to, measuring it, and keeping what was done."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Final

from local.demo.bodies import cluster_id
from local.demo.evidence import Deeds, Response
from local.demo.fleet import SHOP, Kind, Member, group_of
from local.demo.journal import Call, key_of
from local.demo.show import Line, Show, start_text
from local.demo.stage import Stage, until

PATIENCE_SECONDS: Final = 60.0
NEW_PLACE: Final = "northeurope"

type Look[T] = Callable[[], Awaitable[T | None]]
type Wanted = Callable[[Call], bool]


@dataclass(frozen=True, slots=True)
class Teller:
    """What every act is told with; `members` is the fleet as it was at the start."""

    stage: Stage
    show: Show
    members: Sequence[Member]
    deeds: Deeds = field(default_factory=Deeds)

    def one(self, kind: Kind, number: int = 0) -> str:
        """Give the id of a cluster of some kind, counted from 0."""
        return [member.id for member in self.members if member.kind is kind][number]

    async def play(self, act: "Act") -> None:
        """Play an act to its end, and show what came of it."""
        so_far = len(self.deeds.unfinished)
        self.show.begin(act.letter, act.title)
        lines = await act.play(self)
        self.show.end(lines, ok=len(self.deeds.unfinished) == so_far)

    def tell(self, act: str, text: str, *, ok: bool) -> None:
        """Tell how an act ended; one that did not end well breaks a promise."""
        self.show.told(text, ok=ok)
        if not ok:
            self.deeds.unfinished.append(f"act {act}: {text}")

    async def wait[T](self, act: str, what: str, look: Look[T]) -> T | None:
        """Wait until something is found; None, and told, if it is not there in time."""
        try:
            with self.show.waiting(f"{what} ..."):
                return await until(self.stage, look, PATIENCE_SECONDS)
        except TimeoutError:
            self.tell(act, f"{what}: not within {PATIENCE_SECONDS:g} s", ok=False)
            return None

    async def call(self, act: str, cluster: str, since: int, wanted: Wanted) -> Call | None:
        """Wait for naptime's first call of some kind about a cluster after a number."""

        async def look() -> Call | None:
            calls = await self.stage.azure.calls(since, cluster)
            return next((call for call in calls if wanted(call)), None)

        return await self.wait(act, short_name(cluster), look)

    async def written(
        self, act: str, cluster: str, since: int, remark: str = "", *, harmed: bool = False
    ) -> timedelta | None:
        """Wait for the accepted write that an event leads to; tell, keep and give what it took."""
        write = await self.call(act, cluster, since, lambda call: call.is_accepted_write)
        if write is None:
            return None
        took = write.time - await self.stage.azure.last_event(cluster)
        self.deeds.responses.append(Response(key_of(cluster), act, took, harmed))
        self.show.told(has_schedule(write, remark), took)
        return took

    async def a_second_later(self) -> None:
        """Wait until this second is over.

        Queues know whole seconds, so naptime lets an event wait a little that came in the same
        second as its last look at the cluster; the story is not about that.
        """
        second = (await self.stage.azure.now()).replace(microsecond=0)

        async def over() -> bool | None:
            return await self.stage.azure.now() >= second + timedelta(seconds=1) or None

        await until(self.stage, over, PATIENCE_SECONDS)


@dataclass(frozen=True, slots=True)
class Act:
    """An act: what is said while it lasts, and what plays it and says what came of it."""

    letter: str
    title: str
    play: Callable[[Teller], Awaitable[Sequence[Line]]]


def new_id(name: str) -> str:
    """Give the id of a cluster that the story creates."""
    return cluster_id(SHOP, group_of(SHOP, NEW_PLACE), name)


def short_name(identifier: str) -> str:
    """Give the name in a cluster's id."""
    return identifier.rpartition("/")[2]


def has_schedule(write: Call, remark: str = "") -> str:
    """Say which cluster was written and when its window starts next."""
    start = "at a time not known" if write.next_start is None else start_text(write.next_start)
    named = f"{short_name(write.cluster)} ({remark})" if remark else short_name(write.cluster)
    return f"{named}: written, starts {start}"


def counted(number: int, what: str) -> str:
    """Say how many there are of something."""
    return f"{number} {what}{'' if number == 1 else 's'}"
