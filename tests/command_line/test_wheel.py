"""The wheel: the command line alone, whole, and no part of what is deployed or tested."""

import subprocess
import sys
import zipfile
from email.parser import Parser
from pathlib import Path

import pytest

from naptime import __version__

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build it, as `pip wheel .` and pipx do."""
    folder = tmp_path_factory.mktemp("wheel")
    pip = (sys.executable, "-m", "pip", "--disable-pip-version-check", "--quiet")
    words = ("wheel", "--no-deps", "--no-build-isolation", "--wheel-dir", str(folder), str(ROOT))
    subprocess.run([*pip, *words], check=True, capture_output=True)  # noqa: S603 - made of constants
    (built,) = folder.glob("*.whl")
    return built


def test_it_holds_the_command_line_alone(wheel: Path) -> None:
    """Neither the functions nor what runs them on a laptop is in it, and every module is."""
    with zipfile.ZipFile(wheel) as read:
        names = [name for name in read.namelist() if ".dist-info/" not in name]
    assert {name.split("/")[0] for name in names} == {"naptime", "shared"}
    assert all(name.endswith(".py") for name in names if "ruff.toml" not in name)
    sources = {path.relative_to(ROOT).as_posix() for path in (ROOT / "naptime").rglob("*.py")}
    assert sources <= set(names)


def test_the_wheel_names_its_version_and_command(wheel: Path) -> None:
    """Its version is the package's, its command is `naptime`, its page is the command line's."""
    with zipfile.ZipFile(wheel) as read:
        info = f"naptime-{__version__}.dist-info"
        metadata = Parser().parsestr(read.read(f"{info}/METADATA").decode())
        scripts = read.read(f"{info}/entry_points.txt").decode()
    assert (metadata["Name"], metadata["Version"]) == ("naptime", __version__)
    assert metadata["License-Expression"] == "MIT"
    assert "naptime = naptime.entry:main" in scripts
    assert str(metadata.get_payload()).startswith("# The command line")


def test_it_runs_from_elsewhere(wheel: Path, tmp_path: Path) -> None:
    """Unpacked somewhere else, it answers without anything of the checkout."""
    with zipfile.ZipFile(wheel) as read:
        read.extractall(tmp_path)
    done = subprocess.run(
        [sys.executable, "-m", "naptime", "--version"],
        cwd=tmp_path,
        check=True,
        capture_output=True,
        text=True,
    )
    assert done.stdout == f"naptime {__version__}\n"
