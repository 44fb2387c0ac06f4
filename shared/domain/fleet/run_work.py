"""The messages of fleet runs, as they travel through their two queues."""

import re
from copy import replace
from typing import assert_never

from msgspec import Struct

from shared.domain.fleet.run import SCOPE_KEY
from shared.domain.fleet.shard import Shard
from shared.domain.messages.envelope import seal, unseal
from shared.domain.vocabulary.fields import BrokenRule, Fields, text, whole_number
from shared.domain.vocabulary.ids import parse_subscription_id, plain_location
from shared.domain.vocabulary.instants import month_of
from shared.domain.vocabulary.invalid import InvalidMessage, InvalidResourceId

RUNS_QUEUE = "naptime-runs"
SHARDS_QUEUE = "naptime-shards"

_MOST = 1_000_000_000


class StartRun(Struct, frozen=True):
    """The command to look at each subscription of a run."""

    run_id: str

    def to_message(self) -> str:
        return seal({"do": "startRun", "runId": self.run_id})


class ListSubscription(Struct, frozen=True):
    """The command to list one subscription's clusters for a run; `attempt` counts from 1."""

    run_id: str
    subscription_id: str
    attempt: int = 1

    def again(self) -> "ListSubscription":
        """Give the same work for its next attempt."""
        return replace(self, attempt=self.attempt + 1)

    def to_message(self) -> str:
        return seal(
            {
                "do": "listSubscription",
                "runId": self.run_id,
                "subscriptionId": self.subscription_id,
                "attempt": self.attempt,
            }
        )


class ReadSubscription(Struct, frozen=True):
    """The command to see whether what could not be read can be read now.

    `key` is that of the run's scope that follows then; `attempt` counts from 1, and one that is
    not the newest counts no more.
    """

    key: str
    attempt: int

    def to_message(self) -> str:
        return seal({"do": "readSubscription", "key": self.key, "attempt": self.attempt})


class Baton(Struct, frozen=True):
    """Whose holder works on one shard of a run; one of an older generation counts no more."""

    run_id: str
    shard: Shard
    generation: int

    def to_message(self) -> str:
        return seal(
            {
                "runId": self.run_id,
                "subscriptionId": self.shard.subscription_id,
                "location": self.shard.location,
                "generation": self.generation,
            }
        )


type RunWork = StartRun | ListSubscription | ReadSubscription


def parse_run_work(message: str) -> RunWork:
    """Read a message of the queue of runs; raises InvalidMessage."""
    work = unseal(message)
    do = work.required("do", text)
    if do == "readSubscription":
        return _read_subscription(work)
    run_id = work.required("runId", _run_id)
    if do == "startRun":
        work.refuse_unknown(("do", "runId"))
        return StartRun(_whole(work, run_id))
    work.refuse_unknown(("do", "runId", "subscriptionId", "attempt"))
    if do and do != "listSubscription":
        work.refuse("do", do, "must be startRun, listSubscription or readSubscription")
    subscription = work.required("subscriptionId", _subscription_id)
    attempt = work.required("attempt", whole_number(1, _MOST))
    return ListSubscription(_whole(work, run_id), _whole(work, subscription), _whole(work, attempt))


def _read_subscription(work: Fields) -> ReadSubscription:
    work.refuse_unknown(("do", "key", "attempt"))
    key = work.required("key", _scope_key)
    attempt = work.required("attempt", whole_number(1, _MOST))
    return ReadSubscription(_whole(work, key), _whole(work, attempt))


def parse_baton(message: str) -> Baton:
    """Read a message of the queue of shards; raises InvalidMessage."""
    work = unseal(message)
    work.refuse_unknown(("runId", "subscriptionId", "location", "generation"))
    run_id = work.required("runId", _run_id)
    subscription = work.required("subscriptionId", _subscription_id)
    location = work.required("location", _location)
    generation = work.required("generation", whole_number(1, _MOST))
    shard = Shard(_whole(work, subscription), _whole(work, location))
    return Baton(_whole(work, run_id), shard, _whole(work, generation))


def part_of_run(message: str) -> tuple[str, str] | None:
    """Say which run a message of either queue is of, and which part of it; None if it is neither.

    The part is a shard or a subscription, and empty for the start of the run.
    """
    try:
        baton = parse_baton(message)
    except InvalidMessage:
        return _part_of_listing(message)
    return baton.run_id, baton.shard.key


def _part_of_listing(message: str) -> tuple[str, str] | None:
    try:
        work = parse_run_work(message)
    except InvalidMessage:
        return None
    match work:
        case StartRun():
            return work.run_id, ""
        case ListSubscription():
            return work.run_id, work.subscription_id
        case ReadSubscription():
            return None
        case _:
            assert_never(work)


def _whole[T](work: Fields, value: T | None) -> T:
    """Give a value of a message that has no problem at all; raises InvalidMessage."""
    if work.problems or value is None:
        raise InvalidMessage(work.problems)
    return value


def _scope_key(value: object) -> str:
    key = text(value)
    if not re.fullmatch(SCOPE_KEY, key):
        raise BrokenRule("must be the key of a scope")
    return key


def _run_id(value: object) -> str:
    run_id = text(value)
    if month_of(run_id) is None:
        raise BrokenRule("must be the id of a run")
    return run_id


def _subscription_id(value: object) -> str:
    try:
        return parse_subscription_id(text(value))
    except InvalidResourceId as error:
        raise BrokenRule(error.problems[0].rule) from error


def _location(value: object) -> str:
    location = text(value)
    if plain_location(location) != location:
        raise BrokenRule("must be the short name of a location")
    return location
