"""What requests name: subscriptions, groups, clusters, locations and pages, as they are described.

A rule that only the domain can tell (what an id looks like) is checked there.
"""

from typing import Annotated

from msgspec import Meta

from shared.domain.vocabulary.ids import CLUSTER_NAME, GUID, LOCATION, RESOURCE_GROUP
from shared.domain.vocabulary.pages import GRAMMAR, LARGEST_PAGE

LONGEST_ID = 512
"""Longer than the id of any cluster: GUID, 90 for the group, 63 for the name, and the words."""
LONGEST_TOKEN = 512
"""Several times what any token of ours has; a URL of Kestrel may have 8 KiB, escapes included."""

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


def whole(grammar: str, description: str, *examples: str) -> Meta:
    """Check and describe a text that is all of a grammar."""
    # Python's $ is there before a last line break too.
    return Meta(pattern=rf"^{grammar}\Z", description=description, examples=[*examples] or None)


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
    whole(
        LOCATION,
        "A location, by its short name or the other: westeurope, West Europe.",
        "westeurope",
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
