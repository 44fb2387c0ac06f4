"""The two layers of throttling, their shapes, and the headers that count down."""

import pytest

from local.azure.arm.throttle import Throttle
from tests.local.azure.world import (
    CONFIGURATIONS,
    NAPTIME,
    NODE_OS,
    SUBSCRIPTION,
    World,
    aks_error,
    gateway_error,
    window,
)


@pytest.fixture
def strict(world: World) -> World:
    world.simulator.arm.throttle.enforced = True
    return world


def test_aks_lets_sixty_through_and_one_each_second(strict: World) -> None:
    """AKS takes 60 configuration calls of a subscription and region at once, then one a second."""
    assert {strict.get(CONFIGURATIONS).status for _ in range(60)} == {200}
    refused = strict.get(CONFIGURATIONS)
    assert (refused.status, aks_error(refused)["code"]) == (429, "Throttled")
    assert refused.headers["Retry-After"] == "1"
    strict.simulator.clock.advance(1)
    assert [strict.get(CONFIGURATIONS).status for _ in range(2)] == [200, 429]


def test_reads_and_writes_share_the_aks_bucket(strict: World) -> None:
    """LIST and PUT of configurations draw from one bucket."""
    for _ in range(30):
        strict.get(CONFIGURATIONS)
        strict.put(NODE_OS, window())
    assert strict.put(NODE_OS, window()).status == 429


def test_gateway_lets_250_reads_through(strict: World) -> None:
    """The gateway takes 250 reads of one principal, then refuses in its own shape."""
    target = f"/subscriptions/{SUBSCRIPTION}"
    assert {strict.get(target).status for _ in range(250)} == {200}
    refused = strict.get(target)
    error = gateway_error(refused)
    assert (refused.status, error["code"]) == (429, "SubscriptionRequestsThrottled")
    assert f"subscription '{SUBSCRIPTION}' actor '{NAPTIME}'" in str(error["message"])
    assert refused.headers["Retry-After"] == "1"


def test_limits_scale() -> None:
    """A scale of a tenth leaves a tenth of the calls, and takes ten times as long to recover."""
    world = World()
    world.simulator.arm.throttle = Throttle(enforced=True, scale=0.1)
    statuses = [world.get(CONFIGURATIONS).status for _ in range(7)]
    assert statuses == [200] * 6 + [429]
    assert world.get(CONFIGURATIONS).headers["Retry-After"] == "10"


def test_nothing_is_refused_when_switched_off(world: World) -> None:
    """Switched off, no number of calls is refused."""
    assert {world.get(CONFIGURATIONS).status for _ in range(500)} == {200}


def test_missing_clusters_cost_aks_nothing(strict: World) -> None:
    """A call that the gateway answers itself does not draw from AKS's bucket."""
    for _ in range(80):
        strict.get(CONFIGURATIONS.replace("nap-1", "gone"))
    assert strict.get(CONFIGURATIONS).status == 200


def test_remaining_calls_count_down(world: World) -> None:
    """The remaining reads of a principal start at 249, those of the subscription at 3749."""
    world.get(CONFIGURATIONS)
    remaining = world.simulator.arm.throttle.remaining("GET", SUBSCRIPTION, NAPTIME)
    assert remaining == {
        "x-ms-ratelimit-remaining-subscription-reads": "249",
        "x-ms-ratelimit-remaining-subscription-global-reads": "3749",
    }
    world.put(NODE_OS, window())
    assert world.simulator.arm.throttle.remaining("PUT", SUBSCRIPTION, NAPTIME) == {
        "x-ms-ratelimit-remaining-subscription-writes": "199",
        "x-ms-ratelimit-remaining-subscription-global-writes": "2999",
    }
