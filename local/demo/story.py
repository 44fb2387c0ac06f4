"""The story: what happens to a fleet in a day, act by act, against the running app."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Final

from local.azure.json_values import as_object, as_text
from local.demo.bodies import NAP_OFF, Json, cluster_body, weekly, window
from local.demo.fleet import Kind
from local.demo.forgeries import forgeries_are_sent
from local.demo.journal import key_of
from local.demo.results import seconds
from local.demo.show import Line
from local.demo.telling import (
    NEW_PLACE,
    Act,
    Look,
    Teller,
    counted,
    has_schedule,
    new_id,
    short_name,
)

COPIES: Final = 50
APPLIES: Final = 3
TERRAFORM: Final = "7e44afa0-0000-4000-8000-00007e44af00"
"""The application that Terraform runs as."""

KEEPS: Final = "KeepsBeingRemoved"
ODD_NAME: Final = "AKSmanagedNodeOSupgradeSCHEDULE"
_GET_CLUSTER: Final = "ManagedClusters_Get"
_NEVER: Final = "The maintenance window is not valid for this cluster."


@dataclass(frozen=True, slots=True)
class Harm:
    """Something that ARM does to the first write on a cluster."""

    cluster: str
    words: str
    fault: str
    order: Json = field(default_factory=dict)
    place: str = NEW_PLACE


HARMS: Final = (
    # A 429 holds up its whole subscription and location, so it has one of its own.
    Harm("throttled", "429, Retry-After 2", "throttled-by-aks", {"retryAfter": 2}, "norwayeast"),
    Harm("busy", "409, in progress", "operation-in-progress"),
    Harm("lost", "applied, no answer", "drop-after"),
    Harm("unavailable", "503", "unavailable"),
)


async def cluster_is_created(teller: Teller) -> Sequence[Line]:
    """Let a cluster be created with NAP and no schedule."""
    cluster, azure = new_id("newcomer"), teller.stage.azure
    since = await azure.sequence()
    await azure.put_cluster(cluster_body(cluster, NEW_PLACE))
    took = await teller.written("c", cluster, since)
    return [Line("a cluster is created with NAP: it has its window", took)]


async def nap_is_turned_on(teller: Teller) -> Sequence[Line]:
    """Let a cluster be created without NAP, and have NAP turned on later."""
    cluster, azure = new_id("convert"), teller.stage.azure
    since = await azure.sequence()
    await azure.put_cluster(cluster_body(cluster, NEW_PLACE, nodeProvisioningProfile=NAP_OFF))
    await teller.call("d", cluster, since, lambda call: call.operation == _GET_CLUSTER)
    await teller.a_second_later()
    calls = await azure.calls(since, cluster)
    text = f"convert, without NAP: {counted(len(calls), 'read')}, nothing else"
    teller.tell("d", text, ok=[call.operation for call in calls] == [_GET_CLUSTER])
    since = await azure.sequence()
    await azure.put_cluster(cluster_body(cluster, NEW_PLACE))
    took = await teller.written("d", cluster, since)
    return [Line("NAP is turned on later: one read before that, then the window", took)]


async def schedules_are_deleted(teller: Teller) -> Sequence[Line]:
    """Let two schedules be deleted, the second one's event arriving many times at once."""
    azure, crowded = teller.stage.azure, teller.one(Kind.MISSING, 1)
    await teller.a_second_later()
    first = await _delete(teller, teller.one(Kind.MISSING, 0), "")
    await azure.copies(COPIES)
    teller.deeds.crowded[key_of(crowded)] = await azure.sequence()
    second = await _delete(teller, crowded, f"{COPIES} events at once")
    await azure.copies(1)
    text = f"two are deleted, one event comes {COPIES} times: back after {_and(first, second)}"
    return [Line(text)]


async def _delete(teller: Teller, cluster: str, remark: str) -> timedelta | None:
    azure = teller.stage.azure
    since = await azure.sequence()
    await azure.delete_schedule(cluster)
    teller.deeds.deleted.append(key_of(cluster))
    return await teller.written("e", cluster, since, remark)


def _and(*took: timedelta | None) -> str:
    return ", ".join("never" if each is None else seconds(each) for each in took)


async def terraform_applies(teller: Teller) -> Sequence[Line]:
    """Let Terraform take a schedule away at each apply: it is in its state and not in its code."""
    cluster, took = teller.one(Kind.MISSING, 3), list[timedelta | None]()
    for _ in range(APPLIES):
        await teller.a_second_later()
        since = await teller.stage.azure.sequence()
        await teller.stage.azure.delete_schedule(cluster, TERRAFORM)
        teller.deeds.deleted.append(key_of(cluster))
        took.append(await teller.written("f", cluster, since, "after an apply"))
    told = await teller.wait("f", f"{short_name(cluster)}: told", _told_of(teller, cluster)) or ()
    teller.tell("f", "; ".join(told), ok=len(told) == 1 and TERRAFORM in told[0])
    return [
        Line(f"Terraform takes one away at {APPLIES} applies: back after {_and(*took)}"),
        Line(f"told: {KEEPS}, by application {TERRAFORM}"),
    ]


def _told_of(teller: Teller, cluster: str) -> Look[tuple[str, ...]]:
    async def look() -> tuple[str, ...] | None:
        return await teller.stage.azure.told(KEEPS, cluster) or None

    return look


