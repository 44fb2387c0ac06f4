"""The host ends by what storage refuses, or loses its worker: nothing is lost by it."""

import os
import re
import signal
from pathlib import Path
from typing import cast

import pytest

from shared.domain.fleet.run_work import RUNS_QUEUE
from shared.domain.vocabulary.ids import ClusterId
from tests.clusters import Json
from tests.payloads import cluster_written
from tests.scenarios.farm import Farm, Fleet, farm
from tests.scenarios.test_fleet_runs import SUBSCRIPTIONS, all_protected
from tests.scenarios.tripwire import Request, Tripwire, When

SMALL = Fleet(SUBSCRIPTIONS[:1], ("westeurope",), clusters_each=8, every_missing=2)


class Refusal(Tripwire):
    """A pass-through that refuses one request, as where a storage role is missing."""

    def refuses(self, request: Request) -> int:
        """Refuse the first that matches, and no other."""
        return 403 if self.catches(request) else 0


def finishes_a_shard(request: Request) -> bool:
    """Recognise the end of the message by which the one shard was listed, and worked on."""
    return request.method == "DELETE" and f"/{RUNS_QUEUE}/messages" in request.path


async def once_each(running: Farm) -> None:
    await all_protected(running, SMALL)
    assert [len(bodies) for bodies in (await running.writes()).values()] == [1] * 4


async def test_a_storage_error_ends_the_host_and_the_next_one_goes_on(tmp_path: Path) -> None:
    """Azure's host ends where storage refuses the end of a message; the run ends all the same."""
    refusal = Refusal(finishes_a_shard, When.BEFORE)
    options = ("--end-on-storage-errors",)
    async with farm(
        tmp_path, SMALL, lease_seconds=3, tripwire=refusal, host_options=options
    ) as running:
        run_id = await running.start_run()
        assert await running.host.wait() == 1
        assert "Azure's host ends by it" in running.host.stderr_text()
        await running.start_host()
        run = await running.finished(run_id)
        assert sum(cast("dict[str, int]", run["outcomes"]).values()) == 8
        await once_each(running)


def worker_of(running: Farm) -> int:
    """Read from the log which process the worker is."""
    return int(re.findall(r"Worker process (\d+) serves", running.host.stderr_text())[-1])


TAKEN = "Executing 'reconcile_one'"


@pytest.mark.campaign
async def test_a_worker_that_is_killed_alone_loses_nothing(tmp_path: Path) -> None:
    """Its message is back after the half minute of host.json, and the cluster is written once.

    The host goes on with its next worker, which waits for the claim of the dead one to lapse.
    """
    async with farm(tmp_path, SMALL, host_options=("--worker-process",)) as running:
        cluster_id = ClusterId.of(SUBSCRIPTIONS[0], "rg", "aks-westeurope-000")
        await running.controls.order("hang-before", method="PUT", seconds=60, times=1)
        await running.post_event("on_cluster_created", cluster_written(cluster_id))

        async def is_writing() -> Json | None:
            return next((each for each in await running.controls.faults() if each["hit"]), None)

        async def is_back() -> bool | None:
            return running.host.stderr_text().count(TAKEN) > 1 or None

        async def written() -> list[object] | None:
            return next(iter((await running.writes()).values()), None)

        await running.until(is_writing, holds="a write that hangs")
        killed, at = worker_of(running), await running.now()
        os.kill(killed, signal.SIGKILL)
        await running.until(is_back, holds="the message again")
        assert 25 < (await running.now() - at).total_seconds() < 60
        assert worker_of(running) != killed
        assert len(await running.until(written, holds="a write after all")) == 1
        assert running.host.returncode is None
