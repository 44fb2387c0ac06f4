"""What callers may do: the actions of a role, and the 403 of Resource Manager for all others.

A caller without a role may do everything. Actions are compared without case, `*` stands for any
characters, and `notActions` take away (MicrosoftDocs "Understand Azure role definitions"). Every
role is that of a whole tenant: which scope it was assigned at is not simulated.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Self

from local.azure.call_facts import facts_of
from local.azure.controls.fault_presets import REFUSALS
from local.azure.controls.misfortunes import refusal_error
from local.azure.entra.tokens import Caller, is_guid
from local.azure.json_values import JsonObject, as_object, parse
from local.azure.replies import Call

READ_MACHINES = "Microsoft.Compute/virtualMachines/read"


class RoleIsInvalidError(ValueError):
    """A role that cannot be read; the message names the field and the rule."""


@dataclass(frozen=True, slots=True)
class Role:
    """Actions that are granted, and those of them that are not."""

    actions: tuple[str, ...]
    not_actions: tuple[str, ...] = ()

    def allows(self, action: str) -> bool:
        """Say whether an action is granted."""
        return _any_like(self.actions, action) and not _any_like(self.not_actions, action)

    def to_json(self) -> JsonObject:
        """Show it as a role definition's one permission."""
        return {"actions": list(self.actions), "notActions": list(self.not_actions)}

    @classmethod
    def of(cls, value: object) -> Self:
        """Read a list of actions, a permission, or a role definition of ARM or of azure-cli."""
        if isinstance(value, list):
            return cls(_texts(value, "actions"))
        body = _lower_keys(value)
        properties = _lower_keys(body.get("properties"))
        permissions = properties.get("permissions", body.get("permissions", [body]))
        if not isinstance(permissions, list) or not permissions:
            raise RoleIsInvalidError("permissions: must be a list that is not empty")
        parts = [_lower_keys(each) for each in permissions]
        return cls(_of_all(parts, "actions"), _of_all(parts, "notactions"))


_NOTHING = Role(())


@dataclass(slots=True)
class Roles:
    """The roles of callers, by their application id in lower case.

    An assignment takes minutes to arrive: `arrives` says when, for those that are under way; until
    then the caller may do what its role was before, which for a new one is nothing.
    """

    of: dict[str, Role] = field(default_factory=dict)
    arrives: dict[str, datetime] = field(default_factory=dict)
    before: dict[str, Role] = field(default_factory=dict)

    def clear(self) -> None:
        """Forget every role."""
        self.of.clear()
        self.arrives.clear()
        self.before.clear()

    def give(self, client_id: str, role: Role, arrives: datetime | None = None) -> None:
        """Give a caller a role, which arrives at once or later."""
        key = client_id.lower()
        before = self.of.get(key, _NOTHING)
        self.take(key)
        self.of[key] = role
        if arrives is not None:
            self.arrives[key], self.before[key] = arrives, before

    def take(self, client_id: str) -> None:
        """Take a caller's role away: it may do everything then."""
        for each in (self.of, self.arrives, self.before):
            each.pop(client_id.lower(), None)

    def allows(self, caller: Caller, action: str, now: datetime) -> bool:
        """Say whether a caller may do something at an instant."""
        key = caller.app_id.lower()
        is_late = key in self.arrives and now < self.arrives[key]
        role = self.before[key] if is_late else self.of.get(key)
        return role is None or role.allows(action)

    def check(self, call: Call, caller: Caller, now: datetime) -> None:
        """Raise AzureRefusal (403), naming caller, action and scope, for what is not granted."""
        if call.route is None or call.route.row.is_open:
            return
        if not self.allows(caller, call.route.action(call.method), now):
            raise refusal_error(REFUSALS["forbidden"], facts_of(call, caller))


def read_role(option: str) -> tuple[str, Role]:
    """Read `CLIENT_ID=FILE`; raises RoleIsInvalidError, also when there is no such file."""
    client_id, equals, file = option.partition("=")
    if not equals or not is_guid(client_id):
        raise RoleIsInvalidError(f"{option}: must be CLIENT_ID=FILE")
    try:
        return client_id.lower(), Role.of(parse(Path(file).read_bytes()))
    except OSError as error:
        raise RoleIsInvalidError(f"{file}: {error.strerror}") from error
    except ValueError as error:
        raise RoleIsInvalidError(f"{file}: {error}") from error


def _any_like(patterns: Iterable[str], action: str) -> bool:
    return any(fnmatchcase(action.lower(), pattern.lower()) for pattern in patterns)


def _lower_keys(value: object) -> Mapping[str, object]:
    return {name.lower(): each for name, each in as_object(value).items()}


def _of_all(parts: Iterable[Mapping[str, object]], name: str) -> tuple[str, ...]:
    given = [_texts(part.get(name, [] if name == "notactions" else None), name) for part in parts]
    return tuple(text for texts in given for text in texts)


def _texts(value: object, name: str) -> tuple[str, ...]:
    if not isinstance(value, list) or not all(isinstance(each, str) and each for each in value):
        raise RoleIsInvalidError(f"{name}: must be a list of strings that are not empty")
    return tuple(map(str, value))
