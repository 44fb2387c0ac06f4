"""How to talk to a stage that stays up: a file of names to be read by a shell, and a few calls."""

from collections.abc import Mapping
from pathlib import Path
from shlex import quote
from typing import Final

from local.demo.bodies import NODE_OS
from local.demo.fleet import Kind
from local.demo.telling import Teller, counted

NAMES: Final = "names"
_CALLS: Final = Path(__file__).with_name("calls.sh")


def write_guide(teller: Teller, folder: Path) -> None:
    """Write the names into a file of the folder, and say in ten lines what to do with them."""
    file, show = folder / NAMES, teller.show
    file.write_text(_exports({**teller.stage.settings, **_names(teller)}), "utf-8")
    show.line(f"naptime is up, with {counted(len(teller.members), 'cluster')} in a simulated Azure")
    show.line(f". {file}  # in another shell: names that the pages use")
    show.line(
        """curl -fsS "$NAPTIME/api/reconcile?code=$KEY" --json '{"fleet":true}'  # looks at all"""
    )
    show.line(
        f"{teller.stage.api.url}/api/fleet  # after that, the page; its key: {teller.stage.api.key}"
    )
    show.line(_CALLS.read_text("utf-8").rstrip())
    show.line("# more: docs/api.md, docs/simulator.md. Ctrl-C stops it.")


def _exports(values: Mapping[str, str]) -> str:
    return "".join(f"export {name}={quote(value)}\n" for name, value in values.items())


def _names(teller: Teller) -> Mapping[str, str]:
    """Give the names of the calls in docs/, those of the command line, and the simulator's own."""
    stage, cluster = teller.stage, teller.one(Kind.MISSING)
    _, _, subscription, _, group, *_, name = cluster.split("/")
    return {
        "NAPTIME": stage.api.url,
        "KEY": stage.api.key,
        "NAPTIME_APP": stage.api.url,
        "NAPTIME_KEY": stage.api.key,
        "SUBSCRIPTION": subscription,
        "GROUP": group,
        "NAME": name,
        "CLUSTER": cluster,
        "SCHEDULE": f"maintenanceConfigurations/{NODE_OS}",
        "AZURE": stage.azure_urls["controlsHttp"],
        "ARM": stage.azure_urls["arm"],
        "NO_PROXY": "127.0.0.1,localhost",
        "no_proxy": "127.0.0.1,localhost",
    }
