"""The fleet page as people meet it: in a browser, by mouse, by keyboard, on good days and bad."""

import json
import re
from copy import replace
from importlib.resources import files
from typing import cast
from urllib.parse import urlencode

import pytest
from playwright.async_api import Browser, Locator, Page, Route, expect

from local.page.browser import Look, opened
from tests.page.conftest import CLUSTERS, KEY, Served

type Json = dict[str, object]

pytestmark = pytest.mark.browser
OVERVIEW = ("week", "next", "images", "findings", "crowds")


async def shown(browser: Browser, served: Served, look: Look, fragment: str = "") -> Page:
    """Open the page, and wait until the fleet is there."""
    page, _ = await opened(browser, served.page + fragment, look)
    await page.locator(".columns, #clusters, #cluster, #approvals").first.wait_for()
    return page


async def tile(page: Page, name: str) -> str:
    return (await page.locator(f"[data-tile={name}] strong").inner_text()).replace(",", "")


async def all_clusters(served: Served, query: str = "") -> list[Json]:
    status, body = await served.get(f"clusters?pageSize=500{query}")
    assert status == 200
    return cast("list[Json]", cast("Json", body)["value"])


async def one_of(served: Served) -> Json:
    """Give a cluster that has a window."""
    return next(each for each in await all_clusters(served) if each["nextStart"])


def fragment_of(cluster: Json) -> str:
    parts = str(cluster["clusterId"]).split("/")
    return "#cluster?" + urlencode({"id": f"{parts[2]}/{parts[4]}/{parts[8]}"})


async def test_the_figures_are_those_of_the_api(
    browser: Browser, served: Served, look: Look
) -> None:
    """Each figure on top is what the API says of the same clusters."""
    page = await shown(browser, served, look)
    api = await all_clusters(served)
    assert len(api) == CLUSTERS
    without = [c for c in api if not c["explicitScheduleSeen"] and c["outcome"] != "Skipped"]
    assert await tile(page, "unprotected") == str(len(without)) != "0"
    needy = await all_clusters(served, "&needsAttention=true")
    assert await tile(page, "attention") == str(len(needy)) != "0"
    ages = [cast("Json", each["imageAge"])["ageInDays"] for each in api]
    assert await tile(page, "oldest") == f"{max(cast('list[int]', ages))} days"
    assert await tile(page, "run") in {"in 0 min", "0 min ago"} or "ago" in await tile(page, "run")


async def test_whoever_goes_on_at_once_sees_each_part_once(
    browser: Browser, served: Served, look: Look
) -> None:
    """Another view that is asked for before all of the first is drawn is drawn once."""
    page, _ = await opened(browser, "about:blank", look)
    await page.add_init_script("""
      new MutationObserver((_, observer) => {
        if (!document.querySelector(".tiles")) return;
        observer.disconnect();
        dispatchEvent(new HashChangeEvent("hashchange"));
      }).observe(document, { childList: true, subtree: true });
    """)
    await page.goto(served.page)
    await page.locator(".columns").first.wait_for()
    await page.evaluate("new Promise((tell) => setTimeout(tell, 200))")
    assert await page.locator(".columns").count() == 1


async def test_a_fleet_that_nobody_has_seen_is_not_called_protected(
    browser: Browser, served: Served, look: Look
) -> None:
    """Before the first run there is no figure to be glad of, and it is said why."""

    async def seen_nothing(route: Route) -> None:
        answer = await route.fetch()
        body = {**await answer.json(), "clusters": []}
        await route.fulfill(response=answer, body=json.dumps(body))

    page, _ = await opened(browser, "about:blank", look)
    await page.route("**/fleet/data", seen_nothing)
    await page.goto(served.page)
    found = page.locator("[data-tile=unprotected]")
    await expect(found).to_contain_text("no cluster has been seen yet")
    assert "good" not in str(await found.get_attribute("class")).split()


async def test_rows_have_the_clusters_of_the_policys_rules(
    browser: Browser, served: Served, look: Look
) -> None:
    """The week has a row for each rule, with as many clusters as `GET /policy` counts."""
    page = await shown(browser, served, look)
    _, policy = await served.get("policy")
    rules = cast("list[Json]", cast("Json", policy)["rules"])
    expected = {str(rule["rule"]): rule["clusters"] for rule in rules if rule["clusters"]}
    rows = page.locator(".row[role=group] .who")
    found = {}
    for text in await rows.all_inner_texts():
        name, count = text.rsplit("\n", 1)
        found[name.strip()] = int(count)
    assert found == expected


