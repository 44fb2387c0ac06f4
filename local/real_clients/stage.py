"""A simulator for real clients to be tried on: a small fleet, a secret, quick operations."""

import json
import os
import sys
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from local.processes import Child

ROOT = Path(__file__).parents[2]
SUBSCRIPTION = "11111111-1111-4111-8111-111111111111"
CLIENT_ID = "33333333-3333-4333-8333-333333333333"
TENANT_ID = "72f988bf-0000-4000-8000-2d7cd011db47"
SECRET = "made-up"  # noqa: S105 - the simulator's own
GROUP, CLUSTER = "rg-prod", "nap-1"


def _cluster(name: str, profile: dict[str, str]) -> dict[str, object]:
    return {
        "id": f"/subscriptions/{SUBSCRIPTION}/resourceGroups/{GROUP}"
        f"/providers/Microsoft.ContainerService/managedClusters/{name}",
        "location": "westeurope",
        "properties": {"nodeProvisioningProfile": profile},
    }


_FLEET = {
    "clusters": [
        _cluster(CLUSTER, {"mode": "Auto", "defaultNodePools": "Auto"}),
        _cluster("manual-1", {"mode": "Manual"}),
    ]
}


@dataclass(frozen=True, slots=True)
class Stage:
    """A running simulator: its URLs by name, the CA bundle that trusts it, a folder to use."""

    url: str
    urls: dict[str, str]
    bundle: Path
    folder: Path

    def environment(self) -> dict[str, str]:
        """Give what a client needs of this process's environment, and trust in the simulator."""
        kept = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
        return {
            **kept,
            "REQUESTS_CA_BUNDLE": str(self.bundle),
            "SSL_CERT_FILE": str(self.bundle),
            "NODE_EXTRA_CA_CERTS": str(self.bundle),
        }


@asynccontextmanager
async def staged() -> AsyncIterator[Stage]:
    """Start a simulator, and stop it at the end."""
    with tempfile.TemporaryDirectory(prefix="naptime-clients-") as name:
        folder = Path(name)
        fleet, bundle = folder / "fleet.json", folder / "ca.pem"
        fleet.write_text(json.dumps(_FLEET))
        child = await Child.start(
            [
                *(sys.executable, "-m", "local.azure", "--port=0", f"--fleet={fleet}"),
                *(f"--ca-out={bundle}", f"--client-secret={SECRET}", "--operation-seconds=2"),
            ],
            cwd=ROOT,
        )
        try:
            lines = child.stderr_text().splitlines()
            urls = dict(line.split(": ", 1) for line in lines if ": http" in line)
            yield Stage(child.url, urls, bundle, folder)
        finally:
            await child.stop()
