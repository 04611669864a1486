"""Long commands that show what they are doing, on a terminal or not."""

import subprocess
import threading
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Final

from local_cloudflare.errors import LocalCloudflareError
from local_cloudflare.session import end_processes, family

TELL_EVERY: Final = 15.0
"""Seconds between two lines of progress."""
LINES_KEPT: Final = 20


def duration_text(seconds: float) -> str:
    """Give ``45 s`` or ``2 min 05 s``."""
    minutes, rest = divmod(int(seconds), 60)
    return f"{minutes} min {rest:02} s" if minutes else f"{rest} s"


class Step:
    """One long command of the build, run with its output counted and its last lines kept.

    Args:
        title: what is done, for people: ``building the Pulumi CLI v3.259.0``.
        usually: how long it takes: ``about 4 minutes on two cores from empty caches``.
        report: is given each line of progress.
        counted: names what an output line counts as, or gives ``None``.
        tell_every: seconds between two lines of progress.
    """

    def __init__(
        self,
        title: str,
        usually: str,
        report: Callable[[str], None],
        counted: Callable[[str], str | None] = lambda _line: None,
        *,
        tell_every: float = TELL_EVERY,
    ) -> None:
        self._title = title
        self._usually = usually
        self._report = report
        self._counted = counted
        self._tell_every = tell_every
        self._counts: dict[str, int] = {}
        self._last_lines: deque[str] = deque(maxlen=LINES_KEPT)

    def run(
        self,
        command: Sequence[str],
        *,
        hint: str,
        timeout: float,
        folder: Path | None = None,
        environment: Mapping[str, str] | None = None,
    ) -> None:
        """Run the command in ``folder`` to its end; it gets a process group of its own and no stdin.

        Raises:
            LocalCloudflareError: it is missing, failed, or ran longer than ``timeout`` seconds; its last
                lines are in the message, and ``hint`` goes with it.
        """
        started = time.monotonic()
        self._report(f"{self._title} ({self._usually})")
        try:
            process = subprocess.Popen(
                command,
                cwd=folder,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                errors="replace",
                process_group=0,  # a Ctrl-C of the terminal is for the command that waits here
            )
        except OSError as error:
            raise LocalCloudflareError(
                f"The step {self._title!r} cannot run {command[0]!r}: {error.strerror}.", hint=hint
            ) from error
        started_by_it = family(process.pid)
        reader = threading.Thread(target=self._read, args=(process,), daemon=True)
        reader.start()
        try:
            self._wait(process, started, timeout, hint)
        finally:
            # What it started too: compilers.
            end_processes(started_by_it, process.poll)
        reader.join(timeout=10)
        if process.returncode != 0:
            raise LocalCloudflareError(
                f"The step {self._title!r} failed with status {process.returncode}:\n"
                + "\n".join(self._last_lines),
                hint=hint,
            )
        self._report(f"  done in {duration_text(time.monotonic() - started)}")

    def _read(self, process: subprocess.Popen[str]) -> None:
        if process.stdout is None:
            return
        with process.stdout as lines:
            for line in lines:
                self._last_lines.append(line.rstrip())
                name = self._counted(line)
                if name is not None:
                    self._counts[name] = self._counts.get(name, 0) + 1

    def _wait(self, process: subprocess.Popen[str], started: float, timeout: float, hint: str) -> None:
        while True:
            try:
                process.wait(timeout=min(self._tell_every, timeout))
            except subprocess.TimeoutExpired:
                passed = time.monotonic() - started
                if passed > timeout:
                    raise LocalCloudflareError(
                        f"The step {self._title!r} did not end within {duration_text(timeout)}.", hint=hint
                    ) from None
                counts = ", ".join(f"{count} {name}" for name, count in list(self._counts.items()))
                self._report(f"  {duration_text(passed)}{': ' if counts else ''}{counts}")
            else:
                return
