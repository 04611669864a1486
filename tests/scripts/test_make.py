"""The commands that a bare `make` lists."""

import os
import re
import subprocess
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]


def test_bare_make_lists_every_command() -> None:
    """Each command has a line with what it does."""
    # The tests are run by make themselves: a make inside a make says which folder it enters.
    environment = {name: value for name, value in os.environ.items() if not name.startswith("MAKE")}
    answer = subprocess.run(
        ["make"], cwd=REPOSITORY, env=environment, capture_output=True, text=True, check=True
    )
    lines = [re.fullmatch(r"make ([\w-]+) +(\S.*)", line) for line in answer.stdout.splitlines()]
    assert [line and line[1] for line in lines] == [
        "help", "demo", "app", "up", "down", "test", "lint", "check", "package", "check-lowest", "check-clients",
        "check-foreign", "bench", "soak", "setup", "generate", "docs", "docs-serve", "lock",
    ]  # fmt: skip


def test_supervised_commands_are_run_by_make_itself() -> None:
    """No shell, which would outlive make, stands between make and the supervisor that watches it."""
    recipes = [line for line in (REPOSITORY / "Makefile").read_text().splitlines() if "$(SUPERVISED)" in line]
    assert recipes
    assert [line for line in recipes if re.search(r"""[;&|<>`"'*?~\\]""", line)] == []
