"""What may be asked about one cluster's node OS schedule, and about who asked for what."""

from typing import Annotated

import msgspec
from msgspec import Meta

from functions.requests import ClusterIdText, ClusterName, PageQuery, Part
from functions.window_schema import WINDOW_SCHEMA
from shared.domain.audit import AuditAction, AuditOutcome
from shared.domain.entity_tags import Condition, read_condition

LONGEST_TAGS = 1024

type Tags = Annotated[
    str,
    Meta(
        max_length=LONGEST_TAGS,
        description="ETags of earlier answers, or *.",
        extra_json_schema={"pattern": r'^(\*|(W/)?"[!#-~]*"(\s*,\s*(W/)?"[!#-~]*")*)$'},
    ),
]
type DryRun = Annotated[bool, Meta(description="Answer what would be done, and write nothing.")]
type WindowBody = Annotated[dict[str, object], Meta(extra_json_schema=WINDOW_SCHEMA)]


class PutQuery(Part, frozen=True):
    """How a schedule is to be put."""

    dry_run: DryRun = False
    force: Annotated[bool, Meta(description="Override what is only advice.")] = False


class DeleteQuery(Part, frozen=True):
    """How a schedule is to be deleted."""

    confirm: Annotated[
        ClusterName, Meta(description="The name of the cluster, once more, in any casing.")
    ]
    dry_run: DryRun = False


class ConditionHeaders(Part, frozen=True):
    """What must hold of the schedule that is there, right before the write."""

    if_match: Tags | None = msgspec.field(name="If-Match", default=None)
    if_none_match: Tags | None = msgspec.field(name="If-None-Match", default=None)

    @property
    def condition(self) -> Condition:
        """Read both; raises `InvalidInput`."""
        return read_condition(self.if_match, self.if_none_match)

    def check(self) -> None:
        """Refuse what is no list of ETags."""
        _ = self.condition


class ScheduleBody(Part, frozen=True):
    """The ARM `properties` of the configuration."""

    maintenance_window: WindowBody

    @property
    def properties(self) -> dict[str, object]:
        """Give them as ARM takes them."""
        return {"maintenanceWindow": self.maintenance_window}


class AuditQuery(PageQuery, frozen=True):
    """Which records."""

    cluster_id: ClusterIdText | None = None
    action: AuditAction | None = None
    outcome: AuditOutcome | None = None
