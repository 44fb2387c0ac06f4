"""What goes wrong with one call, and how it is answered then."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum

from local.azure.arm.errors import AzureRefusal, Shape


class Harm(StrEnum):
    """What a fault does to a call."""

    REFUSE = "refuse"
    SLOW = "slow"
    DROP_BEFORE = "drop-before"
    DROP_AFTER = "drop-after"
    HANG_BEFORE = "hang-before"
    HANG_AFTER = "hang-after"
    STALE_LIST = "stale-list"
    MISSING_FROM_LIST = "missing-from-list"


@dataclass(frozen=True, slots=True)
class Facts:
    """What a fault can be aimed by; and what the texts of refusals speak of."""

    method: str
    path: str
    operation: str = ""
    action: str = ""
    subscription: str = ""
    group: str = ""
    cluster: str = ""
    location: str = ""
    api_version: str = ""
    app_id: str = ""
    object_id: str = ""
    is_other_service: bool = False


@dataclass(frozen=True, slots=True)
class Refusal:
    """The error that a fault answers with; the texts may speak of the call, by name in braces."""

    status: int
    code: str
    message: str
    shape: Shape
    retry_after: int | None = None
    detail: str = ""


@dataclass(slots=True)
class Misfortune:
    """What all faults together do to one call."""

    names: list[str] = field(default_factory=list)
    delay: float = 0.0
    stale: timedelta = timedelta()
    missing: list[str] = field(default_factory=list)
    refusal: Refusal | None = None
    ending: Harm | None = None
    hang: float = 0.0

    def add(
        self, name: str, harm: Harm, seconds: float, refusal: Refusal | None, scope: str = ""
    ) -> None:
        """Let one more fault strike; `scope` is what a listing leaves out."""
        self.names.append(name)
        match harm:
            case Harm.SLOW:
                self.delay += seconds
            case Harm.STALE_LIST:
                self.stale = timedelta(seconds=seconds)
            case Harm.MISSING_FROM_LIST:
                self.missing.append(scope)
            case Harm.REFUSE:
                self.refusal = refusal
            case _:
                self.ending, self.hang = harm, seconds

    @property
    def is_fatal(self) -> bool:
        """Whether no further fault can make it worse."""
        return self.refusal is not None or self.ending is not None


def is_within(path: str, scope: str) -> bool:
    """Say whether a resource is a scope itself or below it, without case."""
    return f"{path.rstrip('/')}/".lower().startswith(f"{scope.rstrip('/')}/".lower())


def refusal_error(refusal: Refusal, facts: Facts) -> AzureRefusal:
    """Write a refusal as the error of one call: {cluster} and the like are filled in."""
    values = {name: str(getattr(facts, name)) for name in Facts.__slots__}
    values["scope"] = facts.path
    values["name"] = facts.path.rpartition("/")[2]
    values["type"] = facts.action.rpartition("/")[0].partition("/")[2]
    values["verb"] = "delete" if facts.method == "DELETE" else "write"
    values["retry_after"] = str(refusal.retry_after)
    headers = {} if refusal.retry_after is None else {"Retry-After": str(refusal.retry_after)}
    detail = [{"code": "Unspecified", "message": refusal.detail}] if refusal.detail else None
    return AzureRefusal(
        refusal.status,
        refusal.code,
        _filled(refusal.message, values),
        shape=refusal.shape,
        headers=headers,
        details=detail,
    )


def _filled(message: str, values: Mapping[str, str]) -> str:
    for name, value in values.items():
        message = message.replace(f"{{{name}}}", value)
    return message
