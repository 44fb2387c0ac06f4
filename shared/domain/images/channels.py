"""What of a cluster decides how it is upgraded."""

from typing import Protocol

from msgspec import Struct


class Channels(Protocol):
    """The cluster's two upgrade channels, as ARM names them (None: it names none), and its sku."""

    @property
    def node_os_channel(self) -> str | None:
        """The node OS upgrade channel."""
        ...

    @property
    def upgrade_channel(self) -> str | None:
        """The auto-upgrade channel, that of Kubernetes."""
        ...

    @property
    def sku(self) -> str:
        """The sku's name, empty where ARM gives none."""
        ...


class KnownCluster(Struct, frozen=True):
    """As much of what is remembered of a cluster as its forecasts need."""

    node_os_channel: str | None
    upgrade_channel: str | None
    schedule_text: str
    """As `schedule_to_text` of `deciding.last_outcome` wrote it; empty if nothing was seen."""
    auto_upgrade_text: str = ""
    """The same of the schedule of Kubernetes upgrades."""
    sku: str = ""
