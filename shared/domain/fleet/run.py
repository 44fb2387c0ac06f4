"""A fleet run: one pass over many clusters, its scope, and its id."""

import json
from copy import replace
from datetime import datetime
from enum import StrEnum
from hashlib import sha256
from typing import Self, TypedDict

from msgspec import Struct
from msgspec.structs import force_setattr

from shared.domain.updates.plan import UpdateOrder, UpdateOrderJson
from shared.domain.vocabulary import instants
from shared.domain.vocabulary.ids import plain_location
from shared.domain.vocabulary.reasons import Cause

_RANDOM_DIGITS = 16
SCOPE_KEY = "[0-9a-f]{32}"


class RunState(StrEnum):
    """Whether there is something left to do."""

    ACTIVE = "Active"
    FINISHED = "Finished"
    NEEDS_APPROVAL = "NeedsApproval"
    """Nothing is left to do but what somebody has to approve."""


class RunScopeJson(TypedDict):
    """Which clusters a run is about; no locations means all."""

    subscriptionId: str | None
    resourceGroup: str | None
    fleet: bool
    locations: list[str]
    dryRun: bool


class RunJson(TypedDict):
    """A run as it was asked for."""

    runId: str
    cause: Cause
    scope: RunScopeJson
    startedAt: str
    policyHash: str | None
    updates: UpdateOrderJson | None


class RunScope(Struct, frozen=True):
    """Which clusters a run is about; locations are short names, none of them means all."""

    subscription_id: str | None = None
    resource_group: str | None = None
    locations: tuple[str, ...] = ()
    dry_run: bool = False

    def __post_init__(self) -> None:
        plain = sorted({plain_location(location) for location in self.locations})
        force_setattr(self, "locations", tuple(plain))

    @property
    def key(self) -> str:
        """A word that is the same for the same clusters, however they were named."""
        canonical = json.dumps(self.to_json(), sort_keys=True).lower()
        return sha256(canonical.encode()).hexdigest()[:32]

    @property
    def is_everything(self) -> bool:
        """Say whether no cluster is outside of it."""
        return self.subscription_id is None and self.is_whole

    @property
    def is_whole(self) -> bool:
        """Say whether it is about whole subscriptions."""
        return not (self.resource_group or self.locations)

    def covers(self, location: str) -> bool:
        """Say whether the clusters of the subscription (and group) in a location belong to it."""
        return not self.locations or plain_location(location) in self.locations

    def to_json(self) -> RunScopeJson:
        """Give it as the HTTP API shows it."""
        return {
            "subscriptionId": self.subscription_id,
            "resourceGroup": self.resource_group,
            "fleet": self.subscription_id is None,
            "locations": list(self.locations),
            "dryRun": self.dry_run,
        }

    @classmethod
    def from_json(cls, body: RunScopeJson) -> Self:
        return cls(
            body["subscriptionId"],
            body["resourceGroup"],
            tuple(body["locations"]),
            body["dryRun"],
        )


class Run(Struct, frozen=True):
    """A run as it was asked for; `started_at` in UTC, by the storage service's clock."""

    id: str
    cause: Cause
    scope: RunScope
    started_at: datetime
    policy_hash: str | None = None
    """The version of the policy that it keeps to; "" is the settings' own, None the newest."""
    updates: UpdateOrder | None = None
    """What it changes, and nothing else; a run without this changes nothing that is there."""

    @property
    def looks_at_everything(self) -> bool:
        """Say whether it tells how the whole fleet is; one that only changes some does not."""
        return self.scope.is_everything and self.updates is None

    def to_json(self) -> RunJson:
        """Give it as the HTTP API shows it."""
        return {
            "runId": self.id,
            "cause": self.cause,
            "scope": self.scope.to_json(),
            "startedAt": instants.to_text(self.started_at),
            "policyHash": self.policy_hash,
            "updates": self.updates.to_json() if self.updates else None,
        }

    @classmethod
    def from_json(cls, text: str) -> Self:
        """Read what `to_json` gave, as text."""
        body = json.loads(text)
        return cls(
            body["runId"],
            Cause(body["cause"]),
            RunScope.from_json(body["scope"]),
            instants.from_text(body["startedAt"]),
            # A run of an earlier version of naptime has none of these.
            body.get("policyHash"),
            UpdateOrder.of(updates) if (updates := body.get("updates")) else None,
        )

    def followed(self, order: UpdateOrder, now: datetime, of: str = "") -> "Run":
        """Give the run that carries out some of its updates; its id is the same for the same order.

        So of two who begin it at once, or one who begins it again, there is one run. `of` tells
        two orders of the same kind apart. It keeps to no version of the policy: what is wanted when
        a schedule is changed counts, and what that does not agree with is left out.
        """
        word = sha256(f"{self.id} {order.kind} {of}".encode()).hexdigest()
        run_id = new_run_id(self.started_at, word)
        scope = replace(self.scope, dry_run=False)
        return Run(run_id, self.cause, scope, now, updates=order)


def new_run_id(now: datetime, random: str) -> str:
    """Make an id of 16 random hexadecimal digits: its month, and a word that sorts newest first."""
    return instants.newest_first(now, random[:_RANDOM_DIGITS])
