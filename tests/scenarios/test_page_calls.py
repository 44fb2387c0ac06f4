"""The curl calls of the pages, each executed as it stands there."""

import asyncio
import os
import re
import shutil
from pathlib import Path

import yaml

from tests.clusters import SUBSCRIPTION, cluster
from tests.docs.pages import README, Block, blocks_run_by, page, part
from tests.scenarios.farm import KEY, Fleet, farm

BLOCKS = blocks_run_by("tests/scenarios/test_page_calls.py")
PLACED = re.compile(r"^(\w+)=(\S+)$", re.MULTILINE)
PLACES = ("NAPTIME", "KEY")
"""What every page takes for granted: the app's address, and a function key."""
POOLS = '{"kind": "List", "items": [{"kind": "NodePool", "metadata": {"name": "a"}, "spec": {}}]}'
FROM_KUBERNETES = f"""#!/bin/sh
echo '{POOLS}'
"""


def commands_of(block: Block) -> list[str]:
    """Give the commands of a block, a pipe and its continuation in one."""
    joined = re.sub(r"\\\n\s*", "", re.sub(r"\|\n\s*", "| ", block.text))
    return re.findall(r"^(?:curl|kubectl) .*$", joined, re.MULTILINE)


COMMANDS = [(block.place, command) for block in BLOCKS for command in commands_of(block)]
NAMED = {name: value for block in BLOCKS for name, value in PLACED.findall(block.text)}


async def executed(call: str, folder: Path, environment: dict[str, str]) -> tuple[int, object]:
    """Execute a call in a shell; the status, and the JSON or YAML that it got."""
    process = await asyncio.create_subprocess_exec(
        *("sh", "-c", f"{call} -w '\n%{{http_code}}'"),
        env={"PATH": f"{folder}:{os.environ['PATH']}", **NAMED, **environment},
        stdout=asyncio.subprocess.PIPE,
        cwd=folder,
    )
    written, _ = await process.communicate()
    body, _, status = written.decode().rpartition("\n")
    return int(status), yaml.safe_load(body)


def test_every_call_is_found() -> None:
    """The README has calls, the page of the API many; every variable of theirs is set there."""
    pages = [block.page for block in BLOCKS]
    assert README in pages
    assert len(COMMANDS) >= 20
    for place, command in COMMANDS:
        assert set(re.findall(r"\$(\w+)", command)) <= {*PLACES, *NAMED}, place


async def test_the_calls_work(tmp_path: Path) -> None:
    """Each call is granted, for a cluster of that id, and answers with JSON or YAML."""
    assert shutil.which("curl"), "the pages have people call with curl: install it"
    (tmp_path / "policy.toml").write_text(_policy(), encoding="utf-8")
    (tmp_path / "kubectl").write_text(FROM_KUBERNETES, encoding="utf-8")
    (tmp_path / "kubectl").chmod(0o755)
    async with farm(tmp_path, Fleet([SUBSCRIPTION], ["westeurope"], clusters_each=1)) as running:
        await running.controls.put(cluster("aks-1"))
        for place, call in COMMANDS:
            environment = {"NAPTIME": running.host.url, "KEY": KEY}
            status, body = await executed(call, tmp_path, environment)
            assert status in {200, 201, 202}, f"{place}: {call}\n{status} {body}"
            assert isinstance(body, dict), f"{place}: {call}\n{body}"


def _policy() -> str:
    """Give the example of docs/policy.md."""
    return part("policy", page("policy.md")).partition("```toml\n")[2].partition("```")[0]
