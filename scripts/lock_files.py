"""Check the lock files: exact versions with hashes, every requirement locked, and no download address in any.

A lock file that names addresses ties everybody to the registry of the machine that wrote it.
"""

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

if __package__ in {None, ""}:
    sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from layout.console import Call, Result, run
from layout.exit_status import ExitStatus

REPOSITORY = Path(__file__).resolve().parent.parent


def problems_of_requirements(declared: str, locked: str) -> Iterator[str]:
    """Say what is wrong with a requirements file, given the text it was made from and its own."""
    for line in locked.splitlines():
        if "://" in line or line.lstrip().startswith(("--index", "--extra-index", "--find-links")):
            yield f"a download address: {line.strip()!r}"
    entries = re.split(r"\n(?=\S)", locked.strip())
    for entry in entries:
        if not re.match(r"[\w.-]+==\S+", entry) or "--hash=sha256:" not in entry:
            yield f"no exact version with a hash: {entry.splitlines()[0]!r}"
    names = {re.split(r"[\s;\\]", entry, maxsplit=1)[0] for entry in entries}
    for line in declared.splitlines():
        pin = re.sub(r"\[.*\]", "", line.split("#")[0].strip())
        if pin and pin not in names:
            yield f"not locked, run `make lock`: {line.strip()!r}"


def problems_of_npm(locked: dict[str, Any]) -> Iterator[str]:
    """Say what is wrong with a package-lock.json: each package needs a hash and must not name an address."""
    for name, package in locked.get("packages", {}).items():
        if "resolved" in package:
            yield f"a download address: {name!r}"
        if name and "integrity" not in package and not package.get("link"):
            yield f"no hash: {name!r}"


def problems() -> Iterator[str]:
    """Say what is wrong with any tracked lock file, each line starting with its name."""
    for locked in sorted((REPOSITORY / "requirements").glob("*.txt")):
        declared = locked.with_suffix(".in").read_text(encoding="utf-8")
        for problem in problems_of_requirements(declared, locked.read_text(encoding="utf-8")):
            yield f"requirements/{locked.name}: {problem}"
    tracked = subprocess.run(
        ["git", "ls-files", "*package-lock.json"], cwd=REPOSITORY, capture_output=True, text=True, check=True
    )
    for name in tracked.stdout.splitlines():
        for problem in problems_of_npm(json.loads((REPOSITORY / name).read_text(encoding="utf-8"))):
            yield f"{name}: {problem}"


def main() -> int:
    """Print the problems; 1 if there are any."""
    return run(lambda: Call(_check))


def _check() -> Result:
    found = list(problems())
    return Result(ExitStatus.ERROR if found else ExitStatus.DONE, found)


if __name__ == "__main__":
    sys.exit(main())
