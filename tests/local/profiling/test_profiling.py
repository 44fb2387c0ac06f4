"""What `make profile` finds out, of a fleet small enough for a test."""

import time

import pytest

from local.profiling.instruments import Memory, Samples
from local.profiling.sweeping import Fleet, Watched, watched_sweeps
from local.profiling.tables import counted


@pytest.fixture(scope="module")
async def sweeps() -> tuple[Watched, Watched]:
    """Sweep eight clusters twice."""
    return await watched_sweeps(Fleet(2, 4), "counts")


def test_calls_and_operations_are_counted(sweeps: tuple[Watched, Watched]) -> None:
    """Calls of own functions by layer, requests to storage by kind, and the calls to ARM."""
    lines = [*counted(sweeps, 8)]
    rows = {
        cells[0]: cells[1:] for line in lines if len(cells := line.strip("| ").split(" | ")) > 1
    }
    # A LIST for each, a PUT for every fourth, and the pages of two subscriptions.
    assert rows["calls to ARM"] == ["1.50", "1.25"]
    assert all(float(each) > 0 for each in rows["tables $batch"])
    assert all(float(each) > 0 for each in rows["use cases"])
    # How often the host asks meanwhile is in it, too: which sweep has more hangs on the machine.
    assert all(float(each) > 10 for each in rows["domain"])


def test_samples_are_of_processor_time() -> None:
    """What is found in a busy tenth of a second is that tenth of a second."""
    samples = Samples()
    samples.begin()
    began = time.process_time()
    while time.process_time() - began < 0.1:
        pass
    assert 0.09 < sum(samples.found().values()) < 0.2


def test_memory_is_that_of_the_peak() -> None:
    """What was held for a moment only is in the peak, and is told apart by what asked for it."""
    memory = Memory()
    memory.begin()
    held = bytearray(30_000_000)
    began = time.process_time()
    while time.process_time() - began < 0.5:
        pass
    del held
    found = memory.found()
    assert found["peak"] > 30_000_000
    assert sum(found["held"].values()) > 30_000_000
