"""The environment: the first segment of every key."""

from __future__ import annotations

import enum
import os
from collections.abc import Mapping

from layout.errors import EnvironmentNameError
from layout.scheme.segments import shown

__all__ = ["Environment", "current_environment", "settle_environment"]

VARIABLE = "APP_ENV"


class Environment(enum.StrEnum):
    """Where an application runs, and the part of the bucket that it works on."""

    DEV = "dev"
    STAGING = "staging"
    PROD = "prod"


# A table, since calling the enum costs four times as much and every key asks for it.
_BY_NAME: dict[str, Environment] = {environment.value: environment for environment in Environment}


# Whether an unset APP_ENV of this process has been read as dev: keys may have been built from that.
_taken_for_dev = False


def current_environment(environ: Mapping[str, str] = os.environ) -> Environment:
    """The environment named by `APP_ENV`; `dev` if that is not set.

    Read at each call, so that a process that sets the variable late gets what it asked for.

    Args:
        environ: Where to look; the process's own environment unless given.

    Raises:
        EnvironmentNameError: If the variable is set to anything but dev, staging or prod. That
            includes the empty text: a variable that a deployment left empty must not mean dev.
    """
    # Not .get(): os.environ has none of its own, and the inherited one doubles the cost.
    try:
        name = environ[VARIABLE]
    except KeyError:
        if environ is os.environ:
            global _taken_for_dev
            _taken_for_dev = True
        return Environment.DEV
    environment = _BY_NAME.get(name)
    if environment is None:
        known = ", ".join(_BY_NAME)
        raise EnvironmentNameError(
            f"{VARIABLE} is {shown(name)}, which is none of {known}.",
            hint=f"Set {VARIABLE} to one of {known}; unset, it means dev.",
        )
    return environment


def settle_environment(environment: Environment, source: str) -> None:
    """Let what a file says about `APP_ENV` hold for the whole process, its keys and its children too.

    Otherwise two parts of one process would work on two environments: those that read the file, and
    those that ask `current_environment`. A variable of the process itself wins over any file.

    Args:
        environment: What the file says.
        source: The file, for the message.

    Raises:
        EnvironmentNameError: If the process has taken its environment for dev before.
    """
    if VARIABLE in os.environ or environment is Environment.DEV:
        return
    if _taken_for_dev:
        raise EnvironmentNameError(
            f"{source} says that {VARIABLE} is {environment.value!r}, but this process has built keys of "
            f"{Environment.DEV.value!r} before it was read.",
            hint=f"Set {VARIABLE} in the environment of the process, or load the settings before the first key.",
        )
    os.environ[VARIABLE] = environment.value
