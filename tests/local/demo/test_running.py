"""`python -m local.demo` as a process: the whole story, and the stage that stays up."""

import asyncio
import os
import re
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from local.demo.fleet import fleet
from local.demo.story import HARMS, TERRAFORM
from local.storage_emulator import REPOSITORY
from tests.docs.pages import blocks_run_by

SECONDS = 300
# A busy machine is no broken promise: how quick naptime is, is measured elsewhere.
PROMISES = 19
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


async def first_children(process: asyncio.subprocess.Process) -> list[Path]:
    """Wait until it has started something."""
    for _ in range(400):
        if children := children_of(process):
            return children
        await asyncio.sleep(0.05)
    raise TimeoutError


def left_behind(folder: Path, children: list[Path]) -> list[Path]:
    """Give what is left in a folder, and which children are still there."""
    return [*folder.iterdir(), *(child for child in children if child.exists())]


@pytest.fixture(scope="module")
async def stories(tmp_path_factory: pytest.TempPathFactory) -> tuple[Played, Played]:
    """Play two stories side by side: one as it is, one with a promise that cannot be kept.

    The second shows all that can be asked for.
    """
    good, bad = (tmp_path_factory.mktemp(name) for name in ("good", "bad"))
    everything = ("--table", "--promises", "--details", "--promised-seconds", "0.000001")
    return await asyncio.gather(played(good, *PATIENT), played(bad, *everything))


def test_the_story_keeps_every_promise(stories: tuple[Played, Played]) -> None:
    """The story ends with 0, says that all are kept, and leaves no file behind."""
    story, _ = stories
    assert story.code == 0, story.output
    (kept,) = re.findall(r"^promises  (\d+) of (\d+) kept", story.output, re.MULTILINE)
    assert kept[0] == kept[1] == str(PROMISES)
    assert "✗" not in story.output
    assert left_behind(story.folder, []) == []


def test_the_story_is_short_and_plain_in_a_pipe(stories: tuple[Played, Played]) -> None:
    """Under 40 lines of at most 80 columns, without control codes or trailing blanks."""
    lines = stories[0].output.splitlines()
    assert len(lines) < 40
    assert "\x1b" not in stories[0].output
    assert [line for line in lines if len(line) > 80 or line != line.rstrip()] == []


def test_every_act_is_a_line(stories: tuple[Played, Played]) -> None:
    """In their order, each with a tick; what happens without naptime has none."""
    lines = [line for line in stories[0].output.splitlines() if line[:4].strip()]
    acts = [line[0] for line in lines if line[1:4] == " ✓ "]
    assert "".join(acts) == "abcdef ghijklmno"
    asides = [line for line in lines if line.startswith("  · ")]
    assert len(asides) == 4
    assert "without a window: excluded, deleting, partner take it" in asides[0]


def test_before_and_after_are_told(stories: tuple[Played, Played]) -> None:
    """How many had no window, who has none still, and whom a person should look at."""
    told = " ".join(stories[0].output.partition("\nbefore ")[2].split())
    assert told.startswith("19 of 30 NAP clusters would have taken the image at once after 1 of ")
    assert ": linked; the others wait for their windows" in told
    people = re.findall(r"should look at (\d+): ([a-z0-9, -]+?) (?:page|next) ", told)
    assert people
    named = set(people[0][1].split(", "))
    assert len(named) == int(people[0][0])
    assert named >= {
        *("all-blocked", "at-any-time", "channel-none", "every-other-week", "far-start"),
        *("linked", "monthly"),
    }


def test_nodes_roll_under_two_lists_of_budgets(stories: tuple[Played, Played]) -> None:
    """Side by side: by the published example outside the window too, by naptime's nowhere else."""
    output = stories[0].output
    assert re.search("60 nodes, naptime's budgets: .* none outside the window", output)
    assert re.search("60 nodes, Microsoft's example: .* 28 outside the window", output)
    assert "check of the first: BudgetUnlimitedOutside" in " ".join(stories[1].output.split())


def test_kubernetes_is_upgraded_on_two_clusters(stories: tuple[Played, Played]) -> None:
    """One takes the images with it at once, as naptime had said; one waits, as it was asked to."""
    details = " ".join(stories[1].output.split())
    assert "aksManagedAutoUpgradeSchedule of in-a-window: written, starts" in details
    assert "naptime says of at-any-time: KubernetesUpgradeAnyTime" in details
    assert "naptime says of in-a-window: UpToDate" in details


def test_whoever_keeps_removing_a_schedule_is_told(stories: tuple[Played, Played]) -> None:
    """After the third apply naptime has told of it, once, and by which application."""
    assert f"  ✓ told: KeepsBeingRemoved, by application {TERRAFORM}\n" in stories[0].output
    details = " ".join(stories[1].output.split())
    assert f"removed 3 times in a minute, always by application {TERRAFORM}" in details


