"""Where the engine's files lie: pinned inputs in the repository, built outputs in ``.local``."""

import hashlib
import platform
from pathlib import Path
from typing import Final

from local_cloudflare.engine.versions import CLI_VERSION, LANGUAGE_HOST_VERSION

REPOSITORY: Final = Path(__file__).resolve().parents[2]
LOCAL: Final = REPOSITORY / ".local"
MODULES: Final = Path(__file__).resolve().parent / "go"
GO_REQUIREMENTS: Final = REPOSITORY / "requirements" / "go.txt"

STAMP: Final = "stamp"
"""Name of the file that a finished engine folder holds; its text says what the engine was built from."""

CLI: Final = "pulumi"
LANGUAGE_HOST: Final = "pulumi-language-python"
LANGUAGE_HOST_SCRIPT: Final = "pulumi-language-python-exec"


def engine_stamp() -> str:
    """Give the text that a built engine must carry: versions, machine, digest of every pinned module file."""
    digest = hashlib.sha256()
    for name in ("cli/go.mod", "cli/go.sum", "language-host/go.mod", "language-host/go.sum"):
        digest.update((MODULES / name).read_bytes())
    machine = f"{platform.system()}-{platform.machine()}"
    versions = f"pulumi {CLI_VERSION}, language host {LANGUAGE_HOST_VERSION}"
    return f"{versions}, {machine}, modules {digest.hexdigest()}\n"


def read_stamp(folder: Path) -> str | None:
    """Give the stamp of a folder, or ``None`` if it has none."""
    try:
        return (folder / STAMP).read_text(encoding="utf-8")
    except (FileNotFoundError, NotADirectoryError):
        return None
