"""What requests about disruption budgets may ask for."""

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated
from zoneinfo import ZoneInfo

from msgspec import Meta

from functions.http.parts import Part
from shared.domain.budgets.budget import DisruptionReason
from shared.domain.budgets.making.asked import read_until, read_wish, read_zone
from shared.domain.budgets.making.generate import BudgetWish
from shared.domain.budgets.making.made import TextForm

LONGEST_TEXT = 64
MOST_NODES = 100_000
MINUTES_PER_DAY = 1440

type Reasons = Annotated[
    str,
    Meta(
        description="Which replacements are blocked outside the window, separated by commas.",
        examples=["Drifted", "Drifted,Underutilized"],
        max_length=LONGEST_TEXT,
    ),
]
type Day = Annotated[
    str,
    Meta(
        description="The end of budgets with dates: that day at 00:00 UTC, or an instant.",
        examples=["2027-06-30"],
        max_length=LONGEST_TEXT,
    ),
]
type Zone = Annotated[
    str,
    Meta(
        description="The place whose clock the window keeps to (IANA).",
        examples=["Europe/Berlin"],
        max_length=LONGEST_TEXT,
    ),
]
type PoolSize = Annotated[
    int,
    Meta(ge=1, le=MOST_NODES, description="How many each pool has, whatever its status says."),
]


class BudgetsQuery(Part, frozen=True):
    """Which budgets are asked for."""

    nodes: Annotated[
        str,
        Meta(
            description="How many nodes of a pool may go at once; a % is %25 in a URL.",
            examples=["10%", "3"],
            extra_json_schema={"pattern": "^((100|[0-9]{1,2})%|[0-9]{1,18})$"},
        ),
    ] = "10%"
    close_early_minutes: Annotated[
        int, Meta(ge=0, lt=MINUTES_PER_DAY, description="How long before the window's end.")
    ] = 0
    reasons: Reasons = DisruptionReason.DRIFTED.value
    until: Day | None = None
    zone: Zone | None = None
    superset: Annotated[
        bool, Meta(description="With a zone: one list for all of its offsets, an hour longer.")
    ] = False
    format: TextForm = TextForm.YAML

    @property
    def wish(self) -> BudgetWish:
        """Read what is asked for; raises `InvalidInput`."""
        return read_wish(self.nodes, self.reasons, self.close_early_minutes, self.until)

    @property
    def place(self) -> ZoneInfo | None:
        """Find the zone; raises `InvalidInput`."""
        return read_zone(self.zone, self.until, superset=self.superset)

    def check(self) -> None:
        """Refuse what cannot be read, and what goes with a zone only."""
        _ = (self.wish, self.place)


class CheckQuery(Part, frozen=True):
    """What NodePools are held against, beside the window."""

    nodes: PoolSize | None = None
    minutes_per_node: Annotated[
        int, Meta(ge=1, le=MINUTES_PER_DAY, description="How long it takes to replace a node.")
    ] = 15
    until: Day | None = None

    @property
    def end(self) -> datetime | None:
        """Read the end; raises `InvalidInput`."""
        return read_until(self.until)

    def check(self) -> None:
        _ = self.end


type Members = dict[str, object]


class NodePoolsBody(Part, frozen=True):
    """A NodePool, or a list of objects with one, as kubectl writes them in JSON."""

    api_version: str | None = None
    kind: str | None = None
    metadata: Members | None = None
    items: list[Members] | None = None
    spec: Members | None = None
    status: Members | None = None

    @property
    def written(self) -> Mapping[str, object]:
        """Give it as it was sent."""
        parts = {
            "kind": self.kind,
            "metadata": self.metadata,
            "items": self.items,
            "spec": self.spec,
            "status": self.status,
        }
        return {name: value for name, value in parts.items() if value is not None}
