"""The agent pools of a cluster, as far as they tell of node images: one for each image family."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import cast

# The names that AKS allows for Linux pools (the specification's pattern for agentPoolName).
_NAME = re.compile(r"[a-z][a-z0-9]{0,11}", re.ASCII)
_LINUX = "linux"


@dataclass(frozen=True, slots=True)
class ImagePool:
    """A Linux agent pool; pools of one `family` (lower case) run images of the same gallery."""

    name: str
    family: str


def observe_pools(rows: object) -> list[ImagePool]:
    """Read `agentPoolProfiles`, which may be anything; give the first pool of each family."""
    if not isinstance(rows, list):
        return []
    return _first_of_each(_observe(row) for row in cast("list[object]", rows))


def _first_of_each(pools: Iterable[ImagePool | None]) -> list[ImagePool]:
    first: dict[str, ImagePool] = {}
    for pool in pools:
        if pool is not None:
            first.setdefault(pool.family, pool)
    return list(first.values())


def _observe(row: object) -> ImagePool | None:
    if not isinstance(row, Mapping):
        return None
    body = cast("Mapping[str, object]", row)
    name, os_type, sku = (_text(body, part) for part in ("name", "osType", "osSKU"))
    if not _NAME.fullmatch(name) or (os_type or _LINUX).lower() != _LINUX:
        return None
    return ImagePool(name, (sku or "ubuntu").lower())


def _text(body: Mapping[str, object], name: str) -> str:
    value = body.get(name)
    return value if isinstance(value, str) else ""
