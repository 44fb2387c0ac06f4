"""The policy over HTTP: shown, tried out on the fleet as it was seen last, put in force."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from datetime import datetime
from typing import TypedDict

from msgspec import Struct

from shared.domain.deciding.conditions import Condition
from shared.domain.errors import InvalidSetting
from shared.domain.fleet.last_known import Remembered
from shared.domain.messages.audit import AuditAction, AuditOutcome, Completion, Origin
from shared.domain.policy.changes import (
    ChangedClusterJson,
    RuleClustersJson,
    clusters_by_rule,
    compare,
)
from shared.domain.policy.choose import Policy
from shared.domain.policy.read import policy_hash, read_policy
from shared.domain.policy.version import MOST_VERSIONS, PolicyVersion, PolicyVersionJson
from shared.domain.policy.warnings import rules_without_clusters, warnings_of
from shared.domain.policy.windows import NamedWindow
from shared.domain.vocabulary import instants
from shared.domain.vocabulary.locations import LOCATIONS
from shared.domain.vocabulary.pages import Page, PageAsked, to_token
from shared.ports.azure import Clock
from shared.reconcile.ground.audit_log import AuditLog
from shared.reconcile.ground.memory import ClusterMemory
from shared.reconcile.ground.policies import PolicyChanged, PolicyHome

KEY = r"[0-9]{8}"


class NamedWindowJson(TypedDict):
    """A window of the policy; `opens` and `closes` are its next outer bound in UTC."""

    name: str
    on: str
    start: str
    hours: int
    hoursEach: int
    zone: str
    spreadMinutes: int
    opens: str
    closes: str


class ShownPolicyJson(TypedDict):
    """The policy in force; `text`, `since` and `by` are null where the settings' window is all."""

    hash: str
    version: int | None
    since: str | None
    by: str | None
    text: str | None
    windows: list[NamedWindowJson]
    rules: list[RuleClustersJson]
    warnings: list[str]


class PutPolicyJson(TypedDict):
    """What came of a policy, or would; counts are of the fleet as it was seen last."""

    hash: str
    version: int | None
    dryRun: bool
    clusters: int
    changed: int
    rules: list[RuleClustersJson]
    changes: list[ChangedClusterJson]
    warnings: list[str]


