"""The fleet page as one document: its style and its modules put into it, and a policy of hashes.

There is no build step and no second request. The modules of site/ are plain ES modules. Here each
becomes a function that gives what the module exports, and they follow one another in the order in
which they need each other: the same meaning, in one script that one hash names.
"""

import re
from base64 import b64encode
from functools import cache
from hashlib import sha256
from pathlib import Path

from msgspec import Struct

SITE = Path(__file__).parent / "site"
FIRST = "main"

_IMPORT = re.compile(r'^import (\{[^}]+\}) from "\./([a-z]+)\.mjs";$', re.MULTILINE)
_EXPORT = re.compile(r"^export (?=(?:async )?(?:function|const) (\w+))", re.MULTILINE)


class Document(Struct, frozen=True):
    """The page, the policy that lets it and nothing else run, and the tag that names both."""

    html: bytes
    policy: str
    etag: str


@cache
def document(*, sign_in: bool) -> Document:
    """Put the page together; `sign_in` says whether App Service has a sign-in in front of it."""
    style, script = (SITE / "page.css").read_text("utf-8"), script_of(SITE)
    html = (SITE / "page.html").read_text("utf-8")
    html = html.replace("<style></style>", f"<style>{style}</style>")
    html = html.replace("<script></script>", f"<script>{script}</script>")
    html = html.replace("<body>", "<body data-sign-in>") if sign_in else html
    written = html.encode()
    return Document(written, _policy(style, script), f'"{sha256(written).hexdigest()[:32]}"')


def script_of(site: Path) -> str:
    """Give the modules of a folder as one script, those that others need before them.

    It is no module, which would wait for what comes after it; so it says what modules need not.
    """
    return "\n".join(('"use strict";', *_ordered(site, FIRST, {}).values()))


def _ordered(site: Path, name: str, done: dict[str, str]) -> dict[str, str]:
    """Put a module behind those that it imports, each once."""
    text = (site / f"{name}.mjs").read_text("utf-8")
    for _, needed in _IMPORT.findall(text):
        if needed not in done:
            _ordered(site, needed, done)
    done[name] = _as_function(name, text)
    return done


def _as_function(name: str, text: str) -> str:
    """Give a module as a function that is called at once: its own scope, and what it exports."""
    exports = ", ".join(_EXPORT.findall(text))
    body = _EXPORT.sub("", _IMPORT.sub(r"const \1 = module_\2;", text))
    return f"const module_{name} = (() => {{\n{body}return {{ {exports} }};\n}})();"


def _policy(style: str, script: str) -> str:
    """Give the content security policy: this style, this script, and calls to this app alone."""
    return "; ".join(
        (
            "default-src 'none'",
            f"script-src '{_hash(script)}'",
            f"style-src '{_hash(style)}'",
            "img-src data:",
            "connect-src 'self'",
            "base-uri 'none'",
            "form-action 'none'",
            "frame-ancestors 'none'",
            "require-trusted-types-for 'script'",
        )
    )


def _hash(text: str) -> str:
    return f"sha256-{b64encode(sha256(text.encode()).digest()).decode()}"
