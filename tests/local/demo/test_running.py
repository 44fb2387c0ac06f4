"""`python -m local.demo` as a process: the whole story, and the stage that stays up."""

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from local.demo.fleet import fleet
from local.demo.story import HARMS
from local.storage_emulator import REPOSITORY

SECONDS = 120
# A busy machine is no broken promise: how quick naptime is, is measured elsewhere.
PATIENT = ("--promised-seconds", "60")


@dataclass(frozen=True, slots=True)
class Played:
    """How a story ended, what it wrote, and the folder that its temporary files were in."""

    code: int
    output: str
    folder: Path


@asynccontextmanager
async def running(folder: Path, *options: str) -> AsyncIterator[asyncio.subprocess.Process]:
    """Run the command with its temporary files in a folder; it is killed if it does not end."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "local.demo", *options),
        cwd=REPOSITORY,
        env={**os.environ, "TMPDIR": str(folder), "COLUMNS": "80"},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    try:
        async with asyncio.timeout(SECONDS):
            yield process
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


async def played(folder: Path, *options: str) -> Played:
    async with running(folder, *options) as process:
        output, _ = await process.communicate()
    return Played(process.returncode or 0, output.decode(), folder)


async def read_until(process: asyncio.subprocess.Process, text: str) -> str:
    """Read what a process writes, up to the line with a text."""
    assert process.stdout is not None
    lines: list[str] = []
    while not lines or text not in lines[-1]:
        line = await process.stdout.readline()
        assert line, "".join(lines)
        lines.append(line.decode())
    return "".join(lines)


def children_of(process: asyncio.subprocess.Process) -> list[Path]:
    """Give the places in /proc of what a process has started."""
    file = Path(f"/proc/{process.pid}/task/{process.pid}/children")
    return [Path("/proc", child) for child in file.read_text("utf-8").split()]


def left_behind(folder: Path, children: list[Path]) -> list[Path]:
    """Give what is left in a folder, and which children are still there."""
    return [*folder.iterdir(), *(child for child in children if child.exists())]


@pytest.fixture(scope="module")
async def stories(tmp_path_factory: pytest.TempPathFactory) -> tuple[Played, Played]:
    """Play two stories side by side: one as it is, one with a promise that cannot be kept."""
    good, bad = (tmp_path_factory.mktemp(name) for name in ("good", "bad"))
    return await asyncio.gather(
        played(good, *PATIENT), played(bad, "--promised-seconds", "0.000001")
    )


def test_the_story_keeps_every_promise(stories: tuple[Played, Played]) -> None:
    """The story ends with 0, a tick at each promise, and leaves no file behind."""
    story, _ = stories
    assert story.code == 0, story.output
    assert "all kept" in story.output.splitlines()[-1]
    assert "✗" not in story.output
    assert left_behind(story.folder, []) == []


def test_the_story_is_plain_in_a_pipe(stories: tuple[Played, Played]) -> None:
    """In a pipe there are lines of at most 80 columns, without control codes or trailing blanks."""
    lines = stories[0].output.splitlines()
    assert "\x1b" not in stories[0].output
    assert [line for line in lines if len(line) > 80 or line != line.rstrip()] == []


def test_nodes_roll_under_two_lists_of_budgets(stories: tuple[Played, Played]) -> None:
    """Side by side: by the published example outside the window too, by naptime's nowhere else."""
    told = " ".join(stories[0].output.split())
    docs, _, ours = told.partition('the AKS docs\' "gradual rollout": 60 nodes')[2].partition(
        "naptime's budgets for the window: 60 nodes"
    )
    assert "28 outside the window" in docs
    assert "none outside the window" in ours
    assert "check of the first: BudgetUnlimitedOutside" in ours


def test_the_table_has_every_cluster(stories: tuple[Played, Played]) -> None:
    """Every cluster of the fleet, and each that the story creates, has its row at the end."""
    output = stories[0].output
    table = output[output.index("next start (UTC)") :]
    rows = {line.split()[0] for line in table.splitlines() if line.startswith("  ")}
    made = {"newcomer", "convert", "refused", "rolling", *(harm.cluster for harm in HARMS)}
    assert {member.id.rpartition("/")[2] for member in fleet()} | made <= rows


def test_a_broken_promise_ends_with_1_and_keeps_the_logs(stories: tuple[Played, Played]) -> None:
    """A promise that is not kept is named with its clusters, and the logs stay where it says."""
    _, story = stories
    assert story.code == 1
    assert "✗ event to accepted write in under 1e-06 s" in story.output
    assert "1 broken" in story.output
    logs = Path(story.output.splitlines()[-1].removeprefix("logs: "))
    assert logs.parent == story.folder
    assert "reconciled" in (logs / "host.log").read_text("utf-8")


@pytest.mark.parametrize("moment", ["starting the Functions host", "The fleet as found"])
async def test_it_can_be_interrupted(tmp_path: Path, moment: str) -> None:
    """Ctrl-C, even while something starts, ends everything, and leaves no file behind."""
    async with running(tmp_path) as process:
        await read_until(process, moment)
        children = children_of(process)
        process.send_signal(signal.SIGINT)
        assert await process.wait() == 130
    assert len(children) >= 2
    assert left_behind(tmp_path, children) == []


async def test_it_stays_up(tmp_path: Path) -> None:
    """Every call that is printed works when pasted; SIGTERM ends everything with 0."""
    async with running(tmp_path, "--stay-up", "--port", "0") as process:
        output = await read_until(process, "Everything is up")
        shell = await asyncio.create_subprocess_exec(
            *("bash", "-eux", "-c", output[output.index("# naptime") :]),
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        answers, calls = await shell.communicate()
        children = children_of(process)
        process.send_signal(signal.SIGTERM)
        assert await process.wait() == 0
    assert shell.returncode == 0, calls.decode()
    assert calls.count(b"+ curl") + calls.count(b"++ curl") >= output.count("curl -fsS")
    assert b'"reason":"ScheduleMissing"' in answers
    assert len(children) == 3
    assert left_behind(tmp_path, children) == []
