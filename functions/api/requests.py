"""What may be asked: the parts of requests, each a struct that reads and describes them.

What msgspec's `Meta` says of a field goes into the API's own description. A rule that only the
domain can tell (what an id looks like) is checked there; `check` is for rules between fields.

What may be asked about one cluster's node OS schedule, and about who asked for what.
"""

from typing import Annotated

import msgspec
from msgspec import Meta

from functions.api.window_schema import WINDOW_SCHEMA
from functions.http.parts import Part
from shared.domain.deciding.conditions import Condition, read_condition
from shared.domain.deciding.outcome import OutcomeKind
from shared.domain.fleet.run import LONGEST_RUN_ID, RunState
from shared.domain.messages.audit import AuditAction, AuditOutcome
from shared.domain.vocabulary.errors import InvalidInput
from shared.domain.vocabulary.ids import CLUSTER_NAME, GUID, LOCATION, RESOURCE_GROUP
from shared.domain.vocabulary.pages import GRAMMAR, LARGEST_PAGE, PAGE_SIZE
from shared.domain.vocabulary.reasons import Cause, Reason

LONGEST_ID = 512
"""Longer than the id of any cluster: GUID, 90 for the group, 63 for the name, and the words."""
LONGEST_TOKEN = 512
"""Several times what any token of ours has; a URL of Kestrel may have 8 KiB, escapes included."""
MOST_LOCATIONS = 100

SUBSCRIPTION_EXAMPLE = "11111111-1111-1111-1111-111111111111"
GROUP_EXAMPLE, NAME_EXAMPLE = "rg-1", "aks-1"
CLUSTER_EXAMPLE = (
    f"/subscriptions/{SUBSCRIPTION_EXAMPLE}/resourceGroups/{GROUP_EXAMPLE}"
    f"/providers/Microsoft.ContainerService/managedClusters/{NAME_EXAMPLE}"
)


def pattern(grammar: str) -> dict[str, object]:
    """Describe a grammar of the domain, which is the one that checks it, and without case."""
    any_case = grammar.replace("a-z", "A-Za-z").replace("a-f", "A-Fa-f")
    return {"pattern": f"^{any_case}$"}


type SubscriptionId = Annotated[
    str,
    Meta(
        description="The id of a subscription in NAPTIME_SUBSCRIPTIONS.",
        examples=[SUBSCRIPTION_EXAMPLE],
        extra_json_schema=pattern(GUID),
    ),
]
type ResourceGroup = Annotated[
    str,
    Meta(
        description="The name of a resource group.",
        examples=[GROUP_EXAMPLE],
        extra_json_schema=pattern(RESOURCE_GROUP),
    ),
]
type ClusterName = Annotated[
    str,
    Meta(
        description="The name of a cluster.",
        examples=[NAME_EXAMPLE],
        extra_json_schema=pattern(CLUSTER_NAME),
    ),
]
type ClusterIdText = Annotated[
    str,
    Meta(
        max_length=LONGEST_ID,
        description="The ARM id of a managed cluster, in any casing.",
        examples=[CLUSTER_EXAMPLE],
    ),
]
type Location = Annotated[
    str,
    Meta(
        pattern=f"^{LOCATION}$",
        description="A location, by its short name or the other: westeurope, West Europe.",
        examples=["westeurope"],
    ),
]
type ContinuationToken = Annotated[
    str,
    Meta(
        min_length=1,
        max_length=LONGEST_TOKEN,
        extra_json_schema={"pattern": f"^{GRAMMAR}$"},
        description="The continuationToken of an earlier answer to the same question.",
    ),
]
type PageSize = Annotated[
    int,
    Meta(ge=1, le=LARGEST_PAGE, description="How many items a page has at most."),
]


class ClusterPath(Part, frozen=True):
    """Which cluster."""

    subscription_id: SubscriptionId
    resource_group: ResourceGroup
    name: ClusterName


class RunPath(Part, frozen=True):
    """Which run."""

    run_id: Annotated[
        str,
        Meta(max_length=LONGEST_RUN_ID, description="The runId that an earlier answer gave."),
    ]


class PageQuery(Part, frozen=True):
    """Which page of a long answer."""

    continuation_token: ContinuationToken | None = None
    page_size: PageSize = PAGE_SIZE


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
