"""What the package is made of, as a CycloneDX document: each pin with its hashes."""

import json
import subprocess
import sys
from pathlib import Path

from naptime import __version__


def write_sbom(repository: Path, sbom: Path, *, validate: bool = True) -> None:
    """Write the bill of materials, without a time or a random number.

    `validate` holds it to CycloneDX's own schema, which takes some seconds of processor time.
    """
    command = [
        *(sys.executable, "-m", "cyclonedx_py", "requirements", "--output-reproducible"),
        "--validate" if validate else "--no-validate",
        *("--pyproject", str(repository / "pyproject.toml"), "--output-file", str(sbom)),
        str(repository / "requirements.txt"),
    ]
    subprocess.run(command, check=True, capture_output=True)  # noqa: S603 - made of constants and three paths
    # pyproject.toml leaves the version to the package, where the generator does not look for it.
    document = json.loads(sbom.read_text(encoding="utf-8"))
    document["metadata"]["component"]["version"] = __version__
    sbom.write_text(json.dumps(document, indent=2) + "\n", encoding="utf-8", newline="\n")
