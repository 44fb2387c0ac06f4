"""Made-up evidence of a small day on which every promise is kept."""

from collections.abc import Mapping
from copy import replace
from datetime import UTC, datetime, timedelta

from local.demo.bodies import AUTO_UPGRADE, NODE_OS, Json, cluster_id, weekly, window
from local.demo.evidence import ClusterState, Deeds, Evidence, Pickup, ReleaseEvidence, Response
from local.demo.journal import Call, Span

OURS = "11111111-1111-4111-8111-111111111111"
FOREIGN = "99999999-9999-4999-8999-999999999999"
NOW = datetime(2026, 8, 26, 12, 0, tzinfo=UTC)
SECOND = timedelta(seconds=1)
WRITTEN: Json = window(weekly("Sunday"), startDate="2026-08-27")
OWN: Json = window(weekly("Saturday"), durationHours=8)


def key(name: str, subscription: str = OURS) -> str:
    """Give the key of a cluster of this day."""
    return cluster_id(subscription, "rg", name).lower()


def state(name: str, subscription: str = OURS, **changes: object) -> ClusterState:
    """Give a cluster with NAP and no configurations, or as the changes say."""
    plain = ClusterState(
        key=key(name, subscription),
        subscription=subscription,
        location="westeurope",
        provisioning_state="Succeeded",
        auto_provisioning=True,
        tags={},
        configurations={},
    )
    return replace(plain, **changes)  # type: ignore[arg-type]  # each test's own fields


def states(*given: ClusterState) -> Mapping[str, ClusterState]:
    return {each.key: each for each in given}


def read(sequence: int, name: str, *, listing: bool = False, subscription: str = OURS) -> Call:
    """Give a read of a cluster, or of its configurations."""
    path, operation = key(name, subscription), "ManagedClusters_Get"
    if listing:
        path, operation = f"{path}/maintenanceConfigurations", LISTING
    return Call(sequence, NOW + sequence * SECOND, "GET", path, 200, operation=operation)


def write(sequence: int, name: str, status: int = 200, **changes: object) -> Call:
    """Give a write of the node OS schedule, three days ahead."""
    path = f"{key(name)}/maintenanceConfigurations/{NODE_OS}"
    lead = timedelta(days=3)
    made = Call(sequence, NOW + sequence * SECOND, "PUT", path, status, lead=lead)
    return replace(made, **changes)  # type: ignore[arg-type]  # each test's own fields


RELEASED = "westeurope/AKSUbuntu/2404gen2containerd/202608.26.0"
LISTING = "MaintenanceConfigurations_ListByManagedCluster"
SIBLING = {AUTO_UPGRADE: OWN}
LEFT_OUT = (
    state("plain", auto_provisioning=False),
    state("tagged", tags={"Naptime": "OFF"}),
    state("excluded"),
    state("leaving", provisioning_state="Deleting"),
    state("partner", FOREIGN),
)
BEFORE = states(
    state("missing", configurations=SIBLING),
    state("own", configurations={NODE_OS.upper(): OWN, **SIBLING}),
    *LEFT_OUT,
)
AFTER = states(
    state("missing", configurations={NODE_OS: WRITTEN, **SIBLING}),
    state("own", configurations={NODE_OS.upper(): OWN, **SIBLING}),
    state("new", configurations={NODE_OS.lower(): OWN}),
    *LEFT_OUT,
)
DRY_RUN = (read(1, "missing"), read(2, "missing", listing=True))
FLEET_PASS = (
    *(read(3, "missing"), read(4, "missing", listing=True), write(5, "missing")),
    *(read(6, "own"), read(7, "own", listing=True), read(8, "own")),
)
STORY = (
    write(9, "new", 409),
    write(10, "new"),
    write(11, "missing"),
    *(read(12, "own"), read(13, "own", listing=True)),
)
A_DAY = Evidence(
    subscriptions=frozenset({OURS}),
    excluded=frozenset({key("excluded")}),
    before=BEFORE,
    after=AFTER,
    journal=(*DRY_RUN, *FLEET_PASS, *STORY),
    dry_run=Span(0, 2),
    fleet_pass=Span(2, 8),
    story=Span(8, 20),
    forgeries=Span(11, 13),
    forged=frozenset({key("partner", FOREIGN), key("plain")}),
    fence=key("own"),
    deeds=Deeds(
        deleted=[key("missing")],
        made=[(key("new"), NODE_OS.lower(), OWN)],
        crowded={key("missing"): 10},
        responses=[
            Response(key("new"), "b", 1.5 * SECOND),
            Response(key("missing"), "f", 9 * SECOND, harmed=True),
        ],
    ),
    release=ReleaseEvidence(
        location="westeurope",
        released_at=NOW,
        published=((RELEASED, NOW + SECOND), (RELEASED, NOW + 2 * SECOND)),
        tick=SECOND,
        unseen=key("missing"),
        span=Span(3, 5),
    ),
    pickups=(
        Pickup(key("missing"), NOW + timedelta(days=4), "open"),
        Pickup(key("partner", FOREIGN), NOW + timedelta(hours=72), "fail-open"),
    ),
)


def with_calls(*calls: Call) -> Evidence:
    """Give the day with more calls."""
    return replace(A_DAY, journal=(*A_DAY.journal, *calls))


def without_call(sequence: int) -> Evidence:
    """Give the day without one of its calls."""
    rest = tuple(call for call in A_DAY.journal if call.sequence != sequence)
    return replace(A_DAY, journal=rest)


def with_call_changed(sequence: int, **changes: object) -> Evidence:
    """Give the day with one call different."""
    changed = tuple(
        replace(call, **changes) if call.sequence == sequence else call  # type: ignore[arg-type]  # each test's own fields
        for call in A_DAY.journal
    )
    return replace(A_DAY, journal=changed)


def ending_with(*changed: ClusterState) -> Evidence:
    """Give the day with some clusters different at its end."""
    return replace(A_DAY, after={**A_DAY.after, **states(*changed)})


def with_release(**changes: object) -> Evidence:
    """Give the day with another release."""
    return replace(A_DAY, release=replace(A_DAY.release, **changes))  # type: ignore[arg-type]  # each test's own fields


def with_deeds(**changes: object) -> Evidence:
    """Give the day with other deeds."""
    return replace(A_DAY, deeds=replace(A_DAY.deeds, **changes))  # type: ignore[arg-type]  # each test's own fields
