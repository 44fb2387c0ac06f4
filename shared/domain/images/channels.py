"""What of a cluster decides how it is upgraded."""

from typing import Protocol


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
