"""What each reason means, what naptime does about it, and what the reader can do.

Here those of what is found of a cluster; those of calls that failed are in `failure_texts`.
"""

from collections.abc import Mapping
from types import MappingProxyType

from shared.domain.vocabulary.failure_texts import FAILURES, RETRIES, ReasonText
from shared.domain.vocabulary.reasons import Reason

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
        Reason.EXEMPT: ReasonText(
            "A rule of the policy exempts the cluster until a day that has not passed.",
            "Skips it, and looks after it again from the day after.",
            "Read who owns the exemption, until when and what for; change the rule to end it.",
        ),
        Reason.CLUSTER_DELETING: ReasonText(
            "The cluster is being deleted.",
            "Skips it.",
            "Nothing to do.",
        ),
        Reason.CLUSTER_GONE: ReasonText(
            "Azure Resource Manager does not know the cluster (any more).",
            "Skips it. Where an event or a listing of the last ten minutes says that it exists, "
            "looks again over ten minutes first.",
            "Nothing to do; if the cluster is there, check that naptime's identity can read it.",
        ),
        Reason.CLUSTER_CREATING: ReasonText(
            "The cluster is still being created.",
            RETRIES,
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
        Reason.KUBERNETES_UPGRADE_ANY_TIME: ReasonText(
            "AKS upgrades Kubernetes by itself (channel patch, stable or rapid, or AKS Automatic), "
            "and no explicit `aksManagedAutoUpgradeSchedule` says when. Each upgrade brings the "
            "newest node images at once, whatever the node OS window says.",
            _REPORTS,
            "Give the cluster that schedule, best with the window of its node images: `az aks "
            "maintenanceconfiguration add --name aksManagedAutoUpgradeSchedule`.",
        ),
        Reason.REPORT_ONLY: ReasonText(
            "The schedule is missing, and a rule of the policy says to report that only.",
            "Writes nothing and reports it.",
            "Create a schedule yourself, or give the rule a window.",
        ),
        Reason.WINDOW_TAG_UNKNOWN: ReasonText(
            "The tag that chooses a window names one that the policy does not have.",
            "Lets the rules decide, and reports it.",
            "Correct the tag, or give the policy a window of that name.",
        ),
        Reason.EXEMPTION_EXPIRED: ReasonText(
            "The cluster was exempt, and the exemption has ended.",
            "Protects it again, by the next rule that matches, and reports it.",
            "Take the rule out of the policy, or give it a new end, an owner and a reason.",
        ),
        Reason.OFFSET_STALE: ReasonText(
            "naptime wrote the schedule with the offset that its zone had then, and the zone's "
            "clocks have changed since.",
            _REPORTS,
            "Delete the schedule, and naptime writes it with the offset of now; or wait until the "
            "clocks change back.",
        ),
        Reason.SCHEDULE_LET_GO: ReasonText(
            "Somebody changed the schedule that naptime wrote. It is told beside what was decided, "
            "which stays the same.",
            "Tells of it once, and from then on shows the schedule as somebody else's.",
            "Nothing to do, if that was meant; if not, delete the schedule, and naptime writes its "
            "own again.",
        ),
        Reason.WINDOWS_CROWDED: ReasonText(
            "More than 20 clusters of one subscription and location share a start. It is a finding "
            "about that start, made when a run lists the subscription, and not about a cluster.",
            "Names the start in the run's record, and tells of it once.",
            "Stagger the starts. A window with more hours makes room: of six, each cluster gets"
            " four.",
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
        Reason.OUTDATED: ReasonText(
            "naptime wrote the schedule, nobody has changed it, and the policy wants another by "
            "now.",
            "Reports every field that differs; changes it where the policy says "
            '`schedules = "owned"`, at the end of a run, up to its brake.',
            "Read the changes. With `never`, which is the default, change the schedule yourself or "
            "leave it.",
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
        Reason.SCHEDULE_RESTORED: ReasonText(
            "Somebody removed the schedule; what was seen last can still be written.",
            "Writes that, and not the window of the policy.",
            "Nothing to do. With `NAPTIME_RESTORE=policy` the policy's window is written.",
        ),
        Reason.PUT_BACK: ReasonText(
            "A person asked for what stood before naptime's last update.",
            "Writes it, where naptime still owns the schedule, and leaves it until the policy "
            "wants something else again.",
            "Nothing to do.",
        ),
        Reason.UPDATE_WAITS: ReasonText(
            "The schedule is to be changed, and an opening is in the way that nothing would come "
            "in the place of.",
            "Waits for the end of that opening.",
            "Nothing to do.",
        ),
        Reason.CHANGED_SINCE_PLANNED: ReasonText(
            "The plan names another change than the one that would be made now: somebody changed "
            "the schedule, or the policy.",
            "Leaves the schedule out of what is carried out.",
            "Nothing to do: the next run plans anew.",
        ),
        Reason.NOT_IN_PLAN: ReasonText(
            "The run carries out a plan, and the plan does not name the cluster.",
            "Skips it.",
            "Nothing to do.",
        ),
        **FAILURES,
    }
)
