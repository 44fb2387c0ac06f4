"""The package is built anywhere, and tried only where it can run; a release is made of it."""

import hashlib
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from infra.deploying.package import functions_of

from local.package import __main__ as package
from local.package.dependencies import index_of_pip, install, runs_here
from local.package.release import write_release
from naptime import __version__
from tests.local.package.conftest import ROOT

PLACES = [
    ("linux", "x86_64", (3, 13), True),
    ("linux", "aarch64", (3, 13), False),
    ("darwin", "arm64", (3, 13), False),
    ("win32", "AMD64", (3, 13), False),
    ("linux", "x86_64", (3, 12), False),
]


@pytest.mark.parametrize(("system", "machine", "python", "runs"), PLACES)
def test_where_it_can_be_tried(
    monkeypatch: pytest.MonkeyPatch,
    system: str,
    machine: str,
    python: tuple[int, int],
    *,
    runs: bool,
) -> None:
    """Its wheels load on Linux x86-64 with Python 3.13 and nowhere else."""
    monkeypatch.setattr(sys, "platform", system)
    monkeypatch.setattr("platform.machine", lambda: machine)
    monkeypatch.setattr(sys, "version_info", (*python, 0, "final", 0))
    assert runs_here() == runs


def test_elsewhere_it_is_inspected_and_the_trial_left_out(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Where its wheels cannot load it is built, and the output says what was not done."""
    requirements: list[Path] = []

    def installed(given: Path, app: Path) -> None:
        requirements.append(given)
        (app / ".python_packages/lib/site-packages/x").mkdir(parents=True)
        (app / ".python_packages/lib/site-packages/x/__init__.py").touch()

    monkeypatch.setattr(package, "install", installed)
    monkeypatch.setattr(package, "runs_here", lambda: False)
    monkeypatch.setattr(package, "write_sbom", lambda _, path: path.write_text("{}"))
    package._make(tmp_path)
    assert "not tried: its wheels are for Linux x86-64" in capsys.readouterr().out
    assert (tmp_path / "app" / "host.json").exists()
    assert functions_of(tmp_path / "naptime.zip")
    assert len(requirements) == 2


@pytest.mark.parametrize(("around", "says"), [(False, "git says"), (True, "no function_app.py")])
def test_without_a_clone_nothing_is_packed(
    around: bool,  # noqa: FBT001 - a parameter of the test
    says: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Sources from an archive, even below another repository, are told to be no clone."""
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    sources = tmp_path / "naptime"
    sources.mkdir()
    (sources / ".funcignore").write_text("/*\n!/function_app.py\n", encoding="utf-8")
    (sources / "function_app.py").touch()
    if around:
        subprocess.run(["git", "init", "-q", str(tmp_path)], check=True)  # noqa: S603, S607 - git itself
    monkeypatch.setattr(package, "REPOSITORY", sources)
    monkeypatch.setattr("sys.argv", ["package", "--out", str(tmp_path / "dist")])
    assert package.main() == 1
    told = capsys.readouterr().err
    assert "it takes a clone" in told
    assert says in told
    assert not (tmp_path / "dist").exists()


def test_lines_end_alike_everywhere() -> None:
    """Git for Windows would write other ends of lines, and the package would be other bytes."""
    told = subprocess.run(
        ["git", "check-attr", "text", "eol", "--", "function_app.py", "docs/pictures/x.png"],  # noqa: S607 - git itself
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,
    ).stdout
    assert "function_app.py: text: auto" in told
    assert "function_app.py: eol: lf" in told


def test_the_wheels_are_those_of_the_platform(tmp_path: Path) -> None:
    """Uv is asked for Linux and Python 3.13, whatever it runs on: a compiled module says so."""
    lines = (ROOT / "requirements.txt").read_text(encoding="utf-8").splitlines()
    start = next(number for number, line in enumerate(lines) if line.startswith("msgspec=="))
    end = next(
        number for number in range(start + 1, len(lines)) if not lines[number].startswith("    ")
    )
    one = tmp_path / "requirements.txt"
    one.write_text("\n".join(lines[start:end]) + "\n", encoding="utf-8")
    install(one, tmp_path / "app")
    compiled = [path.name for path in (tmp_path / "app").rglob("*.so")]
    assert compiled == ["_core.cpython-313-x86_64-linux-gnu.so"]


def test_wheels_come_from_where_pip_takes_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A mirror that pip is set to is asked by uv as well, which reads none of pip's settings."""
    settings = tmp_path / "pip.conf"
    # pip takes the name with either sign in it.
    settings.write_text("[global]\nindex_url = https://mirror.example/simple\n", encoding="utf-8")
    monkeypatch.setenv("PIP_CONFIG_FILE", str(settings))
    monkeypatch.delenv("UV_DEFAULT_INDEX", raising=False)
    monkeypatch.delenv("PIP_INDEX_URL", raising=False)
    assert index_of_pip() == {"UV_DEFAULT_INDEX": "https://mirror.example/simple"}
    monkeypatch.setenv("UV_DEFAULT_INDEX", "https://own.example/simple")
    assert index_of_pip() == {"UV_DEFAULT_INDEX": "https://own.example/simple"}


def test_functions_are_read_without_loading(tmp_path: Path) -> None:
    """Deploy.py names the functions that the worker library finds, from text alone."""
    from local.host.worker import Worker  # noqa: PLC0415 - it loads the app

    archive = tmp_path / "naptime.zip"
    with zipfile.ZipFile(archive, "w") as written:
        for path in sorted((ROOT / "functions").rglob("*.py")):
            written.write(path, path.relative_to(ROOT).as_posix())
    assert functions_of(archive) == sorted(Worker.load(ROOT).functions)


def test_a_release_has_checksums_of_all(tmp_path: Path) -> None:
    """Package, bill of materials, wheel and templates, with deploy.py; the same bytes each time."""
    for name in ("naptime.zip", "naptime.cdx.json", f"naptime-{__version__}-py3-none-any.whl"):
        (tmp_path / name).write_text(name, encoding="utf-8")
    (tmp_path / "naptime-0.0.1-py3-none-any.whl").write_text("older", encoding="utf-8")
    made = write_release(ROOT, tmp_path)
    assert "naptime-0.0.1-py3-none-any.whl" not in {path.name for path in made}
    first = {path.name: path.read_bytes() for path in made}
    assert {path.name: path.read_bytes() for path in write_release(ROOT, tmp_path)} == first
    sums = dict(line.split("  ")[::-1] for line in first["SHA256SUMS"].decode().splitlines())
    assert sums == {
        name: hashlib.sha256(body).hexdigest()
        for name, body in first.items()
        if name != "SHA256SUMS"
    }
    with zipfile.ZipFile(tmp_path / "release" / "naptime-deploy.zip") as packed:
        names = set(packed.namelist())
        packed.extractall(tmp_path / "unpacked")
    asked = ("--name", "prod", "--location", "westeurope", "--release", "naptime.zip", "--dry-run")
    shown = subprocess.run(  # noqa: S603 - deploy.py itself
        [sys.executable, "-I", "infra/deploy.py", *asked],
        cwd=tmp_path / "unpacked",
        check=True,
        capture_output=True,
        text=True,
    )
    assert "$ az deployment sub create" in shown.stdout
    assert {"infra/deploy.py", "infra/compiled/main.json", "infra/main.parameters.json"} <= names
