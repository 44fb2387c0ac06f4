"""`python -m local.package`: build the deploy package twice, compare, look into it, try it."""

import argparse
import asyncio
import shutil
import sys
import tempfile
import zipfile
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from typing import Final

from local.package.app_files import NotFromGit
from local.package.building import lay_out_app, pack
from local.package.dependencies import DependenciesNotInstalled, install, runs_here
from local.package.inspection import problems
from local.package.sbom import write_sbom
from local.package.trial import PackageFailed, Stage, answer, load

REPOSITORY: Final = Path(__file__).resolve().parents[2]


def _twice(what: str, write: Callable[[Path], None], scratch: Path) -> Path:
    """Write a file two times, in folders of their own; PackageFailed unless they are equal."""
    written = []
    for folder in (scratch / "first", scratch / "second"):
        folder.mkdir(exist_ok=True)
        write(folder / what)
        written.append(folder / what)
    if written[0].read_bytes() != written[1].read_bytes():
        raise PackageFailed(f"two builds of {what} are not the same bytes")
    return written[0]


def _build(archive: Path) -> None:
    with tempfile.TemporaryDirectory() as folder:
        app = Path(folder)
        lay_out_app(REPOSITORY, app)
        install(REPOSITORY / "requirements.txt", app)
        pack(REPOSITORY, app, archive)


def _try(archive: Path, scratch: Path) -> None:
    with zipfile.ZipFile(archive) as packed:
        packed.extractall(scratch / "app")
    stage = Stage.set_up(REPOSITORY, scratch / "app", scratch / "runner")
    functions = load(stage)
    _say(f"loads from its own folder alone: {len(functions)} functions")
    _say(f"answers on the local host: {', '.join(asyncio.run(answer(stage)))}")


def _unpack(archive: Path, app: Path) -> None:
    """Leave the package unpacked as well: azd packs a folder."""
    shutil.rmtree(app, ignore_errors=True)
    with zipfile.ZipFile(archive) as packed:
        packed.extractall(app)
    # Without one azd leaves out every __pycache__; it takes this one for itself.
    (app / ".funcignore").write_text("# All of this is deployed.\n", encoding="utf-8")


def _say(text: str) -> None:
    print(f"package: {text}", flush=True)


def _make(out: Path) -> None:
    with tempfile.TemporaryDirectory() as folder:
        scratch = Path(folder)
        archive = _twice("naptime.zip", _build, scratch)
        sbom = _twice("naptime.cdx.json", lambda path: write_sbom(REPOSITORY, path), scratch)
        _say("two builds are the same bytes")
        if found := problems(REPOSITORY, archive):
            raise PackageFailed("\n".join(found))
        _say("holds what .funcignore lets through, and the dependencies")
        if runs_here():
            _try(archive, scratch)
        else:
            _say("not tried: its wheels are for Linux x86-64 and Python 3.13, which this is not")
        out.mkdir(parents=True, exist_ok=True)
        _unpack(archive, out / "app")
        for made in (archive, sbom):
            shutil.copyfile(made, out / made.name)
            digest = sha256(made.read_bytes()).hexdigest()
            size = made.stat().st_size / 1e6
            _say(f"{out / made.name}: {size:.1f} MB, sha256 {digest}")


def main() -> int:
    """Make the package; 1 and the reason if there is something wrong with it."""
    parser = argparse.ArgumentParser("python -m local.package", description=__doc__)
    parser.add_argument("--out", type=Path, default=Path("dist"), help="folder (default dist)")
    try:
        _make(parser.parse_args().out)
    except (PackageFailed, DependenciesNotInstalled, NotFromGit) as error:
        print(f"package: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
