"""What it means when a call to Azure fails or work is given up, and what the reader can do."""

from collections.abc import Mapping
from types import MappingProxyType

from msgspec import Struct

from shared.domain.vocabulary.reasons import Reason


class ReasonText(Struct, frozen=True):
    """One row of the table of reasons (docs/reasons.md), in plain sentences."""

    meaning: str
    naptime_does: str
    you_can: str


RETRIES = "Tries again with growing delays, for 24 hours in all."

FAILURES: Mapping[Reason, ReasonText] = MappingProxyType(
    {
        Reason.OPERATION_IN_PROGRESS: ReasonText(
            "Another operation on the cluster is in progress (409).",
            RETRIES,
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
            RETRIES,
            "Look at Azure's service health; replay the cluster if naptime gave it up.",
        ),
        Reason.CONNECTION_FAILED: ReasonText(
            "The connection to Azure failed or broke off; a write may have been applied.",
            "Reads the cluster again, then tries again with growing delays, for 24 hours in all.",
            "Check the network, name resolution and firewall between the app and Azure.",
        ),
        Reason.ACCESS_DENIED: ReasonText(
            "naptime's identity may not do this (403, such as `AuthorizationFailed`).",
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
        Reason.DENIED_BY_POLICY: ReasonText(
            "An Azure policy denies the write (`RequestDisallowedByPolicy`); the message names it.",
            "Gives up: the same request would be denied again.",
            "Exempt `Microsoft.ContainerService/managedClusters/maintenanceConfigurations` from "
            "the policy assignment that the message names, then replay.",
        ),
        Reason.DENIED_BY_ASSIGNMENT: ReasonText(
            "A deny assignment keeps naptime's identity from this "
            "(`DenyAssignmentAuthorizationFailed`).",
            "Gives up: no role is stronger than a deny assignment.",
            "Look for the deny assignment on the resource group (managed applications and "
            "deployment stacks make them), let it exclude naptime's identity, then replay.",
        ),
        Reason.RESOURCE_LOCKED: ReasonText(
            "A lock on the cluster, its resource group or its subscription refuses the write "
            "(`ScopeLocked`).",
            "Gives up: the same request would be refused again.",
            "Take the lock off for as long as a replay takes, or create the schedule yourself.",
        ),
        Reason.SUBSCRIPTION_DISABLED: ReasonText(
            "The subscription is disabled, and read-only (`ReadOnlyDisabledSubscription`).",
            "Gives up: nothing in it can be written.",
            "Enable the subscription again, then replay; or take it off `NAPTIME_SUBSCRIPTIONS`.",
        ),
        Reason.API_VERSION_NOT_SERVED: ReasonText(
            "Azure does not serve this call in this api-version just now (codes such as "
            "`NoRegisteredProviderFound`): a rollout of AKS, or a cloud that lags behind.",
            RETRIES,
            "Nothing to do within a day; if it stays, set `NAPTIME_AKS_API_VERSION` to an older "
            "version.",
        ),
        Reason.REJECTED_BY_AZURE: ReasonText(
            "Azure refused the request as it is (400 or another 4xx).",
            "Gives up: the same request would be refused again.",
            "Read the message; correct the setting or the cluster, then replay.",
        ),
        Reason.WRITE_TARGET_GONE: ReasonText(
            "The cluster was there when it was read, and not when it was written to (404).",
            "Looks and tries again over ten minutes, since Azure's replicas can lag behind right "
            "after a creation; then gives up.",
            "Nothing to do if the cluster was deleted; otherwise replay.",
        ),
        Reason.WRITES_STOPPED: ReasonText(
            "Ten writes in a row were refused for the same reason in that resource group; or, for "
            "want of a role, in that subscription and location.",
            "Writes nothing more there in this run. It skips what it would have written, or, where "
            "a role is missing, leaves it to the queue, which tries for 24 hours.",
            "Look at the reason in the run's record, correct it, then start another run.",
        ),
        Reason.RECENTLY_READ: ReasonText(
            "An explicit schedule was seen less than `NAPTIME_VERIFY_MAX_AGE_MINUTES` ago, and "
            "there was no event about the cluster since.",
            "Does not read it again in a run that a node image release has started.",
            "Nothing to do.",
        ),
        Reason.SUBSCRIPTION_LEFT_OUT: ReasonText(
            "The subscription is not in `NAPTIME_SUBSCRIPTIONS` (any more).",
            "Does nothing there, also in a run that was under way when the setting changed.",
            "Add the subscription to the setting if its clusters are to be looked after.",
        ),
        Reason.LEFT_TO_ANOTHER_RUN: ReasonText(
            "Another run is at work on the cluster's subscription and location.",
            "Leaves the cluster to that run.",
            "Nothing to do; the other run's record says what came of it.",
        ),
        Reason.CLUSTER_ID_UNREADABLE: ReasonText(
            "A listing has a cluster with node auto-provisioning whose id naptime cannot read, "
            "such as one in a resource group with letters beyond ASCII in its name.",
            "Counts it as failed in each run and does nothing else: no write is made of an id "
            "that is not understood.",
            "Give the cluster a schedule yourself; the line `cluster left out` of the log says "
            "which one it is.",
        ),
        Reason.RECORD_TOO_LARGE: ReasonText(
            "What naptime would write down of the cluster, such as the tags that the policy asks "
            "for, is more than a row of its tables takes.",
            "Leaves the cluster to the queue if a run cannot hold it, and gives up only what it "
            "cannot write down; every other cluster goes on.",
            "Shorten the cluster's tags; if that does not help, report it as a bug.",
        ),
        Reason.POISONED: ReasonText(
            "A queue message failed again and again for a reason that naptime does not know.",
            "Moves it to the table `naptimegivenup`.",
            "Look at the logged exception, report it as a bug, then replay.",
        ),
    }
)
