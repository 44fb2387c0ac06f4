"""Every custom event of Application Insights, by name: alerts and workbooks query these names.

docs/telemetry.md is this table, held to it by a test.
"""

from msgspec import Struct

from shared.domain.vocabulary.ids import ClusterId
from shared.telemetry.log import Event


class ClusterProtected(Struct, frozen=True, kw_only=True):
    """Which cluster got which window, and why it was looked at; `next_start` in ISO 8601."""

    cluster_id: ClusterId
    cause: str
    next_start: str | None
    attempts: int
    start_time: str | None
    utc_offset: str | None
    duration_hours: int | None


class ScheduleRemovedAgain(Struct, frozen=True, kw_only=True):
    """Of which cluster, how often within thirty days, by whose id the last time, and what that is.

    `by` is the id of an application or of an object of the tenant, as `by_kind` says.
    """

    cluster_id: ClusterId
    times: int
    by: str | None
    by_kind: str | None


class RunEnded(Struct, frozen=True, kw_only=True):
    """A run, and how its clusters are at its end, by state."""

    run_id: str
    cause: str
    scope: str
    dry_run: bool
    duration_seconds: float
    clusters: int
    protected: int
    needs_attention: int
    unconfirmed: int
    left_out: int
    calls: int
    throttled: int
    unreadable_subscriptions: int
    stopped_shards: int
    crowded_starts: int
    updates: str | None
    updates_waiting: int


class WorkGivenUp(Struct, frozen=True, kw_only=True):
    """What was given up, after how many attempts, and what to do."""

    cluster_id: ClusterId | None
    reason: str
    azure_code: str | None
    attempts: int
    advice: str


class ApiWriteRecorded(Struct, frozen=True, kw_only=True):
    """Who did what to which cluster, if to one, and what came of it."""

    caller: str
    action: str
    cluster_id: ClusterId | None
    outcome: str
    correlation_id: str


CLUSTER_PROTECTED = Event(
    "Naptime.ClusterProtected",
    ClusterProtected,
    "ARM accepted a schedule that naptime wrote by itself; not in a dry run.",
)
SCHEDULE_REMOVED_AGAIN = Event(
    "Naptime.ScheduleRemovedAgain",
    ScheduleRemovedAgain,
    "Somebody else has removed a cluster's schedule for the third time in thirty days, or for a"
    " further time; naptime has put it back.",
)
RUN_ENDED = Event(
    "Naptime.RunFinished",
    RunEnded,
    "A run has come to its end. With `scope` `Everything` and `dryRun` `False` it is the heartbeat"
    " of the sweep. Of a run that only changes what it was told to, `updates` says what that was"
    " (`Planned`, `Approved`, `Clocks`, `Revert`), and `scope` is `Part`.",
)
WORK_GIVEN_UP = Event(
    "Naptime.WorkGivenUp",
    WorkGivenUp,
    "Work was moved to the table `naptimegivenup`; without `clusterId` where a message names none.",
)
API_WRITE_RECORDED = Event(
    "Naptime.ApiWriteRecorded",
    ApiWriteRecorded,
    "Somebody wrote through the HTTP API: the audit record.",
)

EVENTS = (CLUSTER_PROTECTED, SCHEDULE_REMOVED_AGAIN, RUN_ENDED, WORK_GIVEN_UP, API_WRITE_RECORDED)
