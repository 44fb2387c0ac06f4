"""Building: the app's files and its dependencies in one folder, then in one archive."""

import shutil
from pathlib import Path

from local.package.app_files import app_files, funcignore, let_through
from local.package.archive import write_archive


def lay_out_app(repository: Path, folder: Path) -> None:
    """Copy the app's files into a folder."""
    for name in app_files(repository):
        target = folder / name
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(repository / name, target)


def pack(repository: Path, folder: Path, archive: Path) -> None:
    """Pack a laid-out folder as .funcignore says, dependencies included."""
    there = (path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())
    write_archive(archive, folder, let_through(funcignore(repository), there))
