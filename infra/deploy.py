#!/usr/bin/env python3
"""Deploy naptime; `python3 infra/deploy.py --help` says how."""

import sys
from pathlib import Path

if sys.version_info < (3, 9):  # noqa: UP036 - whoever has an older one is told so in words
    sys.exit("naptime's deployment needs Python 3.9 or later")

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from infra.deploying.command import main

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
