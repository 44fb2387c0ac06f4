"""Sweeps with an instrument in the host: one that finds clusters to write to, one that does not."""

import asyncio
import json
import os
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from local.azure.json_values import as_object
from local.bench.fleet_runs import Swept, swept
from local.bench.fleets import Lot, fleet_of, subscriptions
from local.demo.setting_up import Plan, staged
from local.demo.stage import Stage, until
from local.profiling.hosted import BEGIN, WRITE

_HERE, _ELSEWHERE = "westeurope", "swedencentral"
_WRITTEN_SECONDS: Final = 60.0
UNLIMITED: Final = {"NAPTIME_SHARD_BURST": "100000"}


@dataclass(frozen=True, slots=True)
class Fleet:
    """So many subscriptions with so many clusters each, all in one location; no limits at all."""

    shards: int = 20
    clusters: int = 50

    @property
    def size(self) -> int:
        """How many clusters there are."""
        return self.shards * self.clusters


@dataclass(frozen=True, slots=True)
class Watched:
    """One sweep, and what the instrument has found in it."""

    swept: Swept
    found: Mapping[str, object]


async def watched_sweeps(fleet: Fleet, kind: str) -> tuple[Watched, Watched]:
    """Sweep twice with an instrument; a quarter of the clusters is written to by the first."""
    own = subscriptions(fleet.shards)
    lots = [Lot(own, _HERE, fleet.clusters), Lot(own[:1], _ELSEWHERE, 1)]
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "found.json"
        host = ("local.profiling.hosted", kind, str(file))
        plan = Plan(fleet_of(lots), own, (), Path(folder), settings=UNLIMITED, host=host)
        async with staged(plan, lambda _: None) as stage:
            # The first run has the app load its clients.
            await swept(stage, {"subscriptionId": own[0], "locations": [_ELSEWHERE]})
            return await _watched(stage, file), await _watched(stage, file)


async def _watched(stage: Stage, file: Path) -> Watched:
    os.kill(stage.host_pid, BEGIN)
    found = await swept(stage, {"fleet": True, "locations": [_HERE]})
    os.kill(stage.host_pid, WRITE)
    text = await until(stage, lambda: asyncio.to_thread(_text, file), _WRITTEN_SECONDS)
    return Watched(found, as_object(json.loads(text)))


def _text(file: Path) -> str | None:
    return file.read_text("utf-8") if file.exists() else None
