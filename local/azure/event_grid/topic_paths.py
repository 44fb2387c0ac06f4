"""Where the custom topics of Event Grid are, and what a call there is called."""

import re

from local.azure.controls.misfortunes import Facts
from local.azure.replies import Call

PUBLISH = "PublishCloudEventEvents"
"""The operation's name in the REST specification, by which faults can be aimed."""

_ACTION = "Microsoft.EventGrid/events/send/action"
_PATH = re.compile(r"/topics/([A-Za-z0-9-]{3,50})/api/events/?", re.ASCII)


def is_topic_path(path: str) -> bool:
    """Say whether a path is Event Grid's, that of no end point included."""
    return path.startswith("/topics/")


def topic_of(path: str) -> str:
    """Give the name of the topic whose end point a path is; empty where it is none."""
    found = _PATH.fullmatch(path)
    return found[1] if found else ""


def publishing_facts(call: Call) -> Facts:
    """Say what a call to a topic can be aimed at by."""
    return Facts(call.method, call.path, operation=PUBLISH, action=_ACTION, is_other_service=True)
