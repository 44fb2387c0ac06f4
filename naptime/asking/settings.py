"""The app's own settings, from the same variables; none is required here, and flags override."""

from collections.abc import Mapping
from copy import replace
from typing import Final

from naptime.asking.flags import WindowFlags
from naptime.asking.policy_file import read_file
from shared.domain.errors import InvalidSetting
from shared.domain.vocabulary.invalid import Problem
from shared.settings import Settings, read_settings

BURST: Final = "25"
"""Half of the app's own burst, for a deployed naptime may be at work on the same clusters."""

_NONE_YET: Final = "00000000-0000-0000-0000-000000000000"
_NOT_HERE: Final = ("NAPTIME_TOPIC_ENDPOINT", "NAPTIME_DRY_RUN", "NAPTIME_SUBSCRIPTIONS")


def settings_of(environment: Mapping[str, str], flags: WindowFlags) -> Settings:
    """Read the settings for one command; raises InvalidSetting that names variable or flag.

    A policy's file stands in the place of the window's settings; raises InvalidPolicy, with places.
    Which subscriptions, and whether to write, the command says itself. The storage account is never
    opened: tables and queues are in memory.
    """
    flags.check()
    kept = {name: value for name, value in environment.items() if name not in _NOT_HERE}
    given = {
        "NAPTIME_SHARD_BURST": BURST,
        **kept,
        **flags.variables(),
        "NAPTIME_SUBSCRIPTIONS": _NONE_YET,
        "AzureWebJobsStorage": "UseDevelopmentStorage=true",
    }
    try:
        settings = read_settings(given)
    except InvalidSetting as error:
        raise InvalidSetting(_by_flag(flags, problem) for problem in error.problems) from error
    if flags.policy_file is None:
        return settings
    desired = replace(settings.desired, policy=read_file(flags.policy_file))
    return replace(settings, desired=desired)


def _by_flag(flags: WindowFlags, problem: Problem) -> Problem:
    return replace(problem, field=flags.flag_of(problem.field))
