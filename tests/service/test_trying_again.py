"""What cannot be done now is tried again for 24 hours; what is given up on is on record."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import cast

import pytest
from azure.core.exceptions import ServiceRequestError
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.domain.deciding.outcome import OutcomeKind
from shared.domain.errors import (
    AccessDenied,
    ApiVersionNotServed,
    AzureError,
    AzureUnavailable,
    ConnectionFailed,
    DeniedByAssignment,
    DeniedByPolicy,
    NotAuthenticated,
    OperationInProgress,
    Rejected,
    ResourceLocked,
    Throttled,
)
from shared.domain.messages.work import PATIENCE
from shared.domain.vocabulary.reason_texts import REASONS
from shared.domain.vocabulary.reasons import Reason
from shared.domain.window.body import read_window
from shared.reconcile.ground.given_up import GIVEN_UP_TABLE
from tests.clusters import cluster, cluster_id
from tests.fakes.aks import Fault
from tests.fakes.clock import FakeClock
from tests.service_world import World

RETRY_AFTER = timedelta(seconds=7)
POLICY = "RequestDisallowedByPolicy"

WEATHER: dict[str, Callable[[], AzureError]] = {
    "409": lambda: OperationInProgress("Updating", status=409),
    "409 with Retry-After": lambda: OperationInProgress("Updating", retry_after=RETRY_AFTER),
    "429": lambda: Throttled("slow down", retry_after=RETRY_AFTER),
    "500": lambda: AzureUnavailable("oops", status=500),
    "503": lambda: AzureUnavailable("later", status=503),
    "rollout": lambda: ApiVersionNotServed("no provider", status=400),
    "dropped": lambda: ConnectionFailed("lost"),
}


@pytest.mark.parametrize("verb", ["get", "list", "put"])
@pytest.mark.parametrize("weather", WEATHER)
@pytest.mark.parametrize("times", [1, 4, 5, 12])
async def test_any_failure_that_passes_ends_in_one_write(
    weather: str, verb: str, times: int
) -> None:
    """Whatever call fails how often: in the end there is a schedule, by one accepted write."""
    world = World()
    world.aks.add(cluster())
    world.aks.faults.extend(Fault(verb, WEATHER[weather]) for _ in range(times))  # type: ignore[arg-type]  # a Literal
    outcome = await world.reconcile()
    assert outcome.kind is OutcomeKind.CREATED
    assert len(world.aks.accepted_writes) == 1
    assert not world.all_given_up()


async def test_an_outage_of_an_hour() -> None:
    """An hour in which ARM answers nothing ends in a schedule, with one accepted write."""
    world = World()
    world.aks.add(cluster())
    world.aks.outage_until = world.clock.now() + timedelta(hours=1)
    world.aks.outage_error = WEATHER["503"]
    outcome = await world.reconcile()
    assert outcome.kind is OutcomeKind.CREATED
    assert len(world.aks.accepted_writes) == 1
    assert world.aks.accepted_writes[0].at >= world.aks.outage_until
    assert len(world.aks.calls) < 60


async def test_retry_after_is_the_least_wait() -> None:
    """A quick retry waits as long as the answer asks for, and to the end of the second."""
    world = World()
    world.aks.add(cluster())
    world.aks.faults.append(Fault("put", WEATHER["429"]))
    await world.reconcile()
    assert world.clock.slept == [RETRY_AFTER.total_seconds(), 1]


async def test_a_long_retry_after_is_not_waited_for_inside_a_message() -> None:
    """A Retry-After of ten minutes goes back on the queue at once, for at least as long."""
    world = World()
    world.aks.add(cluster())
    began = world.clock.now()
    wait = timedelta(minutes=10)
    world.aks.faults.append(Fault("put", lambda: Throttled("slow down", retry_after=wait)))
    outcome = await world.reconcile()
    assert outcome.kind is OutcomeKind.CREATED
    # The second that the pause began in is waited for to its end.
    assert world.clock.slept == [1]
    assert world.aks.accepted_writes[0].at >= began + wait


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (lambda: Rejected("bad", status=400), Reason.REJECTED_BY_AZURE),
        (lambda: DeniedByPolicy("no", status=403, code=POLICY), Reason.DENIED_BY_POLICY),
        (lambda: DeniedByAssignment("no", status=403), Reason.DENIED_BY_ASSIGNMENT),
        (lambda: ResourceLocked("no", status=409), Reason.RESOURCE_LOCKED),
    ],
)
async def test_what_can_never_work_is_given_up_at_once(
    error: Callable[[], AzureError], reason: Reason
) -> None:
    """A 400, a policy, a lock are given up after one attempt, with Azure's code and what to do."""
    world = World()
    world.aks.add(cluster())
    world.aks.faults.append(Fault("put", error))
    outcome = await world.reconcile()
    assert (outcome.kind, outcome.reason) == (OutcomeKind.FAILED, reason)
    assert len(world.aks.calls_of("put")) == 1
    given_up = await world.given_up.get(cluster_id())
    assert given_up
    assert given_up.reason == reason.value
    assert given_up.advice == REASONS[reason].you_can
    assert given_up.azure_code == outcome.azure_code == error().code
    assert given_up.to_json().get("azureCode", "") == error().code
    assert not world.queue.messages


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (lambda: AccessDenied("no role", status=403), Reason.ACCESS_DENIED),
        (lambda: NotAuthenticated("no token", status=401), Reason.NOT_AUTHENTICATED),
    ],
)
async def test_what_only_a_person_can_mend_is_tried_slowly(
    error: Callable[[], AzureError], reason: Reason
) -> None:
    """A 403 is tried every half hour at most for 24 hours, then given up."""
    world = World()
    world.aks.add(cluster())
    world.aks.outage_until = world.clock.now() + timedelta(days=30)
    world.aks.outage_error = error
    began = world.clock.now()
    await world.reconcile()
    assert 40 <= len(world.aks.calls) <= 55
    given_up = await world.given_up.get(cluster_id())
    assert given_up
    assert given_up.reason == reason.value
    assert PATIENCE <= given_up.given_up_at - began <= PATIENCE + timedelta(minutes=40)
    known = await world.memory.recall(cluster_id())
    assert known
    assert known.last_outcome["reason"] == reason.value


