"""Schemathesis against the running app, by the description that the app ships.

Two of its checks are off. `unsupported_method`: a wrong method is a 404, and the Functions host
makes it before the app is asked. `positive_data_acceptance`: what JSON Schema cannot say (exactly
one kind of scope, a token of ours, a subscription in the settings) is refused with 400 or 403.
"""

import asyncio
import os
import re
import sys
from pathlib import Path

from tests.clusters import SUBSCRIPTION, cluster
from tests.examples import MANY, examples
from tests.scenarios import toml_bodies
from tests.scenarios.farm import KEY, ROOT, Fleet, farm

CHECKS_OFF = "unsupported_method,positive_data_acceptance"
EXAMPLES_AN_OPERATION = examples(8, 40)
LIMIT_SECONDS = 240.0
ENOUGH_FOR_SHARDS_TO_DO = {
    "NAPTIME_SHARD_BURST": "10000",
    "NAPTIME_SHARD_RATE_PER_SECOND": "1000",
}


async def campaign(url: str, folder: Path) -> tuple[int, str]:
    """Run the campaign, the same each time in CI; its exit code and what it wrote.

    What it remembers of crashes stays in the folder.
    """
    arguments = [
        *("run", f"{url}/api/openapi.json", "--header", f"x-functions-key: {KEY}"),
        *("--exclude-checks", CHECKS_OFF, "--max-examples", str(EXAMPLES_AN_OPERATION)),
        *("--generation-database", "none", "--no-color"),
        *(() if MANY else ("--seed", "1")),
    ]
    schemathesis = Path(sys.executable).with_name("schemathesis")
    process = await asyncio.create_subprocess_exec(
        schemathesis,
        *arguments,
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT), "SCHEMATHESIS_HOOKS": toml_bodies.__name__},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    try:
        async with asyncio.timeout(LIMIT_SECONDS):
            written, _ = await process.communicate()
    finally:
        if process.returncode is None:
            process.kill()
    return process.returncode or 0, written.decode()


async def test_the_app_is_what_it_says_of_itself(tmp_path: Path) -> None:
    """No 5xx, no status, header or member that is not described, and nothing wrong is accepted."""
    fleet = Fleet([SUBSCRIPTION], ["westeurope", "uksouth"], clusters_each=5)
    async with farm(tmp_path, fleet, settings=ENOUGH_FOR_SHARDS_TO_DO) as running:
        await running.controls.put(cluster("aks-1"))
        code, written = await campaign(running.host.url, tmp_path)
    assert code == 0, written
    operations = re.search(r"Operations: +(\d+) selected / (\d+) total", written)
    cases = re.search(r"(\d+) generated", written)
    assert operations, written
    assert cases, written
    assert operations[1] == operations[2]
    assert int(cases[1]) > 20 * int(operations[1]), "it has hardly asked anything"
