"""What is written with a database, as metadata of its object: its version, who wrote it, when, and what is in it."""

import os
import secrets
import socket
from collections.abc import Mapping
from urllib.parse import quote

from layout import times

__all__ = ["CONTENT", "VERSION", "WRITTEN_AT", "WRITTEN_BY", "stamps", "version_of", "writer_name"]

VERSION = "db-version"
"""Spelled by the old application, which reads it too. Objects of its scripts lack it."""
CONTENT = "content-sha256"
"""Hash of the content before the version was written into it: by it a writer knows its own upload again."""
WRITTEN_BY = "written-by"
WRITTEN_AT = "written-at"


def writer_name() -> str:
    """A writer, for people: the machine, the process, and what no other writer has."""
    return f"{quote(socket.gethostname(), safe='')}/{os.getpid()}/{secrets.token_hex(4)}"


def stamps(version: int, sha256: str, writer: str) -> dict[str, str]:
    """The metadata of a version.

    Args:
        version: Its number, for people; what is compared is the ETag.
        sha256: Of the content.
        writer: Of `writer_name`.
    """
    return {
        VERSION: str(version),
        CONTENT: sha256,
        WRITTEN_BY: writer,
        WRITTEN_AT: times.utc_now(),
    }


def version_of(metadata: Mapping[str, str]) -> int | None:
    """The number that an object's metadata give; None if they give none."""
    text = metadata.get(VERSION, "")
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 19 else None
