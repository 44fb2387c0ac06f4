"""Starts that too many clusters of one shard share."""

from collections.abc import Mapping

from shared.domain.vocabulary.reasons import Reason

CROWD_SIZE = 20
"""More clusters than this with one start are a crowd. AKS advises against the same window on many
clusters of a subscription, as its throttling makes upgrades fail (planned-maintenance.md)."""

type Json = dict[str, object]


def crowded_starts(starts: Mapping[str, int], size: int) -> set[str]:
    """Name the starts that more than `size` clusters have; an empty one is no start."""
    return {start for start, clusters in starts.items() if start and clusters > size}


def with_crowding(shown: Mapping[str, object]) -> Json:
    """Add the finding to an outcome as JSON; it becomes the reason where nothing else is wrong."""
    message = f"Many clusters of this subscription and location start at {shown['nextStart']}."
    finding = {"reason": Reason.WINDOWS_CROWDED.value, "message": message}
    findings = shown["findings"]
    others = [found for found in findings if found != finding] if isinstance(findings, list) else []
    nothing_wrong = shown["reason"] in {Reason.UP_TO_DATE, Reason.WINDOWS_CROWDED}
    if nothing_wrong:
        reason = Reason.WINDOWS_CROWDED.value
        return {**shown, "reason": reason, "message": message, "findings": [finding]}
    return {**shown, "findings": [*others, finding]}
