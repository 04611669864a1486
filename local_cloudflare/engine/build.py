"""Building the engine from the Go modules that `go/` pins."""

import fcntl
import os
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from local_cloudflare.engine.find import Engine, built_engine
from local_cloudflare.engine.places import (
    CLI,
    LANGUAGE_HOST,
    LANGUAGE_HOST_SCRIPT,
    LOCAL,
    MODULES,
    STAMP,
    engine_stamp,
)
from local_cloudflare.engine.steps import Step
from local_cloudflare.engine.toolchain import find_go, go_environment, install_go
from local_cloudflare.engine.versions import CLI_VERSION, LANGUAGE_HOST_VERSION
from local_cloudflare.errors import LocalCloudflareError

BUILD_TIMEOUT: Final = 5400.0
"""Seconds for one program: six times what a cold build takes alone on one core (15 minutes)."""
_SDK: Final = "github.com/pulumi/pulumi/sdk/v3"
_CLI_PACKAGE: Final = "github.com/pulumi/pulumi/pkg/v3/cmd/pulumi"
_HOST_PACKAGE: Final = f"{_SDK}/python/cmd/pulumi-language-python"
_HINT: Final = (
    "Run this again with access to a Go module proxy, or put a Pulumi CLI (3.258 or newer, with its Python "
    "language host) on PATH."
)


def build_engine(report: Callable[[str], None], *, local: Path = LOCAL) -> Engine:
    """Build the CLI and its language host into ``.local/engine`` and give them.

    One build runs at a time; a second one waits for it and takes its result. Everything is built in a
    temporary folder and renamed at the end, so an interrupted build leaves no half-made engine, and Go's own
    cache makes the next attempt short.

    Args:
        report: is given one line of text for each step, and every 15 seconds during a long one.
        local: the folder for the engine, and for Go if it must be installed.

    Raises:
        LocalCloudflareError: there is no Go and none can be installed, or the build failed.
    """
    local.mkdir(parents=True, exist_ok=True)
    with _one_at_a_time(local / "engine.lock", report):
        found = built_engine(local)
        if found is not None:
            return found
        _remove_leftovers(local)
        go = find_go(report) or install_go(report, local=local)
        with tempfile.TemporaryDirectory(prefix="unfinished-engine-", dir=local) as unfinished:
            folder = Path(unfinished) / "engine"
            folder.mkdir()
            _build_programs(go, folder, report)
            (folder / STAMP).write_text(engine_stamp(), encoding="utf-8")
            shutil.rmtree(local / "engine", ignore_errors=True)
            folder.rename(local / "engine")
        return _just_built(local)


def _build_programs(go: Path, folder: Path, report: Callable[[str], None]) -> None:
    cli_version = f"-X {_SDK}/go/common/version.Version={CLI_VERSION}"
    host_version = f"-X {_SDK}/go/common/version.Version={LANGUAGE_HOST_VERSION}"
    cli = Step(
        f"building the Pulumi CLI {CLI_VERSION}",
        "4 to 9 minutes on two cores from empty caches",
        report,
        _count,
    )
    cli.run(
        _go_build(go, cli_version, folder / CLI, _CLI_PACKAGE),
        folder=MODULES / "cli",
        environment=go_environment(),
        hint=_HINT,
        timeout=BUILD_TIMEOUT,
    )
    host = Step(
        f"building Pulumi's Python language host {LANGUAGE_HOST_VERSION}", "about 1 minute", report, _count
    )
    host.run(
        _go_build(go, host_version, folder / LANGUAGE_HOST, _HOST_PACKAGE),
        folder=MODULES / "language-host",
        environment=go_environment(),
        hint=_HINT,
        timeout=BUILD_TIMEOUT,
    )
    script = _module_folder(go) / "python" / "cmd" / LANGUAGE_HOST_SCRIPT
    shutil.copyfile(script, folder / LANGUAGE_HOST_SCRIPT)
    (folder / LANGUAGE_HOST_SCRIPT).chmod(0o755)


def _go_build(go: Path, version_flag: str, output: Path, package: str) -> list[str]:
    return [
        str(go),
        "build",
        "-v",
        "-trimpath",
        "-ldflags",
        f"-s -w {version_flag}",
        "-o",
        str(output),
        package,
    ]


def _count(line: str) -> str | None:
    """Name what a line of ``go build -v`` tells: one downloaded module, or one compiled package."""
    return "modules downloaded" if line.startswith("go: downloading ") else "packages compiled"


def _module_folder(go: Path) -> Path:
    """Give the folder of the sdk module that belongs to the CLI; building the CLI has downloaded it."""
    command = [str(go), "list", "-m", "-f", "{{.Dir}}", _SDK]
    answer = subprocess.run(
        command,
        cwd=MODULES / "cli",
        env=go_environment(),
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
        stdin=subprocess.DEVNULL,
    )
    if answer.returncode != 0 or not answer.stdout.strip():
        raise LocalCloudflareError(
            f"The Go module {_SDK!r} cannot be found: {answer.stderr.strip()}.", hint=_HINT
        )
    return Path(answer.stdout.strip())


def _just_built(local: Path) -> Engine:
    built = built_engine(local)
    if built is None:
        raise LocalCloudflareError(
            f"The engine in {str(local)!r} changed while it was built.", hint="Run it again."
        )
    return built


@contextmanager
def _one_at_a_time(lock: Path, report: Callable[[str], None]) -> Iterator[None]:
    """Hold a lock that the system takes back when its holder dies."""
    descriptor = os.open(lock, os.O_RDWR | os.O_CREAT, 0o644)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            report("another process is building the Pulumi engine; waiting for it")
            fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def _remove_leftovers(local: Path) -> None:
    """Remove what killed builds left; the lock is held, so nobody works in these folders."""
    for leftover in [*local.glob("unfinished-engine-*"), *local.glob("unfinished-go-*")]:
        shutil.rmtree(leftover, ignore_errors=True)
