"""What a package may hold: exactly the app and its dependencies."""

import zipfile
from pathlib import Path

from local.package.app_files import app_files
from local.package.bytecode import bytecode_name
from local.package.dependencies import SITE_PACKAGES

_DEPENDENCIES = f"{SITE_PACKAGES.as_posix()}/"
_OWN = frozenset({"functions", "shared", "function_app"})


def problems(repository: Path, archive: Path) -> list[str]:
    """Say what is wrong with a package; nothing is, if the list is empty."""
    with zipfile.ZipFile(archive) as read:
        names = read.namelist()
    sources = {bytecode_name(name): name for name in names if name.endswith(".py")}
    compiled = {name for name in names if name.endswith((".pyc", ".pyo"))}
    own = {name for name in names if not name.startswith(_DEPENDENCIES)} - compiled
    expected = set(app_files(repository))
    found = [f"{name} is missing" for name in sorted(expected - own)]
    found += [f"{name} does not belong here" for name in sorted(own - expected)]
    found += [f"{name} is of no module" for name in sorted(compiled - sources.keys())]
    own_bytecode = {name for name, source in sources.items() if source in own & expected}
    found += [f"{sources[name]} is not compiled" for name in sorted(own_bytecode - compiled)]
    found += [f"a dependency shadows {name}" for name in sorted(_OWN & _tops(names))]
    if not _tops(names):
        found.append(f"nothing is in {_DEPENDENCIES}")
    return found


def _tops(names: list[str]) -> set[str]:
    """Name what the dependencies have at the top: it is found before the app's own packages."""
    below = (name.removeprefix(_DEPENDENCIES) for name in names if name.startswith(_DEPENDENCIES))
    return {name.split("/")[0].removesuffix(".py") for name in below}
