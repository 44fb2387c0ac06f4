"""The app's dependencies as production has them: wheels for Linux x86-64 and Python 3.13, by hash.

uv installs for another platform and another Python than the one that it runs on, so that the
package is the same bytes from macOS, Windows and Linux.
"""

import os
import platform
import re
import shutil
import subprocess
import sys
from pathlib import Path

SITE_PACKAGES = Path(".python_packages/lib/site-packages")
"""Where the worker looks first (proxy_worker/utils/dependency.py)."""

# The platform's image is Debian 12 (glibc 2.36).
_TARGET = ("--python-platform", "x86_64-manylinux_2_28", "--python-version", "3.13")


class DependenciesNotInstalled(Exception):
    """They could not be installed; holds the end of what was written."""


def runs_here() -> bool:
    """Say whether the wheels are for this machine: else they are looked into, and not loaded."""
    here = (sys.platform, platform.machine().lower(), sys.version_info[:2])
    return here in {("linux", "x86_64", (3, 13)), ("linux", "amd64", (3, 13))}


def install(requirements: Path, app: Path) -> None:
    """Install the pinned wheels into an app's folder, without what differs from time to time."""
    target = app / SITE_PACKAGES
    command = [
        *(sys.executable, "-m", "uv", "pip", "install", "--quiet"),
        # As local/setup.sh: behind a proxy that has a certificate of its own.
        "--system-certs",
        *("--require-hashes", "--no-deps", "--only-binary", ":all:", "--link-mode", "copy"),
        *("--target", str(target), *_TARGET, "--requirement", str(requirements)),
    ]
    done = subprocess.run(  # noqa: S603 - made of constants and two paths
        command, check=False, capture_output=True, text=True, env={**os.environ, **index_of_pip()}
    )
    if done.returncode:
        raise DependenciesNotInstalled(done.stderr[-2000:])
    _remove_what_differs(target)


def index_of_pip() -> dict[str, str]:
    """Pass on the index that pip is set to, as local/setup.sh does: uv reads none of that."""
    asked = [sys.executable, "-m", "pip", "config", "list"]
    told = subprocess.run(asked, check=False, capture_output=True, text=True).stdout  # noqa: S603 - pip itself
    found = re.findall(r"^[a-z:]*\.index.url='(.*)'$", told, re.MULTILINE)
    of_pip = os.environ.get("PIP_INDEX_URL") or (found[-1] if found else "")
    index = os.environ.get("UV_DEFAULT_INDEX") or of_pip
    return {"UV_DEFAULT_INDEX": index} if index else {}


def _remove_what_differs(site_packages: Path) -> None:
    """Remove commands, which name the Python that installed them, and the records of the files."""
    for folder in ("bin", "Scripts"):
        shutil.rmtree(site_packages / folder, ignore_errors=True)
    for pattern in (
        "*.dist-info/RECORD",
        "*.dist-info/INSTALLER",
        "*.dist-info/REQUESTED",
        ".lock",
    ):
        for path in site_packages.glob(pattern):
            path.unlink()
