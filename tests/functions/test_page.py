"""The fleet page and its data, through the real worker library."""

import json
import re
from base64 import b64encode
from copy import replace
from hashlib import sha256

import pytest

from functions.page.document import SITE
from local.host.payloads import HttpCall
from local.host.responses import HttpResponse
from shared.reconcile.ground.at_once import SharedAnswers
from shared.reconcile.shown.page.viewer import PageData
from shared.world import app
from tests.clusters import cluster
from tests.functions.conftest import Loaded
from tests.functions.test_api import a_cluster

SIGNED_IN = {"x-ms-client-principal-name": "ada@example.com", "x-ms-client-principal-id": "17"}


async def asked(world: Loaded, function: str, **headers: str) -> HttpResponse:
    """Call a function with some headers."""
    call = HttpCall(headers={name.replace("_", "-"): value for name, value in headers.items()})
    result = await world.worker.invoke_http(function, call)
    assert result.succeeded, result.exception
    return result.response


def header(response: HttpResponse, name: str) -> str:
    return {key.lower(): value for key, value in response.headers.items()}[name]


@pytest.fixture
async def fresh(world: Loaded, monkeypatch: pytest.MonkeyPatch) -> Loaded:
    """Give the app without an answer that is kept from the test before."""
    viewer = app().fleet_page
    answers = SharedAnswers[PageData](viewer.clock, viewer.answers.keep)
    monkeypatch.setattr(app(), "fleet_page", replace(viewer, answers=answers))
    return world


def hash_of(text: str) -> str:
    return f"'sha256-{b64encode(sha256(text.encode()).digest()).decode()}'"


async def test_the_page_may_run_what_is_in_it_and_nothing_else(world: Loaded) -> None:
    """The policy names the hashes of the one style and the one script, and lets nothing else in."""
    page = await asked(world, "fleet_page")
    html = page.body.decode()
    assert header(page, "content-type") == "text/html; charset=utf-8"
    policy = dict(
        part.split(" ", 1) for part in header(page, "content-security-policy").split("; ")
    )
    (style,), (script,) = (
        re.findall(rf"<{tag}[^>]*>(.*?)</{tag}>", html, re.DOTALL) for tag in ("style", "script")
    )
    assert len(script) > 10_000
    assert policy["style-src"] == hash_of(style)
    assert policy["script-src"] == hash_of(script)
    for part in ("default-src", "base-uri", "form-action", "frame-ancestors"):
        assert policy[part] == "'none'"
    assert policy["connect-src"] == "'self'"
    assert policy["require-trusted-types-for"] == "'script'"
    assert header(page, "referrer-policy") == "no-referrer"
    assert header(page, "x-content-type-options") == "nosniff"


@pytest.mark.parametrize(
    ("function", "status"),
    [("fleet_data", 200), ("list_audit", 200), ("signed_in_fleet_data", 404), ("make_feed", 400)],
)
async def test_no_answer_is_taken_for_a_page(world: Loaded, function: str, status: int) -> None:
    """What holds the text of others is kept by nobody, and is what its type says and no page."""
    answer = await asked(world, function)
    assert answer.status == status
    assert header(answer, "x-content-type-options") == "nosniff"
    assert header(answer, "cache-control") == "no-store"


