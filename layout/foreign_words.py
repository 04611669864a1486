"""What other programs and servers say, as it may stand in a message of this project: on one line, without secrets."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Mapping

__all__ = ["quoted", "without_secrets"]

_SECRET_NAME = re.compile(r"TOKEN|SECRET|PASSWORD|PASSWD|PASSPHRASE|KEY(_|$)|CREDENTIAL")
_SHORTEST_SECRET = 4
# The user name and the password of an address: that of a proxy, or of where Pulumi keeps its state.
_LOGIN = re.compile(r"(?<=://)[^\s/?#]*@")


def without_secrets(text: str, environ: Mapping[str, str] = os.environ) -> str:
    """Another program's words, with stars for the values of the variables whose names speak of a secret."""
    return quoted(text, (value for name, value in environ.items() if _SECRET_NAME.search(name.upper())))


def quoted(text: str, secrets: Iterable[str] = ()) -> str:
    """Words that this project did not write, as they may stand in a message: on one line, without a secret.

    Args:
        text: What another program or a server said.
        secrets: Values that it may have been told. The login of an address is one wherever it stands.
    """
    for value in sorted(secrets, key=len, reverse=True):
        if len(value) >= _SHORTEST_SECRET:
            text = text.replace(value, "***")
    text = _LOGIN.sub("***@", text)
    return " ".join("".join(each if each.isprintable() else " " for each in text).split())
