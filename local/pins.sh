#!/bin/sh
# Renews the pinned requirements, with the hashes of every file that the index has of each of them.
# No option line is kept: it could name somebody's own package index.
set -eu
cd "$(dirname "$0")/.."
.venv/bin/python -m pip install --quiet --disable-pip-version-check pip-tools==7.6.2
for name in requirements requirements-dev; do
    .venv/bin/pip-compile --quiet --strip-extras --generate-hashes --annotation-style=line \
        --no-header --output-file="$name.txt" "$name.in"
    printf '# Made by `make pins` from %s.in; edit that and run it again.\n' "$name" |
        cat - "$name.txt" | sed '/^--/d; /^$/d' >"$name.txt.new"
    mv "$name.txt.new" "$name.txt"
done
