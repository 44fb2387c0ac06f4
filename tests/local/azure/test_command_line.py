"""`python -m local.azure` as a process of its own."""

import asyncio
import json
import signal
import ssl
import sys
from pathlib import Path

from aiohttp import ClientSession

from tests.local.azure.world import FLEET


async def start(*arguments: str) -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "local.azure",
        *arguments,
        cwd=Path(__file__).parents[3],
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )


async def test_ready_and_a_clean_stop(tmp_path: Path) -> None:
    """It prints one line, serves its fleet at the time given, and stops with 0 on SIGTERM."""
    fleet, bundle = tmp_path / "fleet.json", tmp_path / "ca.pem"
    fleet.write_text(json.dumps(FLEET))
    process = await start(
        *("--port", "0", "--fleet", str(fleet), "--ca-out", str(bundle)),
        *("--now", "2026-08-26T12:00:00Z", "--freeze"),
    )
    assert process.stdout is not None
    line = (await process.stdout.readline()).decode()
    assert line.startswith("ready https://localhost:")
    url = line.split()[1]
    context = ssl.create_default_context(cafile=str(bundle))
    async with (
        ClientSession() as session,
        session.get(f"{url}/_simulator/clock", ssl=context) as response,
    ):
        assert await response.json() == {"now": "2026-08-26T12:00:00Z", "frozen": True}
    process.send_signal(signal.SIGTERM)
    rest, _ = await process.communicate()
    assert (process.returncode, rest) == (0, b"")


async def test_a_fleet_that_cannot_be_used(tmp_path: Path) -> None:
    """A fleet that cannot be used is exit code 2, with item, field and rule on standard error."""
    fleet = tmp_path / "fleet.json"
    fleet.write_text('[{"id": "x"}]')
    process = await start("--port", "0", "--fleet", str(fleet))
    out, err = await process.communicate()
    assert (process.returncode, out) == (2, b"")
    assert err.startswith(b"fleet: item 0: id 'x': must be the id of a managed cluster")


async def test_a_folder_that_cannot_be_used(tmp_path: Path) -> None:
    """A dead-letter folder that cannot be made is exit code 2."""
    in_the_way = tmp_path / "file"
    in_the_way.write_text("")
    process = await start("--port", "0", "--dead-letter", str(in_the_way / "dead"))
    _, err = await process.communicate()
    assert process.returncode == 2
    assert err.startswith(b"cannot start: ")


async def test_help() -> None:
    """--help names every option that the documentation names."""
    process = await start("--help")
    out, _ = await process.communicate()
    assert process.returncode == 0
    for option in (b"--port", b"--fleet", b"--ca-out", b"--events-to", b"--throttle"):
        assert option in out
