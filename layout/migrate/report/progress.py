"""Progress on stderr: on a terminal one line that is written again, elsewhere a line every ten seconds.

A job's log shows so that a copy of hours is alive. With `--json` stderr holds errors only, since a program may read it.
"""

import shutil
import sys
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta

from layout.console import LastingStream
from layout.migrate.report.amounts import size as readable_size

__all__ = ["Progress", "Task"]

_TERMINAL_SECONDS, _LOG_SECONDS = 0.5, 10.0
_RECENT_SECONDS = 30.0
_CLEAR = "\r\x1b[K"


class Task:
    """How far one step has come, how fast it is, and what is left of it.

    Args:
        name: What is done.
        total: Objects in all, if it is known.
        total_size: Their bytes, if bytes are what matters.
        clock: Seconds.
    """

    def __init__(
        self,
        name: str,
        total: int | None = None,
        total_size: int | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._name, self._total, self._total_size, self._clock = name, total, total_size, clock
        self._done = self._size = 0
        self._seen = deque([(clock(), 0, 0)])

    def __call__(self, count: int, size: int = 0) -> None:
        """So many objects more were dealt with, of that many bytes."""
        self._done += count
        self._size += size

    def line(self) -> str:
        """The state now, its rate that of the last half minute."""
        now, done, size = self._clock(), self._done, self._size
        while len(self._seen) > 1 and now - self._seen[1][0] >= _RECENT_SECONDS:
            self._seen.popleft()
        began, done_then, size_then = self._seen[0]
        self._seen.append((now, done, size))
        seconds = max(now - began, 1e-9)
        rate, size_rate = (done - done_then) / seconds, (size - size_then) / seconds
        facts = [f"{done:,}" if self._total is None else f"{done:,} of {self._total:,}"]
        if self._total_size is not None:
            facts.append(f"{readable_size(size)} of {readable_size(self._total_size)}")
        facts.append(f"{rate:,.0f} a second")
        if self._total_size is not None:
            facts.append(f"{readable_size(int(size_rate))} a second")
        if self._total is not None and rate and done < self._total:
            # Small objects take a request each, large ones time by their size: what is slower decides.
            left = (self._total - done) / rate
            if self._total_size is not None and size_rate:
                left = max(left, (self._total_size - size) / size_rate)
            facts.append(f"{timedelta(seconds=round(left))} left")
        return f"{self._name}: {', '.join(facts)}"


class Progress:
    """Tells of the steps of a command while they run.

    Args:
        quiet: Tells nothing.
        clock: Seconds.
        every: Seconds between two lines; by default half a second on a terminal, and ten elsewhere.
    """

    Step = Callable[[int], None]

    def __init__(
        self,
        *,
        quiet: bool = False,
        clock: Callable[[], float] = time.monotonic,
        every: float | None = None,
    ) -> None:
        self._stream, self._quiet, self._clock = LastingStream(sys.stderr), quiet, clock
        self._terminal = self._stream.isatty()
        self._every = every or (_TERMINAL_SECONDS if self._terminal else _LOG_SECONDS)

    @contextmanager
    def task(self, name: str, total: int | None = None, total_size: int | None = None) -> Iterator[Task]:
        """One step. Call what it gives with the number of objects that were dealt with, and their bytes."""
        task = Task(name, total, total_size, self._clock)
        if self._quiet:
            yield task
            return
        ended = threading.Event()
        teller = threading.Thread(target=self._tell, args=(task, ended), daemon=True)
        teller.start()
        try:
            yield task
        finally:
            ended.set()
            teller.join()
            if self._terminal:
                self._stream.write(_CLEAR)

    def _tell(self, task: Task, ended: threading.Event) -> None:
        while not ended.wait(self._every):
            if self._terminal:
                width = shutil.get_terminal_size().columns - 1
                self._stream.write(_CLEAR + task.line()[:width])
            else:
                self._stream.write(f"{task.line()}\n")
