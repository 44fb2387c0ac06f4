"""A zip that is the same bytes for the same files, whenever and by whomever it is made."""

import stat
import zipfile
from collections.abc import Mapping
from pathlib import Path

# The earliest that the format knows.
_WHEN = (1980, 1, 1, 0, 0, 0)
_MODE = stat.S_IFREG | 0o644
_UNIX = 3


def write_archive(archive: Path, files: Mapping[str, bytes]) -> None:
    """Write files by their names (relative, with slashes), in order of these."""
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as written:
        for name, content in sorted(files.items()):
            entry = zipfile.ZipInfo(name, _WHEN)
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.create_system = _UNIX
            entry.external_attr = _MODE << 16
            written.writestr(entry, content)
