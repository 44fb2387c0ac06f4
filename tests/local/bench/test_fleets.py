"""The fleets of the bench, and the limits that they are swept at."""

from collections import Counter

from local.azure.fleet import fleet_of as loaded_fleet_of
from local.azure.json_values import as_object, as_text
from local.bench.fleets import Lot, fleet_of, subscriptions
from local.bench.limits import Limits
from shared.domain.fleet.shard import Pace
from shared.domain.vocabulary.ids import ClusterId


def test_a_quarter_has_no_schedule() -> None:
    """The simulator takes the fleet, and three of four clusters have a node OS schedule."""
    loaded = loaded_fleet_of(fleet_of([Lot(subscriptions(2), "westeurope", 8)]))
    assert len(loaded.clusters) == 16
    assert len(loaded.configurations) == 12


def test_every_cluster_is_one_of_its_own() -> None:
    """Every id is one that naptime accepts, and none is there twice, in two locations neither."""
    own = subscriptions(3)
    loaded = loaded_fleet_of(fleet_of([Lot(own, place, 5) for place in ("westus", "eastus")]))
    bodies = [as_object(body) for _, body in loaded.clusters]
    found = {ClusterId.parse(as_text(body["id"])) for body in bodies}
    assert len(found) == 30
    places = Counter(
        (ClusterId.parse(as_text(b["id"])).subscription_id, b["location"]) for b in bodies
    )
    assert set(places.values()) == {5}


def test_limits_and_pace_have_the_same_factor() -> None:
    """The simulator's limits and the app's settings are both times the factor."""
    limits = Limits(20)
    default = Pace()
    assert limits.pace == Pace(20 * default.burst, 20 * default.rate_per_second)
    assert limits.settings["NAPTIME_SHARD_BURST"] == str(20 * default.burst)
    assert limits.azure_options == ("--throttle", "--throttle-scale", "20")
    assert Limits().pace == default
