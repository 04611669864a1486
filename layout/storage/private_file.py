"""Files that hold secrets: readable by their owner only, from the first byte on."""

from pathlib import Path

from layout.whole_file import write_whole

__all__ = ["write_private"]


def write_private(path: Path, text: str) -> None:
    """Write the whole file or nothing, with mode 0600, whatever mode an older one had.

    Raises:
        OSError: It cannot be written.
    """
    write_whole(path, text, mode=0o600)
