"""The fleet of the story."""

from collections import Counter
from itertools import product

import pytest

from local.azure.fleet import fleet_of
from local.demo.evidence import ClusterState, cluster_state_of
from local.demo.fleet import (
    FOREIGN,
    OWN_SUBSCRIPTIONS,
    Kind,
    Member,
    fleet,
    fleet_document,
    of_kinds,
)
from shared.domain.vocabulary.ids import ClusterId

MEMBERS = fleet()


def test_the_simulator_loads_it() -> None:
    """The simulator takes the whole fleet, with every maintenance configuration."""
    loaded = fleet_of(fleet_document(MEMBERS))
    assert len(loaded.clusters) == len(MEMBERS)
    assert len(loaded.configurations) == sum(len(_state(each).configurations) for each in MEMBERS)


@pytest.mark.parametrize("kind", Kind)
def test_every_kind_is_present(kind: Kind) -> None:
    """Every kind of cluster is in the fleet."""
    assert of_kinds(MEMBERS, [kind])


def test_ids_are_valid_and_names_unique() -> None:
    """Every id is one that naptime accepts, and every name tells one cluster from all others."""
    names = Counter(ClusterId.parse(member.id).name for member in MEMBERS)
    assert set(names.values()) == {1}


def test_it_spreads() -> None:
    """The fleet lies in three subscriptions and four locations, and one cluster elsewhere."""
    states = [_state(member) for member in MEMBERS]
    own = [state for state in states if state.subscription in OWN_SUBSCRIPTIONS]
    assert {state.subscription for state in own} == set(OWN_SUBSCRIPTIONS)
    assert len({state.location for state in own}) == 4
    assert [state.subscription for state in states if state not in own] == [FOREIGN]


@pytest.mark.parametrize(
    ("kinds", "expected"),
    [
        ((Kind.MISSING, Kind.MISSING_AMONG_SIBLINGS, Kind.CREATING, Kind.EXCLUDED), False),
        ((Kind.OWN, Kind.ODD_CASING, Kind.NO_WINDOW, Kind.ALL_BLOCKED, Kind.FAR_START), True),
    ],
)
def test_schedules_are_where_the_kind_says(kinds: tuple[Kind, ...], *, expected: bool) -> None:
    """A cluster has a node OS schedule, in whatever casing, if its kind says so."""
    chosen = [_state(member) for member, kind in product(MEMBERS, kinds) if member.kind is kind]
    assert {state.schedule is not None for state in chosen} == {expected}


def _state(member: Member) -> ClusterState:
    return cluster_state_of(member.body)
