"""The event that a node image was released: what is written, what is read, what is refused."""

import json
from collections.abc import Mapping
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.domain.images.node_image import ImageVersion, NodeImage
from shared.domain.images.released import (
    NodeImageReleased,
    parse_node_image_event,
)
from shared.domain.vocabulary.cloud_event import EventType, NotOurs
from shared.domain.vocabulary.invalid import InvalidEvent
from tests.unit.domain.examples import MINUTE, at
from tests.unit.domain.strategies import json_values

NOW = at("2026-08-21 06:00")
SOURCE = "urn:naptime:naptime-prod"
IMAGE = NodeImage.parse("AKSUbuntu-2404gen2containerd-202608.20.0")
assert IMAGE
RELEASED = NodeImageReleased("westeurope", IMAGE, ImageVersion.parse("202608.14.0"))


def event(data: object = None, **changes: object) -> dict[str, object]:
    """Make the event with parts of it, or of its data, replaced."""
    given = {**RELEASED.data, **data} if isinstance(data, Mapping) else data
    return {
        **RELEASED.to_cloud_event(NOW).to_json(SOURCE),
        **({"data": given} if data else {}),
        **changes,
    }


def classic(cloud: Mapping[str, object]) -> dict[str, object]:
    """Give the same event in the Event Grid schema."""
    return {
        "id": cloud["id"],
        "topic": cloud["source"],
        "subject": cloud["subject"],
        "eventType": cloud["type"],
        "eventTime": cloud["time"],
        "data": cloud["data"],
        "dataVersion": "1",
    }


def parsed(given: Mapping[str, object]) -> NodeImageReleased | NotOurs:
    return parse_node_image_event(json.dumps(given), NOW)


def refused(given: Mapping[str, object]) -> list[str]:
    with pytest.raises(InvalidEvent) as caught:
        parsed(given)
    return [problem.field for problem in caught.value.problems]


def test_the_event_as_it_is_published() -> None:
    """The event is a CloudEvent 1.0 whose id is the same for the same release."""
    assert RELEASED.to_cloud_event(NOW).to_json(SOURCE) == {
        "specversion": "1.0",
        "type": "Naptime.NodeImageReleased",
        "source": "urn:naptime:naptime-prod",
        "id": "westeurope/AKSUbuntu/2404gen2containerd/202608.20.0",
        "time": "2026-08-21T06:00:00Z",
        "subject": "locations/westeurope/AKSUbuntu/2404gen2containerd",
        "datacontenttype": "application/json",
        "data": {
            "location": "westeurope",
            "os": "AKSUbuntu",
            "sku": "2404gen2containerd",
            "version": "202608.20.0",
            "fullName": "AKSUbuntu-2404gen2containerd-202608.20.0",
            "previousVersion": "202608.14.0",
        },
    }


@pytest.mark.parametrize("form", [dict, classic])
def test_what_is_published_is_read(form: type[dict[str, object]]) -> None:
    """The event is read back in both schemas."""
    assert parsed(form(event())) == RELEASED


@pytest.mark.parametrize(
    "given",
    [
        event({"previousVersion": None}),
        event({"fullName": None, "previousVersion": None}),
        event({"location": "West Europe", "previousVersion": None}),
        event({"os": "aksubuntu", "previousVersion": None, "more": 1}),
        event({"previousVersion": None}, id="anybody's"),
        event({"previousVersion": None}, subject=RELEASED.subject.upper()),
        event({"previousVersion": None}, type=EventType.NODE_IMAGE_RELEASED.upper()),
    ],
)
def test_what_somebody_else_publishes_is_read(given: Mapping[str, object]) -> None:
    """An id of one's own, other casings, and parts that can be told otherwise are no mistake."""
    assert parsed(given) == NodeImageReleased("westeurope", RELEASED.image)


