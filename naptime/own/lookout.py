"""What goes wrong on the way and is nobody's outcome: kept for the end, off the screen."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager

from msgspec import Struct, field

from shared.domain.fleet.batch import PendingCluster
from shared.telemetry.lines import CLUSTER_LEFT_OUT


class Lookout(Struct, frozen=True):
    """Keeps the lines of clusters that were left out, and the clusters that naptime failed on."""

    unreadable: list[str] = field(default_factory=list)
    bugs: list[str] = field(default_factory=list)

    def bug(self, cluster: PendingCluster, error: Exception) -> None:
        """Keep that naptime failed on a cluster."""
        self.bugs.append(f"{cluster.cluster.id}: {type(error).__name__}: {error}")

    def bug_in_location(self, location: str, error: Exception) -> None:
        """Keep that naptime failed on a location."""
        self.bugs.append(f"{location}: {type(error).__name__}: {error}")

    @contextmanager
    def listening(self) -> Iterator[None]:
        """Take the log's place for a while: nobody reads it here."""
        ours, sdk = logging.getLogger("naptime"), logging.getLogger("azure")
        level = sdk.level
        ours.addFilter(self._keep)
        # It warns of each credential that is not there, which is what a chain is for.
        sdk.setLevel(logging.CRITICAL)
        try:
            yield
        finally:
            ours.removeFilter(self._keep)
            sdk.setLevel(level)

    def _keep(self, line: logging.LogRecord) -> bool:
        """Keep what is told at the end; let no line through."""
        text = line.getMessage()
        if text.startswith(CLUSTER_LEFT_OUT.what):
            self.unreadable.append(text.removeprefix(CLUSTER_LEFT_OUT.what).strip())
        return False
