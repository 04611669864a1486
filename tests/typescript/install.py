"""Installs what checks the TypeScript client into `.local/typescript`, by `npm ci` from the package's lock file.

A second call finds it and does nothing. Run as `python -m tests.typescript.install`; with `--lint` it runs the
package's linters afterwards.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

from layout.errors import LayoutError
from local_cloudflare.engine.places import LOCAL, REPOSITORY
from local_cloudflare.engine.steps import Step
from scripts.tool_folder import fill, report, stamp_text
from tests.conformance.servers.install import install_node, node, npm

PACKAGE = REPOSITORY / "clients" / "typescript"
FOLDER = LOCAL / "typescript"
_FILES = tuple(PACKAGE / name for name in ("package.json", "package-lock.json", ".npmrc"))


def environment() -> dict[str, str]:
    """The process's own, in which scripts of packages find Node."""
    return os.environ | {"PATH": f"{node().parent}{os.pathsep}{os.environ['PATH']}"}


def install(folder: Path = FOLDER) -> None:
    """Install what is missing.

    Raises:
        LocalCloudflareError: A package cannot be had; the last lines of npm's output are in the message.
    """
    fill(folder, stamp_text(*_FILES), _install)


def _install(folder: Path) -> None:
    install_node()
    for file in _FILES:
        shutil.copy(file, folder)
    Step("installing TypeScript and Biome", "130 MB, usually under a minute", report).run(
        [*npm(), "ci", "--ignore-scripts", "--no-audit", "--no-fund"],
        folder=folder,
        environment=environment(),
        hint="Run this once with access to an npm registry.",
        timeout=900,
    )


def copied(folder: Path = FOLDER) -> Path:
    """A copy of the package's sources beside the modules that check them."""
    for name in ("src", "test"):
        shutil.rmtree(folder / name, ignore_errors=True)
        shutil.copytree(PACKAGE / name, folder / name)
    for file in PACKAGE.glob("*.json"):
        shutil.copy(file, folder)
    return folder


def run_script(name: str, folder: Path = FOLDER) -> subprocess.CompletedProcess[str]:
    """Runs a script of the package; its end may be a failure."""
    return subprocess.run(
        [*npm(), "run", "--silent", name],
        cwd=copied(folder),
        env=environment(),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )


def main() -> int:
    """Run from the command line; 1 if something cannot be had, or a linter finds something."""
    try:
        install()
    except LayoutError as error:
        report(f"error: {error}\n{error.hint or ''}".rstrip())
        return 1
    if "--lint" not in sys.argv[1:]:
        return 0
    done = run_script("lint")
    report((done.stdout + done.stderr).rstrip())
    return done.returncode


if __name__ == "__main__":
    sys.exit(main())
