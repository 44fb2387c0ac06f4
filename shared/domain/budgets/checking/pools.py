"""NodePools as Kubernetes writes them, read as far as disruption is concerned.

What a NodePool's schema refuses is a finding, not an error: the file may hold other pools.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta
from typing import cast

from msgspec import Struct, field

from shared.domain.budgets.budget import (
    DEFAULT_BUDGETS,
    MOST_BUDGETS,
    Budget,
    DisruptionReason,
    Nodes,
    parse_duration,
    parse_reason,
    parse_schedule,
)
from shared.domain.budgets.checking.findings import BudgetFinding, Code
from shared.domain.vocabulary.fields import BrokenRule
from shared.domain.vocabulary.invalid import InvalidInput
from shared.domain.vocabulary.plain_text import one_line, shown

NODE_POOL = "NodePool"
DEFAULT_EXPIRY = "720h"
"""What `expireAfter` is where a NodePool leaves it out."""

_UNNAMED = "(unnamed)"
_KNOWN = ("nodes", "reasons", "schedule", "duration")

type Json = Mapping[str, object]


class Pool(Struct, frozen=True):
    """A NodePool: its budgets, when its nodes expire, and what its schema refuses in it.

    `expire_after` is None where the text has no template to say it. `nodes` is how many it has by
    its own status, None if that says nothing.
    """

    name: str
    budgets: tuple[Budget, ...] = DEFAULT_BUDGETS
    expire_after: str | None = None
    expires_at_old_place: bool = False
    nodes: int | None = None
    refused: tuple[BudgetFinding, ...] = ()

    @property
    def is_readable(self) -> bool:
        """Whether its budgets are what it says, but for a number where text should be."""
        return all(finding.code is Code.NODES_NOT_TEXT for finding in self.refused)


def read_pool(body: Json) -> Pool:
    """Read one NodePool, or the part of one that holds its budgets."""
    spec = _object(body, "spec")
    disruption = _object(spec, "disruption")
    budgets = _Budgets()
    budgets.read(disruption.get("budgets"))
    return Pool(
        name=_name(body),
        budgets=tuple(budgets.found),
        expire_after=_expire_after(spec),
        expires_at_old_place=disruption.get("expireAfter") is not None,
        nodes=_nodes_of(_object(body, "status")),
        refused=tuple(budgets.refused),
    )


def objects_in(body: Json) -> Iterator[Json]:
    """Yield the Kubernetes objects of a text: those of a list, or itself.

    Raises InvalidInput where it is neither.
    """
    # Without recursion: a text may hold more lists in lists than Python has frames for.
    waiting = [body]
    while waiting:
        each = waiting.pop()
        items = each.get("items")
        if items is None:
            yield each
        else:
            waiting.extend(reversed(_listed(items)))


def _listed(items: object) -> list[Json]:
    if not isinstance(items, list):
        raise InvalidInput.because("items", items, "must be a list")
    for index, item in enumerate(items):
        if not isinstance(item, Mapping):
            raise InvalidInput.because(f"items[{index}]", item, "must be an object")
    return cast("list[Json]", items)


def pools_in(objects: Sequence[Json]) -> list[Pool]:
    """Read the NodePools among objects; one that names no kind counts if it has a `spec`.

    Raises InvalidInput if there is none.
    """
    pools = [read_pool(each) for each in objects if _is_pool(each)]
    if not pools:
        kinds = sorted({one_line(str(each.get("kind"))) for each in objects})
        rule = "must hold at least one NodePool (kubectl get nodepools -o json)"
        raise InvalidInput.because("items", ", ".join(kinds) or None, rule)
    return pools


def _is_pool(body: Json) -> bool:
    if "kind" not in body:
        return "disruption" in _object(body, "spec")
    return body["kind"] == NODE_POOL


class _Budgets(Struct):
    """The budgets of a pool as they are read, and what is wrong with them."""

    found: list[Budget] = field(default_factory=list)
    refused: list[BudgetFinding] = field(default_factory=list)

    def read(self, written: object) -> None:
        if written is None:
            self.found.extend(DEFAULT_BUDGETS)
            return
        if not isinstance(written, list):
            self._refuse(None, "budgets", written, "must be a list")
            return
        if len(written) > MOST_BUDGETS:
            rule = f"must have at most {MOST_BUDGETS} items, not {len(written)}"
            self._refuse(None, "budgets", written, rule)
            return
        for index, item in enumerate(written):
            self._read_one(index, item)

    def _read_one(self, index: int, item: object) -> None:
        if not isinstance(item, Mapping):
            self._refuse(index, "budget", item, "must be an object")
            return
        budget = cast("Json", item)
        for name in budget:
            if name not in _KNOWN:
                self._refuse(index, name, budget[name], "is not a known field")
        has_schedule, has_duration = (budget.get(name) is not None for name in _KNOWN[2:])
        if has_schedule != has_duration:
            name = "duration" if has_schedule else "schedule"
            self._refuse(index, name, None, "is required: schedule and duration go together")
        self.found.append(
            Budget(
                self._nodes(index, budget.get("nodes")),
                self._reasons(index, budget.get("reasons")),
                self._schedule(index, budget.get("schedule")),
                self._duration(index, budget.get("duration")),
            )
        )

    def _nodes(self, index: int, value: object) -> Nodes:
        if value is None:
            return DEFAULT_BUDGETS[0].nodes
        if type(value) is int and value >= 0:
            message = f"nodes is the number {shown(value)}: the NodePool is refused as it is."
            self.refused.append(BudgetFinding(Code.NODES_NOT_TEXT, message, index))
            value = str(value)
        try:
            return Nodes.parse(_text(value))
        except BrokenRule as error:
            self._refuse(index, "nodes", value, str(error))
            return Nodes(0)

    def _reasons(self, index: int, value: object) -> tuple[DisruptionReason, ...] | None:
        if value is None:
            return None
        if not isinstance(value, list):
            self._refuse(index, "reasons", value, "must be a list")
            return None
        reasons = []
        for each in value:
            try:
                reasons.append(parse_reason(_text(each)))
            except BrokenRule as error:
                self._refuse(index, "reasons", each, str(error))
        if len(set(reasons)) < len(reasons):
            self._refuse(index, "reasons", value, "must not name a reason twice")
        return tuple(reasons)

    def _schedule(self, index: int, value: object) -> str | None:
        if value is None:
            return None
        try:
            return parse_schedule(_text(value))
        except BrokenRule as error:
            self._refuse(index, "schedule", value, str(error))
            return None

    def _duration(self, index: int, value: object) -> timedelta:
        if value is None:
            return timedelta()
        try:
            return parse_duration(_text(value))
        except BrokenRule as error:
            self._refuse(index, "duration", value, str(error))
            return timedelta()

    def _refuse(self, index: int | None, name: str, value: object, rule: str) -> None:
        message = f"{one_line(name)} '{shown(value)}' {rule}."
        self.refused.append(BudgetFinding(Code.REFUSED, message, index))


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise BrokenRule("must be text")
    return value


def _name(body: Json) -> str:
    name = _object(body, "metadata").get("name")
    return one_line(name) if isinstance(name, str) and name else _UNNAMED


def _expire_after(spec: Json) -> str | None:
    if "template" not in spec:
        return None
    written = _object(_object(spec, "template"), "spec").get("expireAfter")
    return DEFAULT_EXPIRY if written is None else shown(written)


def _nodes_of(status: Json) -> int | None:
    for counted in (status.get("nodes"), _object(status, "resources").get("nodes")):
        if type(counted) is int and counted > 0:
            return counted
        # A quantity of Kubernetes is text; of nodes it is a whole number.
        if isinstance(counted, str) and counted.isdecimal() and counted.isascii():
            return int(counted[:9]) or None
    return None


def _object(body: Json, name: str) -> Json:
    value = body.get(name)
    return cast("Json", value) if isinstance(value, Mapping) else {}