async def test_nothing_is_said_or_asked_elsewhere(
    browser: Browser, served: Served, look: Look
) -> None:
    """All views together bring no console message, no broken policy, no request to another host."""
    page, seen = await opened(browser, served.page, look)
    cluster = await one_of(served)
    for fragment in (*(f"#{name}" for name in (*OVERVIEW, "clusters")), fragment_of(cluster)):
        await page.goto(served.page + fragment)
        await page.locator("#week, #clusters, #cluster").first.wait_for()
    assert seen.console == []
    assert seen.foreign == []
    assert not [url for url in seen.asked if KEY in url]


async def test_text_from_outside_is_text(browser: Browser, served: Served, look: Look) -> None:
    """Names and tags with markup in them are shown as they are, in every view, and do nothing."""
    evil = "<img src=x onerror=window.hacked=1>"

    async def change(route: Route) -> None:
        answer = await route.fetch()
        body = await answer.json()
        for row in body["clusters"]:
            row[2] = f"{evil}{row[2]}"
        for table in ("groups", "locations", "rules", "texts", "makers", "subscriptions"):
            body[table] = [evil + text for text in body[table]]
        await route.fulfill(response=answer, body=json.dumps(body))

    page, seen = await opened(browser, "about:blank", look)
    await page.route("**/fleet/data", change)
    for fragment in ("#week", "#week?by=location", "#clusters"):
        await page.goto(served.page + fragment)
        await page.get_by_text(evil).first.wait_for()
    await page.locator("tbody th.name a").first.click()
    await expect(page.locator("#cluster h2").first).to_contain_text(evil)
    assert await page.locator("img").count() == 0
    assert await page.evaluate("window.hacked") is None
    assert seen.console == []


@pytest.mark.parametrize(
    "key",
    [
        "\N{LEFT DOUBLE QUOTATION MARK}not-the-key\N{RIGHT DOUBLE QUOTATION MARK}",
        "not the key",
        "schlüssel",
    ],
)
async def test_what_no_key_can_be_is_not_accepted(
    browser: Browser, served: Served, key: str
) -> None:
    """A key with what no header can hold, as documents quote it, is asked for again."""
    page, seen = await opened(browser, served.page, Look())
    await page.get_by_label("Function key").fill(key)
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("alert")).to_have_text("The key is not accepted.")
    await page.get_by_label("Function key").fill(KEY)
    await page.keyboard.press("Enter")
    await page.locator("#week").wait_for()
    assert not [url for url in seen.asked if "key" in url]


@pytest.mark.parametrize(
    ("fragment", "view"),
    [
        ("#constructor", "#week"),
        ("#__proto__", "#week"),
        ("#week?by=constructor", "#week"),
        ("#clusters?show=constructor", "#clusters"),
        ("#clusters?sort=toString&down=1", "#clusters"),
        ("#clusters?most=-5", "#clusters"),
    ],
)
async def test_an_address_that_nobody_wrote_shows_what_there_is(
    browser: Browser, served: Served, look: Look, fragment: str, view: str
) -> None:
    """A fragment that names what every object has is one that names nothing of the page's."""
    page, seen = await opened(browser, served.page + fragment, look)
    await page.locator(view).wait_for()
    assert await page.title() in {"Week · naptime", "Clusters · naptime"}
    if view == "#clusters":
        await expect(page.locator("tbody tr")).to_have_count(CLUSTERS)
    assert seen.console == []


async def test_an_image_of_today_is_known(browser: Browser, served: Served, look: Look) -> None:
    """An image that is no day old is said to be that, and one that is not known is not."""

    async def change(route: Route) -> None:
        answer = await route.fetch()
        body = await answer.json()
        body["ages"] = [[version, 0, read] for version, _, read in body["ages"]]
        body["ages"][0] = ["", None, body["ages"][0][2]]
        await route.fulfill(response=answer, body=json.dumps(body))

    page, _ = await opened(browser, "about:blank", look)
    await page.route("**/fleet/data", change)
    await page.goto(f"{served.page}#clusters")
    cells = page.locator("td.image")
    await cells.first.wait_for()
    assert set(await cells.all_inner_texts()) == {"0 days", "\N{EN DASH}"}


