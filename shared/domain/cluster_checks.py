"""Checks on the cluster alone: is it naptime's to look after, and is it there yet."""

from shared.domain.decision import Desired, Finding
from shared.domain.observed import ObservedCluster
from shared.domain.reasons import Reason

OPT_OUT_TAG, OPT_OUT_VALUE = "naptime", "off"


def not_auto_provisioned(cluster: ObservedCluster, _: Desired) -> Finding | None:
    """Find that the cluster has no node auto-provisioning."""
    if cluster.auto_provisioning:
        return None
    return Finding(Reason.NOT_AUTO_PROVISIONED, "The cluster does not have node auto-provisioning.")


def excluded(cluster: ObservedCluster, desired: Desired) -> Finding | None:
    """Find that a tag or the settings exclude the cluster."""
    if any(_opts_out(key, value) for key, value in cluster.tags.items()):
        return Finding(Reason.EXCLUDED, "The tag naptime=off excludes the cluster.")
    if desired.excludes(cluster):
        return Finding(Reason.EXCLUDED, "The setting NAPTIME_EXCLUDE names the cluster.")
    return None


def deleting(cluster: ObservedCluster, _: Desired) -> Finding | None:
    """Find that the cluster is being deleted."""
    if cluster.provisioning_state.lower() != "deleting":
        return None
    return Finding(Reason.CLUSTER_DELETING, "The cluster is being deleted.")


def creating(cluster: ObservedCluster, _: Desired) -> Finding | None:
    """Find that the cluster is still being created."""
    if cluster.provisioning_state.lower() != "creating":
        return None
    return Finding(Reason.CLUSTER_CREATING, "The cluster is still being created.")


def _opts_out(key: str, value: str) -> bool:
    return key.lower() == OPT_OUT_TAG and value.lower() == OPT_OUT_VALUE
