"""Each bug of the list is found by the test that it names, and by no accident."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.mutants.bugs import BUGS, Bug

ROOT = Path(__file__).parents[2]
COPIED = ("shared", "functions", "local", "naptime", "tests", "pyproject.toml")
LEFT_OUT = shutil.ignore_patterns("node_modules", "__pycache__", ".hypothesis", "pictures")
FOUND, PASSED = 1, 0
"""Exit codes of pytest: some test failed; all passed. Whatever else is wrong has another."""


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give a copy of the code, so that no bug is ever in the code itself."""
    root = tmp_path_factory.mktemp("copy")
    for name in COPIED:
        place = ROOT / name
        if place.is_dir():
            shutil.copytree(place, root / name, ignore=LEFT_OUT)
        else:
            shutil.copy(place, root / name)
    return root


def code_of(root: Path, *tests: str) -> tuple[int, str]:
    """Run tests in a copy, and give pytest's exit code and what it said."""
    quietly = ["-q", "-x", "-p", "no:cacheprovider", "-W", "ignore"]
    run = subprocess.run(  # noqa: S603 - pytest itself, on tests named in this repository
        [sys.executable, "-B", "-m", "pytest", *quietly, *tests],
        cwd=root,
        capture_output=True,
        text=True,
        check=False,
    )
    return run.returncode, run.stdout + run.stderr


@pytest.mark.parametrize("bug", BUGS, ids=lambda bug: bug.name)
def test_each_bug_has_its_place_and_its_test(bug: Bug) -> None:
    """What would be wrong stands in the code once, and the test that finds it is there."""
    for edit in bug.edits:
        assert (ROOT / edit.file).read_text(encoding="utf-8").count(edit.right) == 1
    file, _, test = bug.found_by.partition("::")
    assert f"def {test}(" in (ROOT / file).read_text(encoding="utf-8")


@pytest.mark.campaign
def test_without_a_bug_all_of_these_tests_pass(copy: Path) -> None:
    """Or they would find whatever is put in. A minute: each is a service test."""
    code, said = code_of(copy, *sorted({bug.found_by for bug in BUGS}))
    assert code == PASSED, said


@pytest.mark.campaign
@pytest.mark.parametrize("bug", BUGS, ids=lambda bug: bug.name)
def test_a_bug_is_found_by_the_test_that_it_names(bug: Bug, copy: Path) -> None:
    """With it in the code that test fails, and not for want of anything else. Seconds for each."""
    for edit in bug.edits:
        text = (copy / edit.file).read_text(encoding="utf-8")
        (copy / edit.file).write_text(text.replace(edit.right, edit.wrong), encoding="utf-8")
    try:
        code, said = code_of(copy, bug.found_by)
    finally:
        for edit in bug.edits:
            shutil.copy(ROOT / edit.file, copy / edit.file)
    assert code == FOUND, said
    assert "AssertionError" in said or "DID NOT RAISE" in said, said
