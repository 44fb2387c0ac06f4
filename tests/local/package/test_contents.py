"""What is deployed: the app and its dependencies, the same bytes each time, and nothing else."""

import json
import os
import re
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from local.package.app_files import app_files, funcignore, let_through
from local.package.building import lay_out_app, pack
from local.package.bytecode import bytecode, bytecode_name
from local.package.dependencies import SITE_PACKAGES
from local.package.inspection import problems
from local.package.sbom import write_sbom
from naptime import __version__
from tests.local.package.conftest import ROOT, pins

DEPENDENCY = (SITE_PACKAGES / "adependency/local/build.py").as_posix()


def test_only_the_app_is_deployed() -> None:
    """The package holds function_app.py, host.json, requirements.txt, functions/ and shared/.

    All of it is Python, but for what the fleet page is put together from.
    """
    shipped = app_files(ROOT)
    at_the_top = {path for path in shipped if "/" not in path}
    assert at_the_top == {"function_app.py", "host.json", "requirements.txt"}
    folders = {path.split("/")[0] for path in shipped if "/" in path}
    assert folders == {"functions", "shared"}
    others = {path for path in shipped if "/" in path and not path.endswith(".py")}
    assert {str(Path(path).parent) for path in others} == {"functions/page/site"}
    assert {Path(path).suffix for path in others} == {".html", ".css", ".mjs"}


@pytest.mark.parametrize(
    ("path", "deployed"),
    [
        ("function_app.py", True),
        (DEPENDENCY, True),
        (f"{SITE_PACKAGES.as_posix()}/adependency-1.dist-info/licenses/LICENSE", True),
        (f"{SITE_PACKAGES.as_posix()}/adependency/__pycache__/x.cpython-313.pyc", False),
        ("a-note.txt", False),
        ("local.settings.json", False),
        ("local/host/host.py", False),
        ("infra/main.bicep", False),
        (".env", False),
        ("azure.yaml", False),
        ("requirements-dev.txt", False),
        ("shared/clients/ruff.toml", False),
    ],
)
def test_what_funcignore_lets_through(path: str, *, deployed: bool) -> None:
    """A folder of the repository stays here; one of the same name in a dependency goes along."""
    assert let_through(funcignore(ROOT), [path]) == ([path] if deployed else [])


def small_package(folder: Path, archive: Path) -> Path:
    """Build a package whose only dependency is one file."""
    lay_out_app(ROOT, folder)
    (folder / DEPENDENCY).parent.mkdir(parents=True)
    (folder / DEPENDENCY).write_text("x = 1\n", encoding="utf-8")
    pack(ROOT, folder, archive)
    return archive


def test_two_builds_are_the_same_bytes(tmp_path: Path) -> None:
    """Neither times, nor permissions, nor what was compiled meanwhile make a difference."""
    first = small_package(tmp_path / "1", tmp_path / "1.zip")
    second = tmp_path / "2.zip"
    for path in (tmp_path / "1").rglob("*"):
        os.utime(path, (1e9, 1e9))
        path.chmod(0o700)
    compiled = tmp_path / "1" / "shared" / "__pycache__"
    compiled.mkdir()
    (compiled / "settings.cpython-313.pyc").write_bytes(b"compiled")
    pack(ROOT, tmp_path / "1", second)
    assert first.read_bytes() == second.read_bytes()
    assert problems(ROOT, second) == []


def test_bytecode_is_used_whatever_the_times(tmp_path: Path) -> None:
    """A module is loaded from the bytecode in the package, and not compiled where it runs."""
    archive = small_package(tmp_path / "1", tmp_path / "1.zip")
    with zipfile.ZipFile(archive) as packed:
        packed.extractall(tmp_path / "app")
    compiled = tmp_path / "app" / bytecode_name("shared/domain/vocabulary/pages.py")
    assert compiled.stat().st_size > 0
    told = subprocess.run(
        [sys.executable, "-vv", "-c", "import shared.domain.vocabulary.pages"],
        cwd=tmp_path / "app",
        env={"PYTHONDONTWRITEBYTECODE": "1"},
        check=True,
        capture_output=True,
        text=True,
    ).stderr
    assert f"code object from {str(compiled)!r}" in told
    assert f"code object from {compiled.parents[1] / 'pages.py'!s}" not in told


