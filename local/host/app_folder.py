"""Which modules an app can see, and forgetting those of an app that was loaded before."""

import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Final

REPOSITORY: Final = Path(__file__).resolve().parents[2]


def put_last_on_path(app: Path) -> None:
    """Put the app's folder behind everything else that can be imported, as production does.

    There `prioritize_customer_dependencies` gives dependencies precedence, so that one of them can
    shadow the app's own packages (Azure/azure-functions-python-worker, proxy_worker/utils/
    dependency.py). Only this repository comes after it: an app elsewhere must not find this one.
    """
    ours = {str(app), str(REPOSITORY)}
    rest = [entry for entry in sys.path if str(Path(entry).resolve()) not in ours]
    tail = [str(app)] if app == REPOSITORY else [str(app), str(REPOSITORY)]
    sys.path[:] = [*rest, *tail]


def forget(names: Iterable[str]) -> None:
    """Take modules out of the import system, so that the next import runs them again."""
    for name in names:
        sys.modules.pop(name, None)


def imported_from(app: Path, names: Iterable[str]) -> list[str]:
    """Give those of the named modules whose file is in the app's folder."""
    files = ((name, getattr(sys.modules.get(name), "__file__", None)) for name in names)
    return [name for name, file in files if file and Path(file).is_relative_to(app)]
