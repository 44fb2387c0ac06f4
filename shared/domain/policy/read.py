"""A policy's file, TOML 1.0: read strictly, with every problem named at once by its place.

TOML and not YAML: YAML 1.1 reads `01:00` as the number 60 and `off` as false, and both are words
of this field.
"""

import re
import tomllib
from collections.abc import Callable
from datetime import datetime
from hashlib import sha256

from shared.domain.policy.choose import Policy
from shared.domain.policy.read_rules import read_rules
from shared.domain.policy.read_windows import read_windows
from shared.domain.policy.updates import read_updates
from shared.domain.vocabulary.fields import BYTE_ORDER_MARK, BrokenRule, Fields, text
from shared.domain.vocabulary.invalid import InvalidPolicy
from shared.domain.vocabulary.locations import LOCATIONS
from shared.domain.vocabulary.plain_text import one_line

MOST_BYTES = 64 * 1024
MOST_SAID = 200
"""Characters of what the parser says."""
MOST_TAG_KEY = 512
"""The longest key of a tag (Azure, the page on limits of tags)."""

_MOST_DOTS = 64
_TEXT = re.compile(r"""#[^\n]*|"[^"\n]*"|'[^'\n]*'""")
_KNOWN = ("version", "windows", "rules", "tags", "update")


def read_policy(
    written: str, now: datetime, is_location: Callable[[str], bool] = LOCATIONS.__contains__
) -> Policy:
    """Read a policy that is put in force at an aware instant.

    `is_location` is asked of short names. Raises InvalidPolicy with every problem: what has one is
    never in force in part.
    """
    top = Fields(_parsed(written), "", [])
    top.refuse_unknown(_KNOWN)
    top.required("version", _version)
    windows = read_windows(top)
    rules = read_rules(top, windows, now, is_location)
    choose_tag, updates = _choose_tag(top), read_updates(top)
    if top.problems:
        raise InvalidPolicy(top.problems)
    right = {name: found for name, found in windows.items() if found}
    return Policy(right, rules, choose_tag, policy_hash(written), updates)


def policy_hash(written: str) -> str:
    """Give the hash by which a version is named: the first 16 digits of the text's SHA-256."""
    return sha256(written.removeprefix(BYTE_ORDER_MARK).encode()).hexdigest()[:16]


def _parsed(written: str) -> dict[str, object]:
    """Parse the file; raises InvalidPolicy for what is no TOML, with the line and the column."""
    plain = written.removeprefix(BYTE_ORDER_MARK)
    try:
        size = len(plain.encode())
    except UnicodeEncodeError as error:
        raise InvalidPolicy.because("policy", "", "must be well-formed Unicode") from error
    if size > MOST_BYTES:
        rule = f"must be at most {MOST_BYTES} bytes of UTF-8"
        raise InvalidPolicy.because("policy", f"{size} bytes", rule)
    _check_keys(plain)
    try:
        return tomllib.loads(plain)
    except (ValueError, RecursionError) as error:
        # ValueError is also what a number of more digits than Python converts ends in.
        rule = f"must be TOML: {one_line(str(error), MOST_SAID)}"
        raise InvalidPolicy.because("policy", "", rule) from error


def _check_keys(plain: str) -> None:
    """Refuse keys of so many parts that the parser would read them for a minute.

    Its time grows with the square of them (python/cpython Lib/tomllib/_parser.py, `parse_key`).
    """
    for number, line in enumerate(_TEXT.sub("", plain).splitlines(), start=1):
        if line.count(".") > _MOST_DOTS:
            rule = f"must have at most {_MOST_DOTS} dots in a line, beside those in texts"
            raise InvalidPolicy.because("policy", f"line {number}", rule)


def _version(value: object) -> int:
    if type(value) is not int or value != 1:
        raise BrokenRule("must be 1, the only version there is")
    return value


def _choose_tag(top: Fields) -> str | None:
    tags = top.optional_under("tags")
    if tags is None:
        return None
    tags.refuse_unknown(("choose",))
    return tags.required("choose", _tag_key)


def _tag_key(value: object) -> str:
    key = text(value)
    if len(key) > MOST_TAG_KEY or not key.isprintable() or key.lower() == "naptime":
        rule = f"must be the key of a tag: up to {MOST_TAG_KEY} printable characters, not naptime"
        raise BrokenRule(rule)
    return key.lower()
