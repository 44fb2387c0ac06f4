"""One fleet run, judged by the simulator's journal and state, not by what the app says of it."""

import asyncio
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from http import HTTPStatus
from math import ceil
from time import monotonic
from typing import Final

from local.azure.json_values import as_object, as_text
from local.bench.processes import processor_seconds, resident
from local.demo.bodies import Json
from local.demo.evidence import ClusterState
from local.demo.journal import Call
from local.demo.stage import Stage
from shared.domain.fleet.pace import Pace

POLL_SECONDS: Final = 0.25
SECONDS_TO_WAIT: Final = 600.0
CLUSTERS_A_PAGE: Final = 100
"""The simulator's default, and what ARM gives."""

NODE_IMAGES_LISTED: Final = "ManagedClusters_ListNodeImageVersions"
"""What the watch for node images calls, once for each location of the fleet."""

type States = Mapping[str, ClusterState]
type Place = tuple[str, str]
"""A subscription and a location: a shard."""


def without_schedule(clusters: States) -> int:
    """Count the clusters that have none."""
    return sum(state.schedule is None for state in clusters.values())


def refused_by_limits(calls: Sequence[Call]) -> int:
    """Count the calls that were answered with 429."""
    return sum(call.status == HTTPStatus.TOO_MANY_REQUESTS for call in calls)


class RunDidNotEnd(Exception):
    """A fleet run was refused, or did not end in time."""


def _is_read(call: Call) -> bool:
    """Say whether it reads a cluster itself, which counts in no bucket that runs keep to."""
    return call.method == "GET" and call.path.lower() == call.cluster


@dataclass(frozen=True, slots=True)
class Swept:
    """A run that has ended: what it found, every call, and what the host has used meanwhile.

    `before` and `after` hold the clusters of the run; `pages` is how many calls it takes to list
    its subscriptions. Processor time in seconds, memory in megabytes after the run.
    """

    asked_at: datetime
    before: States
    after: States
    pages: int
    calls: Sequence[Call]
    processor: float
    memory: float

    @property
    def unprotected(self) -> int:
        """How many clusters have no schedule after it."""
        return without_schedule(self.after)

    @property
    def throttled(self) -> int:
        """How many calls were answered with 429."""
        return refused_by_limits(self.calls)

    def too_early(self, after: timedelta, before: timedelta) -> int:
        """Count the calls in a span after some 429 in which none may be answered."""
        calls = self.configuration_calls
        refused = [call.time for call in calls if call.status == HTTPStatus.TOO_MANY_REQUESTS]
        return sum(any(at + after < call.time < at + before for at in refused) for call in calls)

    @property
    def promised_calls(self) -> int:
        """One for each cluster, one more where a schedule was missing, and the pages.

        And one for each of the latter that was read again: where a listing is more than a minute
        old, nothing is written on the strength of it.
        """
        missing = {key for key, state in self.before.items() if state.schedule is None}
        read_again = {call.cluster for call in self.calls if _is_read(call)} & missing
        return len(self.before) + len(missing) + len(read_again) + self.pages

    @property
    def run_calls(self) -> Sequence[Call]:
        """The calls of the run; a quarter of an hour may end in it, with a look for node images."""
        return [call for call in self.calls if call.operation != NODE_IMAGES_LISTED]

    @property
    def configuration_calls(self) -> Sequence[Call]:
        """The calls to the AKS configuration API, which are the ones that are paced."""
        return [each for each in self.calls if each.cluster in self.before and not _is_read(each)]

    @property
    def seconds(self) -> float:
        """From asking for the run until its last call for a cluster."""
        last = max(call.time for call in self.configuration_calls)
        return (last - self.asked_at) / timedelta(seconds=1)

    @property
    def seconds_to_last_write(self) -> float:
        """From asking for the run until the last write that ARM accepted."""
        last = max(call.time for call in self.calls if call.is_accepted_write)
        return (last - self.asked_at) / timedelta(seconds=1)

    def bound(self, pace: Pace) -> float:
        """Give the seconds that the pace alone costs the shard with the most calls."""
        calls = Counter(self._place(call) for call in self.configuration_calls)
        return max(0.0, max(calls.values()) - pace.burst) / pace.rate_per_second

    def _place(self, call: Call) -> Place:
        state = self.before[call.cluster]
        return state.subscription, state.location


async def swept(stage: Stage, scope: Json) -> Swept:
    """Have a run done, and wait for its end; raises RunDidNotEnd.

    The scope is the body of `POST /reconcile`.
    """
    before, since = await stage.azure.state(), await stage.azure.sequence()
    used, asked_at = processor_seconds(stage.host_pid), await stage.azure.now()
    await _until_ended(stage, await _ask(stage, scope))
    used = processor_seconds(stage.host_pid) - used
    memory = resident(stage.host_pid)
    calls, after = await stage.azure.calls(since), await stage.azure.state()
    ours = {key for key, state in before.items() if _is_in(state, scope)}
    return Swept(
        asked_at,
        {key: before[key] for key in ours},
        {key: after[key] for key in ours},
        _pages(before, scope),
        calls,
        used,
        memory,
    )


def _pages(clusters: States, scope: Json) -> int:
    """Count the pages; all clusters of a subscription are listed, wherever they are."""
    wanted = scope.get("subscriptionId")
    numbers = Counter(each.subscription for each in clusters.values())
    listed = (number for name, number in numbers.items() if wanted in {None, name})
    return sum(ceil(number / CLUSTERS_A_PAGE) for number in listed)


def _is_in(state: ClusterState, scope: Json) -> bool:
    locations, subscription = scope.get("locations"), scope.get("subscriptionId")
    here = not isinstance(locations, list) or state.location in locations
    return here and subscription in {None, state.subscription}


async def _ask(stage: Stage, scope: Json) -> str:
    answer = await _call(stage, "POST", "reconcile", scope)
    run_id = as_text(answer.get("runId"))
    if not run_id or answer.get("joined"):
        raise RunDidNotEnd(f"no run of its own was started: {answer}")
    return run_id


async def _until_ended(stage: Stage, run_id: str) -> None:
    """Wait without asking the app while it works: its processor time is measured."""
    deadline = monotonic() + SECONDS_TO_WAIT
    while monotonic() < deadline:
        await until_quiet(stage)
        run = await _call(stage, "GET", f"runs/{run_id}")
        if run.get("state") == "Finished":
            return
    raise RunDidNotEnd(f"the run {run_id} has not ended within {SECONDS_TO_WAIT:.0f} s")


async def until_quiet(stage: Stage) -> None:
    """Wait until the journal has stood still for a while; runs pause for their pace, too."""
    last, still = -1, 0
    while still < 4:  # noqa: PLR2004 - a second
        stage.check()
        await asyncio.sleep(POLL_SECONDS)
        sequence = await stage.azure.sequence()
        still = still + 1 if sequence == last else 0
        last = sequence


async def _call(stage: Stage, method: str, path: str, body: Json | None = None) -> Json:
    api = stage.api
    headers, url = {"x-functions-key": api.key}, f"{api.url}/api/{path}"
    async with api.session.request(method, url, json=body, headers=headers) as response:
        answer = as_object(await response.json(content_type=None))
        if not response.ok:
            raise RunDidNotEnd(f"{method} {path}: {response.status} {answer}")
        return answer
