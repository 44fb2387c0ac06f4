"""The command as a process: killed in the middle, on a terminal, into a pipe that is closed."""

import asyncio
import json
import re
import signal
import sys
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import pytest

from local.processes import Child
from tests.clusters import OWN_CLIENT_ID
from tests.command_line.conftest import writes
from tests.command_line.processes import COMMAND, ROOT, environment, on_terminal
from tests.command_line.tenants import bodies
from tests.simulated_azure import Controls

_CONTROL = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")


class Tenant:
    """A simulator as a process, and the environment that leads to it."""

    def __init__(self, child: Child, bundle: Path) -> None:
        """Read what it says of itself."""
        urls = dict(re.findall(r"^(\w+): (https?://\S+)$", child.stderr_text(), re.MULTILINE))
        self.controls = Controls(urls["controlsHttp"])
        self.env = environment(
            bundle,
            NAPTIME_ARM_ENDPOINT=urls["arm"],
            IDENTITY_ENDPOINT=urls["identityEndpoint"],
            IDENTITY_HEADER="made-up",
            AZURE_CLIENT_ID=OWN_CLIENT_ID,
            AZURE_TOKEN_CREDENTIALS="ManagedIdentityCredential",
        )


async def until(count: Callable[[], Awaitable[int]], least: int) -> None:
    """Wait until there are so many."""
    async with asyncio.timeout(60):
        # Another process is what changes, so there is no event to wait for.
        while await count() < least:  # noqa: ASYNC110 - see above
            await asyncio.sleep(0.02)


async def written_so_far(tenant: Tenant) -> int:
    """Count the writes that were accepted."""
    return len(await writes(tenant.controls))


async def asked_so_far(tenant: Tenant) -> int:
    """Count the listings of subscriptions."""
    return len(await tenant.controls.journal(path="/subscriptions"))


@pytest.fixture
async def tenant(tmp_path: Path) -> AsyncIterator[Tenant]:
    """Start a tenant of 48 clusters in three subscriptions."""
    fleet, bundle = tmp_path / "fleet.json", tmp_path / "ca.pem"
    fleet.write_text(json.dumps({"clusters": list(bodies(48, 3))}))
    child = await Child.start(
        [
            *(sys.executable, "-m", "local.azure", "--port=0"),
            *(f"--fleet={fleet}", f"--ca-out={bundle}"),
        ],
        cwd=ROOT,
    )
    try:
        yield Tenant(child, bundle)
    finally:
        await child.stop()


async def test_killed_in_the_middle(tenant: Tenant) -> None:
    """The next call does what a killed one left, and nothing twice."""
    await tenant.controls.order("hang-before", method="PUT", seconds=0, skip=6, times=None)
    words = (*COMMAND, "protect", "--all", "--yes", "--quiet")
    first = await asyncio.create_subprocess_exec(*words, env=tenant.env, cwd=ROOT)
    await until(lambda: written_so_far(tenant), 6)
    first.send_signal(signal.SIGKILL)
    assert await first.wait() == -signal.SIGKILL
    await tenant.controls.withdraw_faults()
    second = await asyncio.create_subprocess_exec(
        *words, env=tenant.env, cwd=ROOT, stdout=asyncio.subprocess.PIPE
    )
    out, _ = await second.communicate()
    assert second.returncode == 0
    assert out.decode().rstrip().endswith("\n18 schedules written.")
    counts = Counter(str(each["path"]) for each in await writes(tenant.controls))
    assert len(counts) == 24
    assert max(counts.values()) == 1


async def test_ctrl_c_ends_it_at_once(tenant: Tenant) -> None:
    """Ctrl-C ends it at once with the shell's own code, and says that nothing is lost."""
    await tenant.controls.order("slow", method="GET", seconds=5, times=None)
    process = await asyncio.create_subprocess_exec(
        *(*COMMAND, "plan", "--all"),
        env=tenant.env,
        cwd=ROOT,
        stderr=asyncio.subprocess.PIPE,
    )
    assert process.stderr
    assert (await process.stderr.readline()).startswith(b"naptime: reading all")
    await until(lambda: asked_so_far(tenant), 1)
    process.send_signal(signal.SIGINT)
    rest = await process.stderr.read()
    assert await process.wait() == 130
    last = b"naptime: stopped; what was written stays, and the next call does the rest\n"
    assert rest.endswith(last)
    assert b"Traceback" not in rest


async def test_on_a_terminal(tenant: Tenant) -> None:
    """A terminal gets colours, and a bar that is gone at the end; with NO_COLOR plain text."""
    coloured = await on_terminal("plan", "--all", env=tenant.env)
    assert coloured.code == 0
    assert "\x1b[1;32mwould get a schedule (24)" in coloured.text
    plain = await on_terminal("plan", "--all", env={**tenant.env, "NO_COLOR": "1"})
    assert not re.search(r"\x1b\[[0-9;]*m", plain.text)
    answers = [
        _CONTROL.sub("", shown.text).replace("\r\n", "\n").partition("left as they are (")[2]
        for shown in (coloured, plain)
    ]
    assert answers[0] == answers[1]
    assert max(map(len, answers[0].splitlines())) <= 80


async def test_a_reader_that_has_enough(tenant: Tenant) -> None:
    """`naptime plan | head -1` ends without a stack."""
    line = f"{' '.join(COMMAND)} plan --all --quiet | head -1"
    process = await asyncio.create_subprocess_shell(
        line,
        env=tenant.env,
        cwd=ROOT,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    out, err = await process.communicate()
    assert (out, err) == (b"left as they are (6)\n", b"")
