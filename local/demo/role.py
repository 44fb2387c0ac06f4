"""The role that naptime has in Azure, for the simulator to hold it to."""

import json
from pathlib import Path

from local.infra_check.agreement import role_actions
from local.infra_check.values import read_snapshots


def write_role(file: Path) -> Path:
    """Write the actions that the templates grant by default, as the simulator reads them."""
    actions = sorted(role_actions(read_snapshots()["defaults"]))
    file.write_text(json.dumps(actions, indent=1), "utf-8")
    return file
