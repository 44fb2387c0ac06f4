"""The timer that reads image ages, through the real worker library and the simulated Azure."""

import json
import logging
from copy import replace
from typing import cast

import pytest

from local.host.payloads import HttpCall
from shared.domain.vocabulary.ids import ClusterId
from shared.world import app
from tests.clusters import cluster
from tests.functions.conftest import Loaded
from tests.functions.test_api import Json, a_cluster, answer, get
from tests.machines import gallery, machine


async def an_old_cluster(world: Loaded) -> ClusterId:
    """Make a cluster with one old machine, and have it remembered."""
    owner = a_cluster()
    await world.controls.put(cluster(owner.name))
    await world.controls.put(
        machine("vm-1", gallery("202601.01.0"), group=f"MC_rg-1_{owner.name}_westeurope")
    )
    body = json.dumps({"clusterId": str(owner)}).encode()
    result = await world.worker.invoke_http("reconcile", HttpCall(method="POST", body=body))
    assert answer(result)[0] == 200
    return owner


async def test_ages_are_read_and_shown(world: Loaded, caplog: pytest.LogCaptureFixture) -> None:
    """The timer reads the machines through Resource Graph; both views show the old image."""
    owner = await an_old_cluster(world)
    with caplog.at_level(logging.INFO, "naptime"):
        result = await world.worker.invoke_timer("read_image_ages")
    assert result.succeeded, result.exception
    (line,) = [r.getMessage() for r in caplog.records if r.getMessage().startswith("image ages")]
    assert "machines=1" in line
    status, live = await get(world, owner.subscription_id, owner.resource_group, owner.name)
    assert status == 200
    assert cast("Json", live["imageAge"])["oldestDate"] == "2026-01-01"
    query = HttpCall(params={"reason": "NodeImageBeyondSupport"})
    status, listed = answer(await world.worker.invoke_http("list_clusters", query))
    assert status == 200
    rows = [row for row in cast("list[Json]", listed["value"]) if row["clusterId"] == str(owner)]
    (found,) = rows
    assert cast("list[Json]", found["findings"])[-1]["reason"] == "NodeImageBeyondSupport"
    assert found["imageAge"] == live["imageAge"]


async def test_nothing_is_read_unless_it_is_turned_on(
    world: Loaded, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without the setting the timer asks Azure for nothing: it needs one more permission."""
    monkeypatch.setattr(app(), "settings", replace(app().settings, image_ages=False))
    await an_old_cluster(world)
    result = await world.worker.invoke_timer("read_image_ages")
    assert result.succeeded, result.exception
    assert await world.controls.journal(path="*ResourceGraph*") == []
