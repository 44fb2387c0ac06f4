"""What is deployed: the app, and nothing that runs or checks it."""

import subprocess

from pathspec import GitIgnoreSpec

from tests.docs.test_readme import ROOT


def shipped() -> set[str]:
    """Give the tracked files that .funcignore lets through."""
    listed = ["git", "ls-files", "--cached", "--others", "--exclude-standard"]
    tracked = subprocess.run(listed, cwd=ROOT, check=True, capture_output=True, text=True)  # noqa: S603 - a fixed command
    lines = (ROOT / ".funcignore").read_text(encoding="utf-8").splitlines()
    ignored = GitIgnoreSpec.from_lines(lines)
    return {path for path in tracked.stdout.splitlines() if not ignored.match_file(path)}


def test_only_the_app_is_deployed() -> None:
    """The package holds function_app.py, host.json, requirements.txt, functions/ and shared/."""
    at_the_top = {path for path in shipped() if "/" not in path}
    assert at_the_top == {"function_app.py", "host.json", "requirements.txt"}
    folders = {path.split("/")[0] for path in shipped() if "/" in path}
    assert folders == {"functions", "shared"}
    assert all(path.endswith(".py") for path in shipped() if "/" in path)
