"""What is promised of the release of a node image: told in time, seen to, and cheap."""

from collections import Counter
from datetime import timedelta
from typing import Final

from local.demo.evidence import Evidence
from local.demo.results import Result, name_of, names_of, seconds

LOOK: Final = timedelta(seconds=2)
"""What a look at all locations may take after the tick, and the publication after that."""


def release_is_told(evidence: Evidence, promised: timedelta) -> Result:
    """Within one tick of the watch the event of the release is on the topic, with one id."""
    promise = "a released node image is on the topic within a tick of the watch"
    release = evidence.release
    times = [time - release.released_at for _, time in release.published]
    if not times:
        return Result(promise, "no event", ("the topic took no event about it",))
    ids = {event_id for event_id, _ in release.published}
    longest = release.tick + max(promised, LOOK)
    late = [seconds(min(times))] if min(times) > longest else []
    several = sorted(ids)[1:]
    figure = f"{seconds(min(times))} after the release, ticks of {seconds(release.tick)}"
    return Result(promise, figure, (*late, *several))


def release_guards_the_unseen(evidence: Evidence) -> Result:
    """See that the run finds a cluster without a schedule that no event has named."""
    release = evidence.release
    calls = release.span.of(evidence.journal)
    writes = [call for call in calls if call.cluster == release.unseen and call.is_accepted_write]
    missed = () if writes else names_of([release.unseen])
    figure = f"{len(writes)} write on {name_of(release.unseen)}"
    return Result("the run of a release guards a cluster whose event was lost", figure, missed)


def release_reads_no_cluster_twice(evidence: Evidence) -> Result:
    """Polite: events of several images, and of what was just read, are no second run."""
    calls = evidence.release.span.of(evidence.journal)
    listings = Counter(call.cluster for call in calls if call.is_listing)
    again = [key for key, number in listings.items() if number > 1]
    spared = [
        key
        for key, state in evidence.before.items()
        if state.location == evidence.release.location and not listings[key]
    ]
    nothing = () if spared else ("every cluster was read again",)
    return Result(
        "the run of a release reads no cluster twice, and spares those just read",
        f"{listings.total()} read, {len(spared)} of the location spared",
        (*names_of(again), *nothing),
    )
