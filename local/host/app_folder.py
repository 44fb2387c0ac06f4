"""Which modules an app can see, and forgetting those of an app that was loaded before."""

import importlib
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Final

REPOSITORY: Final = Path(__file__).resolve().parents[2]


_NOT_DEPLOYED: Final = ("local", "tests")
_apps: Final = [REPOSITORY]


def put_last_on_path(app: Path) -> None:
    """Put the app's folder behind everything else that can be imported, as production does.

    There `prioritize_customer_dependencies` gives dependencies precedence, so that one of them can
    shadow the app's own packages (Azure/azure-functions-python-worker, proxy_worker/utils/
    dependency.py). Only other apps and this repository come after it: it must not find theirs.
    """
    _apps[:] = [app, *(other for other in _apps if other != app)]
    rest = [entry for entry in sys.path if Path(entry).resolve() not in _apps]
    sys.path[:] = [*rest, *map(str, _apps)]
    importlib.invalidate_caches()


def forget(names: Iterable[str]) -> None:
    """Take modules out of the import system, so that the next import runs them again."""
    for name in names:
        sys.modules.pop(name, None)


def imported_from(app: Path, names: Iterable[str]) -> list[str]:
    """Give those of the named modules that are the app's own.

    An environment in the app's folder is not, nor is what runs the app in this repository.
    """
    ours = (name for name in names if name.partition(".")[0] not in _NOT_DEPLOYED)
    files = ((name, getattr(sys.modules.get(name), "__file__", None)) for name in ours)
    return [name for name, file in files if file and _is_own(app, Path(file))]


def _is_own(app: Path, file: Path) -> bool:
    return file.is_relative_to(app) and not file.is_relative_to(sys.prefix)
