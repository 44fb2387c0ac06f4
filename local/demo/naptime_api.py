"""naptime asked over HTTP, as a person with a key would."""

from collections.abc import Mapping
from dataclasses import dataclass

import aiohttp

from local.azure.json_values import as_list, as_object
from local.demo.bodies import Json


@dataclass(frozen=True, slots=True)
class Answer:
    """A status and the JSON object with it."""

    status: int
    body: Json

    def text(self, name: str) -> str:
        """Give a member of the body, empty where there is none."""
        value = self.body.get(name)
        return "" if value is None else str(value)

    def part(self, name: str) -> Json:
        """Give a member of the body that is an object, empty where there is none."""
        return as_object(self.body.get(name))


@dataclass(frozen=True, slots=True)
class NaptimeApi:
    """The HTTP functions of a host at a URL, opened with its key."""

    session: aiohttp.ClientSession
    url: str
    key: str

    async def reconcile(self, cluster: str, *, dry_run: bool = False) -> Answer:
        """Ask for one cluster to be reconciled."""
        body = {"clusterId": cluster, "dryRun": dry_run}
        return await self._call("POST", "api/reconcile", json=body)

    async def put_policy(self, text: str) -> Answer:
        """Put a policy in force."""
        headers = {"x-functions-key": self.key, "content-type": "application/toml"}
        url = f"{self.url}/api/policy"
        async with self.session.put(url, data=text.encode(), headers=headers) as response:
            return Answer(response.status, as_object(await response.json(content_type=None)))

    async def start_run(self, *, dry_run: bool = False) -> Answer:
        """Ask for the whole fleet to be reconciled."""
        body = {"fleet": True, "dryRun": dry_run}
        return await self._call("POST", "api/reconcile", json=body)

    async def run(self, run_id: str) -> Answer:
        """Look at a run."""
        return await self._call("GET", f"api/runs/{run_id}")

    async def runs(self, cause: str) -> tuple[Json, ...]:
        """Give the runs that something has caused, the newest first."""
        answer = await self._call("GET", f"api/runs?cause={cause}")
        return tuple(map(as_object, as_list(answer.body.get("value"))))

    async def look(self, cluster: str) -> Answer:
        """Look at one cluster, live, with what naptime remembers of it."""
        return await self._call("GET", _path(cluster))

    async def budgets(self, cluster: str) -> Answer:
        """Ask for disruption budgets that match a cluster's window."""
        return await self._call("GET", f"{_path(cluster)}/disruption-budgets")

    async def check_budgets(self, cluster: str, pool: Json) -> Answer:
        """Have a NodePool held against a cluster's window."""
        return await self._call("POST", f"{_path(cluster)}/disruption-budgets/check", json=pool)

    async def given_up(self, cluster: str) -> Json | None:
        """Find a cluster among what was given up; that asks naptime's own table, and not ARM."""
        answer = await self._call("GET", "api/given-up")
        found = (as_object(each) for each in as_list(answer.body.get("value")))
        return next((each for each in found if each.get("clusterId") == cluster), None)

    async def post_raw(self, path: str, body: bytes, headers: Mapping[str, str]) -> int:
        """Post bytes to any path of the host; the status."""
        given = {"x-functions-key": self.key, **headers}
        async with self.session.post(f"{self.url}/{path}", data=body, headers=given) as response:
            await response.read()
            return response.status

    async def _call(self, method: str, path: str, json: object = None) -> Answer:
        headers = {"x-functions-key": self.key, "accept": "application/json"}
        url = f"{self.url}/{path}"
        async with self.session.request(method, url, json=json, headers=headers) as response:
            return Answer(response.status, as_object(await response.json(content_type=None)))


def _path(cluster: str) -> str:
    """Give the path of a cluster by its ARM id."""
    _, _, subscription, _, group, *_, name = cluster.split("/")
    return f"api/clusters/{subscription}/{group}/{name}"