@pytest.mark.parametrize("path", ["/api/fleet/", "/API/Fleet"])
async def test_however_its_address_is_written_the_page_finds_its_data(
    browser: Browser, served: Served, look: Look, path: str
) -> None:
    """A slash behind it, other letters, a host called fleet: data and commands are right."""
    url = served.url.replace("127.0.0.1", "fleet.localhost")
    page, seen = await opened(browser, f"{url}{path}{fragment_of(await one_of(served))}", look)
    await page.locator("#cluster").wait_for()
    assert {each for each in seen.asked if "data" in each} == {f"{url}{path[:4]}/fleet/data"}
    curl = page.locator("#shell pre").first
    await expect(curl).to_contain_text(f"'{url}{path[:4]}/clusters/")


async def test_the_key_is_asked_for_once(browser: Browser, served: Served) -> None:
    """A wrong key is said to be one; the right one shows the fleet, and stays in this tab alone."""
    page, seen = await opened(browser, served.page, Look())
    field = page.get_by_label("Function key")
    await expect(field).to_be_focused()
    await field.fill("not-the-key")
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("alert")).to_have_text("The key is not accepted.")
    await page.get_by_label("Function key").fill(KEY)
    await page.keyboard.press("Enter")
    await page.locator("#week").wait_for()
    await page.reload()
    await page.locator("#week").wait_for()
    assert not [url for url in [*seen.asked, page.url] if KEY in url]
    assert await page.evaluate("Object.keys(localStorage).length") == 0
    await page.get_by_role("button", name="Forget key").click()
    await expect(page.get_by_label("Function key")).to_be_visible()


async def test_trouble_is_said_and_mends_itself(
    browser: Browser, served: Served, look: Look
) -> None:
    """A 503 is said in its own words over the fleet of before, and is gone when it is over."""
    page = await shown(browser, served, look)
    problem = {"title": "Storage rests.", "advice": "Come back.", "reason": "StorageUnavailable"}

    async def refuse(route: Route) -> None:
        await route.fulfill(status=503, json=problem, headers={"Retry-After": "1"})

    await page.route("**/fleet/data", refuse)
    await page.evaluate("window.dispatchEvent(new Event('online'))")
    await expect(page.get_by_role("alert")).to_contain_text("Storage rests. Come back.")
    await expect(page.get_by_role("alert")).to_contain_text("the fleet as of")
    await expect(page.locator("#week")).to_be_visible()
    await page.unroute("**/fleet/data")
    await expect(page.get_by_role("alert")).to_have_count(0, timeout=20_000)


async def test_storage_that_is_down_is_said_and_mends_itself(
    browser: Browser, served: Served, look: Look
) -> None:
    """While the storage account does not answer the page says so; it comes by itself after that."""
    await served.azurite.stop()
    try:
        page, _ = await opened(browser, served.page, look)
        await expect(page.get_by_role("alert")).to_contain_text(
            "storage does not answer", timeout=120_000
        )
    finally:
        await served.azurite.start()
    await expect(page.locator("#week")).to_be_visible(timeout=120_000)
    await expect(page.get_by_role("alert")).to_have_count(0, timeout=120_000)


async def test_an_app_that_is_gone_is_said(browser: Browser, served: Served, look: Look) -> None:
    """Where nobody answers at all the page says that, keeps the fleet, and asks again."""
    page = await shown(browser, served, look)
    await page.route("**/fleet/data", lambda route: route.abort())
    await page.evaluate("window.dispatchEvent(new Event('online'))")
    await expect(page.get_by_role("alert")).to_contain_text("naptime does not answer.")
    await expect(page.locator("#week")).to_be_visible()


async def test_a_refresh_costs_nothing(browser: Browser, served: Served, look: Look) -> None:
    """A minute later the page asks again, and is told that nothing has changed."""
    page, _ = await opened(browser, "about:blank", look)
    await page.clock.install()
    await page.goto(served.page)
    await page.locator("#week").wait_for()
    async with page.expect_response("**/fleet/data") as answer:
        await page.clock.fast_forward(61_000)
    assert (await answer.value).status == 304
    await expect(page.locator("#week")).to_be_visible()


