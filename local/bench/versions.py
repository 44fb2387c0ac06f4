"""The app that is measured: today's, or that of a commit before, on the same host and simulator."""

import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path
from typing import Final

from local.storage_emulator import REPOSITORY

_APP: Final[ContextVar[Path]] = ContextVar("app", default=REPOSITORY)


def app_folder() -> Path:
    """Give the folder of the app that is measured now."""
    return _APP.get()


def host_program() -> tuple[str, ...]:
    """Give the module that is the host of that app, and its options."""
    return ("local.host", f"--app={app_folder()}")


@contextmanager
def measuring(folder: Path) -> Iterator[None]:
    """Measure the app in a folder, and not today's."""
    token = _APP.set(folder)
    try:
        yield
    finally:
        _APP.reset(token)


class NoSuchCommit(Exception):
    """What is to be measured beside today's app is no commit of this repository."""


@contextmanager
def checked_out(commit: str) -> Iterator[Path]:
    """Lay out a commit in a folder of its own, and take it away again; raises NoSuchCommit."""
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch, "before")
        if _git("worktree", "add", "--detach", str(folder), commit):
            raise NoSuchCommit(f"{commit} is no commit of this repository")
        try:
            yield folder
        finally:
            _git("worktree", "remove", "--force", str(folder))


def _git(*words: str) -> int:
    done = subprocess.run(  # noqa: S603 - git itself checks the commit
        ("git", *words),  # noqa: S607 - git is where PATH says
        cwd=REPOSITORY,
        check=False,
        capture_output=True,
    )
    return done.returncode