def test_clocks_change_and_the_window_stays(stories: tuple[Played, Played]) -> None:
    """Of a window in a zone the offset is changed between two openings; alone it were off."""
    output = stories[0].output
    assert re.search(r"^o ✓ clocks change in Berlin, .*: it opens at 04:00", output, re.MULTILINE)
    assert re.search(r"^  · with the offset left as it was: at 0[35]:00$", output, re.MULTILINE)
    assert len(re.findall("berlin: written .*, starts Sun", stories[1].output)) == 2


def test_the_table_has_every_cluster(stories: tuple[Played, Played]) -> None:
    """Every cluster of the fleet, and each that the story creates, has its row."""
    output = stories[1].output
    table = output[output.index("next start (UTC)") :]
    rows = {line.split()[0] for line in table.splitlines() if line.startswith("  ")}
    made = {"newcomer", "convert", "refused", "rolling", *(harm.cluster for harm in HARMS)}
    assert {member.id.rpartition("/")[2] for member in fleet()} | made <= rows


def test_a_broken_promise_ends_with_1_and_keeps_the_logs(stories: tuple[Played, Played]) -> None:
    """A promise that is not kept is named with its clusters, and the logs stay where it says."""
    _, story = stories
    assert story.code == 1
    assert "✗ event to accepted write in under 1e-06 s" in story.output
    assert f"\npromises  {PROMISES - 1} of {PROMISES} kept" in story.output
    logs = Path(story.output.splitlines()[-1].removeprefix("logs: "))
    assert logs.parent == story.folder
    assert "reconciled" in (logs / "host.log").read_text("utf-8")


@pytest.mark.parametrize("moment", ["Here: the app itself", "a ✓ "])
async def test_it_can_be_interrupted(tmp_path: Path, moment: str) -> None:
    """Ctrl-C, even while something starts, ends everything, and leaves no file behind."""
    async with running(tmp_path) as process:
        await read_until(process, moment)
        children = await first_children(process)
        process.send_signal(signal.SIGINT)
        assert await process.wait() == 130
    assert children
    assert left_behind(tmp_path, children) == []


def calls_of_the_pages() -> list[str]:
    """Give the curl calls of the pages that need no other program and no file."""
    blocks = blocks_run_by("tests/scenarios/test_page_calls.py")
    text = "\n".join(re.sub(r"\\\n\s*", "", block.text) for block in blocks)
    calls = re.findall(r"^curl .*$", text, re.MULTILINE)
    ours = blocks_run_by("tests/local/demo/test_running.py")
    return [*(f"{call} --fail" for call in calls if "@" not in call), *(each.text for each in ours)]


async def test_it_stays_up(tmp_path: Path) -> None:
    """Every call that is printed, or on a page, works as it stands; SIGTERM ends it all with 0."""
    async with running(tmp_path, "--stay-up", "--port", "0") as process:
        output = await read_until(process, "Ctrl-C stops it")
        first, calls = output.partition("\n")[::2]
        assert first == "naptime is up, with 39 clusters in a simulated Azure"
        assert len(output.splitlines()) <= 10
        names, _, page, *_ = calls.splitlines()
        shown = re.search("/api/fleet  # after that, the page; its key: (.+)$", page)
        assert shown
        exported = await asyncio.to_thread(Path(names.split()[1]).read_text, "utf-8")
        assert f"export KEY={shown[1]}\n" in exported
        pasted = calls.replace(page, f"curl -fsS {page}")
        shell = await asyncio.create_subprocess_exec(
            *("bash", "-eux", "-c", "\n".join([pasted, *calls_of_the_pages()])),
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        answers, said = await shell.communicate()
        children = children_of(process)
        process.send_signal(signal.SIGTERM)
        assert await process.wait() == 0
    assert shell.returncode == 0, said.decode()[-4000:]
    assert said.count(b"+ curl") >= pasted.count("curl -fsS") + 15
    assert b'"reason":"ScheduleMissing"' in answers
    assert len(children) == 3
    assert left_behind(tmp_path, children) == []


async def test_nothing_is_left_when_nobody_reads_on(tmp_path: Path) -> None:
    """A pipe that is closed at its other end, as by `head`, ends it like anything else."""
    async with running(tmp_path, "--stay-up", "--port", "0") as process:
        await read_until(process, "Ctrl-C stops it")
        children = children_of(process)
        transport = process._transport.get_pipe_transport(1)  # type: ignore[attr-defined]
        transport.close()
        process.send_signal(signal.SIGINT)
        await process.wait()
    assert left_behind(tmp_path, children) == []
