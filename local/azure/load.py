"""`python -m local.azure.load`: how many LISTs a second the simulator answers, and its memory.

The simulator is a process of its own, so that its processor time is its own as well: calls per
second of that are what one core does. Over TLS, with tokens checked and the journal kept.
"""

import argparse
import asyncio
import json
import os
import ssl
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter
from urllib.parse import urlsplit

from local.processes import Child

_SUBSCRIPTION = "11111111-1111-4111-8111-111111111111"
_CLUSTERS = 100
_STEPS = 4
_OK = b" 200 "


@dataclass(slots=True)
class _Arguments(argparse.Namespace):
    calls: int = 200_000
    connections: int = 8


@dataclass(frozen=True, slots=True)
class _Usage:
    """What a process has used so far: seconds of processor, megabytes of memory."""

    seconds: float
    megabytes: float


def _usage(pid: int) -> _Usage:
    """Read it from Linux's /proc."""
    times = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    ticks = int(times[11]) + int(times[12])
    return _Usage(ticks / os.sysconf("SC_CLK_TCK"), pages * os.sysconf("SC_PAGE_SIZE") / 2**20)


def _cluster_id(number: int) -> str:
    return (
        f"/subscriptions/{_SUBSCRIPTION}/resourceGroups/rg-1"
        f"/providers/Microsoft.ContainerService/managedClusters/aks-{number}"
    )


def _fleet() -> str:
    profile = {"nodeProvisioningProfile": {"mode": "Auto"}}
    clusters = [
        {"id": _cluster_id(number), "location": "westeurope", "properties": profile}
        for number in range(_CLUSTERS)
    ]
    return json.dumps({"clusters": clusters})


async def _read(reader: asyncio.StreamReader) -> bytes:
    """Read one response: its head and its body."""
    head = await reader.readuntil(b"\r\n\r\n")
    length = int(head.lower().split(b"content-length: ")[1].split(b"\r\n")[0])
    return head + await reader.readexactly(length)


def _request(host: str, path: str, headers: str) -> bytes:
    return f"GET {path} HTTP/1.1\r\nHost: {host}\r\n{headers}\r\n".encode()


class _Driver:
    """Sends LISTs over several connections, one at a time on each."""

    def __init__(self, url: str, context: ssl.SSLContext) -> None:
        parts = urlsplit(url)
        self._host, self._port = parts.hostname or "", parts.port or 0
        self._context = context

    async def token(self) -> str:
        """Ask for a token as an app would."""
        reader, writer = await self._connection()
        path = "/msi/token?api-version=2019-08-01&resource=https://management.azure.com/"
        writer.write(_request(self._host, path, "X-IDENTITY-HEADER: x\r\n"))
        body = (await _read(reader)).partition(b"\r\n\r\n")[2]
        writer.close()
        return str(json.loads(body)["access_token"])

    async def lists(self, calls: int, connections: int, token: str) -> None:
        """Send so many LISTs; raises RuntimeError where one is not answered with 200."""
        share = calls // connections
        await asyncio.gather(*(self._some(share, token) for _ in range(connections)))

    async def _some(self, calls: int, token: str) -> None:
        reader, writer = await self._connection()
        requests = [
            _request(
                self._host,
                f"{_cluster_id(number)}/maintenanceConfigurations?api-version=2026-08-01",
                f"Authorization: Bearer {token}\r\n",
            )
            for number in range(_CLUSTERS)
        ]
        for number in range(calls):
            writer.write(requests[number % _CLUSTERS])
            answer = await _read(reader)
            if _OK not in answer[:16]:
                raise RuntimeError(answer.decode())
        writer.close()

    async def _connection(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        return await asyncio.open_connection(self._host, self._port, ssl=self._context)


async def _measure(arguments: _Arguments, folder: Path) -> None:
    fleet, bundle = folder / "fleet.json", folder / "ca.pem"
    fleet.write_text(_fleet())
    child = await Child.start(
        [
            *(sys.executable, "-m", "local.azure", "--port=0"),
            *(f"--fleet={fleet}", f"--ca-out={bundle}"),
        ],
        cwd=Path(__file__).parents[2],
    )
    driver = _Driver(child.url, ssl.create_default_context(cafile=str(bundle)))
    token = await driver.token()
    try:
        for step in range(_STEPS):
            calls = arguments.calls // _STEPS
            before, started = _usage(child.pid), perf_counter()
            await driver.lists(calls, arguments.connections, token)
            elapsed, after = perf_counter() - started, _usage(child.pid)
            print(
                f"{calls * (step + 1):>8,} calls: {calls / elapsed:>6,.0f} a second,"
                f" {calls / (after.seconds - before.seconds):>6,.0f} a second of processor,"
                f" {after.megabytes:>4.0f} MB",
                flush=True,
            )
    finally:
        await child.stop()


def main() -> int:
    """Print one line for each quarter of the calls."""
    parser = argparse.ArgumentParser(prog="python -m local.azure.load", description=__doc__)
    parser.add_argument("--calls", type=int, default=200_000)
    parser.add_argument("--connections", type=int, default=8)
    arguments = parser.parse_args(namespace=_Arguments())
    with tempfile.TemporaryDirectory(prefix="naptime-load-") as folder:
        asyncio.run(_measure(arguments, Path(folder)))
    return 0


if __name__ == "__main__":
    sys.exit(main())
