"""The answers about one cluster's node OS schedule."""

from collections.abc import Iterable
from datetime import datetime
from typing import Literal, TypedDict

from shared.domain.deciding.advice import OfferJson
from shared.domain.deciding.conditions import DifferenceJson, entity_tag
from shared.domain.deciding.decision import FindingJson, finding_json
from shared.domain.deciding.observed import ObservedConfiguration
from shared.domain.deciding.outcome import OutcomeJson
from shared.domain.deciding.wish import Wish
from shared.domain.messages.audit import Origin
from shared.domain.vocabulary.ids import ClusterId
from shared.reconcile.cluster.change import Put
from shared.reconcile.cluster.delete import Deletion
from shared.reconcile.shown.cluster_json import OccurrenceJson, occurrences_json


class ConfigurationJson(TypedDict):
    """A maintenance configuration as ARM has it; `etag` is a hash of its properties."""

    id: str
    name: str
    properties: dict[str, object]
    etag: str | None


class ConfigurationsJson(TypedDict):
    """Every maintenance configuration of a cluster; there are three at most."""

    value: list[ConfigurationJson]


class ShownScheduleJson(ConfigurationJson):
    """The node OS schedule as ARM has it, and its next occurrences in UTC."""

    clusterId: str
    nextOccurrences: list[OccurrenceJson]


class PutScheduleJson(OutcomeJson):
    """What came of a schedule that was put; in a dry run, what would.

    `accepted` is false where there is advice that only `force` overrides (in a dry run only). The
    schedule is as ARM has it now, null where it has none yet.
    """

    accepted: bool
    advice: list[FindingJson]
    warnings: list[FindingJson]
    changes: list[DifferenceJson]
    offer: OfferJson | None
    schedule: ConfigurationJson | None
    correlationId: str


class DeletedScheduleJson(TypedDict):
    """What came of a deletion; in a dry run, what would.

    `schedule` is what was there. `comesBack` says whether naptime creates a schedule again.
    """

    clusterId: str
    outcome: Literal["Deleted", "Unchanged"]
    dryRun: bool
    comesBack: bool
    warnings: list[FindingJson]
    schedule: ConfigurationJson | None
    attempts: int
    calls: int
    correlationId: str


def configurations_json(
    cluster_id: ClusterId, found: Iterable[ObservedConfiguration]
) -> ConfigurationsJson:
    return {"value": [_configuration(cluster_id, each) for each in found]}


def schedule_json(
    cluster_id: ClusterId, found: ObservedConfiguration, now: datetime
) -> ShownScheduleJson:
    return {
        **_configuration(cluster_id, found),
        "clusterId": str(cluster_id),
        "nextOccurrences": occurrences_json(found.schedule.window, now),
    }


def put_json(done: Put, wish: Wish, origin: Origin) -> PutScheduleJson:
    """Show what came of a schedule that was put."""
    advice, there = done.advice, done.configuration
    return {
        **done.outcome.to_json(),
        "accepted": wish.force or not advice.against,
        "advice": [finding_json(finding) for finding in advice.against],
        "warnings": [finding_json(finding) for finding in advice.warnings],
        "changes": [change.to_json() for change in done.changes],
        "offer": advice.offer.to_json() if advice.offer else None,
        "schedule": _configuration(done.outcome.cluster_id, there) if there else None,
        "correlationId": origin.correlation_id,
    }


def deleted_json(done: Deletion, origin: Origin) -> DeletedScheduleJson:
    """Show what came of a deletion."""
    there = done.configuration
    return {
        "clusterId": str(done.cluster_id),
        "outcome": "Deleted" if there else "Unchanged",
        "dryRun": done.dry_run,
        "comesBack": done.comes_back,
        "warnings": [finding_json(finding) for finding in done.warnings],
        "schedule": _configuration(done.cluster_id, there) if there else None,
        "attempts": done.attempts,
        "calls": done.calls,
        "correlationId": origin.correlation_id,
    }


def _configuration(cluster_id: ClusterId, found: ObservedConfiguration) -> ConfigurationJson:
    return {
        "id": f"{cluster_id}/maintenanceConfigurations/{found.name}",
        "name": found.name,
        "properties": dict(found.properties),
        "etag": entity_tag(found),
    }
