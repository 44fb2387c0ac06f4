"""Everything that `make bench` measures, over fleets small enough for a test."""

import asyncio
import sys
from dataclasses import dataclass

import pytest

from local.bench import choosing, events
from local.bench.cluster_events import SUBSCRIPTION
from local.bench.events import Events, Sizes
from local.bench.figures import Part
from local.bench.limits import Limits
from local.bench.node_images import one_look
from local.bench.sweeps import Shape, large_fleet, long_sweep, many_shards
from local.bench.updates import updated_at_once
from local.demo.setting_up import Plan
from local.storage_emulator import REPOSITORY

SMALL = Shape(2, 5, Limits(2))
CALLS = "calls (1 or 2 a cluster, and the pages)"


@dataclass(frozen=True, slots=True)
class Measured:
    """What came of measuring everything once; of the command, what it printed."""

    parts: dict[str, Part]
    events: Events
    output: str


@pytest.fixture(scope="module")
async def measured(tmp_path_factory: pytest.TempPathFactory) -> Measured:
    """Measure everything side by side: nothing here depends on how long it takes."""
    folder = tmp_path_factory.mktemp("events")
    plan = Plan({"clusters": []}, (SUBSCRIPTION,), (), folder)
    long, large, many, (images, updates), found, output = await asyncio.gather(
        long_sweep(SMALL),
        large_fleet(SMALL, 3),
        many_shards(SMALL),
        asyncio.gather(one_look(3), updated_at_once(SMALL, 2)),
        events.measure(plan, Sizes(clusters=1, events=2, idle_times=0)),
        command("--only", "plain", "--plain", "5"),
    )
    parts = {"long": long, "large": large, "many": many, "images": images, "updates": updates}
    return Measured(parts, found, output)


async def command(*options: str) -> str:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "local.bench", *options),
        cwd=REPOSITORY,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    output = (await process.communicate())[0].decode()
    assert process.returncode == 0, output
    return output


@pytest.mark.parametrize("shape", ["long", "large", "many"])
def test_what_does_not_depend_on_the_machine_is_kept(measured: Measured, shape: str) -> None:
    """Every cluster is protected, no call is throttled, and the calls are the promised ones."""
    left, throttled, calls = measured.parts[shape].rows[:3]
    assert left.what == "clusters of 10 without a schedule"
    assert left.measured == 0
    assert throttled.measured == 0
    assert calls.what == CALLS
    assert calls.measured == calls.promised >= 10 + 4


def test_the_processor_time_is_that_of_the_host(measured: Measured) -> None:
    """The host uses some processor and holds some memory, in both sweeps, read while it runs."""
    first, second, memory, again = measured.parts["large"].rows[3:7]
    assert min(first.measured, second.measured) > 0
    assert min(memory.measured, memory.promised) > 10
    assert again.promised == memory.measured
    assert again.measured > 10


def test_times_are_measured(measured: Measured) -> None:
    """One shard alone takes its time, and so do many."""
    row = measured.parts["many"].rows[3]
    assert 0 < row.promised < 60
    assert 0 < row.measured < 60


def test_the_command_prints_its_table(measured: Measured) -> None:
    """The command measures what it is asked for, beside the plain loop, and prints one table."""
    assert "5 clusters, 100 ms latency, no limits" in measured.output
    assert "clusters of 5 without a schedule" in measured.output
    plain = next(line for line in measured.output.splitlines() if "(a plain loop" in line)
    # Five reads, two writes and a page, 100 ms each, one after the other.
    assert float(plain.split("│")[2].split()[0]) >= 0.8


def test_events_are_measured(measured: Measured) -> None:
    """A created cluster and a delivered event each give a time."""
    found = measured.events
    assert len(found.to_write) == 1
    assert len(found.handler) == len(found.handler_in_flood) == 2
    handled = found.handler + found.handler_in_flood
    assert min(*found.to_write, *handled, found.first_event, found.megabytes) > 0


def test_updates_at_once_are_measured(measured: Measured) -> None:
    """Two workers see to each cluster once, without a 429, and the calls are counted."""
    left, twice, throttled, calls, seconds = measured.parts["updates"].rows
    assert left.what == "clusters of 10 without a schedule"
    assert (left.measured, twice.measured, throttled.measured) == (0, 0, 0)
    assert calls.promised <= calls.measured <= calls.promised + 2
    assert seconds.measured > 0


def test_who_watches_is_measured(measured: Measured) -> None:
    """Callers have read pages of clusters, and the host's memory was looked at twice."""
    median, memory = measured.parts["large"].rows[-2:]
    assert "3 callers" in median.what
    assert median.measured > 0
    assert min(memory.promised, memory.measured) > 10


def test_a_look_at_node_images_is_one_call_for_each_location(measured: Measured) -> None:
    """However often it is looked: one call for each location, and some processor time."""
    calls, processor = measured.parts["images"].rows
    assert (calls.promised, calls.measured) == (3, 3)
    assert processor.measured >= 0


@pytest.mark.parametrize("what", sorted(choosing.RULES))
def test_only_the_last_of_two_hundred_rules_matches(what: str) -> None:
    """What is measured is the longest way: none of the rules before the last one is for it."""
    policy, cluster = choosing.policy_of(choosing.RULES[what]), choosing.a_cluster()
    choice = policy.choose(cluster, choosing.NOW)
    assert len(policy.rules) == 200
    assert [step.matched for step in choice.trace] == [False] * 199 + [True]


async def test_choosing_is_measured() -> None:
    """Microseconds of each kind of rules beside the promised twenty."""
    part = await choosing.measure(50)
    assert len(part.rows) == len(choosing.RULES)
    assert all(0 < row.measured < 500 for row in part.rows)
    assert {row.promised for row in part.rows} == {20}
