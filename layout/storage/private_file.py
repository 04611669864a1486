"""Files that hold secrets: readable by their owner only, from the first byte on."""

import os
import re
import secrets
import shlex
from collections.abc import Mapping
from pathlib import Path

__all__ = ["update_env_file", "write_private"]

_ASSIGNMENT = re.compile(r"\s*(?:export\s+)?([A-Za-z_]\w*)\s*=")


def write_private(path: Path, text: str) -> None:
    """Write the whole file or nothing, with mode 0600, whatever mode an older one had."""
    path = path.resolve()
    part = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(text)
        part.replace(path)
    except BaseException:
        part.unlink(missing_ok=True)
        raise


def update_env_file(path: Path, variables: Mapping[str, str | None]) -> None:
    """Set these variables in an `.env` file; every other line stays as it is.

    Args:
        path: The file; made if missing.
        variables: Values by name; None removes the variable.
    """
    old = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
    missing = {name: value for name, value in variables.items() if value is not None}
    lines: list[str] = []
    for line in old:
        match = _ASSIGNMENT.match(line)
        if match is None or match[1] not in variables:
            lines.append(line)
        elif match[1] in missing:
            # A second line of the same name would win over this one, so it goes.
            lines.append(_line(match[1], missing.pop(match[1])))
    lines += [_line(name, value) for name, value in missing.items()]
    write_private(path, "".join(f"{line}\n" for line in lines))


def _line(name: str, value: str) -> str:
    return f"{name}={shlex.quote(value)}"
