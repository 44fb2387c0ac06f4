"""The fleet page on what waits for an approval, and on all that is known of one cluster."""

import re
from functools import partial
from typing import cast

import pytest
from playwright.async_api import Browser, Route, expect

from local.page.browser import Look, opened
from tests.page.conftest import KEY, Served
from tests.page.test_in_a_browser import Json, all_clusters, fragment_of, shown, tab_to, tile

pytestmark = pytest.mark.browser


async def the_run_that_waits(served: Served) -> Json:
    _, body = await served.get("runs?state=NeedsApproval")
    (run,) = cast("list[Json]", cast("Json", body)["value"])
    return run


async def of_the_run(served: Served, run: Json) -> list[Json]:
    """Give the clusters that the API says the run would change."""
    _, body = await served.get(f"runs/{run['runId']}?reason=Outdated&pageSize=500")
    return cast("list[Json]", cast("Json", cast("Json", body)["clusters"])["value"])


async def test_what_waits_is_what_the_api_says(
    browser: Browser, served: Served, look: Look
) -> None:
    """The tile counts the plan's updates, and its view names each cluster and each change of it."""
    page = await shown(browser, served, look)
    run = await the_run_that_waits(served)
    plan, outdated = cast("Json", run["updatePlan"]), await of_the_run(served, run)
    assert await tile(page, "approval") == str(plan["updates"]) == str(len(outdated)) != "0"
    await page.locator("[data-tile=approval]").click()
    rows = page.locator("table.plan tbody tr")
    await rows.first.wait_for()
    found = {(await row.locator("th a").inner_text()): row for row in await rows.all()}
    assert set(found) == {str(each["clusterId"]).rsplit("/", 1)[1] for each in outdated}
    for each in outdated:
        name = str(each["clusterId"]).rsplit("/", 1)[1]
        changes = cast("list[Json]", cast("Json", each["drift"])["changes"])
        text = await found[name].locator("td.what").inner_text()
        for change in changes:
            field = str(change["path"]).rsplit(".", 1)[1]
            assert f"{field} {change['observed']} → {change['desired']}" in text
    counts = await page.locator("table.changes tbody td:last-child").all_inner_texts()
    assert sum(map(int, counts)) == sum(
        len(cast("list[Json]", cast("Json", each["drift"])["changes"])) for each in outdated
    )


async def test_an_approval_is_there_to_be_copied(
    browser: Browser, served: Served, look: Look
) -> None:
    """Both commands name the run; the one for curl names the plan by its hash, and no key."""
    run = await the_run_that_waits(served)
    page = await shown(browser, served, look, "#approvals")
    naptime, curl = await page.locator("pre").all_inner_texts()
    assert naptime == f"naptime approve {run['runId']}"
    assert f"{served.url}/api/runs/{run['runId']}/approve" in curl
    assert f'{{"planHash":"{cast("Json", run["updatePlan"])["planHash"]}"}}' in curl
    assert KEY not in await page.content()


async def test_the_plan_by_keyboard(browser: Browser, served: Served, look: Look) -> None:
    """Tab and Enter lead to the plan, to a cluster of it, and from there back to the plan."""
    page = await shown(browser, served, look)
    await tab_to(page, page.get_by_role("navigation").get_by_role("link", name="Approvals"))
    await page.keyboard.press("Enter")
    await expect(page.locator("#approvals-title")).to_be_focused()
    await tab_to(page, page.locator("table.plan th a").first)
    await page.keyboard.press("Enter")
    await expect(page.locator("#cluster-title")).to_be_focused()
    await tab_to(page, page.locator("#to-approve a"))
    await page.keyboard.press("Enter")
    await expect(page.locator("#approvals-title")).to_be_focused()


async def test_nothing_that_waits_is_said(browser: Browser, served: Served, look: Look) -> None:
    """Where no plan is held back the tile says so, leads nowhere, and no view is offered for it."""
    page, _ = await opened(browser, "about:blank", look)
    body = await (
        await page.request.get(f"{served.page}/data", headers={"x-functions-key": KEY})
    ).json()
    await page.route("**/fleet/data", lambda route: route.fulfill(json={**body, "waiting": []}))
    await page.goto(served.page)
    figure = page.locator("[data-tile=approval]")
    await expect(figure).to_contain_text("no plan is held back")
    assert await tile(page, "approval") == "0"
    assert await figure.get_attribute("href") is None
    await expect(
        page.get_by_role("navigation").get_by_role("link", name="Approvals")
    ).to_have_count(0)
    await page.goto(f"{served.page}#approvals")
    await expect(page.locator("#approvals")).to_contain_text("Nothing waits for an approval.")


async def test_what_was_given_up_is_said_with_its_advice(
    browser: Browser, served: Served, look: Look
) -> None:
    """A cluster that was given up has the reason, the advice, and what has it tried again."""
    _, body = await served.get("given-up")
    (record,) = cast("list[Json]", cast("Json", body)["value"])
    page = await shown(browser, served, look, fragment_of(record))
    given_up = page.locator("#given-up")
    await expect(given_up).to_contain_text(str(record["reason"]))
    await expect(given_up).to_contain_text(f"after {record['attempts']} attempts")
    await expect(given_up).to_contain_text(str(record["advice"]).replace("`", ""))
    await expect(given_up.locator("pre")).to_contain_text(
        f'{{"clusterId":"{record["clusterId"]}"}}'
    )


async def test_who_removed_a_schedule_is_said(browser: Browser, served: Served, look: Look) -> None:
    """The last removal by somebody else is there: by whom, of what kind, how often in a month."""
    clusters = sorted(str(each["clusterId"]) for each in await all_clusters(served))
    removed = next(each for each in clusters if each.endswith("-004"))
    page = await shown(browser, served, look, fragment_of({"clusterId": removed}))
    text = await page.locator("#removals").inner_text()
    assert "2 times in thirty days" in text
    assert re.search(r"by application 1b2c3d4e-5f60-4718-8293-a4b5c6d7e8f9", text)


async def _answer(body: Json, route: Route) -> None:
    await route.fulfill(json=body)


async def test_the_other_schedule_is_said(browser: Browser, served: Served, look: Look) -> None:
    """A cluster whose Kubernetes is upgraded by itself says in which window, or that none holds."""
    cluster = (await all_clusters(served))[0]
    page, _ = await opened(browser, "about:blank", look)
    body = await (
        await page.request.get(f"{served.page}/data", headers={"x-functions-key": KEY})
    ).json()
    facts = page.locator(".facts")
    for upgrades, said in (
        (["stable", True, 0, False, "The auto-upgrade channel is stable."], body["windows"][0][0]),
        (["stable", True, -1, False, "An upgrade may come at any hour."], "may come at any hour"),
        (["none", False, -1, False, ""], "not by themselves"),
    ):
        rows = [[*row[:19], 0] for row in body["clusters"]]
        changed = {**body, "clusters": rows, "upgrades": [upgrades]}
        await page.unroute_all()
        await page.route("**/fleet/data", partial(_answer, changed))
        await page.goto("about:blank")
        await page.goto(served.page + fragment_of(cluster))
        await expect(facts).to_contain_text(str(said))
