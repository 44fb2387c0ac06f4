"""The fleet page's data: gathered from the tables alone, so that it is there while ARM is not."""

import asyncio
import json
from datetime import timedelta
from functools import partial
from hashlib import sha256
from typing import Self

from msgspec import Struct

from shared.domain.fleet.crowding import Crowding
from shared.domain.fleet.last_known import NO_NAP, Remembered
from shared.ports.azure import Clock
from shared.reconcile.ground.at_once import SharedAnswers, at_once
from shared.reconcile.ground.given_up import GivenUpRecords
from shared.reconcile.ground.memory import ClusterMemory
from shared.reconcile.ground.policies import PolicyHome
from shared.reconcile.images.memory import NewestImages
from shared.reconcile.shown.page.compact import FleetSeen, compact
from shared.reconcile.shown.page.ended_runs import EndedRunsReader

KEPT_FOR = timedelta(seconds=10)
"""How long an answer counts as the present one, whoever asks: a page asks once a minute."""


class PageData(Struct, frozen=True):
    """The data as it is sent, and the tag by which the same is known again."""

    body: bytes
    etag: str

    @classmethod
    def of(cls, body: bytes) -> Self:
        return cls(body, f'"{sha256(body).hexdigest()[:32]}"')


class FleetPageViewer(Struct, frozen=True):
    """Answers `GET /fleet/data`; asks nobody but the tables."""

    memory: ClusterMemory
    images: NewestImages
    policies: PolicyHome
    given_up: GivenUpRecords
    runs: EndedRunsReader
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
        given_up = await at_once([partial(self.given_up.by_cluster, one) for one in subscriptions])
        clusters = dict(zip(subscriptions, found, strict=True))
        locations = (known.location for some in found for known in some)
        return FleetSeen(
            now=self.clock.now(),
            dry_run=self.dry_run,
            policy=(await self.policies.wanted()).policy,
            clusters=clusters,
            crowding=dict(zip(subscriptions, crowds, strict=True)),
            images=await self.images.of(locations),
            given_up={each: record for some in given_up for each, record in some.items()},
            runs=await self.runs.read(),
        )

    async def _clusters(self, subscription_id: str) -> list[Remembered]:
        known = [each async for each in self.memory.of_subscription(subscription_id)]
        return [each for each in known if each.is_known and _is_shown(each)]

    async def _crowding(self, subscription_id: str) -> Crowding:
        return await self.memory.crowding(subscription_id)


def _written(seen: FleetSeen) -> PageData:
    return PageData.of(json.dumps(compact(seen), separators=(",", ":")).encode())


def _is_shown(known: Remembered) -> bool:
    return known.last_outcome["reason"] not in NO_NAP