@pytest.mark.parametrize(
    ("given", "about"),
    [
        (event(type="Naptime.FleetRunCompleted"), "Naptime.FleetRunCompleted"),
        (event(type="a\nb" * 50), "a?b" * 32 + "a..."),
        (
            event(
                {"os": "AKSWindows", "sku": "2022-containerd", "fullName": None},
                subject="locations/westeurope/AKSWindows/2022-containerd",
            ),
            "Naptime.NodeImageReleased AKSWindows-2022-containerd",
        ),
    ],
)
def test_events_of_others_are_passed_over(given: Mapping[str, object], about: str) -> None:
    """Other events of the topic, and images that NAP does not use, are nobody's mistake."""
    assert parsed(given) == NotOurs(about)


@pytest.mark.parametrize(
    ("given", "fields"),
    [
        (event(specversion="0.3"), ["specversion"]),
        (event(type=None), ["type"]),
        (event(id=""), ["id"]),
        (event(id=7), ["id"]),
        (event(time=None), ["time"]),
        (event(time="yesterday"), ["time"]),
        (event(time="2026-08-21T06:00:00"), ["time"]),
        (event(time="0001-01-01T00:00:00+14:00"), ["time"]),
        (event(data=None) | {"data": None}, ["data"]),
        (event(data=[1]), ["data"]),
        (event(subject=None), ["subject"]),
        (event(subject="locations/northeurope/AKSUbuntu/2404gen2containerd"), ["subject"]),
        (event({"location": "../x"}), ["data.location"]),
        (event({"location": ""}), ["data.location"]),
        (event({"location": ["westeurope"]}), ["data.location"]),
        (event({"os": "AKS Ubuntu"}), ["data.sku"]),
        (event({"sku": "a/b"}), ["data.sku"]),
        (event({"version": "soon"}), ["data.version"]),
        (event({"version": "202602.30.0"}), ["data.version"]),
        (event({"version": 202608}), ["data.version"]),
        (event({"previousVersion": "x"}), ["data.previousVersion"]),
        (event({"fullName": "AKSUbuntu-2404gen2containerd-202608.21.0"}), ["data.fullName"]),
        (
            event({"location": "?", "os": None, "version": "x"}, id=None),
            ["id", "data.location", "data.os", "data.version"],
        ),
    ],
)
def test_an_event_that_is_not_whole_is_refused(
    given: Mapping[str, object], fields: list[str]
) -> None:
    """Locations and versions that are none, and parts that contradict, are refused by name."""
    assert refused(given) == fields


@pytest.mark.parametrize(
    ("age", "read"),
    [
        (timedelta(days=2), True),
        (timedelta(days=2, microseconds=1), False),
        (-60 * MINUTE, True),
        (-61 * MINUTE, False),
    ],
)
def test_events_of_another_time_are_refused(age: timedelta, *, read: bool) -> None:
    """An event of more than two days ago is refused, and one from the future."""
    given = RELEASED.to_cloud_event(NOW - age).to_json(SOURCE)
    if read:
        assert parsed(given) == RELEASED
    else:
        assert refused(given) == ["time"]
        assert refused(classic(given)) == ["eventTime"]


@pytest.mark.parametrize("given", ["", "[]", '{"type":"a","type":"b"}', '{"type":' + "[" * 99_999])
def test_what_is_not_one_strict_object_is_refused(given: str) -> None:
    """Anything but one JSON object that every reader reads alike is refused."""
    with pytest.raises(InvalidEvent):
        parse_node_image_event(given, NOW)


@given(
    st.dictionaries(st.sampled_from([*event(), *classic(event())]), json_values),
    st.dictionaries(st.sampled_from(list(RELEASED.data)), json_values),
)
def test_no_odd_part_makes_another_error(odd: dict[str, object], data: dict[str, object]) -> None:
    """With any of its parts replaced by anything, an event is read or refused."""
    try:
        found = parsed({**event(data), **odd})
    except InvalidEvent as error:
        problems = error.problems
    else:
        assert isinstance(found, NotOurs) or found.image.definition.is_used_by_nap
        return
    assert problems
