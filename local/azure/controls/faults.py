"""Faults by order: what goes wrong, with which calls, and how often."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from fnmatch import fnmatchcase

from local.azure.controls.misfortunes import Facts, Harm, Misfortune, Refusal, is_within
from local.azure.json_values import JsonObject, iso


@dataclass(frozen=True, slots=True)
class Aim:
    """Which calls a fault is for; empty means any. Texts without case, * and ? as wildcards.

    `methods` are separated by commas; `scope` is a subscription, a resource group or a resource,
    and everything below it.
    """

    methods: str = ""
    path: str = ""
    operation: str = ""
    cluster: str = ""
    scope: str = ""
    start: datetime | None = None
    end: datetime | None = None

    def hits(self, facts: Facts, now: datetime) -> bool:
        """Say whether the fault is for this call at this instant (start inclusive)."""
        return (
            (not self.methods or facts.method in self.methods.upper().split(","))
            and self._hits_service(facts)
            and (not self.path or _like(facts.path, self.path))
            and (not self.scope or is_within(facts.path, self.scope))
            and (not self.cluster or facts.cluster.lower() == self.cluster.lower())
            and (
                not self.operation
                or _like(facts.operation, self.operation)
                or _like(facts.action, self.operation)
            )
            and (self.start is None or now >= self.start)
            and (self.end is None or now < self.end)
        )

    def _hits_service(self, facts: Facts) -> bool:
        # Tokens and topics are other services: only an order that names their path, or what is
        # done there, is for them.
        named = self.path or self.scope or (facts.operation and self.operation)
        return not facts.is_other_service or bool(named)


def _like(text: str, pattern: str) -> bool:
    return fnmatchcase(text.lower(), pattern.lower())


@dataclass(slots=True)
class Fault:
    """One order. `times` is what is left of it, None without end."""

    name: str
    harm: Harm
    aim: Aim
    times: int | None = None
    every: int = 1
    skip: int = 0
    seconds: float = 0.0
    refusal: Refusal | None = None
    left_out: str = ""
    number: int = 0
    seen: int = 0
    hit: int = 0

    def strikes(self, facts: Facts, now: datetime) -> bool:
        """Count the call if the fault is for it, and say whether it strikes this time."""
        if self.times == 0 or not self.aim.hits(facts, now):
            return False
        self.seen += 1
        if self.seen <= self.skip or (self.seen - self.skip) % self.every:
            return False
        self.hit += 1
        if self.times is not None:
            self.times -= 1
        return True

    def to_json(self) -> JsonObject:
        """Show the order and what became of it."""
        return {
            "id": self.number,
            "fault": self.name,
            "method": self.aim.methods,
            "path": self.aim.path,
            "operation": self.aim.operation,
            "cluster": self.aim.cluster,
            "scope": self.left_out or self.aim.scope,
            "from": iso(self.aim.start) if self.aim.start else None,
            "to": iso(self.aim.end) if self.aim.end else None,
            "every": self.every,
            "skip": self.skip,
            "timesLeft": self.times,
            "seen": self.seen,
            "hit": self.hit,
        }


class Faults:
    """The orders that are in force, asked in the order in which they were given."""

    def __init__(self) -> None:
        self._faults: list[Fault] = []
        self._given = 0

    def __iter__(self) -> Iterator[Fault]:
        """Go through the orders."""
        return iter(self._faults)

    def add(self, fault: Fault) -> Fault:
        """Take an order, and number it."""
        self._given += 1
        fault.number = self._given
        self._faults.append(fault)
        return fault

    def clear(self, number: int | None = None) -> int:
        """Withdraw every order, or one; say how many there were."""
        before = len(self._faults)
        self._faults = [each for each in self._faults if number not in {None, each.number}]
        return before - len(self._faults)

    def strike(self, facts: Facts, now: datetime) -> Misfortune:
        """Find out what goes wrong with a call."""
        misfortune = Misfortune()
        for fault in self._faults:
            if not misfortune.is_fatal and fault.strikes(facts, now):
                misfortune.add(fault.name, fault.harm, fault.seconds, fault.refusal, fault.left_out)
        return misfortune

    def __bool__(self) -> bool:
        """Say whether anything is ordered at all."""
        return bool(self._faults)
