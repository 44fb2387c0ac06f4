"""The table of docs/events.md is what the code publishes."""

from copy import replace
from datetime import UTC, datetime

from shared.domain.deciding.decision import Finding
from shared.domain.deciding.outcome import Outcome, OutcomeKind, UpgradeScheduleOutcome
from shared.domain.fleet.run import Run, RunScope, RunState
from shared.domain.fleet.run_records import RunRecord, RunSummaryJson
from shared.domain.fleet.told import ended
from shared.domain.images.node_image import ImageVersion, NodeImage
from shared.domain.images.released import NodeImageReleased
from shared.domain.messages.told import Occasion, events_of, failure_of
from shared.domain.updates.plan import Verdict
from shared.domain.vocabulary.cloud_event import CloudEvent, EventType
from shared.domain.vocabulary.ids import ClusterId
from shared.domain.vocabulary.reasons import Cause, Reason
from shared.telemetry.custom_events import EVENTS
from tests.clusters import cluster, cluster_id
from tests.docs.pages import page, rows
from tests.service_world import World

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
OCCASION = Occasion.asked(Cause.ASKED, NOW)
HASH = "{cluster}"


def outcome(kind: OutcomeKind, reason: Reason) -> Outcome:
    """Give an outcome with one finding."""
    return Outcome(
        cluster_id=cluster_id(),
        kind=kind,
        reason=reason,
        message="m",
        findings=(Finding(reason, "m"),),
        window=None,
        next_start=None,
        attempts=1,
        calls=1,
    )


def upgrades_made() -> Outcome:
    """Give the outcome of a look after which the schedule of Kubernetes upgrades was made."""
    made = UpgradeScheduleOutcome(OutcomeKind.CREATED, Reason.KUBERNETES_UPGRADE_ANY_TIME, "m")
    return replace(outcome(OutcomeKind.UNCHANGED, Reason.UP_TO_DATE), kubernetes=made)


def let_go() -> Outcome:
    """Give the outcome of a look that found naptime's schedule changed."""
    left = outcome(OutcomeKind.UNCHANGED, Reason.UP_TO_DATE)
    found = Finding(Reason.SCHEDULE_LET_GO, "m")
    return replace(left, findings=(*left.findings, found), lets_go=NOW)


def braked() -> RunRecord:
    """Give the record of a run that has planned more than needs no approval."""
    run = Run("202611-a", Cause.SWEPT, RunScope(), NOW)
    verdict = Verdict("0" * 32, updates=11, for_clocks=0, owned=11, most=10)
    summary = RunSummaryJson(updatePlan=verdict.to_json())
    return RunRecord(run, RunState.NEEDS_APPROVAL, summary=summary)


async def published() -> dict[str, CloudEvent]:
    """Make one of each event, by the name of its type."""
    image = NodeImage.parse("AKSUbuntu-2404gen2containerd-202608.20.0")
    assert image
    previous = ImageVersion.parse("202608.14.0")
    world = World(has_topic=True)
    world.aks.add(cluster())
    await world.sweep()
    events = [
        NodeImageReleased("westeurope", image, previous).to_cloud_event(NOW),
        *events_of(outcome(OutcomeKind.CREATED, Reason.SCHEDULE_MISSING), OCCASION, (), NOW),
        *events_of(upgrades_made(), OCCASION, (), NOW),
        *events_of(outcome(OutcomeKind.UPDATED, Reason.SCHEDULE_MISSING), OCCASION, (), NOW),
        *events_of(let_go(), OCCASION, (), NOW),
        *failure_of(outcome(OutcomeKind.FAILED, Reason.REJECTED_BY_AZURE), OCCASION, NOW),
        *failure_of(
            outcome(OutcomeKind.FAILED, Reason.KUBERNETES_UPGRADE_ANY_TIME),
            OCCASION,
            NOW,
            EventType.KUBERNETES_SCHEDULE_FAILED,
        ),
        *events_of(outcome(OutcomeKind.UNCHANGED, Reason.LONGER_THAN_WEEKLY), OCCASION, (), NOW),
        *world.topic.of("FleetRunCompleted"),
        *[event for event in ended(braked(), NOW) if event.type is EventType.APPROVAL_NEEDED],
    ]
    return {event.type: event for event in events}


async def test_every_event_has_its_row() -> None:
    """The table names every event with its data, in the order of the code."""
    expected = [
        [f"`{name}`", ", ".join(f"`{member}`" for member in event.data)]
        for name, event in (await published()).items()
    ]
    assert [[row[0], row[4]] for row in rows("events", page("events.md"))] == expected


def named() -> set[str]:
    """Give every type of event that the code names."""
    return {each.value for each in EventType}


async def test_every_name_of_the_code_is_in_the_table() -> None:
    """No type of event is left out of the test above."""
    assert named() == set(await published())


def test_a_name_means_one_event() -> None:
    """What goes to the topic has another name than what goes to Application Insights."""
    assert named().isdisjoint(event.name for event in EVENTS)


def filled(pattern: str, event: CloudEvent) -> str:
    """Write a subject or an id of the table with what the event says."""
    said = {name: str(value) for name, value in event.data.items()}
    said |= {"occasion": OCCASION.name, "date": "2026-11-21", "cluster": HASH}
    return pattern.strip("`").format(**said) if pattern.startswith("`") else pattern


async def test_subjects_and_ids_are_as_described() -> None:
    """What the table says of subject and id is true of an event of each type."""
    events = await published()
    for name, _, subject, identity, _ in rows("events", page("events.md")):
        event = events[name.strip("`")]
        said = str(event.data.get("clusterId")) if subject == "the cluster's id" else subject
        assert event.subject == filled(said, event)
        parts, wanted = event.id.split("/"), filled(identity, event).split("/")
        known = [HASH if part == hash_in(event) else part for part in parts]
        assert known == wanted


def hash_in(event: CloudEvent) -> str:
    """Give the word that stands for the event's cluster in its id."""
    if not str(event.data.get("clusterId", "")):
        return ""
    parsed = ClusterId.parse(str(event.data["clusterId"]))
    return parsed.hash
