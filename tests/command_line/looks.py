"""A fleet as a run has found it, with something of everything."""

from typing import TYPE_CHECKING, cast

from naptime.source import FleetLook
from shared.domain.deciding.outcome import LastOutcomeJson

if TYPE_CHECKING:
    from shared.reconcile.shown.runs import ShownRunJson

ONE, TWO, THREE = (f"{digit * 8}-0000-4000-8000-00000000000{digit}" for digit in "123")
SUNDAY = {
    "schedule": {"weekly": {"intervalWeeks": 1, "dayOfWeek": "Sunday"}},
    "durationHours": 4,
    "utcOffset": "+00:00",
    "startTime": "01:00",
}
EVERY_SECOND = {**SUNDAY, "schedule": {"weekly": {"intervalWeeks": 2, "dayOfWeek": "Saturday"}}}
LONG_GROUP = "rg-payments-production-westeurope-blue-shared-platform-services"
LONG_NAME = "aks-payments-production-westeurope-blue-0001"

type Window = dict[str, object]


def row(  # noqa: PLR0913, PLR0917 - the parts of a row, each with its default
    subscription: str,
    group: str,
    name: str,
    outcome: str,
    reason: str,
    message: str,
    *,
    window: Window | None = None,
    start: str | None = None,
    others: tuple[tuple[str, str], ...] = (),
    dry_run: bool = True,
) -> LastOutcomeJson:
    """Give the row of one cluster as the API has it."""
    found = [(reason, message), *others]
    return cast(
        "LastOutcomeJson",
        {
            "clusterId": f"/subscriptions/{subscription}/resourceGroups/{group}"
            f"/providers/Microsoft.ContainerService/managedClusters/{name}",
            "outcome": outcome,
            "reason": reason,
            "message": message,
            "findings": [{"reason": each, "message": text} for each, text in found],
            "window": window,
            "nextStart": start,
            "attempts": 1,
            "calls": 1,
            "dryRun": dry_run,
            "retryAfterSeconds": None,
            "recordedAt": "2026-11-27T12:00:00Z",
        },
    )


def missing(subscription: str, group: str, name: str) -> LastOutcomeJson:
    """Give a cluster that would get a schedule."""
    message = "No configuration is named aksManagedNodeOSUpgradeSchedule."
    start = "2026-11-29T01:00:00Z"
    return row(
        *(subscription, group, name, "WouldCreate", "ScheduleMissing", message),
        window=dict(SUNDAY),
        start=start,
    )


ROWS = [
    missing(ONE, "rg-1", "aks-2"),
    missing(ONE, "rg-1", "aks-10"),
    missing(TWO, LONG_GROUP, LONG_NAME),
    row(
        *(ONE, "rg-1", "aks-1", "Unchanged", "UpToDate"),
        "An explicit node OS schedule is in place.",
        window=dict(SUNDAY),
        start="2026-11-29T01:00:00Z",
    ),
    row(
        *(TWO, "rg-2", "aks-3", "Unchanged", "LongerThanWeekly"),
        "The window comes every 2 weeks only.",
        window=dict(EVERY_SECOND),
        others=(
            (
                "IntervalAmbiguous",
                "intervalWeeks is 2: from which day it is counted is not documented.",
            ),
        ),
    ),
    row(
        *(TWO, "rg-2", "aks-4", "Failed", "RejectedByAzure"),
        "The request \x1b[31mis refused\nas it is.",
    ),
    row(
        *(TWO, "rg-2", "aks-5", "Deferred", "OperationInProgress"),
        "Another operation is in progress.",
    ),
]
LEFT_OUT = (row(*(ONE, "rg-1", "aks-9", "Skipped", "Excluded"), "The tag naptime is off."),)


def a_look(rows: list[LastOutcomeJson] | None = None, **other: object) -> FleetLook:
    """Give a dry run over some clusters in three subscriptions, of which one cannot be read."""
    found = ROWS if rows is None else rows
    reasons = dict.fromkeys([*(str(each["reason"]) for each in found), "Excluded"], 0)
    for each in (*found, *LEFT_OUT):
        reasons[str(each["reason"])] += 1
    run: dict[str, object] = {
        "runId": "202611-94f6531684cc4751ae404ce6",
        "cause": "Reach",
        "scope": {
            "subscriptionId": None,
            "resourceGroup": None,
            "fleet": True,
            "locations": [],
            "dryRun": True,
        },
        "startedAt": "2026-11-27T12:00:00Z",
        "state": "Finished",
        "finishedAt": "2026-11-27T12:00:02Z",
        "progress": {
            "subscriptions": 3,
            "subscriptionsListed": 3,
            "clusters": 1211,
            "clustersDone": 1211,
        },
        "outcomes": {"WouldCreate": 3, "Unchanged": 2, "Skipped": 1204, "Failed": 1, "Deferred": 2},
        "reasons": {**reasons, "NotAutoProvisioned": 1203, "ClusterCreating": 1},
        "calls": 12,
        "throttled": 0,
        "unreadableSubscriptions": [
            {
                "subscriptionId": THREE,
                "reason": "AccessDenied",
                "message": "The client does not have authorization to perform the action"
                " 'Microsoft.ContainerService/managedClusters/read'.",
                "advice": "Assign the role.",
            }
        ],
        "stoppedShards": [],
        "crowdedStarts": [
            {
                "subscriptionId": ONE,
                "location": "westeurope",
                "start": "2026-11-29T01:00:00Z",
                "clusters": 31,
                "reason": "WindowsCrowded",
                "message": "31 clusters start then.",
                "advice": "Stagger the starts.",
            }
        ],
        "clusters": {"value": found, "continuationToken": None},
        **other,
    }
    return FleetLook(cast("ShownRunJson", run), LEFT_OUT)


NOTHING_WRONG: dict[str, object] = {"unreadableSubscriptions": [], "crowdedStarts": []}


def all_well() -> FleetLook:
    """Give a dry run that found nothing to do."""
    return FleetLook(cast("ShownRunJson", {**a_look(ROWS[3:4]).run, **NOTHING_WRONG}))
