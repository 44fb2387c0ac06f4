"""What programs of a stage are told of each other: URLs from a log, and the app's environment."""

import os
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

from local.processes import Child

# What a child gets of this machine's environment: no proxy and no credential among it.
_KEPT: Final = ("PATH", "HOME", "LANG", "LC_ALL", "TMPDIR", "TZ")


def clean_environment() -> dict[str, str]:
    """Give what every program of a stage has of this machine's environment."""
    return {name: os.environ[name] for name in _KEPT if name in os.environ}


def urls_of(azure: Child) -> Mapping[str, str]:
    """Read the URLs, which the simulator writes to its log before it says that it is ready."""
    return dict(re.findall(r"^(\w+): (https?://\S+)$", azure.stderr_text(), re.MULTILINE))


def app_settings(
    urls: Mapping[str, str], authorities: Path, subscriptions: Sequence[str], client_id: str
) -> dict[str, str]:
    """Give the settings with which the app runs against a simulator as it would against Azure.

    `authorities` are the certificates that it is to trust. The header of the identity's end point
    is not among them.
    """
    return {
        "NAPTIME_SUBSCRIPTIONS": ",".join(subscriptions),
        "NAPTIME_ARM_ENDPOINT": urls["arm"],
        "IDENTITY_ENDPOINT": urls["identityEndpoint"],
        "AZURE_CLIENT_ID": client_id,
        "AZURE_TOKEN_CREDENTIALS": "ManagedIdentityCredential",
        "SSL_CERT_FILE": str(authorities),
        "REQUESTS_CA_BUNDLE": str(authorities),
    }
