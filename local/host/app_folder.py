"""Which modules an app can see, and forgetting those of an app that was loaded before."""

import importlib
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Final

REPOSITORY: Final = Path(__file__).resolve().parents[2]


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
    """Give those of the named modules whose file is in the app's folder."""
    files = ((name, getattr(sys.modules.get(name), "__file__", None)) for name in names)
    return [name for name, file in files if file and Path(file).is_relative_to(app)]
