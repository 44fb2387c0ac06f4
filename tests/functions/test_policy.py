"""The policy over HTTP, through the real worker library and the storage emulator."""

from typing import cast

import pytest

from local.host.payloads import HttpCall
from tests.functions.conftest import Loaded
from tests.functions.test_api import Json, answer
from tests.functions.test_runs import call
from tests.unit.domain.policy.examples import RINGS

OTHER = RINGS.replace("hours = 5", "hours = 6")


pytestmark = pytest.mark.usefixtures("without_policy")


async def put(
    world: Loaded, text: str, params: dict[str, str] | None = None, if_match: str = ""
) -> tuple[int, Json]:
    """Put a policy."""
    http = HttpCall(
        method="PUT",
        params=params or {},
        headers={"If-Match": if_match} if if_match else {},
        body=text.encode("utf-8", "replace"),
    )
    return answer(await world.worker.invoke_http("put_policy", http))


async def test_a_policy_is_put_shown_and_restored(world: Loaded) -> None:
    """Two versions, the list of both, and the first put in force again as a third."""
    assert (await call(world, "show_policy", {}))[1]["version"] is None
    status, first = await put(world, RINGS)
    assert (status, first["version"], first["dryRun"]) == (200, 1, False)
    await put(world, OTHER)
    _, versions = await call(world, "list_policy_versions", {})
    assert [each["version"] for each in cast("list[Json]", versions["value"])] == [2, 1]
    http = HttpCall(method="POST", body=b'{"version": 1}')
    status, restored = answer(await world.worker.invoke_http("restore_policy", http))
    assert (status, restored["version"], restored["hash"]) == (200, 3, first["hash"])
    _, shown = await call(world, "show_policy", {})
    assert (shown["text"], shown["hash"]) == (RINGS, first["hash"])


async def test_a_dry_run_changes_nothing(world: Loaded) -> None:
    """The answer is what a policy would change, and none is in force afterwards."""
    status, tried = await put(world, RINGS, {"dryRun": "true"})
    assert (status, tried["dryRun"], tried["version"]) == (200, True, None)
    assert (await call(world, "show_policy", {}))[1]["version"] is None


async def test_every_problem_has_its_place(world: Loaded) -> None:
    """A file with two mistakes is refused with both, and the one in force stays."""
    await put(world, RINGS)
    status, problem = await put(
        world, RINGS.replace("Europe/Berlin", "Berlin").replace('"dev"', "5")
    )
    places = [each["field"] for each in cast("list[Json]", problem["problems"])]
    assert status == 400
    assert places == [
        *("windows.early.zone", "windows.weekend.zone"),
        "rules[1].match.tags.env[0]",
    ]
    assert (await call(world, "show_policy", {}))[1]["version"] == 1


async def test_a_version_that_is_not_in_force_any_more_is_refused(world: Loaded) -> None:
    """`If-Match` of an older version is a 412 that names the one in force."""
    _, first = await put(world, RINGS)
    tag = f'"{first["hash"]}"'
    status, second = await put(world, OTHER, if_match=tag)
    assert status == 200
    status, problem = await put(world, RINGS + "#", if_match=tag)
    assert (status, problem["reason"]) == (412, "ConditionFailed")
    assert problem["etag"] == f'"{second["hash"]}"'
    tried = {"dryRun": "true"}
    assert (await put(world, RINGS + "#", tried, tag))[0] == 412
    assert (await put(world, OTHER, tried, tag))[0] == 200, "it is in force already"
    assert (await put(world, RINGS + "#", tried, f'"{second["hash"]}"'))[0] == 200


@pytest.mark.parametrize("text", ["", "\x00", "a = [", "[[rules]]\n" * 300, "x" * 70_000])
async def test_no_text_is_a_failure_of_ours(world: Loaded, text: str) -> None:
    """What is no policy is the sender's problem, and said to be."""
    status, problem = await put(world, text)
    assert status in {400, 413}
    assert problem["reason"] in {"InvalidRequest", "BodyTooLarge"}


async def test_bytes_that_are_no_text(world: Loaded) -> None:
    """A file in another encoding is refused by name."""
    http = HttpCall(method="PUT", body=b"\xff\xfe")
    status, problem = answer(await world.worker.invoke_http("put_policy", http))
    assert (status, problem["field"]) == (400, "body")


async def test_there_is_no_such_version(world: Loaded) -> None:
    """A number that no version has is a 404 of its own."""
    http = HttpCall(method="POST", body=b'{"version": 7}')
    status, problem = answer(await world.worker.invoke_http("restore_policy", http))
    assert (status, problem["reason"]) == (404, "NoSuchVersion")
