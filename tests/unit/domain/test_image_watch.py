"""What a look at a location's images brings."""

from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from shared.domain.image_source import ImageSource, PoolOfFamily, SourceState
from shared.domain.image_watch import notice
from shared.domain.known_image import KnownImage
from shared.domain.node_image import NodeImage
from shared.domain.rows import Row
from tests.unit.domain.examples import CLUSTER_ID, at

NOW = at("2026-08-21 06:00")


def image(name: str) -> NodeImage:
    """Read a name that is one."""
    found = NodeImage.parse(name)
    assert found
    return found


names = st.builds(
    "{}-202608.{:02}.{}".format,
    st.sampled_from(["AKSUbuntu-2404containerd", "AKSAzureLinux-V3", "AKSWindows-2022"]),
    st.integers(1, 28),
    st.integers(0, 3),
)


@given(looks=st.lists(st.lists(names, max_size=8), min_size=1, max_size=6))
def test_every_newest_version_is_told_once(looks: list[list[str]]) -> None:
    """Over any looks: versions only grow, each is told at most once, the first of a kind never."""
    known = dict[str, KnownImage]()
    told = list[str]()
    for number, look in enumerate(looks):
        now = NOW + number * timedelta(minutes=15)
        noticed = notice("westeurope", map(image, look), known.values(), now)
        for each in noticed.to_remember:
            before = known.get(each.key)
            assert before is None or before.image.version < each.image.version
            assert each.release_seen is (before is not None)
            assert each.image.definition.is_used_by_nap
            known[each.key] = each
        told += [released.event_id for released in noticed.released]
        assert len(noticed.released) == sum(one.release_seen for one in noticed.to_remember)
    assert len(told) == len(set(told))


@given(look=st.lists(names, max_size=8))
def test_the_same_look_twice_brings_nothing(look: list[str]) -> None:
    """What has just been remembered is no news."""
    first = notice("westeurope", map(image, look), (), NOW)
    again = notice("westeurope", map(image, look), first.to_remember, NOW)
    assert (again.to_remember, again.released) == ((), ())


def test_the_state_of_a_source_is_read_as_it_was_written() -> None:
    """Where images come from survives the worker."""
    pools = (PoolOfFamily(CLUSTER_ID, "system", "ubuntu"),)
    for state in (SourceState(), SourceState(ImageSource.AGENT_POOLS, "Rejected", pools)):
        assert SourceState.of(Row("source", "westeurope", state.to_values(), "v1")) == state
