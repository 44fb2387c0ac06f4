"""What the fleet page is drawn from, as compact JSON: tables of rows, in which numbers are places.

One object for each cluster would be a kilobyte; most of it is the same for many clusters. So what
is the same is said once, in the tables beside `clusters`, and a row names its place there; -1 is
none. Instants are whole minutes from `day`, which changes once a day: the same fleet is the same
text, and a refresh costs nothing.
"""

from typing import NamedTuple, TypedDict

NONE = -1

EXPLICIT, LEFT_OUT, NEEDS_A_PERSON, ONLY_PLANNED = 1, 2, 4, 8
"""Bits of a cluster's `state`: an explicit schedule was seen; naptime leaves the cluster alone;
a person should look; the window is what a dry run would write."""


class ReasonRow(NamedTuple):
    """A reason that some cluster has: its code, what it means, and what a reader can do."""

    code: str
    meaning: str
    advice: str
    needs_a_person: bool


class WindowRow(NamedTuple):
    """A window: in words, its offset and length in minutes, and its openings.

    `starts` are those from `day` on, as many as fill the week to come and five in any case;
    `uncertain` those of them that reach into a not-allowed date. `ambiguity` says why there are
    none. `blocks` are the disruption budgets that keep nodes from rolling outside it, each the
    schedule and the duration of one.
    """

    words: str
    offset: int
    minutes: int
    ambiguity: str
    starts: list[int]
    uncertain: list[int]
    blocks: list[tuple[str, str]]


class ImageRow(NamedTuple):
    """The newest image of an OS in a location, since when, and when it was not there yet."""

    location: int
    os: str
    version: str
    since: int
    after: int | None


class AgeRow(NamedTuple):
    """The oldest image of a cluster's machines as of a reading, and its age in days then."""

    version: str
    days: int | None
    read: int


class ForecastRow(NamedTuple):
    """When an image is picked up, as the API's forecasts say it; `notes` are places in `texts`."""

    image: int
    pick_up: str
    not_before: int | None
    start: int | None
    end: int | None
    certain_by: int | None
    why: int
    notes: tuple[int, ...]


class CrowdRow(NamedTuple):
    """A start that many clusters of a subscription and location share."""

    subscription: int
    location: int
    start: int
    clusters: int


class UpgradeRow(NamedTuple):
    """When AKS upgrades Kubernetes by itself: by which channel, in which window.

    `why` says what holds it back where it is no window of its own, or that nothing does. The window
    is what naptime would make where it `is_planned`.
    """

    channel: str
    is_upgraded: bool
    window: int
    is_planned: bool
    why: str


class CallerRow(NamedTuple):
    """Who made a call, by an id, and of what that is: an application, or an object."""

    id: str
    kind: str


class RemovalRow(NamedTuple):
    """When somebody else removed a cluster's schedule last, who, and how often in thirty days."""

    cluster: int
    at: int
    by: int
    times: int


class GivenUpWhyRow(NamedTuple):
    """Why work was given up, what to do, and the code of Azure's refusal if it was one."""

    reason: str
    advice: str
    azure_code: str


class GivenUpRow(NamedTuple):
    """What was given up of a cluster."""

    cluster: int
    why: int
    message: int
    at: int
    attempts: int


class ChangeRow(NamedTuple):
    """A field of a window that is to change, from what to what; empty where there is nothing."""

    path: str
    observed: str
    desired: str


class PlannedRow(NamedTuple):
    """Places of changes, and of the clusters whose schedules change in these ways."""

    changes: list[int]
    clusters: list[int]


class WaitingRow(NamedTuple):
    """A run that waits for somebody's approval: what it is about, and the plan that it has made.

    `updates` are counted as the approval counts them; so many of them are of clusters that are not
    known any more (`unknown`). One that is overtaken, or has no room, has no `plan`.
    """

    run: str
    scope: str
    locations: tuple[str, ...]
    ended: int
    plan_hash: str
    updates: int
    at_most: int
    owned: int
    is_overtaken: bool
    plan: list[PlannedRow]
    unknown: int


class ClusterRow(NamedTuple):
    """A cluster: places in the tables, bits of `state`, and when it was recorded and read."""

    subscription: int
    group: int
    name: str
    location: int
    rule: int
    why: int
    window: int
    maker: int
    state: int
    outcome: int
    reason: int
    message: int
    recorded: int
    read: int | None
    findings: list[int]
    age: int
    machines: int
    forecasts: int
    crowd: int
    upgrades: int


class LastRunJson(TypedDict):
    """The last run over everything that is finished."""

    runId: str
    finishedAt: str
    clusters: int | None


class FleetPageJson(TypedDict):
    """The fleet as it was seen last, for the fleet page; minutes count from `day`, midnight UTC."""

    day: str
    dryRun: bool
    subscriptions: list[str]
    groups: list[str]
    locations: list[str]
    rules: list[str]
    makers: list[str]
    outcomes: list[str]
    reasons: list[ReasonRow]
    texts: list[str]
    windows: list[WindowRow]
    images: list[ImageRow]
    ages: list[AgeRow]
    forecasts: list[ForecastRow]
    forecastLists: list[tuple[int, ...]]
    crowds: list[CrowdRow]
    upgrades: list[UpgradeRow]
    callers: list[CallerRow]
    removals: list[RemovalRow]
    givenUpWhys: list[GivenUpWhyRow]
    givenUp: list[GivenUpRow]
    changes: list[ChangeRow]
    waiting: list[WaitingRow]
    lastFullRun: LastRunJson | None
    clusters: list[ClusterRow]
