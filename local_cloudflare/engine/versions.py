"""The exact versions that the engine is built from, and the oldest ones that are accepted.

Sources: Pulumi's changelog (CLI 3.256 and 3.257 break every write to R2, repaired in 3.258) and measurements
on these versions. The language host left the ``sdk`` module after v3.79.0 for a module that no Go proxy
serves, so the built pair is CLI v3.259.0 with host v3.79.0; `go/cli` and `go/language-host` hold their
``go.mod`` files.
"""

import re
from typing import Final

CLI_VERSION: Final = "v3.259.0"
LANGUAGE_HOST_VERSION: Final = "v3.79.0"
OLDEST_CLI: Final = (3, 258, 0)
OLDEST_GO: Final = (1, 25, 11)

_NUMBERS = re.compile(r"(\d+)\.(\d+)(?:\.(\d+))?")


def parse_version(text: str) -> tuple[int, int, int] | None:
    """Give the first version in a text as (major, minor, patch), or ``None``.

    A missing patch counts as 0, and what follows (``-alpha``, ``+dirty``) is ignored.
    """
    found = _NUMBERS.search(text)
    if found is None:
        return None
    return int(found[1]), int(found[2]), int(found[3] or 0)


def version_text(version: tuple[int, int, int]) -> str:
    """Give ``1.25.11`` for ``(1, 25, 11)``."""
    return ".".join(str(number) for number in version)
