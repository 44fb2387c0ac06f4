"""What may be asked: the parts of requests, each a struct that reads and describes them.

What msgspec's `Meta` says of a field goes into the API's own description; `check` is for rules
between fields.
"""

from collections.abc import Mapping
from typing import Annotated

import msgspec
from msgspec import Meta

from functions.api.named import (
    ClusterIdText,
    ClusterName,
    ContinuationToken,
    Location,
    PageSize,
    ResourceGroup,
    SubscriptionId,
)
from functions.api.window_schema import WINDOW_SCHEMA
from functions.http.on_record import Attempted
from functions.http.parts import Part
from shared.domain.deciding.conditions import Condition, read_condition
from shared.domain.deciding.outcome import OutcomeKind
from shared.domain.fleet.run import RunState
from shared.domain.messages.audit import Attempt, AuditAction, AuditOutcome
from shared.domain.vocabulary.ids import ClusterId
from shared.domain.vocabulary.instants import LONGEST_ID
from shared.domain.vocabulary.invalid import InvalidInput
from shared.domain.vocabulary.pages import PAGE_SIZE, PageAsked
from shared.domain.vocabulary.reasons import Cause, Reason

MOST_LOCATIONS = 100


class ClusterPath(Part, frozen=True):
    """Which cluster."""

    subscription_id: SubscriptionId
    resource_group: ResourceGroup
    name: ClusterName


class RunPath(Part, frozen=True):
    """Which run."""

    run_id: Annotated[
        str,
        Meta(max_length=LONGEST_ID, description="The runId that an earlier answer gave."),
    ]


class PageQuery(Part, frozen=True):
    """Which page of a long answer."""

    continuation_token: ContinuationToken | None = None
    page_size: PageSize = PAGE_SIZE

    @property
    def asked(self) -> PageAsked:
        return PageAsked(self.continuation_token or "", self.page_size)


class ClustersQuery(PageQuery, frozen=True):
    """Which clusters."""

    subscription_id: SubscriptionId | None = None
    location: Location | None = None
    reason: Reason | None = None
    outcome: OutcomeKind | None = None
    needs_attention: Annotated[
        bool, Meta(description="Only clusters that a person should look at: a finding, or Failed.")
    ] = False
    crowded: Annotated[
        bool,
        Meta(
            description="Only clusters that share their start with many of their subscription and"
            " location; the reason WindowsCrowded asks for the same."
        ),
    ] = False


class RunsQuery(PageQuery, frozen=True):
    """Which runs."""

    state: RunState | None = None
    cause: Cause | None = None


class RunQuery(PageQuery, frozen=True):
    """Which clusters of a run."""

    reason: Reason | None = None
    outcome: OutcomeKind | None = None


class ReconcileBody(Part, frozen=True):
    """One cluster, or the scope of a run over many."""

    cluster_id: ClusterIdText | None = None
    subscription_id: SubscriptionId | None = None
    resource_group: ResourceGroup | None = None
    fleet: Annotated[bool, Meta(description="Every subscription in NAPTIME_SUBSCRIPTIONS.")] = False
    locations: Annotated[
        tuple[Location, ...],
        Meta(max_length=MOST_LOCATIONS, description="Only these; none means all."),
    ] = ()
    dry_run: Annotated[bool, Meta(description="Decide and answer, and write nothing.")] = False

    def check(self) -> None:
        """Refuse all but exactly one kind of scope, and what does not go with it."""
        kinds = {
            "clusterId": self.cluster_id is not None,
            "subscriptionId": self.subscription_id is not None,
            "fleet": self.fleet,
        }
        if sum(kinds.values()) != 1:
            named = " and ".join(kind for kind, there in kinds.items() if there)
            rule = "must have exactly one of clusterId, subscriptionId and fleet (true)"
            raise InvalidInput.because(named.split(" ")[0] or "clusterId", named or None, rule)
        if self.resource_group is not None and self.subscription_id is None:
            rule = "goes with subscriptionId only"
            raise InvalidInput.because("resourceGroup", self.resource_group, rule)
        if self.cluster_id is not None and self.locations:
            rule = "goes with subscriptionId or fleet only"
            raise InvalidInput.because("locations", self.locations, rule)


class ReplayBody(Part, frozen=True):
    """One cluster, all of one reason, or all."""

    cluster_id: ClusterIdText | None = None
    reason: Reason | None = None
    all: Annotated[bool, Meta(description="Everything that was given up.")] = False

    def check(self) -> None:
        """Refuse anything but exactly one of the three."""
        if (self.cluster_id is not None) + (self.reason is not None) + self.all != 1:
            rule = "must have exactly one of clusterId, reason and all (true)"
            raise InvalidInput.because("body", None, rule)


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


def attempt_of(action: AuditAction) -> Attempted:
    """Take the cluster from the path or the body; none where neither names one."""

    def read(parts: Mapping[str, Part]) -> Attempt:
        return Attempt(action, _cluster(parts))

    return read


def attempt_to_reconcile(parts: Mapping[str, Part]) -> Attempt:
    """Tell a run from one cluster; a body that could not be read may have been about either."""
    body = parts.get("body")
    is_run = isinstance(body, ReconcileBody) and body.cluster_id is None
    return Attempt(AuditAction.START_RUN if is_run else AuditAction.RECONCILE, _cluster(parts))


def _cluster(parts: Mapping[str, Part]) -> ClusterId | None:
    path, body = parts.get("path"), parts.get("body")
    try:
        if isinstance(path, ClusterPath):
            return ClusterId.of(path.subscription_id, path.resource_group, path.name)
        if isinstance(body, ReconcileBody | ReplayBody) and body.cluster_id is not None:
            return ClusterId.parse(body.cluster_id)
    except InvalidInput:
        # This is what the request is refused for; the message says it.
        return None
    return None
