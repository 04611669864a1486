"""Progress on stderr, only if that is a terminal."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeElapsedColumn
from rich.progress import Progress as RichProgress

from layout.console import LastingStream

__all__ = ["Progress"]


class Progress:
    """Bars for the steps of a command; silent unless stderr is a terminal and nobody asked for JSON."""

    Step = Callable[[int], None]

    def __init__(self, *, quiet: bool = False) -> None:
        self._stream = LastingStream(sys.stderr)
        self._show = not quiet and self._stream.isatty()

    @contextmanager
    def task(self, name: str, total: int | None = None) -> Iterator[Step]:
        """A bar for one step. Call what it gives with the number of objects that were dealt with."""
        if not self._show:
            yield lambda _: None
            return
        columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
        with RichProgress(*columns, console=Console(file=self._stream), transient=True) as bars:
            task = bars.add_task(name, total=total)
            yield lambda count: bars.advance(task, count)
