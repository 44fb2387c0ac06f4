"""When NAP picked up new node images: computed from what was released and what the gate was.

Every 5 minutes Karpenter compares, by a list of images that it fetches anew after 72 hours
(Azure/karpenter-provider-azure, nodeclass/status/images.go and imagefamily/nodeimage.go). Its first
list is taken whatever the window says. Kubernetes upgrades and restarts, which bypass both, are
not simulated; a cluster follows every image definition of its OS.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise

from local.azure.arm.clusters import Sight
from local.azure.arm.node_images import full_name, version_number
from local.azure.arm.state import Release
from local.azure.nap.gate import Gate, Judgement, gate_at

RECONCILE_EVERY = timedelta(minutes=5)
LIST_KEPT = timedelta(hours=72)
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


@dataclass(frozen=True, slots=True)
class _Span:
    """A time in which NAP was on without a break: what was seen, and when it ended."""

    sights: Sequence[Sight]
    until: datetime


def rolls(
    sights: Iterable[Sight], releases: Sequence[Release], first: Versions, until: datetime
) -> list[Roll]:
    """Find when a cluster's images moved, up to an instant.

    `releases` are those of its location and OS, `first` the versions before all of them.
    """
    found: list[Roll] = []
    for span in _spans(sights, until):
        found.extend(_rolls_within(span, releases, first))
    return found


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


def _rolls_within(span: _Span, releases: Sequence[Release], first: Versions) -> Iterator[Roll]:
    fetched = span.sights[0].since
    have = versions_at(releases, first, fetched)
    while (fetched := fetched + _FETCH_EVERY) < span.until:
        wanted = versions_at(releases, first, fetched)
        if wanted == have:
            continue
        stop = min(fetched + _FETCH_EVERY, span.until)
        found = _first_open(span, fetched, stop)
        if found is not None:
            at, judgement = found
            yield Roll(at, judgement, _changes(have, wanted), _released(releases, wanted, fetched))
            have = wanted


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
    return first + -((first - instant) // RECONCILE_EVERY) * RECONCILE_EVERY
