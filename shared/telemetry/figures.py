"""Every metric that naptime sends, by name: alerts and workbooks query these names.

docs/telemetry.md is this table, held to it by a test.
"""

from enum import StrEnum

from msgspec import Struct


class Kind(StrEnum):
    """How a metric's points add up."""

    COUNTER = "counter"
    HISTOGRAM = "histogram"
    GAUGE = "gauge"


class Metric(Struct, frozen=True):
    """A metric; its dimensions have few values each, so never the id of a cluster."""

    name: str
    kind: Kind
    unit: str
    meaning: str
    dimensions: tuple[str, ...] = ()


CLUSTERS = Metric(
    "naptime.clusters",
    Kind.GAUGE,
    "{cluster}",
    "Clusters by state at the end of a run over everything, zeros included: `Protected` (an"
    " explicit schedule, nothing wrong with it), `NeedsAttention` (a schedule that a person should"
    " look at), `Unconfirmed` (the run ended without having seen or written a schedule), `LeftOut`"
    " (not auto-provisioned, excluded, being deleted, gone).",
    ("state",),
)
OUTCOMES = Metric(
    "naptime.outcomes",
    Kind.COUNTER,
    "{outcome}",
    "Outcomes of clusters that were looked at, alone or in a run; dry runs are not counted.",
    ("outcome", "reason", "cause"),
)
UNPROTECTED = Metric(
    "naptime.unprotected",
    Kind.HISTOGRAM,
    "min",
    "Minutes that a cluster was without a schedule, for each one that naptime created outside a"
    " run: from the time of the event that said so to the accepted write; without an event, from"
    " when it was asked for, which is a lower bound. What a run creates is not in it: since when"
    " it was missing is not known, at most since the run before.",
    ("cause",),
)
EVENT_LAG = Metric(
    "naptime.event.lag",
    Kind.HISTOGRAM,
    "s",
    "Seconds from an event's own time to the end of the first look at its cluster.",
    ("cause",),
)
RUN_DURATION = Metric(
    "naptime.run.duration",
    Kind.HISTOGRAM,
    "s",
    "Seconds from asking for a run to its end, by the storage service's clock. `scope` is"
    " `Everything` or `Part`.",
    ("cause", "scope"),
)
THROTTLED = Metric(
    "naptime.throttled",
    Kind.COUNTER,
    "{answer}",
    "Answers 429 of Azure Resource Manager, AKS and Resource Graph, each one, retries included.",
)
WORK_GIVEN_UP = Metric(
    "naptime.given_up",
    Kind.COUNTER,
    "{work}",
    "Work that was moved to the table of what was given up.",
    ("reason",),
)
UNREADABLE = Metric(
    "naptime.run.unreadable_subscriptions",
    Kind.COUNTER,
    "{subscription}",
    "Subscriptions that a run could not read.",
    ("reason",),
)
STOPPED = Metric(
    "naptime.run.stopped_shards",
    Kind.COUNTER,
    "{shard}",
    "Shards whose writes a run stopped after ten equal refusals in a row.",
    ("reason",),
)

CROWDED = Metric(
    "naptime.crowded_starts",
    Kind.GAUGE,
    "{start}",
    "Starts that more than 20 clusters of one subscription and location share, zero included, at"
    " the end of a run over everything.",
)
UPDATES = Metric(
    "naptime.updates",
    Kind.COUNTER,
    "{schedule}",
    "Schedules of its own that naptime changed. `why` is `Policy`, `Clocks` (nothing but the clocks"
    " of its zone had changed) or `PutBack` (somebody asked for what stood before).",
    ("why", "cause"),
)
DRIFTED = Metric(
    "naptime.drifted",
    Kind.GAUGE,
    "{cluster}",
    "Clusters whose outcome was `Outdated` at the end of a run over everything, zero included:"
    " naptime wrote their schedules, and the policy wants others. What follows that run by itself"
    " shows at the end of the next one.",
)
UPDATES_WAITING = Metric(
    "naptime.updates.waiting",
    Kind.GAUGE,
    "{schedule}",
    "Changes that somebody has to approve before they are made, zero included, at the end of a run"
    " over everything.",
)

METRICS = (
    CLUSTERS,
    OUTCOMES,
    UNPROTECTED,
    EVENT_LAG,
    RUN_DURATION,
    THROTTLED,
    WORK_GIVEN_UP,
    UNREADABLE,
    STOPPED,
    CROWDED,
    UPDATES,
    DRIFTED,
    UPDATES_WAITING,
)