async def test_who_can_sign_in_is_offered_it(browser: Browser, served: Served) -> None:
    """With App Service's sign-in in front the page offers it, and shows what its cookie opens."""
    page, _ = await opened(browser, "about:blank", Look())

    async def with_sign_in(route: Route) -> None:
        answer = await route.fetch()
        html = (await answer.text()).replace("<body>", "<body data-sign-in>")
        await route.fulfill(response=answer, body=html)

    async def vouched_for(route: Route) -> None:
        await route.fulfill(
            response=await route.fetch(url=f"{served.page}/data", headers={"x-functions-key": KEY})
        )

    await page.route("**/api/fleet", with_sign_in)
    await page.route("**/signed-in/fleet", lambda route: route.fulfill(status=401))
    await page.goto(served.page)
    link = page.get_by_role("link", name="Sign in")
    await expect(link).to_have_attribute("href", re.compile(r"^/\.auth/login/aad\?"))
    await page.unroute("**/signed-in/fleet")
    await page.route("**/signed-in/fleet", vouched_for)
    await page.reload()
    await page.locator("#week").wait_for()
    await expect(page.get_by_role("button", name="Forget key")).to_have_count(0)


async def test_every_view_by_keyboard(browser: Browser, served: Served, look: Look) -> None:
    """Tab, arrows and Enter alone lead through the week, to its clusters, to one, and back."""
    page = await shown(browser, served, look)
    for name in ("Next", "Images", "Findings", "Crowds", "Clusters", "Week"):
        link = page.get_by_role("navigation").get_by_role("link", name=name)
        await tab_to(page, link)
        await page.keyboard.press("Enter")
        await expect(page).to_have_url(re.compile(f"#{name.lower()}$"))
        await expect(page.locator("h2:focus")).to_have_count(1)
    first = page.locator(".strip a.open[tabindex='0']")
    await tab_to(page, first)
    label = await first.get_attribute("aria-label")
    await page.keyboard.press("ArrowDown")
    focused = page.locator("a.open:focus")
    assert await focused.get_attribute("aria-label") != label
    await expect(page.locator("#tip")).to_be_visible()
    await page.keyboard.press("Enter")
    await expect(page.locator("#clusters h2")).to_be_focused()
    await tab_to(page, page.locator("tbody th.name a").first)
    await page.keyboard.press("Enter")
    await expect(page.locator("#cluster-title")).to_be_focused()
    await page.go_back()
    await expect(page.locator("#clusters")).to_be_visible()


async def tab_to(page: Page, target: Locator) -> None:
    """Press Tab until something has the focus; a page that never gives it fails."""
    for _ in range(80):
        await page.keyboard.press("Tab")
        if await target.evaluate("(element) => element === document.activeElement"):
            return
    pytest.fail("Tab never came there")


async def test_a_stretch_leads_to_its_clusters(
    browser: Browser, served: Served, look: Look
) -> None:
    """What the week says of a dark place is how many clusters its list has."""
    page = await shown(browser, served, look)
    stretches = page.locator(".row[role=group] a.open")
    assert await stretches.count() >= 8
    for index in range(3):
        label = str(await stretches.nth(index).get_attribute("aria-label"))
        name = label.split(":", maxsplit=1)[0]
        await stretches.nth(index).click()
        rows = page.locator("table.clusters tbody tr")
        await rows.first.wait_for()
        rules = await rows.locator("td.rule").all_inner_texts()
        assert set(rules) == {name}
        most = re.search(r"(?:all|up to) (\d+)", label)
        assert most
        assert len(rules) >= int(most[1])
        await page.go_back()
        await stretches.first.wait_for()


