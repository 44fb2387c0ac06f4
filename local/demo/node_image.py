"""A node image is released, naptime sees to it, and NAP takes it in its window."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Final

from local.azure.json_values import as_list, as_object, as_text, instant_of
from local.demo.azure_controls import Release
from local.demo.bodies import Json, cluster_body, cluster_id
from local.demo.evidence import Pickup, ReleaseEvidence
from local.demo.fleet import SHOP, group_of
from local.demo.journal import Span, key_of
from local.demo.results import name_of
from local.demo.show import Line, start_text
from local.demo.telling import Teller, counted, has_schedule

PLACE: Final = "westeurope"
OS: Final = "AKSUbuntu"
SKU: Final = "2404gen2containerd"
TICK: Final = timedelta(seconds=2)
"""How often naptime looks for new images here; every 15 minutes unless told otherwise."""

AHEAD: Final = timedelta(days=11)
"""Past the next weekly window, and past the 72 hours that NAP keeps its list of images."""

_UNSEEN: Final = cluster_id(SHOP, group_of(SHOP, PLACE), "unseen")
_CAUSE: Final = "NodeImageReleased"


async def image_is_released(teller: Teller) -> Sequence[Line]:
    """Release an image; wait for the event, the run and its write; ask NAP's own eyes."""
    azure, deeds = teller.stage.azure, teller.deeds
    await azure.put_cluster(cluster_body(_UNSEEN, PLACE), events=False)
    await _naptime_has_looked(teller)
    since, now = await azure.sequence(), await azure.now()
    image = Release(PLACE, OS, SKU, f"{now:%Y%m.%d}.0")
    await azure.release(image)
    published = await _is_told(teller, f"{OS}-{SKU}-{image.version}", now)
    await _is_seen_to(teller, since, now)
    span = Span(since, await azure.sequence())
    deeds.release = ReleaseEvidence(PLACE, now, published, TICK, key_of(_UNSEEN), span)
    deeds.pickups = await _consequence(teller, now)
    await _was_forecast(teller, image, deeds.pickups)
    took = published[0][1] - now if published else None
    return [
        Line("an image is released: told, and a cluster without an event guarded", took),
        *_unguarded(deeds.pickups),
    ]


async def _naptime_has_looked(teller: Teller) -> None:
    """Wait until naptime knows the images that are there: the second look is after the first."""
    azure = teller.stage.azure
    since = await azure.sequence()

    async def looked() -> bool | None:
        looks = [call for call in await azure.calls(since) if _is_look(call.path)]
        return len(looks) > 1 or None

    await teller.wait("l", "naptime looks at the images", looked)


def _is_look(path: str) -> bool:
    return f"/locations/{PLACE}/nodeimageversions" in path.lower()


async def _is_told(teller: Teller, image: str, since: datetime) -> tuple[tuple[str, datetime], ...]:
    async def told() -> tuple[tuple[str, datetime], ...] | None:
        return await teller.stage.azure.releases(image) or None

    found = await teller.wait("l", f"{image} is told", told) or ()
    if found:
        teller.show.told(f"{image}: on the topic", found[0][1] - since)
    return found


async def _is_seen_to(teller: Teller, since: int, released_at: datetime) -> None:
    """Wait for the write on the cluster that nobody has told naptime of, and the run's end."""
    write = await teller.call("l", _UNSEEN, since, lambda call: call.is_accepted_write)
    if write is not None:
        teller.show.told(has_schedule(write, "its event was lost"), write.time - released_at)
    run = await teller.wait("l", "the run of the release ends", lambda: _finished(teller))
    if run is not None:
        teller.show.told(f"the run: {_counts(run)}; {counted(int(str(run['calls'])), 'call')}")


async def _finished(teller: Teller) -> Json | None:
    runs = await teller.stage.api.runs(_CAUSE)
    return runs[0] if runs and all(run.get("state") == "Finished" for run in runs) else None


def _counts(run: Mapping[str, object]) -> str:
    reasons = as_object(run.get("reasons")).items()
    return ", ".join(f"{number} {reason}" for reason, number in reasons)


async def _consequence(teller: Teller, now: datetime) -> tuple[Pickup, ...]:
    """Ask when each cluster takes the image, by NAP's own rules in the simulator."""
    pickups = await teller.stage.azure.pickups(now + AHEAD)
    for pickup in _guarded(pickups):
        name, when = name_of(pickup.cluster), start_text(_minute(pickup.at))
        teller.show.told(f"{name} (guarded): rolls {when}, in its window")
    if not any(pickup.is_unguarded for pickup in pickups):
        teller.tell("l", "no cluster without a schedule suffered: nothing was shown", ok=False)
    return pickups


async def _was_forecast(teller: Teller, image: Release, pickups: Sequence[Pickup]) -> None:
    """Hold naptime's own forecast for the guarded cluster against NAP's own rules."""
    answer = await teller.stage.api.look(_UNSEEN)
    forecasts = [as_object(each) for each in as_list(answer.body.get("forecasts"))]
    ours = [each for each in forecasts if as_object(each["image"]).get("version") == image.version]
    first, last = (_instant(ours, name) for name in ("notBefore", "certainBy"))
    if first is None or last is None:
        teller.tell("l", "naptime has no forecast for it", ok=False)
        return
    held = [pickup for pickup in pickups if pickup.cluster == key_of(_UNSEEN)]
    text = f"naptime's forecast: not before {start_text(first)}, certain by {start_text(last)}"
    teller.tell("l", text, ok=bool(held) and all(first <= one.at < last for one in held))


def _instant(forecasts: Sequence[Json], name: str) -> datetime | None:
    found = [as_text(as_object(each[name]).get("utc")) for each in forecasts]
    return instant_of(found[0]) if found and found[0] else None


def _guarded(pickups: Sequence[Pickup]) -> list[Pickup]:
    """Pick the cluster that naptime has guarded in this act."""
    return [pickup for pickup in pickups if pickup.cluster == key_of(_UNSEEN)][:1]


def _unguarded(pickups: Sequence[Pickup]) -> list[Line]:
    """Say when the clusters take it that nobody guards."""
    unguarded = [pickup for pickup in pickups if pickup.is_unguarded]
    names = ", ".join(name_of(each.cluster) for each in unguarded)
    when = sorted({f"{_minute(each.at):%a %H:%M}" for each in unguarded})
    return (
        [Line(f"without a window: {names} take it {', '.join(when)}", aside=True)] if names else []
    )


def _minute(instant: datetime) -> datetime:
    return instant.replace(second=0, microsecond=0)
