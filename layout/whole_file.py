"""Files that are written whole or not at all."""

from __future__ import annotations

import os
import secrets
from pathlib import Path

__all__ = ["write_whole"]

_SHARED = 0o666


def write_whole(path: Path, text: str, *, mode: int = _SHARED) -> None:
    """Write a file beside this one and put it in its place; what is a link stays one.

    What is there and no file (`/dev/stdout`, a pipe of the shell) is written to: put in its place, a file would
    end it for everybody.

    Args:
        path: Where to write.
        text: What; it ends up there in UTF-8.
        mode: Of the new file, less what the umask takes away.

    Raises:
        OSError: It cannot be written; the error names this file. An older one is as it was.
    """
    if path.exists() and not path.is_file():
        # A folder refuses here, by its own name.
        path.write_text(text, encoding="utf-8")
        return
    place = path.resolve()
    part = place.with_name(f".{place.name}.{secrets.token_hex(4)}")
    try:
        descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
        try:
            with os.fdopen(descriptor, "w", encoding="utf-8") as file:
                file.write(text)
            part.replace(place)
        except BaseException:
            part.unlink(missing_ok=True)
            raise
    except OSError as error:
        error.filename, error.filename2 = str(path), None
        raise