async def own_schedule_is_made(teller: Teller) -> Sequence[Line]:
    """Let somebody put their own schedule, in odd casing, in the place of naptime's."""
    cluster, azure = teller.one(Kind.MISSING, 2), teller.stage.azure
    own = window(weekly("Tuesday"), durationHours=8, utcOffset="+01:00")
    since = await azure.sequence()
    await azure.put_schedule(cluster, own, ODD_NAME)
    teller.deeds.made.append((key_of(cluster), ODD_NAME, own))
    await teller.call("g", cluster, since, lambda call: call.is_listing)
    writes = [call for call in await azure.calls(since, cluster) if call.is_write]
    text = f"{short_name(cluster)}: read, {counted(len(writes), 'write')}; {ODD_NAME} stays"
    teller.tell("g", text, ok=not writes)
    return [Line("somebody writes a window of their own, in odd casing: it stays as it is")]


async def arm_misbehaves(teller: Teller) -> Sequence[Line]:
    """Let ARM misbehave on the first write, in several ways at once, each on a new cluster."""
    azure = teller.stage.azure
    since = await azure.sequence()
    for harm in HARMS:
        await azure.order_trouble(harm.fault, new_id(harm.cluster), harm.order)
        await azure.put_cluster(cluster_body(new_id(harm.cluster), harm.place))
    slowest = timedelta()
    for harm in HARMS:
        cluster = new_id(harm.cluster)
        took = await teller.written("h", cluster, since, harm.words, harmed=True)
        slowest = max(slowest, took or slowest)
        if took is not None and harm.fault == "drop-after":
            await _looked_again(teller, cluster)
    text = "ARM says 429, 409, 503 or nothing: four windows, the slowest after"
    return [Line(text, slowest)]


async def _looked_again(teller: Teller, cluster: str) -> None:
    """Wait until naptime has read what became of a write that nobody answered."""
    calls = await teller.stage.azure.calls(0, cluster)
    write = next(call for call in calls if call.is_accepted_write)
    await teller.call("h", cluster, write.sequence, lambda call: call.is_listing)


async def arm_refuses(teller: Teller) -> Sequence[Line]:
    """Let ARM refuse a write for good; then let the operator mend it and ask again."""
    cluster, azure = new_id("refused"), teller.stage.azure
    since = await azure.sequence()
    await azure.order_trouble("bad-request", cluster, {"message": _NEVER})
    await azure.put_cluster(cluster_body(cluster, NEW_PLACE))
    given_up = await teller.wait("i", "refused: given up", _given_up(teller, cluster)) or {}
    tries = [call for call in await azure.calls(since, cluster) if call.is_write]
    text = f"refused: given up after {counted(len(tries), 'write')}, {_text(given_up, 'reason')}"
    teller.tell("i", text, ok=len(tries) == 1)
    told = f"{_text(given_up, 'message')} {_text(given_up, 'advice')}"
    teller.show.told(f"GET /api/given-up shows it: {told}")
    since = await azure.sequence()
    await teller.stage.api.reconcile(cluster)
    write = await teller.call("i", cluster, since, lambda call: call.is_accepted_write)
    if write is not None:
        teller.show.told(has_schedule(write, "mended, asked again"))
    return [Line("ARM says 400: given up at once, with the reason; mended, asked, written")]


def _given_up(teller: Teller, cluster: str) -> Look[Json]:
    async def look() -> Json | None:
        return await teller.stage.api.given_up(cluster)

    return look


async def creating_is_ready(teller: Teller) -> Sequence[Line]:
    """Let the cluster that was being created be ready."""
    cluster, azure = teller.one(Kind.CREATING), teller.stage.azure
    so_far = (await teller.stage.api.look(cluster)).part("lastOutcome")
    outcome, reason = _text(so_far, "outcome"), _text(so_far, "reason")
    teller.tell("j", f"creating, so far: {outcome}, {reason}", ok=outcome == "Deferred")
    since = await azure.sequence()
    await azure.put_cluster(_ready(teller, cluster))
    took = await teller.written("j", cluster, since)
    return [Line("a cluster that was still being created is ready: its window", took)]


def _ready(teller: Teller, cluster: str) -> Json:
    body = next(member.body for member in teller.members if member.id == cluster)
    return {
        **body,
        "properties": {**as_object(body["properties"]), "provisioningState": "Succeeded"},
    }


def _text(body: Json, name: str) -> str:
    return as_text(body.get(name)) or "nothing"


ACTS: Final = (
    Act("c", "a cluster is created with NAP, and without a window", cluster_is_created),
    Act("d", "a cluster is created without NAP, which is turned on later", nap_is_turned_on),
    Act("e", "two schedules are deleted", schedules_are_deleted),
    Act("f", "Terraform applies, again and again", terraform_applies),
    Act("g", "somebody makes a schedule of their own", own_schedule_is_made),
    Act("h", "ARM misbehaves on the first write", arm_misbehaves),
    Act("i", "ARM answers 400: the same write can never work", arm_refuses),
    Act("j", "a cluster that was being created is ready", creating_is_ready),
    Act("k", "forged events, ids that climb, bodies without end", forgeries_are_sent),
)
