"""Check the workflows: actionlint for what GitHub would refuse, zizmor for what an attacker could use.

Both come from package registries at exact versions with hashes, into `.local/workflows`; a second run needs no
network. zizmor asks nobody either (`--offline`). shellcheck is not asked, since it may or may not be on a machine.
"""

import shutil
import subprocess
import sys
from pathlib import Path

if __package__ in {None, ""}:
    sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from layout.console import Call, Result, run
from layout.exit_status import ExitStatus
from local_cloudflare.engine.places import LOCAL, REPOSITORY
from local_cloudflare.engine.steps import Step
from local_cloudflare.engine.toolchain import find_go, go_environment, install_go
from scripts.tool_folder import fill, install_wheels, report, stamp_text

FOLDER = LOCAL / "workflows"
WORKFLOWS = REPOSITORY / ".github" / "workflows"
ZIZMOR = REPOSITORY / "requirements" / "workflows.txt"
ACTIONLINT = tuple(REPOSITORY / "requirements" / "actionlint" / name for name in ("go.mod", "go.sum"))


def install() -> None:
    """Install both unless they are there.

    Raises:
        LocalCloudflareError: A toolchain or a package cannot be had.
    """
    fill(FOLDER, stamp_text(ZIZMOR, *ACTIONLINT), _install)


def _install(folder: Path) -> None:
    install_wheels("installing zizmor", "30 MB on disk, seconds", ZIZMOR, folder / "zizmor")
    for file in ACTIONLINT:
        shutil.copy(file, folder)
    go = find_go(report) or install_go(report)
    Step("building actionlint", "half a minute on two cores from empty caches", report).run(
        [str(go), "build", "-trimpath", "-o", "actionlint", "github.com/rhysd/actionlint/cmd/actionlint"],
        folder=folder,
        environment=go_environment(),
        hint="Run this once with access to a Go module proxy.",
        timeout=600,
    )


def commands(folder: Path = FOLDER, workflows: Path = WORKFLOWS) -> list[list[str]]:
    """Both linters with their options."""
    files = sorted(map(str, workflows.glob("*.yml")))
    return [
        [str(folder / "actionlint"), "-no-color", "-shellcheck=", "-pyflakes=", *files],
        [str(folder / "zizmor" / "bin" / "zizmor"), "--offline", "--no-progress", "--quiet", *files],
    ]


def main() -> int:
    """Lints; the status is 1 if either finds something."""
    return run(lambda: Call(_lint))


def _lint() -> Result:
    install()
    # One after the other, and both: what the second says should not wait for the first.
    statuses = [subprocess.run(command, check=False).returncode for command in commands()]
    return Result(ExitStatus.ERROR if any(statuses) else ExitStatus.DONE, [])


if __name__ == "__main__":
    sys.exit(main())
