"""The policy of the story: two rings, so that an image meets dev before it meets all else."""

from datetime import datetime, timedelta
from typing import Final

from local.demo.fleet import DEV

BETWEEN: Final = timedelta(days=2)
KUBERNETES_TOO: Final = "in-a-window"
"""The cluster whose upgrades of Kubernetes are to have a window as well."""


def policy_text(opens: datetime) -> str:
    """Write it: dev's window opens at an instant (UTC), that of all others two days later."""
    later = opens + BETWEEN
    return f"""version = 1

[windows.first]
on = "{opens:%A}"
start = "{opens:%H:%M}"
hours = 4

[windows.later]
on = "{later:%A}"
start = "{later:%H:%M}"
hours = 4

[[rules]]
name = "Kubernetes too"
match.clusters = "{KUBERNETES_TOO}"
window = "later"
kubernetes = "same"

[[rules]]
name = "dev"
match.tags.env = "{DEV}"
window = "first"

[[rules]]
name = "everything else"
window = "later"
"""
