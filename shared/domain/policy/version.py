"""A version of the policy as it is kept: the text, when it was put in force, and by whom.

A version is never changed. Its row's key counts down, so that the newest is the first.
"""

from datetime import datetime
from functools import cached_property
from typing import Self, TypedDict

from msgspec import Struct

from shared.domain.errors import InvalidSetting
from shared.domain.policy.choose import Policy
from shared.domain.policy.read import policy_hash, read_policy
from shared.domain.vocabulary import instants
from shared.domain.vocabulary.invalid import InvalidPolicy
from shared.domain.vocabulary.rows import Row, Value

MOST_VERSIONS = 99_999_999
_PIECE = 30_000
"""Characters of the text in one property of a row, which holds 32,768 (UTF-16)."""


class PolicyVersionJson(TypedDict):
    """Which version, when it was put in force (UTC), and by whom."""

    version: int
    hash: str
    since: str
    by: str


class PolicyVersion(Struct, frozen=True, dict=True):
    """One version; `number` counts from 1, `at` is in UTC."""

    number: int
    text: str
    at: datetime
    by: str

    @cached_property
    def hash(self) -> str:
        """The hash of the text."""
        return policy_hash(self.text)

    @property
    def key(self) -> str:
        return f"{MOST_VERSIONS - self.number:08}"

    @property
    def tag(self) -> str:
        return f'"{self.hash}"'

    def read(self) -> Policy:
        """Read the policy, which was right when it was put in force.

        Raises InvalidSetting where it is of a later version of naptime than this one.
        """
        try:
            return read_policy(self.text, self.at, lambda _: True)
        except InvalidPolicy as error:
            rule = f"cannot be read by this version of naptime: {error}"
            raise InvalidSetting.because("policy", self.hash, rule) from error

    def to_values(self) -> dict[str, Value]:
        """Give the values of its row."""
        pieces = range(0, len(self.text), _PIECE)
        texts = {f"text{at // _PIECE}": self.text[at : at + _PIECE] for at in pieces}
        return {"number": self.number, "hash": self.hash, "at": self.at, "by": self.by, **texts}

    @classmethod
    def of(cls, row: Row) -> Self:
        """Read a row; raises InvalidSetting where a later version of naptime wrote it."""
        at, number = row.instant("at"), row.values.get("number")
        if at is None or not isinstance(number, int):
            rule = "is of a form that this version of naptime cannot read"
            raise InvalidSetting.because("policy", row.key, rule)
        names = (f"text{piece}" for piece in range(len(row.values)))
        text = "".join(row.text(name) for name in names)
        return cls(number, text, at, row.text("by"))

    def to_json(self) -> PolicyVersionJson:
        """Give it as the HTTP API lists it."""
        return {
            "version": self.number,
            "hash": self.hash,
            "since": instants.to_text(self.at),
            "by": self.by,
        }
