"""What a process has used, as Linux tells it (proc(5))."""

import os
from pathlib import Path
from typing import Final

_KILOBYTE: Final = 1024
_USER_TICKS, _SYSTEM_TICKS = 11, 12
"""Fields of `stat`, counted after the name, which may hold anything but ends with a bracket."""


def resident(process: int | str) -> float:
    """Read the resident memory of a process, in megabytes."""
    lines = Path(f"/proc/{process}/status").read_text("ascii", errors="replace").splitlines()
    kilobytes = next(int(line.split()[1]) for line in lines if line.startswith("VmRSS"))
    return kilobytes / _KILOBYTE


def processor_seconds(process: int | str) -> float:
    """Read the processor time of a process since its start, its own and the kernel's for it."""
    text = Path(f"/proc/{process}/stat").read_text("ascii", errors="replace")
    fields = text.rpartition(")")[2].split()
    ticks = int(fields[_USER_TICKS]) + int(fields[_SYSTEM_TICKS])
    return ticks / os.sysconf("SC_CLK_TCK")
