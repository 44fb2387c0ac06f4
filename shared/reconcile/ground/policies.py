"""The policy's one home: every version that was ever put in force, in a table of its own.

A version is put in force by the insertion of its row, whose key is the number after the newest
one: of two at once, one finds the key taken. So there is no half policy, and no pointer to be lost.
"""

from collections.abc import Sequence
from copy import replace
from datetime import datetime, timedelta
from typing import Protocol

from msgspec import Struct, field

from shared.domain.deciding.conditions import Condition
from shared.domain.deciding.decision import Desired
from shared.domain.policy.choose import Policy
from shared.domain.policy.version import PolicyVersion
from shared.domain.vocabulary.rows import Row
from shared.ports.azure import Clock
from shared.ports.storage import Table
from shared.reconcile.ground.later_rows import read, read_some

POLICY_TABLE = "naptimepolicy"
_PARTITION = "policy"

KEPT_FOR = timedelta(seconds=45)
"""How long a worker believes what it read: a new version counts everywhere within a minute."""

MOST_READ = 8
"""Policies that a worker keeps: the one in force, and those that runs under way began with."""


SETTINGS_TAG = '"settings"'
"""The ETag of the settings' own policy, which is in force where there is no version."""


def tag_of(version: PolicyVersion | None) -> str:
    """Give the ETag of what is in force."""
    return version.tag if version else SETTINGS_TAG


class PolicyChanged(Exception):
    """Another version is in force than the one that was expected."""

    def __init__(self, tag: str) -> None:
        """Take the ETag of what is in force."""
        super().__init__("another version of the policy is in force")
        self.tag = tag


class Wanted(Protocol):
    """Says what is wanted, by the policy in force or by the version with a hash."""

    async def __call__(self, policy_hash: str | None = None) -> Desired:
        """Say it; "" is the settings' own. Raises InvalidSetting, and what storage raises."""
        ...


class PolicyHome(Struct):
    """Keeps the versions, and says what is wanted by the newest or by an earlier one.

    What cannot be read is an error, and never means that there is no policy: the settings' window
    would be written where a rule wants another.
    """

    table: Table
    clock: Clock
    settings: Desired
    _newest: PolicyVersion | None = None
    _read_at: datetime | None = None
    _policies: dict[str, Policy] = field(default_factory=dict)

    async def wanted(self, policy_hash: str | None = None) -> Desired:
        """Say what is wanted by the policy in force, or by the version with a hash.

        "" is the policy that the settings make, which has none. Raises InvalidSetting where a
        later version of naptime wrote it, and whatever storage raises.
        """
        if policy_hash is None:
            return self._desired(await self.in_force())
        if not policy_hash or policy_hash in self._policies:
            return replace(
                self.settings, policy=self._policies.get(policy_hash, self.settings.policy)
            )
        found = await self.table.first(_PARTITION, 1, where={"hash": policy_hash})
        return self._desired(PolicyVersion.of(found[0]) if found else await self.in_force())

    async def in_force(self) -> PolicyVersion | None:
        """Give the newest version, as it was at most 45 seconds ago; None: the settings' window."""
        now = self.clock.now()
        if self._read_at is None or not timedelta() <= now - self._read_at < KEPT_FOR:
            await self.newest()
            self._read_at = now
        return self._newest

    async def newest(self) -> PolicyVersion | None:
        """Read the newest version; None where there is none yet."""
        found = await self.table.first(_PARTITION, 1)
        self._newest = PolicyVersion.of(found[0]) if found else None
        return self._newest

    async def expected(self, text: str, condition: Condition) -> PolicyVersion | None:
        """Read what a text would follow; raises PolicyChanged where the condition does not hold."""
        newest = await self.newest()
        # Whatever was expected before: it is what an unanswered attempt of this very call did.
        is_there = newest is not None and newest.text == text
        is_settings = newest is None and SETTINGS_TAG in condition.matches
        if is_there or is_settings or condition.holds(newest.tag if newest else None):
            return newest
        raise PolicyChanged(tag_of(newest))

    async def put(self, text: str, by: str, condition: Condition) -> PolicyVersion:
        """Put a text in force that has been read as a policy, and give its version.

        The text that is in force already is no new version. Raises PolicyChanged where the
        condition does not hold, or somebody else was faster.
        """
        newest = await self.expected(text, condition)
        if newest and newest.text == text:
            return newest
        number = newest.number + 1 if newest else 1
        version = PolicyVersion(number, text, self.clock.now(), by)
        if await self.table.insert(_PARTITION, version.key, version.to_values()) is None:
            newest = await self.newest()
            if newest and newest.text == text:
                return newest
            raise PolicyChanged(tag_of(newest))
        self._newest, self._read_at = version, self.clock.now()
        return version

    async def versions(self, limit: int, after: str = "") -> Sequence[PolicyVersion]:
        """Give some versions behind a key, "" for the newest."""

        async def rows_after(last: Row | None, room: int) -> Sequence[Row]:
            return await self.table.first(_PARTITION, room, after=last.key if last else after)

        return [version for _, version in await read_some(rows_after, PolicyVersion.of, limit)]

    async def version(self, number: int) -> PolicyVersion | None:
        """Read one version; None where there is none of that number."""
        key = PolicyVersion(number, "", self.clock.now(), "").key
        reading = await self.table.get(_PARTITION, key)
        return read(reading.row, PolicyVersion.of) if reading.row else None

    def _desired(self, version: PolicyVersion | None) -> Desired:
        if version is None:
            return self.settings
        if version.hash not in self._policies:
            if len(self._policies) >= MOST_READ:
                self._policies.clear()
            self._policies[version.hash] = version.read()
        return replace(self.settings, policy=self._policies[version.hash])
