"""What Bicep's own compiler says: build, lint, format, and that what is committed is current."""

import json
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path

from local.infra_check.values import INFRA, Finding

TEMPLATES = ("main", "watch", "events")
SOURCES = INFRA / "compiled" / "sources.json"
# Made up: a snapshot is of nobody's subscription.
_PLACE = (
    *("--subscription-id", "11111111-1111-1111-1111-111111111111"),
    *("--tenant-id", "99999999-9999-9999-9999-999999999999", "--location", "westeurope"),
)


def bicep() -> str | None:
    """Find the compiler on the path."""
    return shutil.which("bicep")


def check_compiled(program: str) -> Iterator[Finding]:
    """Compare everything that is made from the sources with what is committed."""
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / "infra"
        shutil.copytree(INFRA, copy)
        yield from write_compiled(program, copy)
        for path in sorted(copy.rglob("*")):
            name = path.relative_to(copy)
            ours = INFRA / name
            if path.is_file() and (not ours.exists() or path.read_bytes() != ours.read_bytes()):
                yield Finding(name.as_posix(), "is not what the compiler writes: make infra-write")


def write_compiled(program: str, infra: Path = INFRA) -> Iterator[Finding]:
    """Format, build and work everything out; each word of the compiler is a finding."""
    yield from _run(program, "format", "--pattern", f"{infra}/**/*.bicep")
    for name in TEMPLATES:
        out = str(infra / "compiled" / f"{name}.json")
        yield from _run(program, "build", str(infra / f"{name}.bicep"), "--outfile", out)
    for path in sorted((infra / "snapshots").glob("*.bicepparam")):
        yield from _run(program, "snapshot", str(path), *_PLACE, "--mode", "overwrite")
        _in_order(path.with_suffix(".snapshot.json"))
    text = json.dumps(sources(infra), indent=1, sort_keys=True)
    (infra / "compiled" / "sources.json").write_text(text + "\n", encoding="utf-8")


def sources(infra: Path = INFRA) -> dict[str, str]:
    """Give a hash of each file that the compiled ones are made from."""
    listed = [*infra.glob("*.bicep"), *infra.glob("modules/*.bicep")]
    listed += [*infra.glob("snapshots/*.bicepparam"), infra / "bicepconfig.json"]
    return {
        path.relative_to(infra).as_posix(): sha256(path.read_bytes()).hexdigest()[:16]
        for path in listed
    }


def check_sources() -> Iterator[Finding]:
    """Find sources that have changed since they were compiled, which takes no compiler."""
    compiled = json.loads(SOURCES.read_text(encoding="utf-8"))
    now = sources()
    for name in sorted(compiled.keys() ^ now.keys()):
        yield Finding(name, "came or went since infra/compiled was made: make infra-write")
    for name in sorted(compiled.keys() & now.keys()):
        if compiled[name] != now[name]:
            yield Finding(name, "has changed since infra/compiled was made: make infra-write")


def _in_order(path: Path) -> None:
    """Sort the outputs, which come in another order each time."""
    snapshot = json.loads(path.read_text(encoding="utf-8"))
    snapshot["outputs"] = dict(sorted(snapshot["outputs"].items()))
    path.write_text(json.dumps(snapshot, indent=2) + "\n", encoding="utf-8")


def _run(program: str, *arguments: str) -> Iterator[Finding]:
    done = subprocess.run(  # noqa: S603 - the compiler, on files of the project
        [program, *arguments], check=False, capture_output=True, text=True
    )
    said = [line for line in (done.stdout + done.stderr).splitlines() if line.strip()]
    if done.returncode or said:
        told = " ".join(said)[:600] or f"ended with {done.returncode}"
        yield Finding(Path(arguments[1]).name, f"bicep {arguments[0]}: {told}")
