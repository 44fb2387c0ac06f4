"""The last known state of a cluster, as a table row."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from types import MappingProxyType
from typing import Self

from msgspec import Struct

from shared.domain.deciding.decision import FindingJson
from shared.domain.deciding.last_outcome import (
    LastOutcomeJson,
    fitted,
    last_window_values,
    read_outcome,
    record_of,
    schedule_column,
    schedule_from_text,
    upgrades_values,
)
from shared.domain.deciding.observed import ObservedCluster
from shared.domain.deciding.outcome import WRITES, Outcome, OutcomeKind, attention_in
from shared.domain.deciding.own.standing import Standing
from shared.domain.deciding.written import (
    Author,
    Written,
    made_by,
)
from shared.domain.images.age import ImageAge, with_image_age
from shared.domain.images.channels import KnownCluster
from shared.domain.messages.touches import Touches, found_beside
from shared.domain.policy.match import tags_to_text
from shared.domain.vocabulary import instants
from shared.domain.vocabulary.ids import ClusterId
from shared.domain.vocabulary.reasons import Reason, reasons_in
from shared.domain.vocabulary.rows import Row, Value, object_from_text, without_none
from shared.domain.window.body import read_window
from shared.domain.window.window import MaintenanceWindow

NO_NAP = frozenset({Reason.NOT_AUTO_PROVISIONED.value, Reason.CLUSTER_GONE.value})
"""Why a cluster was left alone that has no node auto-provisioning."""

NOTHING_KNOWN = KnownCluster(None, None, "")

_SCHEDULE_SEEN = WRITES | {OutcomeKind.UNCHANGED}


@dataclass(frozen=True, slots=True)
class LastKnown:
    """What came of a cluster last; `read_at` by the storage service's clock, before the read."""

    outcome: Outcome
    read_at: datetime
    recorded_at: datetime
    by: Author = Author.NAPTIME
    """For whom a schedule was written, if one was."""
    shown: LastOutcomeJson = field(init=False, repr=False, compare=False)
    """The outcome as JSON, with when it was recorded.

    One that is too long comes without the not-allowed dates of its window, which have no end,
    and if need be with its sentences cut: whatever an owner has written, a row takes it.
    """

    def __post_init__(self) -> None:
        recorded_at = instants.to_text(self.recorded_at)
        shown: LastOutcomeJson = {**self.outcome.to_json(), "recordedAt": recorded_at}
        object.__setattr__(self, "shown", fitted(shown))

    def to_values(self) -> dict[str, Value]:
        """Give the values of its row; what this outcome knows nothing of is left out."""
        outcome = self.outcome
        seen = outcome.kind in _SCHEDULE_SEEN
        explicit = outcome.reason is not Reason.SCHEDULE_NOT_EXPLICIT and not outcome.only_would_be
        # A dry run tells nobody, so that everything is told once there is none.
        told = seen and not outcome.dry_run
        written = record_of(outcome, self.recorded_at, self.by)
        return without_none(
            {
                "clusterId": str(outcome.cluster_id),
                "outcome": outcome.kind.value,
                "reason": outcome.reason.value,
                "lastOutcome": json.dumps(self.shown, separators=(",", ":")),
                "explicit": explicit if seen else None,
                "readAt": self.read_at if seen else None,
                "schedule": schedule_column(outcome.schedule),
                "autoUpgrade": schedule_column(outcome.auto_upgrade),
                **(_cluster_values(outcome.cluster) if outcome.cluster else {}),
                # What is not there any more can be told again one day.
                "told": ",".join(sorted(attention_in(outcome))) if told else None,
                "rule": outcome.rule or None,
                "policyHash": outcome.policy_hash if outcome.rule else None,
                "letGo": None if outcome.dry_run else outcome.lets_go,
                # Under a claim: it is known now what came of what was about to be written.
                **({**written.to_values(), "sending": ""} if written else {}),
                **upgrades_values(outcome, self.recorded_at),
                **last_window_values(outcome),
            }
        )


def _cluster_values(cluster: ObservedCluster) -> dict[str, Value | None]:
    """Give what is remembered of the cluster itself; what it does not have (any more) is empty."""
    return {
        "location": cluster.location or None,
        "nodeGroup": (cluster.node_resource_group or "").lower(),
        "nodeOS": cluster.node_os_channel or "",
        "upgrade": cluster.upgrade_channel or "",
        "sku": cluster.sku,
        "tags": tags_to_text(cluster.tags),
    }


def _tags(text: str) -> Mapping[str, str]:
    return {key: str(value) for key, value in object_from_text(text or "{}").items()}


