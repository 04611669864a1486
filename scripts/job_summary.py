"""Run a command of a CI job: what it prints is in the job's log, in its summary, and in a file for later jobs.

    scripts/job_summary.py NAME -- scripts/migrate.py plan flat --plan plan.sqlite

It ends with the command's status, and hands SIGINT and SIGTERM on, which a cancelled job gets: called by `exec`, so
that no shell stands between. The file is NAME.md; the summary is what GITHUB_STEP_SUMMARY names, if it is set.
"""

import os
import signal
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from types import FrameType

MOST = 60_000
"""Characters that are kept: a comment of GitHub takes 65,536."""


def summary(name: str, command: Sequence[str], status: int, printed: str) -> str:
    """The text for people, in Markdown.

    Args:
        name: What was run.
        command: Its words.
        status: How it ended.
        printed: What it wrote to standard output and standard error.
    """
    # Longer than any run of backticks in it, so that no key of a bucket ends the block.
    longest = max((len(run) for run in "".join(c if c == "`" else " " for c in printed).split()), default=0)
    fence = "`" * max(3, longest + 1)
    shown = printed if len(printed) <= MOST else f"{printed[:MOST]}\n(shortened)\n"
    return (
        f"### {name}: exit status {status}\n\n{fence}\n$ {' '.join(command)}\n{shown.rstrip()}\n{fence}\n\n"
    )


def main(argv: Sequence[str] | None = None) -> int:
    """Runs the command and returns its status; 2 if the words are not understood."""
    words = list(sys.argv[1:] if argv is None else argv)
    if len(words) < 3 or words[1] != "--":
        print("Error: Expected NAME -- COMMAND, after the name two dashes.", file=sys.stderr)
        return 2
    name, command = words[0], words[2:]
    started = [sys.executable, *command] if command[0].endswith(".py") else command
    printed: list[str] = []
    with subprocess.Popen(
        started,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="backslashreplace",
        # A Ctrl-C of a terminal would reach it twice.
        start_new_session=True,
        env={**os.environ, "PYTHONUNBUFFERED": "1"},
    ) as process:

        def hand_on(number: int, _frame: FrameType | None) -> None:
            process.send_signal(number)

        before = {number: signal.signal(number, hand_on) for number in (signal.SIGINT, signal.SIGTERM)}
        for line in process.stdout or ():
            printed.append(line)
            print(line, end="", flush=True)
        status = process.wait()
        for number, handler in before.items():
            signal.signal(number, handler)
    status = status if status >= 0 else 128 - status
    text = summary(name, command, status, "".join(printed))
    Path(f"{name}.md").write_text(text, encoding="utf-8")
    if place := os.environ.get("GITHUB_STEP_SUMMARY"):
        with Path(place).open("a", encoding="utf-8") as file:
            file.write(text)
    return status


if __name__ == "__main__":
    sys.exit(main())