async def test_nothing_in_the_page_is_from_elsewhere(world: Loaded) -> None:
    """The page has no address of another host in it, no inline handler and no style attribute."""
    html = (await asked(world, "fleet_page")).body.decode()
    hosts = set(re.findall(r"https?://[a-z0-9.-]+", html))
    assert hosts == {"http://www.w3.org"}, "names of SVG, which nobody asks for"
    assert not re.search(
        r"<[^>]+\s(on[a-z]+|style)=",
        html.replace(re.findall(r"<script.*?</script>", html, re.DOTALL)[0], ""),
    )
    assert not re.search(r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|eval\(", html)


def test_modules_use_what_they_take_and_offer_what_is_used() -> None:
    """Each name that a module of the page imports is exported and used, and no export is idle."""
    texts = {each.stem: each.read_text("utf-8") for each in SITE.glob("*.mjs")}
    assert len(texts) > 10
    exported = {
        (module, name)
        for module, text in texts.items()
        for name in re.findall(r"^export (?:async )?(?:function|const) (\w+)", text, re.MULTILINE)
    }
    taken = set()
    for importer, text in texts.items():
        for names, module in re.findall(
            r'^import \{ (.+) \} from "\./(\w+)\.mjs";', text, re.MULTILINE
        ):
            for name in names.split(", "):
                taken.add((module, name))
                assert len(re.findall(rf"\b{name}\b", text)) > 1, f"{importer}: {name}"
    assert taken == exported


async def test_the_page_is_not_sent_twice(world: Loaded) -> None:
    """Whoever has the page already is told so."""
    page = await asked(world, "fleet_page")
    again = await asked(world, "fleet_page", if_none_match=header(page, "etag"))
    assert (again.status, again.body) == (304, b"")


async def test_the_data_has_the_cluster(fresh: Loaded) -> None:
    """What was done for a cluster is in the data, which nobody keeps but by its tag."""
    owner = a_cluster()
    await fresh.controls.put(cluster(owner.name))
    call = HttpCall(method="POST", body=json.dumps({"clusterId": str(owner)}).encode())
    assert (await fresh.worker.invoke_http("reconcile", call)).succeeded
    answer = await asked(fresh, "fleet_data")
    assert answer.status == 200
    assert header(answer, "cache-control") == "no-store"
    names = [row[2] for row in json.loads(answer.body)["clusters"]]
    assert names.count(owner.name) == 1


@pytest.mark.parametrize("function", ["fleet_data", "fleet_page"])
@pytest.mark.parametrize("tags", ["{}", "W/{}", '"x", {}', f'"{"x" * 2000}", W/{{}}', "*"])
async def test_the_same_again_is_not_sent(fresh: Loaded, function: str, tags: str) -> None:
    """The tag of an answer, weak or not, among others or not, brings a 304 with no body."""
    first = await asked(fresh, function)
    tag = header(first, "etag").removeprefix("W/")
    again = await asked(fresh, function, if_none_match=tags.format(tag))
    assert (again.status, again.body) == (304, b"")
    assert (header(again, "etag"), header(again, "vary")) == (f"W/{tag}", "Accept-Encoding")
    for other in ('"something-else"', tag.strip('"'), "nonsense"):
        assert (await asked(fresh, function, if_none_match=other)).status == 200


async def test_without_a_sign_in_nobody_can_claim_one(world: Loaded) -> None:
    """Where App Service has no sign-in the route is not there, whatever a header says."""
    assert not app().settings.entra
    answer = await asked(world, "signed_in_fleet_data", **SIGNED_IN)
    assert (answer.status, json.loads(answer.body)["reason"]) == (404, "NoSignIn")
    assert b"data-sign-in>" not in (await asked(world, "fleet_page")).body


async def test_whoever_is_signed_in_needs_no_key(
    fresh: Loaded, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With the sign-in in front, its principal is shown the data, and nobody else is."""
    monkeypatch.setattr(app(), "settings", replace(app().settings, entra=True))
    stranger = await asked(fresh, "signed_in_fleet_data")
    assert (stranger.status, json.loads(stranger.body)["reason"]) == (401, "NotSignedIn")
    answer = await asked(fresh, "signed_in_fleet_data", **SIGNED_IN)
    assert answer.status == 200
    assert (
        json.loads(answer.body)["clusters"]
        == json.loads((await asked(fresh, "fleet_data")).body)["clusters"]
    )
    assert b"<body data-sign-in>" in (await asked(fresh, "fleet_page")).body


@pytest.mark.parametrize(
    ("ring", "status"),
    [("r" * 200, 200), ("Ringe für alle: ä", 200), ("r" * 201, 400), ("x\r\nBEGIN:VEVENT", 400)]
    + [(wrong, 400) for wrong in ("", "  ", "\0", "\u2028", 7)],
)
async def test_a_feed_is_of_a_rule_that_a_policy_can_have(
    world: Loaded, ring: object, status: int
) -> None:
    """Every name that a rule can have makes a feed, and what no rule can be called is refused."""
    call = HttpCall(method="POST", body=json.dumps({"ring": ring}).encode())
    answer = (await world.worker.invoke_http("make_feed", call)).response
    assert answer.status == status
    body = json.loads(answer.body)
    assert body["field" if status == 400 else "ring"] == ("ring" if status == 400 else ring)


async def test_a_feed_is_made_read_and_revoked(fresh: Loaded) -> None:
    """Its address is told once and opens a calendar, to be kept by its tag, until it is revoked."""
    made = await fresh.worker.invoke_http("make_feed", HttpCall(method="POST", body=b"{}"))
    feed = json.loads(made.response.body)
    params = {"token": feed["token"]}
    assert feed["path"] == f"/api/windows.ics?token={feed['token']}"
    result = await fresh.worker.invoke_http("windows_calendar", HttpCall(params=params))
    assert header(result.response, "content-type") == "text/calendar; charset=utf-8"
    assert result.response.body.startswith(b"BEGIN:VCALENDAR\r\nVERSION:2.0\r\n")
    known = {"if-none-match": header(result.response, "etag")}
    again = await fresh.worker.invoke_http(
        "windows_calendar", HttpCall(params=params, headers=known)
    )
    assert (again.response.status, again.response.body) == (304, b"")
    listed = json.loads((await asked(fresh, "list_feeds")).body)["value"]
    assert feed["token"] not in json.dumps(listed)
    path = {"feedId": feed["id"]}
    gone = await fresh.worker.invoke_http(
        "revoke_feed", HttpCall(method="DELETE", route_params=path)
    )
    assert gone.response.status == 200
    for function, call in (
        ("windows_calendar", HttpCall(params=params)),
        ("revoke_feed", HttpCall(method="DELETE", route_params=path)),
    ):
        answer = (await fresh.worker.invoke_http(function, call)).response
        assert (answer.status, json.loads(answer.body)["reason"]) == (404, "NoSuchFeed")