def test_a_file_that_is_no_module_has_no_bytecode() -> None:
    """What dependencies carry for other versions, or as a template, is packed as it is."""
    assert bytecode("a.py", b"def {{ name }}():") is None
    assert bytecode("b.py", b"x = 1") == bytecode("b.py", b"x = 1") is not None


def test_a_package_without_dependencies_is_found(tmp_path: Path) -> None:
    """A package that holds the app alone does not load."""
    lay_out_app(ROOT, tmp_path / "1")
    pack(ROOT, tmp_path / "1", tmp_path / "1.zip")
    assert problems(ROOT, tmp_path / "1.zip") == [f"nothing is in {SITE_PACKAGES.as_posix()}/"]


def change(archive: Path, drop: str = "", add: str = "") -> Path:
    """Give the package without one file, or with another."""
    changed = archive.with_name("changed.zip")
    with zipfile.ZipFile(archive) as read, zipfile.ZipFile(changed, "w") as written:
        for name in read.namelist():
            if name != drop:
                written.writestr(name, read.read(name))
        if add:
            written.writestr(add, "")
    return changed


@pytest.mark.parametrize(
    ("drop", "add", "problem"),
    [
        ("host.json", "", "host.json is missing"),
        ("", "tests/conftest.py", "tests/conftest.py does not belong here"),
        ("", f"{DEPENDENCY}c", f"{DEPENDENCY}c is of no module"),
        (bytecode_name("shared/settings.py"), "", "shared/settings.py is not compiled"),
        ("", (SITE_PACKAGES / "shared/__init__.py").as_posix(), "a dependency shadows shared"),
        ("", (SITE_PACKAGES / "functions.py").as_posix(), "a dependency shadows functions"),
    ],
)
def test_a_package_with_a_fault_is_found(drop: str, add: str, problem: str, tmp_path: Path) -> None:
    """What is missing, what does not belong, what hides the app's own packages."""
    archive = small_package(tmp_path / "1", tmp_path / "1.zip")
    assert problems(ROOT, change(archive, drop, add)) == [problem]


@pytest.mark.parametrize("name", ["requirements.txt", "requirements-dev.txt"])
def test_every_pin_has_its_hashes_and_no_file_an_option(name: str) -> None:
    """An option line could name somebody's own index; a pin without a hash could be anything."""
    lines = (ROOT / name).read_text(encoding="utf-8").splitlines()
    assert not [line for line in lines if line.startswith("-") or "://" in line]
    pinned = [number for number, line in enumerate(lines) if re.match(r"[a-z0-9]", line)]
    assert len(pinned) > 10
    for number in pinned:
        assert re.fullmatch(r"[a-z0-9.-]+==\S+ \\", lines[number])
        assert re.match(r"    --hash=sha256:[0-9a-f]{64}", lines[number + 1])


def test_the_bill_of_materials(tmp_path: Path) -> None:
    """It names the version it is of and every pin with its hashes; `make package` makes two."""
    write_sbom(ROOT, tmp_path / "sbom.json", validate=False)
    document = json.loads((tmp_path / "sbom.json").read_bytes())
    assert not {"serialNumber", "timestamp"} & {*document, *document["metadata"]}
    component = document["metadata"]["component"]
    assert (document["bomFormat"], component["name"]) == ("CycloneDX", "naptime")
    assert component["version"] == __version__
    assert {one["name"]: one["version"] for one in document["components"]} == pins()
    assert all(one["externalReferences"][0]["hashes"] for one in document["components"])
