"""The story: what happens to a fleet in a day, act by act, against the running app."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from http import HTTPStatus
from typing import Final

from local.azure.json_values import as_object, as_text
from local.demo import fleet_pass
from local.demo.bodies import Json, cluster_body, cluster_id, weekly, window
from local.demo.evidence import Call, ClusterState, Deeds, Response, Span, key_of
from local.demo.fleet import SHOP, Kind, Member
from local.demo.forgeries import play_forgeries
from local.demo.show import Show
from local.demo.stage import Stage, until

PATIENCE_SECONDS: Final = 20.0
COPIES: Final = 50
_PLACE: Final = "northeurope"

type Look[T] = Callable[[], Awaitable[T | None]]


@dataclass(frozen=True, slots=True)
class Harm:
    """Something that ARM does to the first write on a cluster."""

    cluster: str
    words: str
    fault: str
    order: Json = field(default_factory=dict)


HARMS: Final = (
    Harm("throttled", "429 with Retry-After: 2", "throttled-by-aks", {"retryAfter": 2}),
    Harm("in-progress", "409, another operation in progress", "operation-in-progress"),
    Harm("answer-lost", "applied, but the answer was lost", "drop-after"),
    Harm("unavailable", "503", "unavailable"),
)
_NEVER: Final = "The maintenance window is not valid for this cluster."


@dataclass(slots=True)
class Story:
    """Plays the acts in order; `deeds` keeps what was done and measured."""

    stage: Stage
    show: Show
    members: Sequence[Member]
    deeds: Deeds = field(default_factory=Deeds)

    def one(self, kind: Kind, number: int = 0) -> str:
        """Give the id of a cluster of some kind."""
        return [member.id for member in self.members if member.kind is kind][number]

    async def created(self) -> None:
        """Let a cluster be created with NAP and no schedule."""
        self.show.act("b", "A cluster is created with NAP, and without a schedule")
        cluster = new_id("newcomer")
        since = await self.stage.azure.sequence()
        await self.stage.azure.put_cluster(cluster_body(cluster, _PLACE))
        await self._written("b", cluster, since)

    async def nap_turned_on(self) -> None:
        """Let a cluster be created without NAP, and have NAP turned on later."""
        self.show.act("c", "A cluster is created without NAP; later NAP is turned on")
        cluster, azure = new_id("convert"), self.stage.azure
        since = await azure.sequence()
        await azure.put_cluster(cluster_body(cluster, _PLACE, mode="Manual"))
        read = await self._wait("c", lambda: self._first(cluster, since, lambda _: True))
        await self.a_second_later()
        calls = await azure.calls(since, cluster)
        self._tell("c", f"convert without NAP: {_counted(len(calls), 'read')}, nothing else",
                   ok=read is not None and [call.operation for call in calls] == [_READ])
        since = await azure.sequence()
        await azure.put_cluster(cluster_body(cluster, _PLACE))
        await self._written("c", cluster, since)

    async def deleted(self) -> None:
        """Let schedules be deleted; once, and with the event arriving many times at once."""
        self.show.act("d", f"Somebody deletes a schedule; then another, whose event comes {COPIES} times")
        azure = self.stage.azure
        await self.a_second_later()
        await self._delete(self.one(Kind.MISSING, 0))
        await azure.copies(COPIES)
        await self._delete(self.one(Kind.MISSING, 1), f" for {COPIES} events")
        await azure.copies(1)

    async def _delete(self, cluster: str, remark: str = "") -> None:
        since = await self.stage.azure.sequence()
        await self.stage.azure.delete_schedule(cluster)
        self.deeds.deleted.append(key_of(cluster))
        await self._written("d", cluster, since, f"is back{remark}: ")

    async def own_made(self) -> None:
        """Let somebody put their own schedule, in odd casing, in the place of naptime's."""
        self.show.act("e", "Somebody makes a schedule of their own, in odd casing")
        cluster, name = self.one(Kind.MISSING, 2), "AKSmanagedNodeOSupgradeSCHEDULE"
        own = window(weekly("Tuesday"), durationHours=8, utcOffset="+01:00")
        since = await self.stage.azure.sequence()
        await self.stage.azure.put_schedule(cluster, own, name)
        self.deeds.made.append((key_of(cluster), name, own))
        read = await self._wait("e", lambda: self._first(cluster, since, _is_listing))
        writes = [call for call in await self.stage.azure.calls(since, cluster) if call.is_write]
        text = f"{_short(cluster)}: read once, {len(writes)} writes, {name} stays"
        self._tell("e", text, ok=read is not None and not writes)

    async def harmed(self) -> None:
        """Let ARM misbehave on the first write, in four ways, each on a new cluster."""
        self.show.act("f", "ARM misbehaves on the first write")
        since = await self.stage.azure.sequence()
        for harm in HARMS:
            cluster = new_id(harm.cluster)
            await self.stage.azure.order(harm.fault, cluster, **harm.order)
            await self.stage.azure.put_cluster(cluster_body(cluster, _PLACE))
        for harm in HARMS:
            cluster = new_id(harm.cluster)
            await self._written("f", cluster, since, f"({harm.words}): ", harmed=True)
        lost = new_id("answer-lost")
        await self._wait("f", lambda: self._first_after_write(lost, since))

    async def refused(self) -> None:
        """Let ARM refuse a write for good; then let the operator mend it and ask again."""
        self.show.act("g", "ARM answers 400: the same write can never work")
        cluster, azure = new_id("refused"), self.stage.azure
        since = await azure.sequence()
        await azure.order("bad-request", cluster, message=_NEVER)
        await azure.put_cluster(cluster_body(cluster, _PLACE))
        given_up = await self._wait("g", lambda: self._given_up(cluster)) or {}
        tries = [call for call in await azure.calls(since, cluster) if call.is_write]
        self._tell("g", f"refused: given up after {_counted(len(tries), 'write')}:"
                   f" {as_text(given_up.get('reason'))}: {as_text(given_up.get('message'))}",
                   ok=len(tries) == 1 and bool(given_up))
        self.show.told(f"GET /api/clusters/... says: {as_text(given_up.get('advice'))}")
        since = await azure.sequence()
        answer = await self.stage.api.reconcile(cluster)
        await self._accepted("g", cluster, since, f"mended, and asked again: {answer.text('outcome')}, ")

    async def ready(self) -> None:
        """Let the cluster that was being created be ready."""
        cluster = self.one(Kind.CREATING)
        self.show.act("h", "The cluster that was being created is ready")
        before = (await self.stage.api.look(cluster)).part("lastOutcome")
        outcome, reason = as_text(before.get("outcome")), as_text(before.get("reason"))
        self._tell("h", f"creating: {outcome} so far, {reason}", ok=outcome == "Deferred")
        since = await self.stage.azure.sequence()
        body = next(member.body for member in self.members if member.id == cluster)
        properties = {**as_object(body["properties"]), "provisioningState": "Succeeded"}
        await self.stage.azure.put_cluster({**body, "properties": properties})
        await self._written("h", cluster, since)

    async def a_second_later(self) -> None:
        """Wait until this second is over.

        Queues know whole seconds, so naptime lets an event wait a little that came in the same
        second as its last look at the cluster; the story is not about that.
        """
        second = (await self.stage.azure.now()).replace(microsecond=0)

        async def over() -> bool | None:
            return (await self.stage.azure.now()) >= second + timedelta(seconds=1) or None

        await until(self.stage, over, PATIENCE_SECONDS)

    async def _written(
        self, act: str, cluster: str, since: int, words: str = "", *, harmed: bool = False
    ) -> None:
        """Wait for the accepted write that an event leads to; tell and keep how long it took."""
        write = await self._accepted_write(act, cluster, since)
        if write is not None:
            took = write.time - await self.stage.azure.last_event(cluster)
            self.deeds.responses.append(Response(key_of(cluster), act, took, harmed))
            self.show.told(await self._next_start(cluster, words), took)

    async def _accepted(self, act: str, cluster: str, since: int, words: str) -> None:
        if await self._accepted_write(act, cluster, since) is not None:
            self.show.told(await self._next_start(cluster, words))

    async def _accepted_write(self, act: str, cluster: str, since: int) -> Call | None:
        return await self._wait(
            act, lambda: self._first(cluster, since, lambda call: call.is_accepted_write)
        )

    async def _first(
        self, cluster: str, since: int, wanted: Callable[[Call], bool]
    ) -> Call | None:
        calls = await self.stage.azure.calls(since, cluster)
        return next((call for call in calls if wanted(call)), None)

    async def _first_after_write(self, cluster: str, since: int) -> Call | None:
        write = await self._first(cluster, since, lambda call: call.is_accepted_write)
        return write and await self._first(cluster, write.sequence, _is_listing)

    async def _given_up(self, cluster: str) -> Json | None:
        return (await self.stage.api.look(cluster)).part("givenUp") or None

    async def _next_start(self, cluster: str, words: str) -> str:
        writes = [c for c in await self.stage.azure.calls(0, cluster) if c.is_accepted_write]
        return f"{_short(cluster)} {words or 'has a schedule: '}{_starts(writes[-1])}"

    def _tell(self, act: str, text: str, *, ok: bool) -> None:
        self.show.told(text, ok=ok)
        if not ok:
            self.deeds.unfinished.append(f"act {act}: {text}")

    async def _wait[T](self, act: str, look: Look[T]) -> T | None:
        try:
            with self.show.waiting("naptime is at it ..."):
                return await until(self.stage, look, PATIENCE_SECONDS)
        except TimeoutError:
            text = f"nothing came of it within {PATIENCE_SECONDS:g} s"
            self._tell(act, text, ok=False)
            return None
