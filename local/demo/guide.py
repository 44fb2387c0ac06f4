"""How to talk to a stage that stays up: URLs, key, settings, and calls to paste into a shell."""

from collections.abc import Mapping
from pathlib import Path
from shlex import quote
from typing import Final

from local.demo.fleet import Kind
from local.demo.telling import Teller

_CALLS: Final = Path(__file__).with_name("calls.sh")


def write_guide(teller: Teller) -> None:
    """Write everything that somebody at a shell needs; all of it can be pasted there."""
    stage, show = teller.stage, teller.show
    urls = {"naptime": f"{stage.api.url}/api", **stage.azure_urls, "key": stage.api.key}
    for name, url in urls.items():
        show.line(f"# {name}: {url}")
    show.line("\n# The settings of the app: another process with these talks to the same Azure")
    show.line(_exports(stage.settings))
    show.line("\n# Names for the calls below")
    show.line(f"{_exports(_names(teller))}\n")
    show.line(_CALLS.read_text("utf-8"))
    show.line("# Everything is up. Ctrl-C stops it.")


def _exports(values: Mapping[str, str]) -> str:
    return "\n".join(f"export {name}={quote(value)}" for name, value in values.items())


def _names(teller: Teller) -> Mapping[str, str]:
    stage, cluster = teller.stage, teller.one(Kind.MISSING)
    _, _, subscription, _, group, *_, name = cluster.split("/")
    return {
        "NAPTIME": f"{stage.api.url}/api",
        "KEY": f"x-functions-key: {stage.api.key}",
        "AZURE": stage.azure_urls["controlsHttp"],
        "CLUSTER": cluster,
        "PAGE": f"clusters/{subscription}/{group}/{name}",
        "NO_PROXY": "127.0.0.1,localhost",
    }
