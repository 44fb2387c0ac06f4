"""Virtual machines as the simulated Azure remembers them: those of NAP, and others beside them."""

import re
from dataclasses import dataclass
from datetime import datetime

from local.azure.json_values import JsonObject, as_object, as_text, iso

MACHINES = "Microsoft.Compute/virtualMachines"
_ID = re.compile(
    r"/subscriptions/([^/]+)/resourceGroups/([^/]+)"
    r"/providers/Microsoft\.Compute/virtualMachines/([^/]+)",
    re.ASCII | re.IGNORECASE,
)

type Address = tuple[str, str, str]


@dataclass(frozen=True, slots=True)
class Machine:
    """A virtual machine as its ARM body says, and since when it is known here."""

    body: JsonObject
    since: datetime

    @property
    def id(self) -> str:
        """The id, in the casing of whoever wrote it."""
        return as_text(self.body.get("id"))

    @property
    def properties(self) -> JsonObject:
        """The machine's own properties."""
        return as_object(self.body.get("properties"))


def machine_address(path: str) -> Address | None:
    """Take the id of a virtual machine apart: subscription, group, name."""
    found = _ID.fullmatch(path.rstrip("/"))
    return (found[1], found[2], found[3]) if found else None


def problems_of(body: JsonObject) -> list[str]:
    """Say what is wrong with the body of a virtual machine."""
    problems = []
    if not as_text(body.get("location")):
        problems.append("location: must be a string that is not empty")
    problems.extend(
        f"{name}: must be an object"
        for name in ("tags", "properties")
        if not isinstance(body.get(name) or {}, dict)
    )
    return problems


def machine_of(address: Address, body: JsonObject, now: datetime) -> Machine:
    """Make a virtual machine; it was created now unless the body says otherwise."""
    subscription, group, name = address
    properties = {"timeCreated": iso(now), **as_object(body.get("properties"))}
    identifier = f"/subscriptions/{subscription}/resourceGroups/{group}/providers/{MACHINES}/{name}"
    own = {"id": identifier, "name": name, "type": MACHINES}
    return Machine({**own, **body, **own, "properties": properties}, now)
