"""Bytecode for every module of a package: where it runs nothing can be written beside the sources.

Apps of Flex Consumption run from their package, and what a package is mounted as is read only
(learn.microsoft.com, run-functions-from-deployment-package): without bytecode in it each start
compiles every module again. It is found by a hash that nobody checks (PEP 552), for an archive
keeps no times to go by; a Python of another minor version looks for files of another name.
"""

import marshal
import warnings
from importlib.util import MAGIC_NUMBER, cache_from_source, source_hash
from pathlib import PurePosixPath
from typing import Final

_BY_HASH_UNCHECKED: Final = (1).to_bytes(4, "little")


def bytecode_name(module: str) -> str:
    """Name the file that the import system looks for beside a module."""
    return PurePosixPath(cache_from_source(module, optimization="")).as_posix()


def bytecode(module: str, source: bytes) -> bytes | None:
    """Compile a module as the import system does; None for what this Python takes for none.

    Dependencies have such files: templates, and what is for other versions.
    """
    try:
        with warnings.catch_warnings(action="ignore"):
            code = compile(source, module, "exec", dont_inherit=True, optimize=0)
    except (SyntaxError, ValueError):
        return None
    return MAGIC_NUMBER + _BY_HASH_UNCHECKED + source_hash(source) + marshal.dumps(code)
