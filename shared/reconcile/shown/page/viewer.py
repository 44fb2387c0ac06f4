"""The fleet page's data: gathered from the tables alone, so that it is there while ARM is not."""

import asyncio
import json
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from hashlib import sha256
from typing import Self

from shared.domain.fleet.crowding import Crowding
from shared.domain.fleet.last_known import Remembered
from shared.domain.fleet.run import RunState
from shared.domain.fleet.run_records import RunRecord
from shared.ports.azure import Clock
from shared.reconcile.fleet.store import RunStore
from shared.reconcile.ground.at_once import SharedAnswers, at_once
from shared.reconcile.ground.memory import ClusterMemory
from shared.reconcile.ground.policies import PolicyHome
from shared.reconcile.images.memory import NewestImages
from shared.reconcile.shown.clusters import NOT_SHOWN
from shared.reconcile.shown.page.compact import FleetSeen, compact

KEPT_FOR = timedelta(seconds=10)
"""How long an answer counts as the present one, whoever asks: a page asks once a minute."""

RUNS_LOOKED_THROUGH = 200
"""Runs over everything come every six hours; those about one location come between them."""


@dataclass(frozen=True, slots=True)
class PageData:
    """The data as it is sent, and the tag by which the same is known again."""

    body: bytes
    etag: str

    @classmethod
    def of(cls, body: bytes) -> Self:
        return cls(body, f'"{sha256(body).hexdigest()[:32]}"')


@dataclass(frozen=True, slots=True)
class FleetPageViewer:
    """Answers `GET /fleet/data`; asks nobody but the tables."""

    memory: ClusterMemory
    images: NewestImages
    policies: PolicyHome
    runs: RunStore
    clock: Clock
    subscriptions: frozenset[str]
    dry_run: bool
    answers: SharedAnswers[PageData]

    async def data(self) -> PageData:
        """Give the fleet as it was seen last; all who ask at once share one reading."""
        return await self.answers.get("page", self._read)

    async def _read(self) -> PageData:
        # A second of arithmetic for ten thousand clusters: others go on meanwhile.
        return await asyncio.to_thread(_written, await self.seen())

    async def seen(self) -> FleetSeen:
        """Gather what the tables say of the fleet."""
        subscriptions = sorted(self.subscriptions)
        found = await at_once([partial(self._clusters, each) for each in subscriptions])
        crowds = await at_once([partial(self._crowding, each) for each in subscriptions])
        clusters = dict(zip(subscriptions, found, strict=True))
        locations = (known.location for some in found for known in some)
        return FleetSeen(
            now=self.clock.now(),
            dry_run=self.dry_run,
            policy=(await self.policies.wanted()).policy,
            clusters=clusters,
            crowding=dict(zip(subscriptions, crowds, strict=True)),
            images=await self.images.of(locations),
            last_full_run=await self._last_full_run(),
        )

    async def _clusters(self, subscription_id: str) -> list[Remembered]:
        known = [each async for each in self.memory.of_subscription(subscription_id)]
        return [each for each in known if each.is_known and _is_shown(each)]

    async def _crowding(self, subscription_id: str) -> Crowding:
        return await self.memory.crowding(subscription_id)

    async def _last_full_run(self) -> RunRecord | None:
        """Find the newest run over everything that is finished, and did what it could."""
        where = {"state": RunState.FINISHED.value}
        for month in (await self.runs.months())[:2]:
            for record in await self.runs.runs_of(month, RUNS_LOOKED_THROUGH, where=where):
                if record.run.looks_at_everything and (self.dry_run or not record.only_looks):
                    return record
        return None


def _written(seen: FleetSeen) -> PageData:
    return PageData.of(json.dumps(compact(seen), separators=(",", ":")).encode())


def _is_shown(known: Remembered) -> bool:
    return known.last_outcome["reason"] not in NOT_SHOWN