class PolicyDesk(Struct, frozen=True):
    """Answers `GET /policy` and its like, and puts policies in force."""

    home: PolicyHome
    memory: ClusterMemory
    audit: AuditLog
    clock: Clock
    subscriptions: frozenset[str]

    async def show(self) -> ShownPolicyJson:
        """Show the policy in force, with its next openings and how many clusters each rule has."""
        now = self.clock.now()
        version = await self.home.newest()
        policy = version.read() if version else self.home.settings.policy
        counted = Counter[str]()
        async for cluster in self._clusters():
            counted[policy.choose(cluster, now).rule] += 1
        return {
            "hash": policy.hash,
            "version": version.number if version else None,
            "since": instants.to_text(version.at) if version else None,
            "by": version.by if version else None,
            "text": version.text if version else None,
            "windows": [window_json(window, now) for window in policy.windows.values()],
            "rules": list(clusters_by_rule(policy, counted)),
            "warnings": [*warnings_of(policy, now), *_unused(policy, counted)],
        }

    async def try_out(self, text: str, condition: Condition) -> PutPolicyJson:
        """Say what a policy would change; raises InvalidPolicy and PolicyChanged."""
        tried = await self._tried(text)
        await self.home.expected(text, condition)
        return tried

    async def _tried(self, text: str) -> PutPolicyJson:
        """Hold a text against what is in force, which another worker may have changed just now."""
        await self.home.newest()
        known = [cluster async for cluster in self._clusters()]
        try:
            in_force = (await self.home.wanted()).policy
        except InvalidSetting:
            # A later naptime put it in force. Whoever went back needs one that can be read.
            in_force = None
        # Two seconds of arithmetic for ten thousand clusters: others go on meanwhile.
        return await asyncio.to_thread(_held, text, in_force, known, self.clock.now())

    async def put(self, text: str, condition: Condition, origin: Origin) -> PutPolicyJson:
        """Put a policy in force; raises InvalidPolicy and PolicyChanged."""
        tried = await self._tried(text)
        before = await self.home.in_force()
        record = await self.audit.intend(
            origin,
            AuditAction.PUT_POLICY,
            before=_noted(before) if before else None,
            wanted={"hash": tried["hash"]},
        )
        try:
            version = await self.home.put(text, origin.caller.name, condition)
        except PolicyChanged as error:
            await self.audit.complete(record, Completion(AuditOutcome.REFUSED, message=str(error)))
            raise
        done = Completion(AuditOutcome.UPDATED, after=_noted(version))
        await self.audit.complete(record, done)
        return {**tried, "version": version.number, "dryRun": False}

    async def versions(self, asked: PageAsked) -> Page[PolicyVersionJson]:
        """List the versions, the newest first."""
        question = {"of": "policies"}
        (after,) = asked.place(question, KEY)
        found = await self.home.versions(asked.size, after)
        shown = [version.to_json() for version in found]
        full = len(found) == asked.size
        return Page(shown, to_token(question, found[-1].key) if full else None)

    async def version(self, number: int) -> PolicyVersion | None:
        """Read one version; None where there is none of that number."""
        return await self.home.version(number) if 0 < number < MOST_VERSIONS else None

    async def _clusters(self) -> AsyncIterator[Remembered]:
        """Yield every cluster with node auto-provisioning, as it was seen last."""
        for subscription_id in sorted(self.subscriptions):
            async for cluster in self.memory.of_subscription(subscription_id):
                if cluster.has_nap:
                    yield cluster


_NOT_COMPARED = (
    "What is in force cannot be read by this version of naptime, so nobody can say what changes."
)


def _held(
    text: str, in_force: Policy | None, known: list[Remembered], now: datetime
) -> PutPolicyJson:
    """Hold a text against the policy in force, if it can be read.

    A location that a cluster has is one.
    """
    locations = LOCATIONS | {cluster.location for cluster in known}
    policy = read_policy(text, now, locations.__contains__)
    found = compare(in_force or policy, policy, known, now)
    without = rules_without_clusters(policy, known, now) if known else []
    return {
        "hash": policy_hash(text),
        "version": None,
        "dryRun": True,
        "clusters": found.clusters,
        "changed": found.changed,
        "rules": list(found.by_rule),
        "changes": list(found.named),
        "warnings": [
            *(() if in_force else (_NOT_COMPARED,)),
            *warnings_of(policy, now),
            *map(_no_cluster, without),
        ],
    }


def window_json(window: NamedWindow, now: datetime) -> NamedWindowJson:
    """Show a window with its next outer bound, or the one that is open."""
    bound = window.bound(now)
    return {
        "name": window.name,
        "on": window.on_text,
        "start": f"{window.start:%H:%M}",
        "hours": window.hours,
        "hoursEach": window.hours_each,
        "zone": window.zone_name,
        "spreadMinutes": int(window.spread.total_seconds()) // 60,
        "opens": instants.to_text(bound.start),
        "closes": instants.to_text(bound.end),
    }


def _unused(policy: Policy, counted: Counter[str]) -> list[str]:
    """Name the rules that no cluster has; nothing where no cluster is known yet."""
    names = [rule.name for rule in policy.rules if not counted[rule.name]] if counted else []
    return [_no_cluster(name) for name in names]


def _no_cluster(rule: str) -> str:
    return f"No cluster has rule '{rule}'."


def _noted(version: PolicyVersion) -> dict[str, object]:
    """Name a version in a record; its text is too long for one, and is kept with the version."""
    return {"version": version.number, "hash": version.hash}
