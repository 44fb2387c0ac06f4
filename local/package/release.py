"""`python -m local.package.release`: what people can deploy without building, in dist/release.

The package and its bill of materials, which `make package` has made; the command line's wheel, as
`make wheel` made it; `naptime-deploy.zip`, which is deploy.py with the compiled templates; and the
checksums of all of them. The same bytes each time.
"""

import shutil
import sys
from hashlib import sha256
from pathlib import Path
from typing import Final

from local.package.archive import write_archive
from naptime import __version__

REPOSITORY: Final = Path(__file__).resolve().parents[2]
_MADE = ("naptime.zip", "naptime.cdx.json")
_DEPLOYS = ("infra/*.py", "infra/deploying/*.py", "infra/compiled/*.json")
_MORE = ("infra/main.parameters.json", "LICENSE", "docs/deploy.md")


def write_release(repository: Path, dist: Path) -> list[Path]:
    """Write the folder; FileNotFoundError where the package is not made yet."""
    folder = dist / "release"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    # Of this version: one that an older commit left there does not belong to this package.
    for name in (*_MADE, f"naptime-{__version__}-py3-none-any.whl"):
        shutil.copyfile(dist / name, folder / name)
    found = [path for pattern in _DEPLOYS for path in repository.glob(pattern)]
    files = [path.relative_to(repository).as_posix() for path in found]
    contents = {name: (repository / name).read_bytes() for name in (*files, *_MORE)}
    write_archive(folder / "naptime-deploy.zip", contents)
    made = sorted(folder.iterdir())
    sums = "".join(f"{sha256(each.read_bytes()).hexdigest()}  {each.name}\n" for each in made)
    (folder / "SHA256SUMS").write_text(sums, encoding="utf-8")
    return [*made, folder / "SHA256SUMS"]


def main() -> int:
    """Write it, or say what is missing."""
    try:
        for path in write_release(REPOSITORY, REPOSITORY / "dist"):
            print(f"release: {path.relative_to(REPOSITORY)}")
    except FileNotFoundError as error:
        print(f"release: {error.filename} is not there: make package wheel", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
