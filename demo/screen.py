"""What the demonstration prints: headed steps, commands as a user would type them, tables, trees."""

import sys
import time
from collections.abc import Iterable, Sequence

from rich import box
from rich.console import Console, RenderableType
from rich.rule import Rule
from rich.table import Table
from rich.text import Text

from layout.console import LastingStream

_PLAIN_WIDTH = 120  # columns where nobody can see the edge of a window: a log, a pipe
STEPS = 7


class Screen:
    """Prints to standard output, readable on a terminal and in a log; nothing is taken for markup."""

    def __init__(self, console: Console | None = None) -> None:
        self._console = console or Console(
            file=LastingStream(sys.stdout), highlight=False, markup=False, emoji=False
        )
        if not self._console.is_terminal:
            self._console.width = _PLAIN_WIDTH
        self._started = time.monotonic()

    @property
    def seconds(self) -> float:
        """Seconds since this screen was made."""
        return time.monotonic() - self._started

    def step(self, number: int, title: str) -> None:
        """Head one of the steps, with the time so far."""
        text = f"{number}/{STEPS}  {title}  ({self.seconds:.0f} s)"
        self.show(Text(), Rule(Text(text, style="bold"), align="left", characters="─"))

    def say(self, text: str, *, style: str = "") -> None:
        """Print a line of text."""
        self.show(Text(text, style=style))

    def command(self, line: str) -> None:
        """Print a line of shell, never broken."""
        self.show(Text(f"\n$ {line}", style="cyan"))

    def table(self, title: str, columns: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
        """Print a table of texts."""
        table = Table(title=title, title_justify="left", title_style="bold", box=box.SIMPLE_HEAD)
        for column in columns:
            table.add_column(column, overflow="fold")
        for row in rows:
            table.add_row(*(Text(cell) for cell in row))
        self.show(table)

    def show(self, *renderables: RenderableType) -> None:
        """Print anything that rich can draw, at once: a command that follows writes to the same place."""
        for renderable in renderables:
            self._console.print(renderable, soft_wrap=isinstance(renderable, Text))
        self._console.file.flush()
