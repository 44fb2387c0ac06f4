"""When NAP picked up new node images: computed from what was released and what the gate was.

Every 5 minutes Karpenter compares, by a list of images that it fetches anew after 72 hours
(Azure/karpenter-provider-azure, nodeclass/status/images.go and imagefamily/nodeimage.go). Its first
list is taken whatever the window says, and so is the one that it fetches when it finds a new
version of Kubernetes, for which it looks every 15 minutes (kubernetesversion.go). Restarts, which
bypass both, are not simulated; a cluster follows every image definition of its OS.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise

from local.azure.arm.clusters import Sight
from local.azure.arm.node_images import full_name, version_number
from local.azure.arm.state import Release
from local.azure.nap.gate import Gate, Judgement, gate_at
from local.azure.nap.upgrades import Upgrade

RECONCILE_EVERY = timedelta(minutes=5)
LIST_KEPT = timedelta(hours=72)
VERSION_KEPT = timedelta(minutes=15)
# The list is older than 72 hours at the first comparison after them.
_FETCH_EVERY = LIST_KEPT + RECONCILE_EVERY

type Versions = Mapping[tuple[str, str], str]


@dataclass(frozen=True, slots=True)
class Roll:
    """NAP took new images at an instant: from which to which, and what let it."""

    at: datetime
    judgement: Judgement
    images: tuple[tuple[str, str], ...]
    released: datetime
    upgrade: Upgrade | None = None
    """The upgrade of Kubernetes that brought them, if one did."""


@dataclass(frozen=True, slots=True)
class _Span:
    """A time in which NAP was on without a break: what was seen, and when it ended."""

    sights: Sequence[Sight]
    until: datetime


def rolls(
    sights: Iterable[Sight],
    releases: Sequence[Release],
    first: Versions,
    until: datetime,
    upgrades: Sequence[Upgrade] = (),
) -> list[Roll]:
    """Find when a cluster's images moved, up to an instant.

    `releases` are those of its location and OS, `first` the versions before all of them.
    """
    found: list[Roll] = []
    for span in _spans(sights, until):
        found.extend(_rolls_within(span, releases, first, upgrades))
    return found


def found_out(sights: Sequence[Sight], upgrade: Upgrade) -> datetime | None:
    """Say when NAP finds a new version of Kubernetes; None where it is not on then."""
    for span in _spans(sights, datetime.max.replace(tzinfo=UTC)):
        if span.sights[0].since <= upgrade.at < span.until:
            at = _next(span.sights[0].since, upgrade.at, VERSION_KEPT)
            return at if at < span.until else None
    return None


def versions_at(releases: Iterable[Release], first: Versions, instant: datetime) -> Versions:
    """Give the newest version of each image at an instant."""
    newest = dict(first)
    for each in releases:
        place = (each.os, each.sku)
        before = newest.get(place, "")
        if each.at <= instant and version_number(each.version) > version_number(before):
            newest[place] = each.version
    return newest


def _spans(sights: Iterable[Sight], until: datetime) -> Iterator[_Span]:
    """Cut what was seen into times with NAP on."""
    on: list[Sight] = []
    for sight in sights:
        if sight.since > until:
            break
        if sight.nap:
            on.append(sight)
        elif on:
            yield _Span(on, sight.since)
            on = []
    if on:
        yield _Span(on, until)


def _rolls_within(
    span: _Span, releases: Sequence[Release], first: Versions, upgrades: Sequence[Upgrade]
) -> Iterator[Roll]:
    fetches = list(_fetches(span, upgrades))
    have = versions_at(releases, first, fetches[0][0])
    for (fetched, upgrade), (stop, _) in pairwise([*fetches, (span.until, None)]):
        wanted = versions_at(releases, first, fetched)
        found = (fetched, _bypassed(span, fetched, upgrade)) if upgrade else None
        if wanted == have:
            continue
        found = found or _first_open(span, fetched, stop)
        if found is not None:
            changes, released = _changes(have, wanted), _released(releases, wanted, fetched)
            yield Roll(*found, changes, released, upgrade)
            have = wanted


def _fetches(span: _Span, upgrades: Sequence[Upgrade]) -> Iterator[tuple[datetime, Upgrade | None]]:
    """Yield when the list is fetched within a span, and for which upgrade, if for one."""
    since = span.sights[0].since
    found = {_next(since, each.at, VERSION_KEPT): each for each in upgrades if each.at >= since}
    coming = sorted(at for at in found if since < at < span.until)
    yield since, None
    fetched = since
    while (fetched := min([fetched + _FETCH_EVERY, *_after(coming, fetched)])) < span.until:
        yield fetched, found.get(fetched)


def _after(instants: Sequence[datetime], instant: datetime) -> Sequence[datetime]:
    return [each for each in instants if each > instant]


def _bypassed(span: _Span, at: datetime, upgrade: Upgrade) -> Judgement:
    sight = [each for each in span.sights if each.since <= at][-1]
    reason = f"Kubernetes was upgraded to {upgrade.version}, whatever the window says"
    return replace(gate_at(sight, at), gate=Gate.BYPASSED, reason=reason)


def _changes(have: Versions, wanted: Versions) -> tuple[tuple[str, str], ...]:
    return tuple(
        (full_name(*place, have.get(place, "")), full_name(*place, version))
        for place, version in wanted.items()
        if have.get(place) != version
    )


def _released(releases: Iterable[Release], wanted: Versions, until: datetime) -> datetime:
    return max(
        each.at
        for each in releases
        if each.at <= until and wanted.get((each.os, each.sku)) == each.version
    )


def _first_open(span: _Span, start: datetime, stop: datetime) -> tuple[datetime, Judgement] | None:
    """Find the first comparison from `start` to before `stop` that the gate lets images in at."""
    ends = [*(later.since for _, later in pairwise(span.sights)), stop]
    for sight, end in zip(span.sights, ends, strict=True):
        at = _comparison(span.sights[0].since, max(start, sight.since))
        while at < min(end, stop):
            judgement = gate_at(sight, at)
            if judgement.gate.lets_images_in:
                return at, judgement
            waited_for = _next_chance(judgement, at)
            if waited_for is None:
                break
            at = _comparison(span.sights[0].since, waited_for)
    return None


def _next_chance(judgement: Judgement, at: datetime) -> datetime | None:
    """Say from when on the gate may be open; None where nothing changes by waiting."""
    if judgement.gate is not Gate.CLOSED or judgement.start is None:
        return None
    if judgement.start < at:
        return None  # a window that is over and that nobody writes anew
    # Strictly after the start: a comparison at the very start finds the gate closed.
    return max(judgement.start, at) + timedelta.resolution


def _comparison(first: datetime, instant: datetime) -> datetime:
    """Find the first of the five-minute comparisons at or after an instant."""
    return _next(first, instant, RECONCILE_EVERY)


def _next(first: datetime, instant: datetime, every: timedelta) -> datetime:
    """Find the first of what happens every so often at or after an instant."""
    return first + -((first - instant) // every) * every
