"""What a look at a location's images brings."""

from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from shared.domain.images.known_image import (
    ImageSource,
    KnownImage,
    LastLook,
    PoolOfFamily,
    SourceState,
)
from shared.domain.images.node_image import NodeImage
from shared.domain.images.released import notice
from shared.domain.vocabulary.rows import Row
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


def test_a_release_is_bounded_by_the_look_before() -> None:
    """Only a look that showed the kind says that its new version was not there yet."""
    old, new = "AKSUbuntu-2404-202608.01.0", "AKSUbuntu-2404-202608.20.0"
    first = notice("westeurope", [image(old)], (), NOW)
    assert first.shown == {image(old).definition.key}
    later = NOW + timedelta(hours=1)
    for look, after in (
        (LastLook(NOW, first.shown), NOW),
        (LastLook(NOW, frozenset()), None),
        (None, None),
    ):
        (known,) = notice("westeurope", [image(new)], first.to_remember, later, look).to_remember
        assert (known.seen_after, known.seen_since) == (after, later)
    # A stale answer of a replica shows nothing: the newest may be there all the same.
    (known,) = notice("westeurope", [image(new)], first.to_remember, later).to_remember
    assert notice("westeurope", [image(old)], [known], later).shown == frozenset()


@given(kinds=st.frozensets(st.text(max_size=8), max_size=3))
def test_a_look_is_read_as_it_was_written(kinds: frozenset[str]) -> None:
    """When a location was looked at, and what was shown, survives the worker."""
    look = LastLook(NOW, kinds)
    assert LastLook.of(Row("look", "westeurope", look.to_values(), "v1")) == look
    assert LastLook.of(Row("look", "westeurope", {}, "v1")) is None


def test_the_state_of_a_source_is_read_as_it_was_written() -> None:
    """Where images come from survives the worker."""
    pools = (PoolOfFamily(CLUSTER_ID, "system", "ubuntu"),)
    for state in (SourceState(), SourceState(ImageSource.AGENT_POOLS, "Rejected", pools)):
        assert SourceState.of(Row("source", "westeurope", state.to_values(), "v1")) == state
