"""Who asks over HTTP, and the record that each command leaves: written before, completed after."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Self, TypedDict

from msgspec import Struct

from shared.domain.vocabulary import instants
from shared.domain.vocabulary.ids import ClusterId, is_guid
from shared.domain.vocabulary.plain_text import one_line
from shared.domain.vocabulary.rows import Row, Value, json_from_text, json_to_text, without_none

NAME_LIMIT = 120
FUNCTION_KEY = "function key"

CORRELATION_HEADER = "x-correlation-id"
_CORRELATION_HEADERS = ("x-ms-client-request-id", CORRELATION_HEADER)


class CallerJson(TypedDict):
    """Who asks; without Entra ID in front all that is known is that they have a key."""

    name: str
    id: str | None


class Caller(Struct, frozen=True):
    """Who asks: a name for people, and the id of the identity if there is one."""

    name: str = FUNCTION_KEY
    id: str | None = None

    def to_json(self) -> CallerJson:
        """Give it as the HTTP API shows it."""
        return {"name": self.name, "id": self.id}


@dataclass(frozen=True, slots=True)
class Origin:
    """Who asks, the GUID of what is asked (in lower case), and the ids of the records of it so far.

    What is refused before it left any is put on record where the answer is made.
    """

    caller: Caller
    correlation_id: str
    records: list[str] = field(default_factory=list, compare=False, repr=False)


def read_caller(headers: Mapping[str, str], *, entra: bool) -> Caller:
    """Read who asks from headers, names in lower case.

    Only with App Service authentication on (`entra`) does the platform set the principal's headers
    and strip forged ones (MicrosoftDocs/azure-docs, configure-authentication-user-identities.md);
    without it anybody with a key could write any name there.
    """
    if not entra:
        return Caller()
    name, identity = (
        one_line(headers.get(f"x-ms-client-principal-{part}", "").strip(), NAME_LIMIT)
        for part in ("name", "id")
    )
    # A path can be left out of the sign-in; then there is no principal.
    return Caller(name or identity or FUNCTION_KEY, identity or None)


def read_correlation_id(headers: Mapping[str, str]) -> str | None:
    """Read the caller's own id for the request, a GUID, in lower case; None if it gives none."""
    given = (headers.get(name, "").strip() for name in _CORRELATION_HEADERS)
    return next((value.lower() for value in given if is_guid(value)), None)


type Json = Mapping[str, object]

MESSAGE_LIMIT = 500


class AuditAction(StrEnum):
    """What was asked for."""

    PUT_SCHEDULE = "PutSchedule"
    DELETE_SCHEDULE = "DeleteSchedule"
    RECONCILE = "Reconcile"
    START_RUN = "StartRun"
    REPLAY = "Replay"
    PUT_POLICY = "PutPolicy"
    APPROVE_RUN = "ApproveRun"
    REVERT_RUN = "RevertRun"
    RELEASE_SCHEDULE = "ReleaseSchedule"
    MAKE_FEED = "MakeFeed"
    REVOKE_FEED = "RevokeFeed"


class AuditOutcome(StrEnum):
    """What came of it; Intended stays where the worker did not live to say so."""

    INTENDED = "Intended"
    CREATED = "Created"
    UPDATED = "Updated"
    WOULD_CREATE = "WouldCreate"
    WOULD_UPDATE = "WouldUpdate"
    DELETED = "Deleted"
    UNCHANGED = "Unchanged"
    SKIPPED = "Skipped"
    DEFERRED = "Deferred"
    REFUSED = "Refused"
    FAILED = "Failed"
    STARTED = "Started"
    JOINED = "Joined"
    REPLAYED = "Replayed"


class AuditRecordJson(TypedDict):
    """Who asked for what, when (UTC), what there was before, and what came of it."""

    id: str
    correlationId: str
    caller: CallerJson
    action: AuditAction
    clusterId: str | None
    at: str
    completedAt: str | None
    outcome: AuditOutcome
    reason: str | None
    message: str | None
    before: dict[str, object] | None
    wanted: dict[str, object] | None
    after: dict[str, object] | None
    rule: str | None
    policyHash: str | None


class Attempt(Struct, frozen=True):
    """What a request asks for, as far as it could be read."""

    action: AuditAction
    cluster_id: ClusterId | None = None


class Completion(Struct, frozen=True):
    """What came of a command; `after` is JSON, as ARM accepted it.

    `rule` is the cluster's by the policy with that hash; both empty where it is about no cluster.
    """

    outcome: AuditOutcome
    reason: str = ""
    message: str = ""
    after: Json | None = None
    rule: str = ""
    policy_hash: str = ""


class AuditRecord(Struct, frozen=True):
    """Who asked for what, when (UTC), what there was before, and what came of it.

    `before`, `wanted` and `after` are JSON; for a schedule, ARM's `properties`. The id sorts the
    newest first.
    """

    id: str
    origin: Origin
    action: AuditAction
    at: datetime
    cluster_id: ClusterId | None = None
    before: Json | None = None
    wanted: Json | None = None
    completion: Completion = Completion(AuditOutcome.INTENDED)
    completed_at: datetime | None = None

    def to_values(self) -> dict[str, Value]:
        """Give the values of its row."""
        done = self.completion
        return without_none(
            {
                "correlationId": self.origin.correlation_id,
                "caller": self.origin.caller.name,
                "callerId": self.origin.caller.id,
                "action": self.action.value,
                "at": self.at,
                "clusterId": str(self.cluster_id) if self.cluster_id else None,
                "clusterKey": self.cluster_id.key if self.cluster_id else None,
                "before": json_to_text(self.before),
                "wanted": json_to_text(self.wanted),
                "after": json_to_text(done.after),
                "outcome": done.outcome.value,
                "reason": done.reason,
                "message": one_line(done.message, MESSAGE_LIMIT),
                "rule": done.rule or None,
                "policyHash": done.policy_hash if done.rule else None,
                "completedAt": self.completed_at,
            }
        )

    @classmethod
    def of(cls, row: Row) -> Self:
        at, cluster_id = row.instant("at"), row.text("clusterId")
        if at is None:
            raise TypeError(f"the audit record {row.key} has no time")
        caller = Caller(row.text("caller"), row.text("callerId") or None)
        return cls(
            id=row.key,
            origin=Origin(caller, row.text("correlationId")),
            action=AuditAction(row.text("action")),
            at=at,
            cluster_id=ClusterId.parse(cluster_id) if cluster_id else None,
            before=json_from_text(row.text("before")),
            wanted=json_from_text(row.text("wanted")),
            completion=Completion(
                AuditOutcome(row.text("outcome")),
                row.text("reason"),
                row.text("message"),
                json_from_text(row.text("after")),
                row.text("rule"),
                row.text("policyHash"),
            ),
            completed_at=row.instant("completedAt"),
        )

    def to_json(self) -> AuditRecordJson:
        """Give it as the HTTP API shows it."""
        done = self.completion
        return {
            "id": self.id,
            "correlationId": self.origin.correlation_id,
            "caller": self.origin.caller.to_json(),
            "action": self.action,
            "clusterId": str(self.cluster_id) if self.cluster_id else None,
            "at": instants.to_text(self.at),
            "completedAt": instants.to_text(self.completed_at) if self.completed_at else None,
            "outcome": done.outcome,
            "reason": done.reason or None,
            "message": done.message or None,
            "before": _copy(self.before),
            "wanted": _copy(self.wanted),
            "after": _copy(done.after),
            "rule": done.rule or None,
            "policyHash": done.policy_hash or None,
        }


def _copy(body: Json | None) -> dict[str, object] | None:
    return None if body is None else dict(body)
