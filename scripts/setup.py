"""Make what every other command needs: ``.venv`` from the pinned requirements, and the Pulumi engine.

Run by ``make`` with whatever ``python3`` there is, before anything is installed: so it uses the standard
library only, and syntax that Python 3.6 can read, in order to tell an old Python in one line what is wrong
with it. A second run finds everything in place and needs no network.
"""

import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

OLDEST = (3, 11)
NEWER_NAMES = ("python3.14", "python3.13", "python3.12", "python3.11")
REPOSITORY = Path(__file__).resolve().parent.parent
VIRTUAL_ENVIRONMENT = REPOSITORY / ".venv"
PYTHON = VIRTUAL_ENVIRONMENT / "bin" / "python"
STAMP = VIRTUAL_ENVIRONMENT / "r2-layout.stamp"
REQUIREMENTS = REPOSITORY / "requirements" / "development.txt"
LINES_OF_AN_ERROR = 20


def main() -> int:
    """Set up; with ``--without-engine`` only the virtual environment."""
    os.chdir(str(REPOSITORY))
    (REPOSITORY / ".local").mkdir(exist_ok=True)
    try:
        with (REPOSITORY / ".local" / "setup.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            make_virtual_environment()
        return 0 if "--without-engine" in sys.argv[1:] else make_engine()
    except KeyboardInterrupt:
        return 130


def make_virtual_environment() -> None:
    """Make ``.venv`` and install the requirements, unless that was done for these very requirements."""
    wanted = stamp_text()
    if PYTHON.exists() and STAMP.exists() and STAMP.read_text() == wanted:
        return
    if not is_healthy():
        python = find_python()
        say(f"making .venv with {python}")
        run([python, "-m", "venv", "--clear", str(VIRTUAL_ENVIRONMENT)], show=None)
    say("installing the pinned requirements into .venv (usually 1 to 2 minutes, 500 MB on disk)")
    pip = [str(PYTHON), "-m", "pip", "--disable-pip-version-check", "--no-input", "install"]
    run(
        [*pip, "--progress-bar", "off", "--require-hashes", "--requirement", str(REQUIREMENTS)],
        show="Collecting ",
    )
    STAMP.write_text(wanted)


def make_engine() -> int:
    """Find or build the Pulumi engine, under supervision: an interrupted build leaves no compiler running."""
    supervised = [str(PYTHON), "-m", "local_cloudflare.supervisor", "--"]
    return subprocess.call(
        [*supervised, str(PYTHON), "-m", "local_cloudflare.engine"], stdout=subprocess.DEVNULL
    )


def stamp_text() -> str:
    """Say what a finished ``.venv`` was made from; a moved checkout counts as another one."""
    return f"{hashlib.sha256(REQUIREMENTS.read_bytes()).hexdigest()} {REPOSITORY}\n"


def is_healthy() -> bool:
    """Tell whether ``.venv`` has a pip and a Python that is new enough; an interrupted run leaves less."""
    return PYTHON.exists() and version_of(str(PYTHON), "import pip") >= OLDEST


def find_python() -> str:
    """Give a Python that is new enough and can make virtual environments, this one if it is."""
    reason = "python3 is {}.{}.{}".format(*sys.version_info[:3])
    for name in (sys.executable, *NEWER_NAMES):
        python = shutil.which(name)
        if python is None or version_of(python) < OLDEST:
            continue
        if version_of(python, "import ensurepip, venv") >= OLDEST:
            return python
        reason = f"{python} has no venv and ensurepip (on Debian and Ubuntu: the package python3-venv)"
    oldest = "{}.{}".format(*OLDEST)
    raise SystemExit(f"error: Python {oldest} or newer with venv is needed: {reason}")


def version_of(python: str, imports: str = "") -> "tuple[int, ...]":
    """Give the major and minor version of a Python that can do the imports, else ``(0,)``."""
    code = f"{imports}\nimport sys; print(*sys.version_info[:2])"
    try:
        answer = subprocess.check_output([python, "-c", code], stderr=subprocess.DEVNULL)
    except (OSError, subprocess.CalledProcessError):
        return (0,)
    return tuple(int(number) for number in answer.split())


def run(command: "list[str]", show: "str | None") -> None:
    """Run a command, showing the lines that start with ``show``; if it fails, stop with its last lines."""
    lines = []
    with subprocess.Popen(
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        universal_newlines=True,
    ) as process:
        for line in process.stdout or ():
            lines.append(line)
            if show is not None and line.startswith(show):
                say("  " + line.split(" (from ")[0].strip())
    if process.returncode != 0:
        sys.stderr.write("".join(lines[-LINES_OF_AN_ERROR:]))
        raise SystemExit(f"error: this command failed with status {process.returncode}: {' '.join(command)}")


def say(text: str) -> None:
    """Print a line at once, also into a pipe."""
    print(text, flush=True)


if __name__ == "__main__":
    sys.exit(main())
