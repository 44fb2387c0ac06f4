"""The app's dependencies as production has them: wheels for Linux and Python 3.13, by hash."""

import shutil
import subprocess
import sys
from pathlib import Path

SITE_PACKAGES = Path(".python_packages/lib/site-packages")
"""Where the worker looks first (proxy_worker/utils/dependency.py)."""

# The platform's image is Debian 12 (glibc 2.36); some wheels are only there as manylinux2014.
_TARGET = (
    *("--platform", "manylinux_2_28_x86_64", "--platform", "manylinux2014_x86_64"),
    *("--python-version", "3.13", "--implementation", "cp", "--only-binary", ":all:"),
)


class DependenciesNotInstalled(Exception):
    """pip could not install them; holds the end of what it wrote."""


def install(requirements: Path, app: Path) -> None:
    """Install the pinned wheels into an app's folder, without what differs from time to time."""
    target = app / SITE_PACKAGES
    command = [
        *(sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"),
        *("--require-hashes", "--no-compile", "--target", str(target), *_TARGET),
        *("--requirement", str(requirements)),
    ]
    done = subprocess.run(command, check=False, capture_output=True, text=True)  # noqa: S603 - made of constants and two paths
    if done.returncode:
        raise DependenciesNotInstalled(done.stderr[-2000:])
    _remove_what_differs(target)


def _remove_what_differs(site_packages: Path) -> None:
    """Remove commands, which name the Python that installed them, and the records of the files."""
    shutil.rmtree(site_packages / "bin", ignore_errors=True)
    for record in site_packages.glob("*.dist-info/RECORD"):
        record.unlink()
