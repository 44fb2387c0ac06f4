"""People who edit clusters through Resource Manager, each call by a login of their own."""

import random
import ssl
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

import aiohttp

from shared.domain.deciding.observed import NODE_OS_SCHEDULE
from shared.domain.vocabulary.ids import ClusterId
from tests.clusters import Json, schedule
from tests.scenarios.soak.fleet import editable

PERSON = "bbbbbbbb-0000-0000-0000-00000000000b"
API = "api-version=2026-08-01"
TAGS_API = "api-version=2021-04-01"


@dataclass(slots=True)
class People:
    """Somebody with a token for Resource Manager."""

    session: aiohttp.ClientSession
    arm: str
    token: str
    trusted: ssl.SSLContext
    dice: random.Random
    removed: set[ClusterId] = field(default_factory=set)
    answers: dict[int, int] = field(default_factory=dict)

    @classmethod
    async def log_in(
        cls, session: aiohttp.ClientSession, controls: str, authorities: Path, dice: random.Random
    ) -> Self:
        """Find the simulator's addresses, and ask for a token."""
        async with session.get(f"{controls}/") as response:
            urls: dict[str, str] = await response.json()
        asked = {"resource": "https://management.azure.com/", "client_id": PERSON}
        async with session.get(
            urls["identityEndpoint"],
            params={**asked, "api-version": "2019-08-01"},
            headers={"X-IDENTITY-HEADER": "made-up"},
        ) as response:
            token: dict[str, str] = await response.json()
        trusted = ssl.create_default_context(cafile=str(authorities))
        return cls(session, urls["arm"], token["access_token"], trusted, dice)

    async def edit(self) -> None:
        """Do one of the things that people do; what ARM answers is theirs to live with."""
        cluster_id = self.dice.choice(editable())
        await self.dice.choice(
            (
                self._own_schedule,
                self._remove,
                self._exempt,
                self._take_up,
                self._nap_off,
                self._nap_on,
            )
        )(cluster_id)

    async def put_everything_right(self) -> None:
        """End as one who wants protection: no exemption, NAP on, everywhere."""
        for cluster_id in editable():
            await self._take_up(cluster_id)
            await self._nap_on(cluster_id)

    async def _own_schedule(self, cluster_id: ClusterId) -> None:
        day = self.dice.choice(("Monday", "Tuesday", "Thursday"))
        properties = schedule(day, "21:00", startDate="2027-01-04")
        await self._call("PUT", _schedule_of(cluster_id), {"properties": properties})

    async def _remove(self, cluster_id: ClusterId) -> None:
        # Once each: what is removed again and again is left to who removes it.
        if cluster_id not in self.removed:
            self.removed.add(cluster_id)
            await self._call("DELETE", _schedule_of(cluster_id))

    async def _exempt(self, cluster_id: ClusterId) -> None:
        await self._tag(cluster_id, "Merge")

    async def _take_up(self, cluster_id: ClusterId) -> None:
        await self._tag(cluster_id, "Delete")

    async def _tag(self, cluster_id: ClusterId, operation: str) -> None:
        path = f"{cluster_id}/providers/Microsoft.Resources/tags/default?{TAGS_API}"
        body: Json = {"operation": operation, "properties": {"tags": {"naptime": "off"}}}
        await self._call("PATCH", path, body)

    async def _nap_off(self, cluster_id: ClusterId) -> None:
        await self._nap(cluster_id, "Manual")

    async def _nap_on(self, cluster_id: ClusterId) -> None:
        await self._nap(cluster_id, "Auto")

    async def _nap(self, cluster_id: ClusterId, mode: str) -> None:
        location = cluster_id.name.split("-")[1]
        properties = {"nodeProvisioningProfile": {"mode": mode}}
        await self._call(
            "PUT", f"{cluster_id}?{API}", {"location": location, "properties": properties}
        )

    async def _call(self, method: str, path: str, body: Json | None = None) -> None:
        headers = {"Authorization": f"Bearer {self.token}"}
        url = f"{self.arm}{path}"
        try:
            async with self.session.request(
                method, url, json=body, headers=headers, ssl=self.trusted
            ) as response:
                self.answers[response.status] = self.answers.get(response.status, 0) + 1
        except aiohttp.ClientError:
            self.answers[0] = self.answers.get(0, 0) + 1


def _schedule_of(cluster_id: ClusterId) -> str:
    return f"{cluster_id}/maintenanceConfigurations/{NODE_OS_SCHEDULE}?{API}"
