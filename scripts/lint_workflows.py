"""Check the workflows: actionlint for what GitHub would refuse, zizmor for what an attacker could use.

Both come from package registries at exact versions with hashes, into `.local/workflows`; a second run needs no
network. zizmor asks nobody either (`--offline`). shellcheck is not asked, since it may or may not be on a machine.
"""

import fcntl
import hashlib
import shutil
import subprocess
import sys
from pathlib import Path

if __package__ in {None, ""}:
    sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from layout.console import Call, Result, run
from layout.exit_status import ExitStatus
from local_cloudflare.engine.places import LOCAL, REPOSITORY, STAMP, read_stamp
from local_cloudflare.engine.steps import Step
from local_cloudflare.engine.toolchain import find_go, go_environment, install_go

FOLDER = LOCAL / "workflows"
WORKFLOWS = REPOSITORY / ".github" / "workflows"
ZIZMOR = REPOSITORY / "requirements" / "workflows.txt"
ACTIONLINT = tuple(REPOSITORY / "requirements" / "actionlint" / name for name in ("go.mod", "go.sum"))


def stamp_text() -> str:
    """Say what a finished folder was made from."""
    return hashlib.sha256(b"".join(file.read_bytes() for file in (ZIZMOR, *ACTIONLINT))).hexdigest() + "\n"


def install(folder: Path = FOLDER) -> None:
    """Install both unless they are there; another process that does the same is waited for.

    Raises:
        LocalCloudflareError: A toolchain or a package cannot be had.
    """
    folder.parent.mkdir(parents=True, exist_ok=True)
    with folder.with_name(f"{folder.name}.lock").open("w", encoding="ascii") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if read_stamp(folder) == stamp_text():
            return
        unfinished = folder.with_name(f"unfinished-{folder.name}")
        shutil.rmtree(unfinished, ignore_errors=True)
        unfinished.mkdir()
        pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "--no-input", "install"]
        Step("installing zizmor", "30 MB on disk, seconds", _report).run(
            [*pip, "--require-hashes", "--requirement", str(ZIZMOR), "--target", str(unfinished / "zizmor")],
            hint="Run this once with access to a Python package index.",
            timeout=600,
        )
        for file in ACTIONLINT:
            shutil.copy(file, unfinished)
        go = find_go(_report) or install_go(_report)
        Step("building actionlint", "half a minute on two cores from empty caches", _report).run(
            [str(go), "build", "-trimpath", "-o", "actionlint", "github.com/rhysd/actionlint/cmd/actionlint"],
            folder=unfinished,
            environment=go_environment(),
            hint="Run this once with access to a Go module proxy.",
            timeout=600,
        )
        (unfinished / STAMP).write_text(stamp_text(), encoding="utf-8")
        shutil.rmtree(folder, ignore_errors=True)
        unfinished.rename(folder)


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


def _report(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
