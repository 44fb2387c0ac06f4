"""What may be asked: the parts of requests, each a struct that reads and describes them.

What msgspec's `Meta` says of a field goes into the API's own description. A rule that only the
domain can tell (what an id looks like) is checked there; `check` is for rules between fields.
"""

from types import NoneType, UnionType
from typing import Annotated, get_args

import msgspec
from msgspec import Meta

from shared.domain.cluster_id import CLUSTER_NAME, GUID, RESOURCE_GROUP
from shared.domain.errors import InvalidInput
from shared.domain.outcome import OutcomeKind
from shared.domain.pages import GRAMMAR, LARGEST_PAGE, PAGE_SIZE
from shared.domain.reasons import Reason
from shared.domain.run import LONGEST_RUN_ID, RunState
from shared.domain.shard import LOCATION
from shared.domain.work import Cause

BODY_LIMIT = 64 * 1024
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


def without_none(kind: object) -> object:
    """Take the None off an optional parameter: there is no null outside JSON, only absence."""
    members = [member for member in get_args(kind) if member is not NoneType]
    return members[0] if isinstance(kind, UnionType) and len(members) == 1 else kind


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
        pattern=LOCATION,
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


class Part(msgspec.Struct, rename="camel", forbid_unknown_fields=True, frozen=True, kw_only=True):
    """A part of a request: its path, query, headers or body."""

    def check(self) -> None:
        """Refuse combinations that mean nothing; raise `InvalidInput`."""


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
