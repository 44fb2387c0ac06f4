"""Answers from a deployed naptime: what its own identity sees, and what it remembers."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, cast

from naptime.asking.references import ClusterName
from naptime.asking.scope import Reach
from naptime.deployed.client import AppClient, Json, items_of
from naptime.source import FleetLook, Progress, Watch
from shared.domain.deciding.observed import ObservedConfiguration
from shared.domain.fleet.run import RunState
from shared.domain.vocabulary.fields import object_in, text_in
from shared.domain.vocabulary.ids import ClusterId
from shared.domain.vocabulary.invalid import InvalidInput
from shared.domain.vocabulary.reasons import Reason
from shared.reconcile.ground.policies import SETTINGS_TAG

if TYPE_CHECKING:
    from shared.domain.deciding.last_outcome import LastOutcomeJson
    from shared.domain.fleet.run_records import RunRecordJson
    from shared.domain.messages.given_up import GivenUpClusterJson
    from shared.domain.policy.version import PolicyVersionJson
    from shared.ports.azure import Clock
    from shared.reconcile.cluster.own.release import ReleasedJson
    from shared.reconcile.fleet.updates.approve import PutBackJson
    from shared.reconcile.shown.cluster_json import LiveClusterJson
    from shared.reconcile.shown.policy import PutPolicyJson, ShownPolicyJson
    from shared.reconcile.shown.runs import ShownRunJson

ASKED_EVERY = 1.0
"""Seconds between two looks at a run."""


class DeployedApp:
    """Every command with `--app`."""

    def __init__(self, client: AppClient, clock: "Clock") -> None:
        """Take a client of the app."""
        self._client = client
        self._clock = clock

    async def plan(self, asked: Reach, watch: Watch) -> FleetLook:
        """Have the app do a dry run, and read what came of it."""
        body = {**scope_body(asked), "dryRun": True}
        run_id = await self.start(body)
        run = await self.finished(run_id, watch)
        query = {"reason": Reason.EXCLUDED.value, **_subscription(asked)}
        excluded = [item async for item in self._client.pages("clusters", **query)]
        places = set(asked.locations)
        left_out = [each for each in excluded if not places or each.get("location") in places]
        return FleetLook(run, tuple(cast("list[LastOutcomeJson]", left_out)))

    async def start(self, body: Json) -> str:
        """Ask for a run and give its id."""
        answer = await self._client.post("reconcile", body)
        return str(answer.get("runId", ""))

    async def finished(self, run_id: str, watch: Watch) -> "ShownRunJson":
        """Wait for the end of a run, and give it with all of its rows."""
        while True:
            run = await self._client.get(f"runs/{run_id}", pageSize="1")
            watch(_progress(run))
            if run.get("state") != RunState.ACTIVE:
                return await self.run(run_id)
            await self._clock.sleep(ASKED_EVERY)

    async def run(self, run_id: str, **where: str) -> "ShownRunJson":
        """Give a run with all of its rows, or with those that have something in common."""
        query = {"pageSize": "500", **where}
        run = await self._client.get(f"runs/{run_id}", **query)
        page = cast("Json", run.get("clusters") or {})
        rows = items_of(page)
        while token := page.get("continuationToken"):
            query["continuationToken"] = str(token)
            page = cast("Json", (await self._client.get(f"runs/{run_id}", **query))["clusters"])
            rows += items_of(page)
        whole = {**run, "clusters": {"value": rows, "continuationToken": None}}
        return cast("ShownRunJson", whole)

    async def planned(self, run_id: str) -> "ShownRunJson":
        """Give a run with those of its rows that it would change."""
        return await self.run(run_id, reason=Reason.OUTDATED.value)

    async def approve(self, run_id: str, plan_hash: str) -> str:
        """Have exactly that plan carried out, and give the id of the run that does it."""
        begun = await self._client.post(f"runs/{run_id}/approve", {"planHash": plan_hash})
        return str(begun["runId"])

    async def put_back(self, run_id: str) -> "PutBackJson":
        """Say what of a run would be put back; nothing is begun."""
        shown = await self._client.post(f"runs/{run_id}/revert", {}, dryRun="true")
        return cast("PutBackJson", shown)

    async def revert(self, run_id: str, plan_hash: str) -> str:
        """Have exactly that put back, and give the id of the run that does it."""
        begun = await self._client.post(f"runs/{run_id}/revert", {"planHash": plan_hash})
        return str(begun["runId"])

    async def release(self, cluster_id: ClusterId) -> "ReleasedJson":
        """Hand a cluster's schedule to naptime."""
        came = await self._client.post(f"{_path(cluster_id)}/schedule/release", {})
        return cast("ReleasedJson", came)

    async def runs(self, most: int) -> "list[RunRecordJson]":
        page = await self._client.get("runs", pageSize=str(most))
        return cast("list[RunRecordJson]", items_of(page))

    async def given_up(self) -> "list[GivenUpClusterJson]":
        found = [item async for item in self._client.pages("given-up")]
        return cast("list[GivenUpClusterJson]", found)

    async def reconcile(self, cluster_id: ClusterId, *, dry_run: bool) -> Json:
        """Have one cluster reconciled, and give what came of it."""
        body: Json = {"clusterId": str(cluster_id), "dryRun": dry_run}
        return await self._client.post("reconcile", body)

    async def policy(self) -> "ShownPolicyJson":
        """Give the policy in force."""
        return cast("ShownPolicyJson", await self._client.get("policy"))

    async def policy_tag(self) -> str:
        """Give the ETag of what is in force."""
        shown = await self.policy()
        return shown["hash"] if shown["version"] else SETTINGS_TAG

    async def try_policy(self, text: str) -> "PutPolicyJson":
        """Say what a policy would change; nothing is put in force."""
        tried = await self._client.put("policy", text, dryRun="true")
        return cast("PutPolicyJson", tried)

    async def put_policy(self, text: str, if_match: str) -> "PutPolicyJson":
        """Put a policy in force, if what is in force has that hash."""
        headers = {"If-Match": _tag(if_match)}
        return cast("PutPolicyJson", await self._client.put("policy", text, headers))

    async def restore_policy(self, version: int, if_match: str) -> "PutPolicyJson":
        """Put an earlier version in force again, under the same condition."""
        headers = {"If-Match": _tag(if_match)}
        came = await self._client.post("policy/restore", {"version": version}, headers)
        return cast("PutPolicyJson", came)

    async def policy_versions(self) -> "list[PolicyVersionJson]":
        """Give every version, the newest first."""
        found = [item async for item in self._client.pages("policy/versions")]
        return cast("list[PolicyVersionJson]", found)

    async def look(self, cluster_id: ClusterId) -> "LiveClusterJson":
        """Give one cluster as it is now, what would be done and what was."""
        return cast("LiveClusterJson", await self._client.get(_path(cluster_id)))

    async def forecast(self, cluster_id: ClusterId) -> "LiveClusterJson":
        """Give the same: the app watches node images anyway."""
        return await self.look(cluster_id)

    async def configurations(self, cluster_id: ClusterId) -> Sequence[ObservedConfiguration]:
        """Give the maintenance configurations of one cluster, as the app reads them now."""
        page = await self._client.get(f"{_path(cluster_id)}/maintenance-configurations")
        return [
            ObservedConfiguration(text_in(each, "name") or "", object_in(each, "properties"))
            for each in items_of(page)
        ]

    async def named(self, name: ClusterName, asked: Reach) -> Sequence[ClusterId]:
        """Find the clusters of a name among those that the app remembers."""
        query = _subscription(asked)
        known = [
            ClusterId.parse(str(item["clusterId"]))
            async for item in self._client.pages("clusters", **query)
        ]
        return [each for each in known if name.fits(each)]

    async def close(self) -> None:
        await self._client.close()


def _tag(text: str) -> str:
    """Make an ETag of a hash; one that is in quotes is one already."""
    return f'"{text.strip().strip(chr(34))}"'


def _path(cluster_id: ClusterId) -> str:
    parts = (cluster_id.subscription_id, cluster_id.resource_group, cluster_id.name)
    return "/".join(("clusters", *parts))


def scope_body(asked: Reach) -> Json:
    """Write a scope as the API takes it: everything, or one subscription."""
    places = {"locations": list(asked.locations)} if asked.locations else {}
    if asked.is_all:
        return {"fleet": True, **places}
    return {**_subscription(asked), **places}


def _subscription(asked: Reach) -> dict[str, str]:
    match sorted(asked.subscriptions):
        case []:
            return {}
        case [only]:
            return {"subscriptionId": only}
        case several:
            rule = "a deployed naptime takes one at a time, or --all of its own"
            raise InvalidInput.because("--subscription", ", ".join(several), rule)


def _progress(run: Json) -> Progress:
    at = run.get("progress")
    if not isinstance(at, dict):
        return Progress(0, 0)
    return Progress(int(at.get("clustersDone", 0)), int(at.get("clusters", 0)))
