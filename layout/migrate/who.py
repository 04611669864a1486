"""Who runs a migration, for the history that the marker and the plan keep.

A name for people, never a secret and never checked: the account and run that a CI job tells in its environment, or
else the login and the host. `--by` says it instead.
"""

import getpass
import os
import socket

__all__ = ["MOST", "is_name", "who"]

MOST = 200
"""Characters of a name at most: it is written into a document that every start reads."""

_JOBS = (
    ("GITHUB_ACTOR", "GITHUB_RUN_ID", "GitHub run"),
    ("GITLAB_USER_LOGIN", "CI_JOB_ID", "GitLab job"),
)


def is_name(text: str) -> bool:
    """Whether a text can stand for a person or a job: printable, not empty, at most 200 characters."""
    return bool(text.strip()) and len(text) <= MOST and text.isprintable()


def who() -> str:
    """The account of a CI job with its run, or `login@host`."""
    for account, run, job in _JOBS:
        if name := os.environ.get(account, ""):
            told = f"{name}, {job} {os.environ.get(run, 'unknown')}"
            if is_name(told):
                return told
    try:
        login = getpass.getuser()
    except (OSError, KeyError, ImportError):
        # A container may run as a number that no account has.
        login = "unknown"
    told = f"{login}@{socket.gethostname()}"
    return told if is_name(told) else "unknown"
