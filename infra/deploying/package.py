"""What a deploy package holds, read without loading it."""

from __future__ import annotations

import re
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path

from infra.deploying.refusals import DeploymentStopped

_DECLARED = re.compile(r"^@(?:blueprint|routes)\.\w")
_FUNCTION = re.compile(r"^(?:async )?def (\w+)")


def functions_of(package: Path) -> list[str]:
    """Name the functions that the app in a package registers. Raises DeploymentStopped."""
    try:
        with zipfile.ZipFile(package) as read:
            names = [name for name in read.namelist() if _may_declare(name)]
            sources = [read.read(name).decode("utf-8") for name in names]
    except FileNotFoundError:
        raise DeploymentStopped(missing(package)) from None
    except (OSError, ValueError, RuntimeError, EOFError, zlib.error, zipfile.BadZipFile) as error:
        raise DeploymentStopped(f"{package} is no deploy package: {error}") from error
    found = sorted(name for source in sources for name in declared(source))
    if not found:
        raise DeploymentStopped(f"{package} is no deploy package: it holds no function")
    return found


def missing(package: Path) -> str:
    """Say what to do about a package that is not there."""
    return f"{package} is not there: `make package` builds it, --release FILE names a finished one"


def declared(source: str) -> Iterator[str]:
    """Name the functions that a module declares: those decorated by a blueprint or by routes.

    By lines, because the app's Python is newer than the one that may run this.
    """
    waiting = False
    for line in source.splitlines():
        waiting = waiting or _DECLARED.match(line) is not None
        found = _FUNCTION.match(line)
        if found and waiting:
            yield found[1]
        waiting = waiting and not found


def _may_declare(name: str) -> bool:
    return name.startswith("functions/") and name.endswith(".py")
