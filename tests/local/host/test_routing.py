"""Route templates."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from local.host.routing import InvalidRoute, Route


@pytest.mark.parametrize(
    ("template", "path", "expected"),
    [
        ("api/a", "/api/a", {}),
        ("api/a", "/API/A/", {}),
        ("api/a", "/api/a/b", None),
        ("api/a", "/api//a", None),
        ("api/a.b", "/api/axb", None),
        ("", "/", {}),
        ("{x}", "/1", {"x": "1"}),
        ("{x}", "/", None),
        ("{x?}", "/", {}),
        ("{x=5}", "/", {"x": "5"}),
        ("{x=5}", "/6", {"x": "6"}),
        ("{x:int}", "/12", {"x": "12"}),
        ("{x:int}", "/-12", {"x": "-12"}),
        ("{x:int}", "/99999999999", None),
        ("{x:long}", "/99999999999", {"x": "99999999999"}),
        ("{x:int?}", "/", {}),
        ("{x:int?}", "/a", None),
        ("{x:bool}", "/True", {"x": "True"}),
        ("{x:bool}", "/1", None),
        ("{x:alpha}", "/abC", {"x": "abC"}),
        ("{x:alpha}", "/a1", None),
        (
            "{x:guid}",
            "/123e4567-e89b-12d3-a456-426614174000",
            {"x": "123e4567-e89b-12d3-a456-426614174000"},
        ),
        ("{x:guid}", "/123", None),
        ("{x:datetime}", "/2026-11-22", {"x": "2026-11-22"}),
        ("{x:datetime}", "/today", None),
        ("{x:double}", "/1.5", {"x": "1.5"}),
        ("{x:double}", "/x", None),
        ("{x:length(3)}", "/abc", {"x": "abc"}),
        ("{x:length(3)}", "/ab", None),
        ("{x:length(1,2)}", "/ab", {"x": "ab"}),
        ("{x:minlength(2)}", "/a", None),
        ("{x:maxlength(2)}", "/abc", None),
        ("{x:min(5)}", "/4", None),
        ("{x:max(5)}", "/6", None),
        ("{x:range(1,5)}", "/3", {"x": "3"}),
        ("{x:range(1,5)}", "/x", None),
        ("{x:regex(^a+$)}", "/AAA", {"x": "AAA"}),
        ("{x:int:min(3)}", "/2", None),
        ("{*rest}", "/", {}),
        ("{*rest}", "/a/b", {"rest": "a/b"}),
        ("a/{**rest}", "/a", {}),
        ("a/{**rest}", "/a/b/c", {"rest": "b/c"}),
        ("{a}-{b}.txt", "/x-y.txt", {"a": "x", "b": "y"}),
        ("{a}/{b}", "/x%2fy/z%20z", {"a": "x%2Fy", "b": "z z"}),
    ],
)
def test_a_template_matches_as_in_aspnet(
    template: str, path: str, expected: dict[str, str] | None
) -> None:
    """A path gives its parameters, or None where it does not match."""
    assert Route.parse(template).match(path) == expected


@pytest.mark.parametrize("template", ["{", "a/{x", "{x:unknown}", "x}", "{}", "{x:int(3}"])
def test_a_wrong_template_is_refused(template: str) -> None:
    """Unknown constraints and wrong braces are found when the app is loaded."""
    with pytest.raises(InvalidRoute):
        Route.parse(template)


@given(st.text(), st.text())
def test_no_path_breaks_a_route(before: str, after: str) -> None:
    """Whatever is asked for, matching gives an answer."""
    Route.parse("api/{x:int}/{y?}").match(f"/api/{before}/{after}")