async def test_searching_sorting_and_coming_back(
    browser: Browser, served: Served, look: Look
) -> None:
    """A search narrows the list as one types, its address shows the same again, heads sort."""
    page = await shown(browser, served, look, "#clusters")
    box = page.get_by_role("searchbox")
    await box.press_sequentially("prod america", delay=5)
    await expect(box).to_be_focused()
    names = page.locator("tbody th.name a")
    found = await names.all_inner_texts()
    assert found
    assert all("-prod-" in name for name in found)
    await page.reload()
    await expect(page.get_by_role("searchbox")).to_have_value("prod america")
    assert await names.all_inner_texts() == found
    await page.get_by_role("columnheader", name="Cluster").get_by_role("link").click()
    await expect(page.locator("th[aria-sort=descending]")).to_contain_text("Cluster")
    assert await names.all_inner_texts() == sorted(found, reverse=True)


async def test_one_cluster_is_what_the_api_says(
    browser: Browser, served: Served, look: Look
) -> None:
    """A cluster's view has its rule, its maker, its next opening, and commands that name it."""
    cluster = await one_of(served)
    page = await shown(browser, served, replace(look, zone="UTC"), fragment_of(cluster))
    text = await page.locator("#cluster").inner_text()
    for part in (str(cluster["rule"]), str(cluster["madeBy"]), str(cluster["clusterId"])):
        assert part in text
    assert await page.locator("table.openings tbody tr").count() == 5
    start = str(cluster["nextStart"])
    assert f"{int(start[8:10])} " in text
    assert start[11:16] in text
    curl, naptime, az = await page.locator("#shell pre").all_inner_texts()
    budgets = await page.locator("#budgets pre").inner_text()
    assert f"{served.url}/api/clusters/" in curl
    assert str(cluster["clusterId"]) in naptime
    assert "aksManagedNodeOSUpgradeSchedule" in az
    assert "schedule:" in budgets
    assert KEY not in text


async def test_local_time_is_the_browsers(browser: Browser, served: Served, look: Look) -> None:
    """By the switch, or by the address, times are those of where the browser is."""
    page = await shown(browser, served, replace(look, zone="America/New_York"))
    utc = str(await page.locator(".row[role=group] a.open").first.get_attribute("aria-label"))
    await page.get_by_role("button", name="Local").click()
    local = str(await page.locator(".row[role=group] a.open").first.get_attribute("aria-label"))
    assert re.search(r"\d\d:[03]0|\d\d:[14]5", utc)
    assert local != utc
    assert "zone=local" in page.url
    await expect(page.locator("#said")).to_contain_text("America/New_York")


BROKEN = """axe.run(document).then((found) =>
  found.violations.map((rule) => [rule.id, rule.nodes[0].html]))"""


def axe() -> str:
    """Read axe-core, which this package holds."""
    return (files("axe_playwright_python") / "axe.min.js").read_text("utf-8")


VIEWS = ("", "#week?by=window", "#clusters", "#approvals", "one")


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
async def test_axe_finds_nothing(
    browser: Browser, served: Served, look: Look, *, dark: bool
) -> None:
    """Each view, also on a phone, breaks no rule of axe-core's, best practices included."""
    one = fragment_of(await one_of(served))
    for width, height in ((1440, 900), (390, 844)):
        for view in VIEWS:
            sized = replace(look, width=width, height=height, dark=dark)
            page = await shown(browser, served, sized, one if view == "one" else view)
            # What axe brings is not of the page, whose policy would not let it in as a script.
            assert await page.evaluate(f"{axe()}; {BROKEN}") == []
            await page.context.close()


@pytest.mark.parametrize("width", [320, 390, 768, 1440, 3840])
async def test_nothing_is_wider_than_the_screen(
    browser: Browser, served: Served, look: Look, width: int
) -> None:
    """From the narrowest phone to the widest desk no view has to be pushed sideways."""
    one = fragment_of(await one_of(served))
    for view in VIEWS:
        page = await shown(
            browser, served, replace(look, width=width), one if view == "one" else view
        )
        assert await page.evaluate("document.documentElement.scrollWidth") <= width
        await page.context.close()


async def test_on_paper_there_is_nothing_to_press(
    browser: Browser, served: Served, look: Look
) -> None:
    """Printed, the page is the fleet without its controls."""
    page = await shown(browser, served, look)
    await page.emulate_media(media="print")
    await expect(page.locator(".tiles")).to_be_visible()
    for control in ("nav", ".tools", ".choices"):
        await expect(page.locator(control).first).to_be_hidden()
