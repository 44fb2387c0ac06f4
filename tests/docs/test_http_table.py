"""The table of docs/api.md is that of the routes: paths, methods and query parameters."""

import re

import msgspec
import pytest

from functions.api.describe import DESCRIBED
from functions.api.requests import PageQuery
from functions.http.routes import Route
from tests.docs.pages import page, rows

ROUTES = [route for concern in DESCRIBED for route in concern.declared]
PAGED = {field.encode_name for field in msgspec.structs.fields(PageQuery)}
CALL = re.compile(r"`(GET|POST|PUT|DELETE) /api/([^ ?`]+)(?:\?([^ `]*))?")
CALLS = [found for row in rows("http", page("api.md")) for found in CALL.findall(row[0])]


def test_every_call_has_its_row() -> None:
    """Each route is in the table, and the table has no other; some have a row for each kind."""
    declared = {(route.method, route.path) for route in ROUTES} | {
        ("GET", "openapi.json"),
        ("GET", "fleet"),
    }
    assert {(method, path) for method, path, _ in CALLS} == declared


@pytest.mark.parametrize("route", ROUTES, ids=lambda route: f"{route.method} {route.path}")
def test_every_filter_is_named(route: Route) -> None:
    """The table names the query parameters of a call, but those that every list has."""
    known = {field.encode_name for field in msgspec.structs.fields(route.parts["query"])} - PAGED
    named = [
        {name for name in re.split(r"=[^&]*&?", query) if name}
        for method, path, query in CALLS
        if (method, path) == (route.method, route.path)
    ]
    assert all(names == known for names in named)
    assert named


def test_every_call_that_changes_something_is_on_record() -> None:
    """Each PUT, DELETE and POST is a command, whose refusals are recorded; one only answers."""
    questions = {"clusters/{subscriptionId}/{resourceGroup}/{name}/disruption-budgets/check"}
    commands = {route.path for route in ROUTES if route.method != "GET"} - questions
    assert {route.path for route in ROUTES if route.attempted} == commands
