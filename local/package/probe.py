"""Run by the trial, alone with an unpacked package: load it as production does, and tell of it.

Prints one JSON object: the functions, and the modules that came from neither Python itself, nor
the package, nor `local`.
"""

import importlib
import json
import sys
import sysconfig
from pathlib import Path

from local.host.worker import Worker


def main() -> None:
    """Load the app in the folder that the command line names."""
    app = Path(sys.argv[1]).resolve()
    functions = sorted(Worker.load(app).functions)
    _import_all(app)
    allowed = (app, Path(__file__).resolve().parents[2] / "local", *_own_folders())
    foreign = sorted(
        name
        for name, module in list(sys.modules.items())
        if (file := getattr(module, "__file__", None))
        and not any(Path(file).resolve().is_relative_to(folder) for folder in allowed)
    )
    print(json.dumps({"functions": functions, "foreign": foreign}))


def _import_all(app: Path) -> None:
    """Import what the app imports only when it is first needed, and what the worker would."""
    for file in sorted(app.glob("shared/**/*.py")):
        importlib.import_module(".".join(file.relative_to(app).with_suffix("").parts))
    importlib.import_module("azure.monitor.opentelemetry")


def _own_folders() -> tuple[Path, ...]:
    return tuple(Path(sysconfig.get_path(name)) for name in ("stdlib", "platstdlib"))


if __name__ == "__main__":
    main()
