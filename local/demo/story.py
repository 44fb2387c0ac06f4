"""The story: what happens to a fleet in a day, act by act, against the running app."""

from dataclasses import dataclass, field
from typing import Final

from local.azure.json_values import as_object, as_text
from local.demo.bodies import NAP_OFF, Json, cluster_body, weekly, window
from local.demo.fleet import Kind
from local.demo.journal import key_of
from local.demo.telling import NEW_PLACE, Look, Teller, counted, has_schedule, new_id, short_name

COPIES: Final = 50
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


async def cluster_is_created(teller: Teller) -> None:
    """Let a cluster be created with NAP and no schedule."""
    teller.show.act("b", "A cluster is created with NAP, and without a schedule")
    cluster, azure = new_id("newcomer"), teller.stage.azure
    since = await azure.sequence()
    await azure.put_cluster(cluster_body(cluster, NEW_PLACE))
    await teller.written("b", cluster, since)


async def nap_is_turned_on(teller: Teller) -> None:
    """Let a cluster be created without NAP, and have NAP turned on later."""
    teller.show.act("c", "A cluster is created without NAP; later NAP is turned on")
    cluster, azure = new_id("convert"), teller.stage.azure
    since = await azure.sequence()
    await azure.put_cluster(cluster_body(cluster, NEW_PLACE, nodeProvisioningProfile=NAP_OFF))
    await teller.call("c", cluster, since, lambda call: call.operation == _GET_CLUSTER)
    await teller.a_second_later()
    calls = await azure.calls(since, cluster)
    text = f"convert, without NAP: {counted(len(calls), 'read')}, nothing else"
    teller.tell("c", text, ok=[call.operation for call in calls] == [_GET_CLUSTER])
    since = await azure.sequence()
    await azure.put_cluster(cluster_body(cluster, NEW_PLACE))
    await teller.written("c", cluster, since)


async def schedules_are_deleted(teller: Teller) -> None:
    """Let two schedules be deleted, the second one's event arriving many times at once."""
    teller.show.act("d", f"Two schedules are deleted; the second event comes {COPIES} times")
    azure, crowded = teller.stage.azure, teller.one(Kind.MISSING, 1)
    await teller.a_second_later()
    await _delete(teller, teller.one(Kind.MISSING, 0), "")
    await azure.copies(COPIES)
    teller.deeds.crowded[key_of(crowded)] = await azure.sequence()
    await _delete(teller, crowded, f"{COPIES} events at once")
    await azure.copies(1)


async def _delete(teller: Teller, cluster: str, remark: str) -> None:
    azure = teller.stage.azure
    since = await azure.sequence()
    await azure.delete_schedule(cluster)
    teller.deeds.deleted.append(key_of(cluster))
    await teller.written("d", cluster, since, remark)


async def own_schedule_is_made(teller: Teller) -> None:
    """Let somebody put their own schedule, in odd casing, in the place of naptime's."""
    teller.show.act("e", "Somebody makes a schedule of their own, in odd casing")
    cluster, azure = teller.one(Kind.MISSING, 2), teller.stage.azure
    own = window(weekly("Tuesday"), durationHours=8, utcOffset="+01:00")
    since = await azure.sequence()
    await azure.put_schedule(cluster, own, ODD_NAME)
    teller.deeds.made.append((key_of(cluster), ODD_NAME, own))
    await teller.call("e", cluster, since, lambda call: call.is_listing)
    writes = [call for call in await azure.calls(since, cluster) if call.is_write]
    text = f"{short_name(cluster)}: read, {counted(len(writes), 'write')}; {ODD_NAME} stays"
    teller.tell("e", text, ok=not writes)


async def arm_misbehaves(teller: Teller) -> None:
    """Let ARM misbehave on the first write, in several ways at once, each on a new cluster."""
    teller.show.act("f", "ARM misbehaves on the first write")
    azure = teller.stage.azure
    since = await azure.sequence()
    for harm in HARMS:
        await azure.order_trouble(harm.fault, new_id(harm.cluster), harm.order)
        await azure.put_cluster(cluster_body(new_id(harm.cluster), harm.place))
    for harm in HARMS:
        cluster = new_id(harm.cluster)
        write = await teller.written("f", cluster, since, harm.words, harmed=True)
        if write is not None and harm.fault == "drop-after":
            await teller.call("f", cluster, write.sequence, lambda call: call.is_listing)


async def arm_refuses(teller: Teller) -> None:
    """Let ARM refuse a write for good; then let the operator mend it and ask again."""
    teller.show.act("g", "ARM answers 400: the same write can never work")
    cluster, azure = new_id("refused"), teller.stage.azure
    since = await azure.sequence()
    await azure.order_trouble("bad-request", cluster, {"message": _NEVER})
    await azure.put_cluster(cluster_body(cluster, NEW_PLACE))
    given_up = await teller.wait("g", "refused: given up", _given_up(teller, cluster)) or {}
    tries = [call for call in await azure.calls(since, cluster) if call.is_write]
    text = f"refused: given up after {counted(len(tries), 'write')}, {_text(given_up, 'reason')}"
    teller.tell("g", text, ok=len(tries) == 1)
    told = f"{_text(given_up, 'message')} {_text(given_up, 'advice')}"
    teller.show.told(f"GET /api/given-up shows it: {told}")
    since = await azure.sequence()
    await teller.stage.api.reconcile(cluster)
    write = await teller.call("g", cluster, since, lambda call: call.is_accepted_write)
    if write is not None:
        teller.show.told(has_schedule(write, "mended, asked again"))


def _given_up(teller: Teller, cluster: str) -> Look[Json]:
    async def look() -> Json | None:
        return await teller.stage.api.given_up(cluster)

    return look


async def creating_is_ready(teller: Teller) -> None:
    """Let the cluster that was being created be ready."""
    teller.show.act("h", "The cluster that was being created is ready")
    cluster, azure = teller.one(Kind.CREATING), teller.stage.azure
    so_far = (await teller.stage.api.look(cluster)).part("lastOutcome")
    outcome, reason = _text(so_far, "outcome"), _text(so_far, "reason")
    teller.tell("h", f"creating, so far: {outcome}, {reason}", ok=outcome == "Deferred")
    since = await azure.sequence()
    await azure.put_cluster(_ready(teller, cluster))
    await teller.written("h", cluster, since)


def _ready(teller: Teller, cluster: str) -> Json:
    body = next(member.body for member in teller.members if member.id == cluster)
    return {
        **body,
        "properties": {**as_object(body["properties"]), "provisioningState": "Succeeded"},
    }


def _text(body: Json, name: str) -> str:
    return as_text(body.get(name)) or "nothing"


ACTS: Final = (
    cluster_is_created,
    nap_is_turned_on,
    schedules_are_deleted,
    own_schedule_is_made,
    arm_misbehaves,
    arm_refuses,
    creating_is_ready,
)
