"""Which files of the repository are deployed: those that git knows and .funcignore lets through."""

import subprocess
from collections.abc import Iterable
from pathlib import Path

from pathspec import GitIgnoreSpec

_CLONE = "the files of a package are those that git knows, so it takes a clone"


class NotFromGit(Exception):
    """What is to be packed is no clone of the repository; says so, and what git said."""


def funcignore(repository: Path) -> GitIgnoreSpec:
    """Read .funcignore, which has the rules of .gitignore."""
    lines = (repository / ".funcignore").read_text(encoding="utf-8").splitlines()
    return GitIgnoreSpec.from_lines(lines)


def let_through(ignored: GitIgnoreSpec, paths: Iterable[str]) -> list[str]:
    """Give those of the paths (relative, with slashes) that are not ignored, in order."""
    return sorted(path for path in paths if not ignored.match_file(path))


def app_files(repository: Path) -> list[str]:
    """Give the app's files: an untracked one is in no commit, so it is in no package either."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached"],  # noqa: S607 - git is where PATH says
        cwd=repository,
        check=False,
        capture_output=True,
        text=True,
    )
    if listed.returncode:
        raise NotFromGit(f"{_CLONE}; git says: {listed.stderr.strip()}")
    names = let_through(funcignore(repository), filter(None, listed.stdout.split("\0")))
    if "function_app.py" not in names:
        # Unpacked below somebody else's repository, which knows none of these files.
        raise NotFromGit(f"{_CLONE}; the repository around {repository} has no function_app.py")
    return names