class Remembered(Struct, frozen=True):
    """What a row says of a cluster; rows of an earlier version say less."""

    key: str
    location: str
    explicit: bool
    read_at: datetime | None
    last_outcome: LastOutcomeJson
    node_resource_group: str = ""
    """In lower case; empty if it is not known."""
    forecast_needs: KnownCluster = NOTHING_KNOWN
    image_age: ImageAge | None = None
    told: frozenset[Reason] = frozenset()
    """The findings that were there when the schedule was last seen; they were told then."""
    tags: Mapping[str, str] = MappingProxyType({})
    sku: str = ""
    standing: Standing = Standing()
    verified_at: datetime | None = None
    """`read_at`, if an explicit schedule was seen then, and whatever came after saw it too."""
    missing_since: datetime | None = None
    """When a listing missed it first, if none has had it since."""
    touches: Touches = Touches()
    touches_told: bool = False
    """Whether it was told that somebody keeps removing the schedule, and that is still so."""

    @classmethod
    def of(cls, row: Row) -> Self:
        for name in ("schedule", "autoUpgrade"):
            # Whether it can be read is found out here, not where somebody looks at the window.
            schedule_from_text(row.text(name))
        verified = row.flag("explicit") and row.text("outcome") in _SCHEDULE_SEEN
        missing = row.text("missingSince")
        return cls(
            key=row.key,
            location=row.text("location"),
            explicit=row.flag("explicit"),
            read_at=row.instant("readAt"),
            last_outcome=read_outcome(row.text("lastOutcome")),
            node_resource_group=row.text("nodeGroup"),
            forecast_needs=KnownCluster(
                row.text("nodeOS") or None,
                row.text("upgrade") or None,
                row.text("schedule"),
                row.text("autoUpgrade"),
                row.text("sku"),
            ),
            image_age=ImageAge.of(row),
            told=reasons_in(row.text("told")),
            tags=_tags(row.text("tags")),
            sku=row.text("sku"),
            standing=Standing.of(row),
            verified_at=row.instant("readAt") if verified else None,
            missing_since=instants.from_text(missing) if missing else None,
            touches=Touches.of(row),
            touches_told=row.flag("touchesTold"),
        )

    @property
    def written(self) -> Written | None:
        """What naptime wrote last."""
        return self.standing.written

    @property
    def id(self) -> ClusterId:
        """The cluster, if anything came of it."""
        return ClusterId.parse(self.last_outcome["clusterId"])

    @property
    def has_nap(self) -> bool:
        """Whether node auto-provisioning was on when it was looked at last.

        A cluster that Azure only may not know yet has what it had.
        """
        if not self.is_known or self.last_outcome["outcome"] == OutcomeKind.DEFERRED:
            return self.is_known
        return self.last_outcome["reason"] not in NO_NAP

    @property
    def is_known(self) -> bool:
        """Whether anything came of it; not so where only its images were noted, too late."""
        return bool(self.last_outcome)

    def was_deferred_since(self, instant: datetime) -> bool:
        """Say whether it was deferred last, and later than that; a dry run defers nothing."""
        last = self.last_outcome
        if not self.is_known or last["outcome"] != OutcomeKind.DEFERRED or last["dryRun"]:
            return False
        return instants.from_text(last["recordedAt"]) >= instant

    @property
    def findings(self) -> list[FindingJson]:
        """The findings of the last outcome, and what was found of others and of its images."""
        beside = found_beside(self.touches, self.read_at)
        return with_image_age([*self.last_outcome["findings"], *beside], self.image_age)

    @property
    def window(self) -> MaintenanceWindow | None:
        """The window that was seen last, or that a dry run would write."""
        would_be = self.is_known and self.last_outcome["dryRun"] and self._is_written
        if would_be and (body := self.last_outcome["window"]):
            return read_window(body)
        seen = schedule_from_text(self.forecast_needs.schedule_text)
        return seen.schedule.window if seen and seen.schedule else None

    @property
    def made_by(self) -> str | None:
        """Give who made the schedule that was seen last; None where none was."""
        return made_by(self.written, self.window, self.read_at) if self.read_at else None

    @property
    def upgrades_made_by(self) -> str | None:
        """The same of the schedule of Kubernetes upgrades."""
        seen = schedule_from_text(self.forecast_needs.auto_upgrade_text)
        if self.read_at is None or seen is None or seen.schedule is None:
            return None
        return made_by(self.standing.upgrades, seen.schedule.window, self.read_at)

    @property
    def _is_written(self) -> bool:
        return self.last_outcome["outcome"] in WRITES
