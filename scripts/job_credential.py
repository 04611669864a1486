"""Mint the temporary credential of a CI job: masked in its log, and left for its other steps in `.env`.

It takes the options of `credentials mint`. Only the step that runs it holds the parent token; the steps after it read
`.env`, as every command of this project does.
"""

import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parent.parent
SECRETS = ("R2_SECRET_ACCESS_KEY", "R2_SESSION_TOKEN")


def masks(dotenv: str) -> list[str]:
    """GitHub's commands that hide the secrets of a credential wherever they are printed."""
    values = dict(line.partition("=")[::2] for line in dotenv.splitlines())
    return [f"::add-mask::{values[name].strip(chr(39))}" for name in SECRETS if name in values]


def main(argv: Sequence[str] | None = None) -> int:
    """Mints it and returns the exit status."""
    words = list(sys.argv[1:] if argv is None else argv)
    mint = [sys.executable, str(REPOSITORY / "scripts" / "credentials.py"), "mint", "--format", "dotenv"]
    status = subprocess.run([*mint, "--output", ".env", *words], check=False).returncode
    if status == 0:
        for line in masks(Path(".env").read_text(encoding="utf-8")):
            print(line, flush=True)
    return status


if __name__ == "__main__":
    sys.exit(main())
