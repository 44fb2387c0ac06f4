"""Building: the app's files and its dependencies in one folder, then in one archive."""

import shutil
from collections.abc import Mapping
from pathlib import Path

from local.package.app_files import app_files, funcignore, let_through
from local.package.archive import write_archive
from local.package.bytecode import bytecode, bytecode_name


def lay_out_app(repository: Path, folder: Path) -> None:
    """Copy the app's files into a folder."""
    for name in app_files(repository):
        target = folder / name
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(repository / name, target)


def pack(repository: Path, folder: Path, archive: Path) -> None:
    """Pack a laid-out folder as .funcignore says, with its dependencies and everyone's bytecode."""
    there = (path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())
    names = let_through(funcignore(repository), there)
    files = {name: (folder / name).read_bytes() for name in names}
    write_archive(archive, files | _compiled(files))


def _compiled(files: Mapping[str, bytes]) -> dict[str, bytes]:
    found = {name: bytecode(name, source) for name, source in files.items() if _is_module(name)}
    return {bytecode_name(name): code for name, code in found.items() if code is not None}


def _is_module(name: str) -> bool:
    return name.endswith(".py")
