#!/bin/sh
# Renews the pinned requirements. The header and the options keep every address of a package index out of the files.
set -eu
cd "$(dirname "$0")/.."
.venv/bin/python -m pip install --quiet --disable-pip-version-check pip-tools==7.6.2
for name in requirements requirements-dev; do
    .venv/bin/pip-compile --quiet --strip-extras --annotation-style=line --no-header \
        --no-emit-index-url --no-emit-find-links --no-emit-trusted-host \
        --output-file="$name.txt" "$name.in"
    printf '# Made by `make pins` from %s.in; edit that and run it again.\n' "$name" |
        cat - "$name.txt" >"$name.txt.new"
    mv "$name.txt.new" "$name.txt"
done
