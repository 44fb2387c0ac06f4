"""A package like that of `make package`, with the dependencies of this environment linked in."""

import os
import re
import shutil
from importlib.metadata import distribution
from pathlib import Path

import pytest

from local.package.building import lay_out_app
from local.package.dependencies import SITE_PACKAGES

ROOT = Path(__file__).parents[3]


def pins() -> dict[str, str]:
    """Give the version of each package in requirements.txt."""
    text = (ROOT / "requirements.txt").read_text(encoding="utf-8")
    return dict(re.findall(r"^([a-z0-9.-]+)==(\S+)", text, re.MULTILINE))


def link_dependencies(app: Path) -> None:
    """Put what is pinned, and nothing else of this environment, where the package has it."""
    site_packages = app / SITE_PACKAGES
    for name, version in pins().items():
        found = distribution(name)
        assert found.version == version, f"{name}: the environment is not that of the pins"
        for file in found.files or ():
            if ".." not in file.parts and file.name != "RECORD":
                _link(Path(file.locate()), site_packages / file)


def _link(source: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    try:
        os.link(source, target)
    except OSError:  # another file system
        shutil.copyfile(source, target)


@pytest.fixture(scope="session")
def laid_out(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give an unpacked package; not to be changed."""
    app = tmp_path_factory.mktemp("package")
    lay_out_app(ROOT, app)
    link_dependencies(app)
    return app