async def test_a_role_that_arrives_late_is_used() -> None:
    """A 403 that ends after twenty minutes, as a new role assignment does, ends in a schedule."""
    world = World()
    world.aks.add(cluster())
    world.aks.outage_until = world.clock.now() + timedelta(minutes=20)
    world.aks.outage_error = lambda: AccessDenied("no role", status=403)
    outcome = await world.reconcile()
    assert outcome.kind is OutcomeKind.CREATED


async def test_given_up_is_forgotten_when_it_works_after_all() -> None:
    """A cluster that is reconciled later is no longer among what was given up."""
    world = World()
    world.aks.add(cluster())
    world.aks.faults.append(Fault("put", lambda: Rejected("bad", status=400)))
    await world.reconcile()
    assert await world.given_up.get(cluster_id())
    world.clock.advance(timedelta(minutes=1))
    await world.reconcile()
    assert await world.given_up.get(cluster_id()) is None


@given(
    start=st.datetimes(datetime(2026, 1, 1), datetime(2028, 12, 31)),  # noqa: DTZ001 - UTC below
    failures=st.lists(
        st.tuples(
            st.sampled_from(["get", "list", "put"]),
            st.sampled_from(sorted(WEATHER)),
            st.booleans(),
            st.timedeltas(timedelta(0), timedelta(seconds=29)),
        ),
        max_size=8,
    ),
)
@settings(max_examples=150, deadline=None)
async def test_no_write_is_ever_accepted_too_late(
    start: datetime, failures: list[tuple[str, str, bool, timedelta]]
) -> None:
    """At any hour, in any weather and however slow the calls: 30 minutes ahead, and one write."""
    world = World(clock=FakeClock(start.replace(tzinfo=UTC)))
    world.aks.add(cluster())
    for verb, weather, applied, takes in failures:
        world.aks.faults.append(Fault(verb, WEATHER[weather], applied=applied, takes=takes))  # type: ignore[arg-type]  # a Literal
    outcome = await world.reconcile()
    assert outcome.kind in {OutcomeKind.CREATED, OutcomeKind.UNCHANGED}
    (write,) = world.aks.accepted_writes
    body = world.aks.schedule(cluster_id())
    assert body
    properties = cast("dict[str, object]", body["properties"])
    first = next(read_window(properties).occurrences(write.at))
    assert first.start - write.at >= timedelta(minutes=30)
    assert first.start - write.at <= timedelta(days=7, minutes=45)


async def test_giving_up_that_cannot_be_recorded_is_tried_again() -> None:
    """Where the record of giving up cannot be written, the message comes again and is not done."""
    world = World()
    world.aks.add(cluster())
    world.aks.faults.extend(Fault("put", lambda: Rejected("bad", status=400)) for _ in range(2))
    world.tables.of(GIVEN_UP_TABLE).fails = 1
    await world.ask()
    message = world.queue.messages[0]
    with pytest.raises(ServiceRequestError, match="storage"):
        await world.run()
    world.clock.advance(timedelta(seconds=30))
    outcome = await world.messages.receive(message.text, message.inserted_at)
    assert outcome
    assert outcome.kind is OutcomeKind.FAILED
    assert await world.given_up.get(cluster_id())
