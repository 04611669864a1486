"""The file `.env`: read as text, and changed without losing a line of anybody else's."""

import io
import shlex
from collections.abc import Mapping
from pathlib import Path

from dotenv.parser import Binding, parse_stream

from layout.errors import SettingsError
from layout.storage.private_file import write_private

__all__ = ["read_env_file", "update_env_file"]


def read_env_file(path: Path) -> str:
    """The text of the file without a byte order mark, or nothing if there is no file.

    Raises:
        SettingsError: The file is not text in UTF-8. Windows PowerShell 5 writes UTF-16.
    """
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:  # newline: line ends stay as they are
            return file.read()
    except FileNotFoundError:
        return ""
    except UnicodeDecodeError:
        raise SettingsError(
            f"The file {str(path)!r} is not text in UTF-8.",
            hint="Save it in UTF-8; Windows PowerShell 5 writes UTF-16 unless told: Set-Content -Encoding utf8.",
        ) from None


def update_env_file(path: Path, variables: Mapping[str, str | None]) -> None:
    """Set these variables in an `.env` file; every other line stays as it is.

    Args:
        path: The file; made if missing. It is read by the parser that the settings use.
        variables: Values by name; None removes the variable.

    Raises:
        SettingsError: The file is not text in UTF-8.
    """
    missing = {name: value for name, value in variables.items() if value is not None}
    text = ""
    for binding in parse_stream(io.StringIO(read_env_file(path))):
        if binding.key not in variables:
            text = _on_a_line_of_its_own(text) + binding.original.string
            continue
        text += _blank_lines_before(binding)
        if binding.key in missing:
            # A second line of the same name would win over this one, so it goes.
            text = _on_a_line_of_its_own(text) + _line(binding.key, missing.pop(binding.key))
    for name, value in missing.items():
        text = _on_a_line_of_its_own(text) + _line(name, value)
    write_private(path, _on_a_line_of_its_own(text))


def _on_a_line_of_its_own(text: str) -> str:
    return text if not text or text.endswith("\n") else f"{text}\n"


def _blank_lines_before(binding: Binding) -> str:
    whole = binding.original.string
    before = whole[: len(whole) - len(whole.lstrip())]
    return before[: before.rfind("\n") + 1]


def _line(name: str, value: str) -> str:
    return f"{name}={shlex.quote(value)}\n"
