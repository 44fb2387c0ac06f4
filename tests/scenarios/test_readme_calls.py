"""The curl calls of the README and of docs/api.md, each executed as it stands there."""

import asyncio
import json
import os
import re
import shutil
from pathlib import Path

import pytest

from tests.clusters import SUBSCRIPTION, cluster
from tests.docs.pages import README, page, part
from tests.scenarios.farm import KEY, Fleet, farm

TEXTS = (README.read_text(encoding="utf-8"), page("api.md"))
BLOCK = "".join(re.sub(r"\\\n\s*", "", part("curl", text)) for text in TEXTS)
NAMED = dict(re.findall(r"^(\w+)=(\S+)$", BLOCK, re.MULTILINE))
CALLS = re.findall(r"^curl .*$", BLOCK, re.MULTILINE)


async def executed(call: str, environment: dict[str, str]) -> tuple[int, object]:
    """Execute a call in a shell; the status and the JSON that it got."""
    process = await asyncio.create_subprocess_exec(
        *("sh", "-c", f"{call} -w '\\n%{{http_code}}'"),
        env={"PATH": os.environ["PATH"], **NAMED, **environment},
        stdout=asyncio.subprocess.PIPE,
    )
    written, _ = await process.communicate()
    body, _, status = written.decode().rpartition("\n")
    return int(status), json.loads(body)


def test_every_call_is_found() -> None:
    """Each curl call of the two pages is in a part that is executed."""
    there = len(re.findall(r"^curl ", "\n".join(TEXTS), re.MULTILINE))
    assert len(CALLS) == there >= 15


# curl is what the pages have people call with, and nothing of the project installs it. That every
# call of the page is found is tested above on every machine.
@pytest.mark.skipif(shutil.which("curl") is None, reason="this machine has no curl")
async def test_the_calls_work(tmp_path: Path) -> None:
    """Each call is granted, for a cluster of that id, and answers with JSON."""
    fleet = Fleet([SUBSCRIPTION], ["westeurope"], clusters_each=1)
    async with farm(tmp_path, fleet) as running:
        await running.controls.put(cluster("aks-1"))
        for call in CALLS:
            status, body = await executed(call, {"NAPTIME": running.host.url, "KEY": KEY})
            assert status in {200, 201, 202}, f"{call}\n{status} {body}"
            assert isinstance(body, dict)
