"""Why naptime decided what it decided: one code for each answer, and a sentence for people."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType


class Reason(StrEnum):
    """The UpperCamel code of a finding or a failure; stable, so that alerts can name it."""

    NOT_AUTO_PROVISIONED = "NotAutoProvisioned"
    EXCLUDED = "Excluded"
    CLUSTER_DELETING = "ClusterDeleting"
    CLUSTER_GONE = "ClusterGone"
    CLUSTER_CREATING = "ClusterCreating"
    SCHEDULE_MISSING = "ScheduleMissing"
    SCHEDULE_NOT_EXPLICIT = "ScheduleNotExplicit"
    WINDOW_UNREADABLE = "WindowUnreadable"
    INACTIVE_UNTIL = "InactiveUntil"
    BLOCKED_BY_NOT_ALLOWED_DATES = "BlockedByNotAllowedDates"
    LONGER_THAN_WEEKLY = "LongerThanWeekly"
    INTERVAL_AMBIGUOUS = "IntervalAmbiguous"
    NODE_OS_CHANNEL_OFF = "NodeOSChannelOff"
    WINDOWS_CROWDED = "WindowsCrowded"
    NODE_IMAGE_OLD = "NodeImageOld"
    NODE_IMAGE_BEYOND_SUPPORT = "NodeImageBeyondSupport"
    UP_TO_DATE = "UpToDate"
    REQUESTED = "Requested"
    START_TOO_SOON = "StartTooSoon"
    WINDOW_OPEN = "WindowOpen"
    OPERATION_IN_PROGRESS = "OperationInProgress"
    THROTTLED = "Throttled"
    PACED = "Paced"
    AZURE_UNAVAILABLE = "AzureUnavailable"
    CONNECTION_FAILED = "ConnectionFailed"
    ACCESS_DENIED = "AccessDenied"
    DELETE_NOT_GRANTED = "DeleteNotGranted"
    NOT_AUTHENTICATED = "NotAuthenticated"
    REJECTED_BY_AZURE = "RejectedByAzure"
    WRITE_TARGET_GONE = "WriteTargetGone"
    WRITES_STOPPED = "WritesStopped"
    RECENTLY_READ = "RecentlyRead"
    CLUSTER_ID_UNREADABLE = "ClusterIdUnreadable"
    POISONED = "Poisoned"


IMAGE_REASONS = frozenset({Reason.NODE_IMAGE_OLD, Reason.NODE_IMAGE_BEYOND_SUPPORT})
"""Findings about the images of a cluster's nodes; they are shown and decide nothing."""

NEEDS_ATTENTION = frozenset(
    {
        Reason.SCHEDULE_NOT_EXPLICIT,
        Reason.WINDOW_UNREADABLE,
        Reason.INACTIVE_UNTIL,
        Reason.BLOCKED_BY_NOT_ALLOWED_DATES,
        Reason.LONGER_THAN_WEEKLY,
        Reason.INTERVAL_AMBIGUOUS,
        Reason.NODE_OS_CHANNEL_OFF,
        *IMAGE_REASONS,
    }
)
"""Findings about what naptime leaves alone and a person should look at."""


def reasons_in(text: str) -> frozenset[Reason]:
    """Read reasons that are separated by commas; those that are not known (any more) are left out.

    A later version of naptime may have written the row.
    """
    return frozenset(Reason(word) for word in text.split(",") if word in set(Reason))


@dataclass(frozen=True, slots=True)
class ReasonText:
    """One row of the README's table of reasons, in plain sentences."""

    meaning: str
    naptime_does: str
    you_can: str


_RETRIES = "Tries again with growing delays, for 24 hours in all."
_REPORTS = "Leaves the schedule as it is and reports it."

