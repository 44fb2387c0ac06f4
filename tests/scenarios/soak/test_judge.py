"""Each judgement of a soak finds what it is there to find, and nothing else."""

from copy import replace
from datetime import UTC, datetime, timedelta

import pytest

from shared.domain.deciding.observed import NODE_OS_SCHEDULE
from tests.clusters import OWN_CLIENT_ID, Json, cluster
from tests.scenarios.soak import judge
from tests.scenarios.soak.fleet import CLOSED_GROUPS, SUBSCRIPTIONS
from tests.scenarios.soak.judge import Spell
from tests.scenarios.soak.people import PERSON

NOON = datetime(2026, 11, 27, 12, tzinfo=UTC)
LIST, PUT, DELETE = judge._LIST, judge._PUT, judge._DELETE
METHODS = {LIST: "GET", PUT: "PUT", DELETE: "DELETE"}


def body(name: str = "aks-1", *, own: bool = False, **more: object) -> Json:
    """Give a cluster of the state, with or without a node OS schedule."""
    configurations = [{"name": NODE_OS_SCHEDULE.upper()}] if own else [{"name": "default"}]
    made = cluster(name, subscription=SUBSCRIPTIONS[0], **more)  # type: ignore[arg-type]  # by name
    return {**made, "maintenanceConfigurations": configurations}


def call(operation: str, caller: str = OWN_CLIENT_ID, **more: object) -> Json:
    """Give a call of the journal."""
    configuration = "" if operation == LIST else f"/{NODE_OS_SCHEDULE}"
    return {
        "sequence": 1,
        "time": NOON.isoformat(),
        "method": METHODS[operation],
        "path": f"{body()['id']}/maintenanceConfigurations{configuration}",
        "operation": operation,
        "caller": caller,
        "status": 200,
        **more,
    }


def test_who_is_unprotected() -> None:
    """A cluster counts if it has the feature, no tag against it, and can be written."""
    clusters = [
        body("own", own=True),
        body("off", tags={"naptime": "off"}),
        *(body("closed", group=group) for group in CLOSED_GROUPS),
        body("bare"),
    ]
    assert judge.unprotected(clusters) == [body("bare")["id"]]


LATER = (NOON + timedelta(seconds=11)).isoformat()

WRONG = {
    "seen": [call(PUT, PERSON), call(LIST), call(PUT)],
    "long ago": [call(LIST), call(PUT, PERSON), call(PUT, time=LATER)],
    "never": [call(PUT, PERSON), call(PUT)],
    "deleted": [call(PUT, PERSON), call(LIST), call(DELETE)],
}
RIGHT = {
    "in between": [call(LIST), call(PUT, PERSON), call(PUT)],
    "removed": [call(PUT, PERSON), call(LIST), call(DELETE, PERSON), call(LIST), call(PUT)],
    "its own": [call(PUT), call(LIST), call(PUT)],
    "refused": [call(PUT, PERSON), call(LIST), call(PUT, status=503)],
    "by the person": [call(PUT, PERSON), call(LIST), call(PUT, PERSON)],
}


@pytest.mark.parametrize("calls", WRONG.values(), ids=WRONG.keys())
def test_a_persons_schedule_that_was_written_over(calls: list[Json]) -> None:
    """What naptime has listed, or could have, it neither replaces nor removes."""
    assert len(judge.written_over(calls)) == 1


@pytest.mark.parametrize("calls", RIGHT.values(), ids=RIGHT.keys())
def test_what_nobody_could_see_is_no_wrong(calls: list[Json]) -> None:
    """A write right after a LIST may meet one that came in between; its own it may change."""
    assert judge.written_over(calls) == []


SPELL = Spell(NOON - timedelta(minutes=5), 40, SUBSCRIPTIONS)


FORBIDDEN: dict[str, tuple[Spell, Json]] = {
    "too soon": (SPELL, {"leadMinutes": 39.99}),
    "a dry run": (replace(SPELL, dry_run=True), {"leadMinutes": 60.0}),
    "left out": (replace(SPELL, subscriptions=SUBSCRIPTIONS[1:]), {"leadMinutes": 60.0}),
    "over": (replace(SPELL, ended_at=NOON - timedelta(seconds=1)), {"leadMinutes": 60.0}),
}
ALLOWED: dict[str, tuple[Spell, Json]] = {
    "just in time": (SPELL, {"leadMinutes": 40.0}),
    "no start": (SPELL, {"leadMinutes": None}),
    "refused": (replace(SPELL, dry_run=True), {"status": 429}),
    "a person's": (replace(SPELL, dry_run=True), {"caller": PERSON}),
}


@pytest.mark.parametrize(("spell", "more"), FORBIDDEN.values(), ids=FORBIDDEN.keys())
def test_what_the_settings_forbid(spell: Spell, more: Json) -> None:
    """A write is judged by the settings of the hosts that may have made it."""
    assert len(judge.against_settings([call(PUT) | more], [spell])) == 1
    other = replace(SPELL, lead_minutes=30)
    assert judge.against_settings([call(PUT) | more], [spell, other]) == []


@pytest.mark.parametrize(("spell", "more"), ALLOWED.values(), ids=ALLOWED.keys())
def test_what_the_settings_allow(spell: Spell, more: Json) -> None:
    """What keeps to the settings, was refused or is somebody else's is no wrong."""
    assert judge.against_settings([call(PUT) | more], [spell]) == []


def test_whose_429_is_its_own() -> None:
    """A 429 that no fault has ordered is naptime's doing; those of others are theirs."""
    calls = [
        call(LIST, status=429),
        call(LIST, status=429, fault="throttled-by-aks"),
        call(LIST, PERSON, status=429),
        call(LIST),
    ]
    assert len(judge.own_throttling(calls)) == 1


def test_what_was_touched() -> None:
    """The configurations of an odd cluster are as they were."""
    before = {str(body()["id"]): body()["maintenanceConfigurations"]}
    assert judge.touched(before, [body(), body("aks-2", own=True)]) == []
    assert judge.touched(before, [body(own=True)]) == [body()["id"]]


def test_what_was_given_up_wrongly() -> None:
    """Only what nobody can write may be given up, and only for that."""
    closed = body("closed", group="rg-locked")

    def record(of: object, reason: str) -> Json:
        return {"clusterId": of, "reason": reason, "message": "m"}

    locked, poisoned = record(closed["id"], "ResourceLocked"), record(closed["id"], "Poisoned")
    clusters = [closed, body()]
    assert judge.given_up_wrongly([locked], clusters) == []
    wrong = [poisoned, record(None, "Poisoned"), record(body()["id"], "ResourceLocked")]
    assert len(judge.given_up_wrongly([locked, *wrong], clusters)) == 3


def test_what_was_set_aside() -> None:
    """A message that was moved from a poison queue is found in the log of whichever host."""
    quiet = "20:02:00 INFO    [keep_poisoned 1] Executed 'keep_poisoned' (Succeeded, 62 ms)"
    failed = "20:02:00 ERROR   [keep_poisoned 1] Executed 'keep_poisoned' (Failed, 62 ms)"
    told = "20:02:00 ERROR   [keep_poisoned 1] poisoned clusterId=None"
    assert judge.set_aside([quiet, f"{failed}\n{told}"]) == [told]