REASONS: Mapping[Reason, ReasonText] = MappingProxyType(
    {
        Reason.NOT_AUTO_PROVISIONED: ReasonText(
            "The cluster does not have node auto-provisioning.",
            "Skips it.",
            "Nothing to do. Once node auto-provisioning is turned on, the cluster is picked up.",
        ),
        Reason.EXCLUDED: ReasonText(
            "The tag `naptime=off` or the setting `NAPTIME_EXCLUDE` names the cluster.",
            "Skips it.",
            "Remove the tag or the entry to have the cluster looked after again.",
        ),
        Reason.CLUSTER_DELETING: ReasonText(
            "The cluster is being deleted.",
            "Skips it.",
            "Nothing to do.",
        ),
        Reason.CLUSTER_GONE: ReasonText(
            "Azure Resource Manager does not know the cluster (any more).",
            "Skips it.",
            "Nothing to do; if the cluster is there, check that naptime's identity can read it.",
        ),
        Reason.CLUSTER_CREATING: ReasonText(
            "The cluster is still being created.",
            _RETRIES,
            "Nothing to do; if it never ends, look at the cluster's provisioning state.",
        ),
        Reason.SCHEDULE_MISSING: ReasonText(
            "No configuration named `aksManagedNodeOSUpgradeSchedule` exists.",
            "Creates it: the only finding that writes by itself.",
            "Nothing to do.",
        ),
        Reason.SCHEDULE_NOT_EXPLICIT: ReasonText(
            "The configuration exists without a maintenance window; perhaps it is linked to a "
            "shared one, which this API version does not show.",
            _REPORTS,
            "Check the link, or give the configuration a maintenance window of its own.",
        ),
        Reason.WINDOW_UNREADABLE: ReasonText(
            "The configuration has a maintenance window that naptime cannot understand.",
            "Leaves it as it is and reports it: what cannot be read is never overwritten.",
            "Read the message; correct the window, or update naptime if Azure has new fields.",
        ),
        Reason.INACTIVE_UNTIL: ReasonText(
            "The window's start date is so far ahead that it holds back occurrences; until then "
            "node images may be picked up at any hour.",
            _REPORTS,
            "Set an earlier start date, or leave the start date out.",
        ),
        Reason.BLOCKED_BY_NOT_ALLOWED_DATES: ReasonText(
            "The not-allowed dates block every occurrence of the coming weeks.",
            _REPORTS,
            "Shorten the not-allowed dates, or accept that node images stay as they are.",
        ),
        Reason.LONGER_THAN_WEEKLY: ReasonText(
            "The window comes less than once a week; node images are released weekly.",
            _REPORTS,
            "Use a daily or weekly recurrence with an interval of 1.",
        ),
        Reason.INTERVAL_AMBIGUOUS: ReasonText(
            "The documentation leaves open on which days the window falls.",
            "Leaves the schedule as it is, names no next start, and reports it.",
            "Use an interval of 1, and a day of the month up to 28.",
        ),
        Reason.NODE_OS_CHANNEL_OFF: ReasonText(
            "The node OS upgrade channel is None or Unmanaged; whether the window counts for "
            "node auto-provisioning then is not documented.",
            _REPORTS,
            "Set the node OS upgrade channel to NodeImage.",
        ),
        Reason.WINDOWS_CROWDED: ReasonText(
            "More than 20 clusters of one subscription and location share a start; it is found of "
            "the start, not of a cluster, when a run lists the subscription.",
            "Names the start in the run's record and tells of it once.",
            "Stagger the starts; `NAPTIME_WINDOW_SPREAD_MINUTES` does it for new schedules.",
        ),
        Reason.NODE_IMAGE_OLD: ReasonText(
            "By its version's date the oldest node image of the cluster's NAP machines is more "
            "than `NAPTIME_IMAGE_OLD_DAYS` old.",
            "Shows it beside what was decided, which stays the same.",
            "Look at what holds nodes back: a window that never opens, disruption budgets, pods "
            "that nothing may evict.",
        ),
        Reason.NODE_IMAGE_BEYOND_SUPPORT: ReasonText(
            "By its version's date the oldest node image is more than 90 days old; AKS does not "
            "support such images.",
            "Shows it beside what was decided, which stays the same.",
            "The same, and soon.",
        ),
        Reason.UP_TO_DATE: ReasonText(
            "An explicit node OS schedule is in place, and nothing is wrong with it.",
            "Leaves it alone.",
            "Nothing to do.",
        ),
        Reason.REQUESTED: ReasonText(
            "A person asked for this schedule over HTTP.",
            "Writes it as it was asked for, and leaves it alone from then on.",
            "Nothing to do. `GET /api/audit` says who it was.",
        ),
        Reason.START_TOO_SOON: ReasonText(
            "The next start of the schedule that was asked for is nearer than the lead time, so "
            "AKS may miss it.",
            "Refuses the request, with the earliest start that would do.",
            "Send the body that the answer offers, or the same with `?force=true`.",
        ),
        Reason.WINDOW_OPEN: ReasonText(
            "The present window is open or opens within half an hour, or the one that was asked "
            "for would be open at once.",
            "Refuses the request, and says when what would do.",
            "Wait until the window has closed, or send the same with `?force=true`.",
        ),
        Reason.OPERATION_IN_PROGRESS: ReasonText(
            "Another operation on the cluster is in progress (409).",
            _RETRIES,
            "Wait for the operation, or look at why it does not end.",
        ),
        Reason.THROTTLED: ReasonText(
            "Azure answered that there were too many requests (429).",
            "Pauses that subscription and location as long as Azure asks, then goes on.",
            "Look for other callers; lower `NAPTIME_SHARD_RATE_PER_SECOND` if it persists.",
        ),
        Reason.PACED: ReasonText(
            "naptime's own pace has no call left for that subscription and location just now.",
            "Comes back as soon as it has; nothing was sent to Azure.",
            "Nothing to do. `NAPTIME_SHARD_BURST` and `NAPTIME_SHARD_RATE_PER_SECOND` set the "
            "pace.",
        ),
        Reason.AZURE_UNAVAILABLE: ReasonText(
            "Azure answered with a time-out or a server error (408, 500, 502, 503, 504).",
            _RETRIES,
            "Look at Azure's service health; replay the cluster if naptime gave it up.",
        ),
        Reason.CONNECTION_FAILED: ReasonText(
            "The connection to Azure failed or broke off; a write may have been applied.",
            "Reads the cluster again, then tries again with growing delays, for 24 hours in all.",
            "Check the network, name resolution and firewall between the app and Azure.",
        ),
        Reason.ACCESS_DENIED: ReasonText(
            "naptime's identity may not do this (403).",
            "Tries again slowly for 24 hours: role assignments take time to arrive.",
            "Assign the role of `infra/` to naptime's identity on that subscription.",
        ),
        Reason.DELETE_NOT_GRANTED: ReasonText(
            "naptime's identity may not delete schedules (403), which by default it may not.",
            "Leaves the schedule as it is.",
            "Deploy `infra/` with the parameter `allowScheduleDelete` set to true, or delete the "
            "schedule yourself.",
        ),
        Reason.NOT_AUTHENTICATED: ReasonText(
            "naptime got no token, or Azure did not accept it (401).",
            "Tries again slowly for 24 hours.",
            "Check `AZURE_CLIENT_ID` and that the identity is assigned to the function app.",
        ),
        Reason.REJECTED_BY_AZURE: ReasonText(
            "Azure refused the request as it is (400 or another 4xx).",
            "Gives up: the same request would be refused again.",
            "Read the message; correct the setting or the cluster, then replay.",
        ),
        Reason.WRITE_TARGET_GONE: ReasonText(
            "The cluster disappeared between the read and the write (404 on the write).",
            "Gives up.",
            "Nothing to do if the cluster was deleted; otherwise replay.",
        ),
        Reason.WRITES_STOPPED: ReasonText(
            "Ten writes in a row were refused for the same reason in that subscription and "
            "location.",
            "Writes nothing more there in this run, and skips what it would have written.",
            "Look at the reason in the run's record, correct it, then start another run.",
        ),
        Reason.RECENTLY_READ: ReasonText(
            "An explicit schedule was seen less than `NAPTIME_VERIFY_MAX_AGE_MINUTES` ago, and "
            "there was no event about the cluster since.",
            "Does not read it again in a run that a node image release has started.",
            "Nothing to do.",
        ),
        Reason.CLUSTER_ID_UNREADABLE: ReasonText(
            "A listing has a cluster with node auto-provisioning whose id naptime cannot read, "
            "such as one in a resource group with letters beyond ASCII in its name.",
            "Counts it as failed in each run and does nothing else: no write is made of an id "
            "that is not understood.",
            "Give the cluster a schedule yourself; the line `cluster left out` of the log says "
            "which one it is.",
        ),
        Reason.POISONED: ReasonText(
            "A queue message failed again and again for a reason that naptime does not know.",
            "Moves it to the table `naptimegivenup`.",
            "Look at the logged exception, report it as a bug, then replay.",
        ),
    }
)


class Cause(StrEnum):
    """Why a cluster is looked at, or a run over many was started."""

    CLUSTER_WRITTEN = "ClusterWritten"
    SCHEDULE_WRITTEN = "ScheduleWritten"
    SCHEDULE_DELETED = "ScheduleDeleted"
    ASKED = "Asked"
    REPLAYED = "Replayed"
    SWEPT = "Swept"
    NODE_IMAGE_RELEASED = "NodeImageReleased"
